//! CodePipeline: start an execution on a published source, and find one's own execution again.
//!
//! Must not: rely on `clientRequestToken`; nothing promises that it is honoured. The ledger and `releaseId` do it.
//! Specification: <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::ports::{Revision, StartOrder};
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{PipelineVariable, SourceRevisionOverride, SourceRevisionType};

/// Service name in faults.
const SERVICE: &str = "CodePipeline";
/// The variable that names the release.
const RELEASE_ID: &str = "releaseId";
/// The variable that names the commit.
const COMMIT_ID: &str = "commitId";
/// How many of the newest executions are searched for a release: a claim is looked after within minutes of its start.
const SEARCHED: i32 = 50;

/// The account's pipelines.
pub struct CodePipelines {
    client: Lazy<Client>,
}

impl CodePipelines {
    /// Over the environment's connection (`AWS_ENDPOINT_URL_CODEPIPELINE`).
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CODEPIPELINE", Client::new) }
    }

    async fn release_of(&self, pipeline: &str, execution: &str) -> Result<Option<String>, Fault> {
        let answer = self
            .client
            .get_pipeline_execution()
            .pipeline_name(pipeline)
            .pipeline_execution_id(execution)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "GetPipelineExecution", &error))?;
        let variables = answer.pipeline_execution.and_then(|found| found.variables).unwrap_or_default();
        let release = variables.into_iter().find(|variable| variable.name() == Some(RELEASE_ID));
        Ok(release.and_then(|variable| variable.resolved_value))
    }
}

impl CodePipelines {
    /// The execution that `pipeline` was started with this release id.
    ///
    /// # Errors
    /// When the service does not say.
    pub(super) async fn find_release(
        &self,
        pipeline: &str,
        release_id: &str,
    ) -> Result<Option<String>, Fault> {
        let answer = self
            .client
            .list_pipeline_executions()
            .pipeline_name(pipeline)
            .max_results(SEARCHED)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "ListPipelineExecutions", &error))?;
        for summary in answer.pipeline_execution_summaries() {
            let Some(execution) = summary.pipeline_execution_id() else { continue };
            if self.release_of(pipeline, execution).await?.as_deref() == Some(release_id) {
                return Ok(Some(execution.to_owned()));
            }
        }
        Ok(None)
    }

    /// Starts an execution; its id.
    ///
    /// # Errors
    /// When none is known to have been started; one may have been.
    pub(super) async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        let answer = self
            .client
            .start_pipeline_execution()
            .name(&order.pipeline)
            .set_source_revisions(Some(revisions(order)?))
            .variables(variable(RELEASE_ID, &order.release_id)?)
            .variables(variable(COMMIT_ID, order.sha.as_str())?)
            .client_request_token(&order.release_id)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "StartPipelineExecution", &error))?;
        answer.pipeline_execution_id.ok_or_else(|| unreadable("no execution id"))
    }
}

fn revisions(order: &StartOrder) -> Result<Vec<SourceRevisionOverride>, Fault> {
    let one = |kind, value: &str| revision(&order.action, kind, value);
    match &order.revision {
        Revision::Object(object) => Ok(vec![
            one(SourceRevisionType::S3ObjectKey, &object.key)?,
            one(SourceRevisionType::S3ObjectVersionId, &object.version_id)?,
        ]),
        Revision::Commit => Ok(vec![one(SourceRevisionType::CommitId, order.sha.as_str())?]),
    }
}

fn revision(action: &str, kind: SourceRevisionType, value: &str) -> Result<SourceRevisionOverride, Fault> {
    SourceRevisionOverride::builder()
        .action_name(action)
        .revision_type(kind)
        .revision_value(value)
        .build()
        .map_err(|error| unreadable(&error.to_string()))
}

fn variable(name: &str, value: &str) -> Result<PipelineVariable, Fault> {
    PipelineVariable::builder()
        .name(name)
        .value(value)
        .build()
        .map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(what: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: "StartPipelineExecution", detail: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ports::Published;
    use crate::source::routes::Runner;

    fn words(revision: Revision) -> Vec<String> {
        let order = StartOrder {
            pipeline: "shop-production".to_owned(),
            action: "Checkout".to_owned(),
            revision,
            sha: "a".repeat(40).parse().unwrap(),
            release_id: "r1".to_owned(),
            runner: Runner::Pipeline,
            pull_request: None,
        };
        let shown = |one: &SourceRevisionOverride| {
            format!("{} {} {}", one.action_name(), one.revision_type().as_str(), one.revision_value())
        };
        revisions(&order).unwrap().iter().map(shown).collect()
    }

    #[test]
    fn an_object_is_named_by_key_and_version_and_a_commit_by_its_id() {
        let object = Published { key: "sources/1001/a.zip".to_owned(), version_id: "v1".to_owned() };
        assert_eq!(
            words(Revision::Object(object)),
            ["Checkout S3_OBJECT_KEY sources/1001/a.zip", "Checkout S3_OBJECT_VERSION_ID v1"]
        );
        assert_eq!(words(Revision::Commit), [format!("Checkout COMMIT_ID {}", "a".repeat(40))]);
    }
}
