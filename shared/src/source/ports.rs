//! What the source function needs from outside, in domain words. One adapter each in `aws` and `github`.
//!
//! Must not: name an SDK type. A function's list of ports is its list of permissions.
#![expect(
    async_fn_in_trait,
    reason = "one worker per process, nothing is spawned: futures need not be `Send`"
)]

use crate::errors::Fault;
use crate::model::CommitSha;
use crate::source::ledger::{Entry, LedgerKey};
use crate::source::message::SourceRequest;
use crate::source::notice::Notice;
use crate::source::pulls::{Pull, Review};
use crate::source::push_range::{Commit, PushRange};
use crate::source::reference::Reference;
use crate::source::routes::{Route, Runner};
use crate::source::secrets::WebhookSecrets;

/// Where the webhook's secrets are kept.
pub trait SecretSource {
    /// The current secret alone.
    ///
    /// # Errors
    /// When it cannot be read now, or is none.
    async fn current_secret(&self) -> Result<WebhookSecrets, Fault>;

    /// All live secrets: the current one, and those that are good beside it during a rotation.
    ///
    /// # Errors
    /// When they cannot be read now, or are none.
    async fn webhook_secrets(&self) -> Result<WebhookSecrets, Fault>;
}

/// A token for the source host. Not `Debug`.
#[derive(Clone)]
pub struct Token(pub String);

/// Where the source host's token is kept.
pub trait TokenSource {
    /// The token; none when the installation works without one.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn token(&self) -> Result<Option<Token>, Fault>;

    /// The host did not accept the token: do not give the same one out of memory again.
    fn forget(&self);
}

/// Where the routes are written.
pub trait RouteSource {
    /// Their YAML text.
    ///
    /// # Errors
    /// When it cannot be read now.
    async fn routes_text(&self) -> Result<String, Fault>;
}

/// Where "look at this branch" is put.
pub trait SourceQueue {
    /// Puts `request` on the queue durably.
    ///
    /// # Errors
    /// When it is not known to be there.
    async fn send(&self, request: &SourceRequest) -> Result<(), Fault>;
}

/// Where developers are told what no event of AWS would tell.
pub trait Notices {
    /// Sends `notice`.
    ///
    /// # Errors
    /// When it is not known to be sent.
    async fn tell(&self, notice: &Notice) -> Result<(), Fault>;
}

/// Where the repositories are.
pub trait SourceHost {
    /// The commit that the route's branch points at now; none when there is no such branch.
    ///
    /// # Errors
    /// When the host does not say, or the route's name is not the repository with the route's id.
    async fn head(&self, route: &Route) -> Result<Option<CommitSha>, Fault>;

    /// The commit `sha`.
    ///
    /// # Errors
    /// [`Fault::Missing`] when the repository has none, otherwise as classified.
    async fn commit(&self, repository: &str, sha: &CommitSha) -> Result<Commit, Fault>;

    /// The commits that `after` has and `before` has not, oldest first.
    ///
    /// # Errors
    /// [`Fault::Missing`] when the two cannot be compared (a forced push dropped `before`), otherwise as classified.
    async fn commits_between(
        &self,
        repository: &str,
        before: &CommitSha,
        after: &CommitSha,
    ) -> Result<Vec<Commit>, Fault>;

    /// The branches whose names begin with `prefix`, and their heads.
    ///
    /// # Errors
    /// When the host does not say, or the route's name is not the repository with the route's id.
    async fn branches(&self, route: &Route, prefix: &str) -> Result<Vec<(String, CommitSha)>, Fault>;

    /// The pull request `number` of the route's repository; none when there is none.
    ///
    /// # Errors
    /// When the host does not say, or the route's name is not the repository with the route's id.
    async fn pull(&self, route: &Route, number: u64) -> Result<Option<Pull>, Fault>;

    /// The open pull requests of the route's repository.
    ///
    /// # Errors
    /// As [`Self::pull`].
    async fn open_pulls(&self, route: &Route) -> Result<Vec<Pull>, Fault>;

    /// The reviews of a pull request.
    ///
    /// # Errors
    /// When the host does not say.
    async fn reviews(&self, repository: &str, number: u64) -> Result<Vec<Review>, Fault>;

    /// Whether the account `name` may write to the repository.
    ///
    /// # Errors
    /// When the host does not say.
    async fn may_write(&self, repository: &str, name: &str) -> Result<bool, Fault>;

    /// What stands at each of `paths` (folders or files, from the root) in the commit `sha`: mode and Git object id, none where nothing
    /// is. Two commits with equal answers have equal content there, whatever lies between them.
    ///
    /// # Errors
    /// [`Fault::Missing`] when the repository has no such commit, otherwise as classified.
    async fn objects(
        &self,
        repository: &str,
        sha: &CommitSha,
        paths: &[String],
    ) -> Result<Vec<Option<String>>, Fault>;

    /// The whole tree at `sha` as a zip, everything under one folder.
    ///
    /// # Errors
    /// When it cannot be fetched whole.
    async fn archive(&self, repository: &str, sha: &CommitSha) -> Result<Vec<u8>, Fault>;
}

/// The ledger of started heads.
pub trait Ledger {
    /// The entry for `key`; `Entry::default()` when there is none yet.
    ///
    /// # Errors
    /// When it cannot be read; the read is strongly consistent.
    async fn read(&self, key: &LedgerKey) -> Result<Entry, Fault>;

    /// Writes `entry` over the version before it.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when somebody else wrote that version.
    async fn write(&self, key: &LedgerKey, entry: &Entry) -> Result<(), Fault>;

    /// Records what a release brings, under its newest commit and its pipeline.
    ///
    /// # Errors
    /// When it is not known to be kept.
    async fn record_push(&self, range: &PushRange) -> Result<(), Fault>;

    /// Records where an execution came from, so that its events lead back to the commit. The same again is no error.
    ///
    /// # Errors
    /// When it is not known to be kept.
    async fn record_origin(&self, execution_id: &str, origin: &Origin) -> Result<(), Fault>;
}

/// Where a pipeline execution or a build came from. Branch and names are data for people, escaped wherever they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// GitHub's numeric id.
    pub repository_id: u64,
    /// `owner/name`.
    pub repository: String,
    /// Commit.
    pub sha: CommitSha,
    /// Branch or pull request.
    pub reference: Reference,
    /// What carries it.
    pub runner: Runner,
    /// Pipeline, or CodeBuild project of a build.
    pub pipeline: String,
    /// Environment of the route.
    pub environment: String,
    /// Release.
    pub release_id: String,
    /// Which release of this pipeline and reference it is, from 1: a greater number is newer.
    pub sequence: u64,
}

/// Where executions came from, for whoever hears of an execution only.
pub trait Origins {
    /// The origin of an execution, or of a build by its id (`<project>:<uuid>`); none when it was not started here.
    ///
    /// # Errors
    /// When it cannot be read; the read is strongly consistent.
    async fn origin(&self, execution_id: &str) -> Result<Option<Origin>, Fault>;
}

/// A published source: an immutable object that a pipeline can be started on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// `sources/<repository id>/<sha>.zip`; `builds/…` for what is built only.
    pub key: String,
    /// Version of the object.
    pub version_id: String,
}

/// What is published beside the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// As [`Published::key`].
    pub key: String,
    /// Commit.
    pub sha: CommitSha,
    /// Branch it was first published for.
    pub branch: String,
    /// One line of printable ASCII for people.
    pub summary: String,
}

/// Where sources are published.
pub trait SourceStore {
    /// The object under `key`, when it was published before.
    ///
    /// # Errors
    /// When the store does not say.
    async fn find(&self, key: &str) -> Result<Option<Published>, Fault>;

    /// Publishes `bytes`, whose SHA-256 is `sha256`, unless somebody did before: then that one is returned.
    ///
    /// # Errors
    /// When it is not known to be there whole.
    async fn publish(&self, label: &Label, bytes: Vec<u8>, sha256: [u8; 32]) -> Result<Published, Fault>;
}

/// What a source action or a build is told to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// This object.
    Object(Published),
    /// The order's commit, through a connection. CodePipeline would take any commit of the repository, whatever its branch; an order is only
    /// made for what was the branch's head when it was claimed.
    Commit,
}

/// An order to start a pipeline or a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartOrder {
    /// What is started.
    pub runner: Runner,
    /// Pipeline, or project.
    pub pipeline: String,
    /// The pipeline's source action.
    pub action: String,
    /// What that action, or the build, is told to take.
    pub revision: Revision,
    /// The commit.
    pub sha: CommitSha,
    /// Release: variable `releaseId`, and idempotency token.
    pub release_id: String,
    /// Number of the pull request that is built; none for anything else.
    pub pull_request: Option<u64>,
}

/// Pipelines and projects.
pub trait Runners {
    /// The execution, or the build, that the pipeline or project `name` was started on with this release id, when there is one.
    ///
    /// # Errors
    /// When the service does not say.
    async fn find_release(
        &self,
        runner: Runner,
        name: &str,
        release_id: &str,
    ) -> Result<Option<String>, Fault>;

    /// Starts an execution or a build and returns its id.
    ///
    /// # Errors
    /// When none is known to have been started; one may have been.
    async fn start(&self, order: &StartOrder) -> Result<String, Fault>;

    /// Stops a build that nobody waits for any more. One that has ended, or is not known, is stopped.
    ///
    /// # Errors
    /// When it is not known to be stopped.
    async fn stop_build(&self, build_id: &str) -> Result<(), Fault>;
}
