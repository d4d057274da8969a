//! CodePipeline: start an execution on a published source, and find one's own execution again.
//!
//! Must not: rely on `clientRequestToken`; nothing promises that it is honoured. The ledger and `releaseId` do it.
//! Specification: <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_StartPipelineExecution.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::ports::{Pipelines, StartOrder};
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{PipelineVariable, SourceRevisionOverride, SourceRevisionType};

/// Service name in faults.
const SERVICE: &str = "CodePipeline";
/// The pipeline's S3 source action (docs: `AllowOverrideForS3ObjectKey: true`).
const SOURCE_ACTION: &str = "Source";
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

impl Pipelines for CodePipelines {
    async fn find_release(&self, pipeline: &str, release_id: &str) -> Result<Option<String>, Fault> {
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

    async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        let answer = self
            .client
            .start_pipeline_execution()
            .name(&order.pipeline)
            .source_revisions(revision(SourceRevisionType::S3ObjectKey, &order.source.key)?)
            .source_revisions(revision(SourceRevisionType::S3ObjectVersionId, &order.source.version_id)?)
            .variables(variable(RELEASE_ID, &order.release_id)?)
            .variables(variable(COMMIT_ID, order.sha.as_str())?)
            .client_request_token(&order.release_id)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "StartPipelineExecution", &error))?;
        answer.pipeline_execution_id.ok_or_else(|| unreadable("no execution id"))
    }
}

fn revision(kind: SourceRevisionType, value: &str) -> Result<SourceRevisionOverride, Fault> {
    SourceRevisionOverride::builder()
        .action_name(SOURCE_ACTION)
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
