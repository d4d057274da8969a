//! A stand-in for github.com: REST answers and signed webhooks over real Git repositories, one process, loopback.
//!
//! Users: the `source` function (over plain HTTP), the `webhook` function (as the receiver), the command line, scenarios.
//! Commit dates, delivery times and the rate limit's hour are those of the virtual clock. Must not: decide anything, or
//! show a webhook's secret.
//! Specification: <https://docs.github.com/en/rest>, <https://docs.github.com/en/webhooks>
//!
//! It does not imitate: TLS, Git over HTTP or SSH, GraphQL, accounts, permissions and Apps (no credentials are as good as
//! any, the ones that begin with `bad` are refused with 401; an installation token is given for anything in the shape of an
//! App's JWT), rate limits (told in the headers, never held; see the
//! faults), moved repositories, the paths under `/repositories/{id}/`, `X-Hub-Signature` with SHA-1, the removal of old
//! deliveries, organisation webhooks, several webhooks of one repository, renames and patches in `files`, expressions
//! such as `main~1` as a ref, forced pushes and deleted branches, tags' own objects, merging
//! pull requests, issues (every issue number is taken to exist), required status checks before a deployment, and statuses made inactive by later ones.
//! A receiver has 30 s to answer, as with GitHub Enterprise Server; github.com gives 10.

mod admin;
mod answer;
mod app;
mod archive;
mod book;
mod commit;
mod commits;
mod deliver;
mod git;
mod history;
mod hooks;
mod page;
mod payload;
mod platform;
mod pulls;
mod push;
mod records;
mod repositories;
mod reviews;
mod shapes;
#[cfg(test)]
mod tests;

use answer::{Refusal, Result};
use anyhow::Context;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, patch, post};
use book::Book;
use git::Git;
use platform::Platform;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// The one repository.
const OWNER: &str = "acme";
const NAME: &str = "b2b-ecommerce-platform";
const REPOSITORY_ID: u64 = 1001;
const DEFAULT_BRANCH: &str = "main";
/// Branch beside the default one; it begins at the same commit.
const SECOND_BRANCH: &str = "develop";

/// What the stand-in is told.
pub struct Settings {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Folder for the repositories; the sample repository in it is made anew.
    pub state: PathBuf,
    /// The sample platform: `history/` and `changes/`.
    pub platform: PathBuf,
    /// The virtual clock, epoch milliseconds.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// A running stand-in.
pub struct GitHub {
    url: String,
    listener: Mutex<Option<TcpListener>>,
    platform: Platform,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    repositories: Vec<Repository>,
    book: Mutex<Book>,
    /// Held while a commit is made.
    pushing: tokio::sync::Mutex<()>,
    sender: deliver::Sender,
}

/// A repository.
struct Repository {
    id: u64,
    owner: String,
    name: String,
    default_branch: String,
    git: Git,
    /// Epoch milliseconds.
    created_at: i64,
    /// Epoch milliseconds.
    pushed_at: AtomicI64,
}

impl Repository {
    fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    fn pushed_at(&self) -> i64 {
        self.pushed_at.load(Ordering::Relaxed)
    }
}

impl GitHub {
    /// Makes the sample repository and takes the port.
    ///
    /// # Errors
    /// When `git` is missing, the platform's folder is not what it should be, or the port is taken.
    pub async fn open(settings: Settings) -> anyhow::Result<Arc<Self>> {
        let Settings { port, state, platform, now: clock } = settings;
        let platform = Platform::new(platform);
        let repository = sample(&state, &platform, clock()).await?;
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("cannot listen on port {port} for GitHub"))?;
        let url = format!("http://{}", listener.local_addr()?);
        Ok(Arc::new(Self {
            url,
            listener: Mutex::new(Some(listener)),
            platform,
            clock,
            repositories: vec![repository],
            book: Mutex::default(),
            pushing: tokio::sync::Mutex::default(),
            sender: deliver::Sender::default(),
        }))
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When it is served already, or the listener breaks.
    pub async fn serve(self: Arc<Self>) -> anyhow::Result<()> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        let listener = listener.context("GitHub is served already")?;
        axum::serve(listener, router(self)).await.context("GitHub can no longer be served")
    }

    /// Address of the API, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The repository of that name, whatever its case.
    fn repository(&self, owner: &str, name: &str) -> Result<&Repository> {
        self.repositories
            .iter()
            .find(|known| known.owner.eq_ignore_ascii_case(owner) && known.name.eq_ignore_ascii_case(name))
            .ok_or(Refusal::NotFound)
    }
}

async fn sample(state: &std::path::Path, platform: &Platform, now: i64) -> anyhow::Result<Repository> {
    let state = std::path::absolute(state)?;
    let dir = state.join("github").join(OWNER).join(format!("{NAME}.git"));
    let git = Git::init(dir, DEFAULT_BRANCH).await?;
    let head = git.seed(DEFAULT_BRANCH, &platform.history()?, now).await?;
    git.move_branch(SECOND_BRANCH, None, &head).await?;
    let pushed_at = git.commit(&head).await?.committer.at;
    let created_at = git
        .commits(&["--max-parents=0", &head])
        .await?
        .first()
        .map_or(pushed_at, |commit| commit.committer.at);
    Ok(Repository {
        id: REPOSITORY_ID,
        owner: OWNER.to_owned(),
        name: NAME.to_owned(),
        default_branch: DEFAULT_BRANCH.to_owned(),
        git,
        created_at,
        pushed_at: AtomicI64::new(pushed_at),
    })
}

fn router(github: Arc<GitHub>) -> Router {
    Router::new()
        .merge(reading())
        .merge(posting())
        .merge(admin::routes())
        .fallback(answer::nothing)
        .method_not_allowed_fallback(answer::nothing)
        .layer(from_fn_with_state(github.clone(), answer::around))
        .with_state(github)
}

fn reading() -> Router<Arc<GitHub>> {
    Router::new()
        .route("/repositories/{id}", get(repositories::by_id))
        .route("/repos/{owner}/{name}", get(repositories::by_name))
        .route("/repos/{owner}/{name}/git/ref/{*reference}", get(repositories::reference))
        .route("/repos/{owner}/{name}/git/matching-refs/{*prefix}", get(repositories::matching))
        .route("/repos/{owner}/{name}/git/trees/{*tree}", get(repositories::tree))
        .route("/repos/{owner}/{name}/branches", get(repositories::branches))
        .route("/repos/{owner}/{name}/branches/{*branch}", get(repositories::branch))
        .route("/repos/{owner}/{name}/commits", get(commits::list))
        .route("/repos/{owner}/{name}/commits/{*reference}", get(commits::one))
        .route("/repos/{owner}/{name}/compare/{*range}", get(commits::compare))
        .route("/repos/{owner}/{name}/pulls", get(pulls::list))
        .route("/repos/{owner}/{name}/pulls/{number}", get(pulls::one))
        .route("/repos/{owner}/{name}/pulls/{number}/reviews", get(reviews::list))
        .route("/repos/{owner}/{name}/collaborators/{account}/permission", get(reviews::permission))
        .route("/repos/{owner}/{name}/zipball", get(archive::redirect_default))
        .route("/repos/{owner}/{name}/zipball/{*reference}", get(archive::redirect))
        .route("/_codeload/{owner}/{name}/legacy.zip/{*reference}", get(archive::zip))
}

fn posting() -> Router<Arc<GitHub>> {
    Router::new()
        .route("/repos/{owner}/{name}/check-runs", post(records::post_check_run))
        .route(
            "/repos/{owner}/{name}/check-runs/{id}",
            get(records::check_run).patch(records::patch_check_run),
        )
        .route("/repos/{owner}/{name}/statuses/{sha}", post(records::post_commit_status))
        .route("/app/installations/{id}/access_tokens", post(app::access_token))
        .route("/repos/{owner}/{name}/deployments", get(records::deployments).post(records::post_deployment))
        .route("/repos/{owner}/{name}/deployments/{id}", get(records::deployment))
        .route(
            "/repos/{owner}/{name}/deployments/{id}/statuses",
            get(records::statuses).post(records::post_status),
        )
        .route(
            "/repos/{owner}/{name}/issues/{id}/comments",
            get(records::comments).post(records::post_comment),
        )
        .route(
            "/repos/{owner}/{name}/issues/comments/{id}",
            get(records::comment).patch(records::patch_comment),
        )
        .route("/repos/{owner}/{name}/hooks", get(hooks::list))
        .route("/repos/{owner}/{name}/hooks/{hook}", get(hooks::one))
        .route("/repos/{owner}/{name}/hooks/{hook}/config", patch(hooks::configure))
        .route("/repos/{owner}/{name}/hooks/{hook}/pings", post(hooks::ping))
        .route("/repos/{owner}/{name}/hooks/{hook}/deliveries", get(hooks::deliveries))
        .route("/repos/{owner}/{name}/hooks/{hook}/deliveries/{delivery}", get(hooks::delivery))
        .route("/repos/{owner}/{name}/hooks/{hook}/deliveries/{delivery}/attempts", post(hooks::redeliver))
}
