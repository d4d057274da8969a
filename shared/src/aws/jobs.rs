//! CodePipeline jobs: the two answers, and the one that asks to come again
//! (<https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html>).

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::gates::ports::{Answer, FailureKind, Jobs};
use aws_sdk_codepipeline::Client;
use aws_sdk_codepipeline::types::{ExecutionDetails, FailureDetails, FailureType};

const SERVICE: &str = "CodePipeline";

/// Answers jobs through the CodePipeline API.
pub struct CodePipelineJobs {
    client: Lazy<Client>,
}

impl CodePipelineJobs {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { client: aws.client("CODEPIPELINE", Client::new) }
    }

    async fn succeed(&self, job: &str, summary: &str, variables: &[(String, String)]) -> Result<(), Fault> {
        let mut call = self.client.put_job_success_result().job_id(job);
        call = call
            .execution_details(ExecutionDetails::builder().summary(summary).percent_complete(100).build());
        for (name, value) in variables {
            call = call.output_variables(name, value);
        }
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutJobSuccessResult", &error))
    }

    /// Output variables may not come with a token.
    async fn wait(&self, job: &str, token: &str, percent: u8, summary: &str) -> Result<(), Fault> {
        let details = ExecutionDetails::builder().summary(summary).percent_complete(i32::from(percent));
        let call = self.client.put_job_success_result().job_id(job).continuation_token(token);
        let call = call.execution_details(details.build());
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutJobSuccessResult", &error))
    }

    async fn fail(&self, job: &str, kind: FailureKind, message: &str) -> Result<(), Fault> {
        let kind = match kind {
            FailureKind::JobFailed => FailureType::JobFailed,
            FailureKind::ConfigurationError => FailureType::ConfigurationError,
            FailureKind::PermissionError => FailureType::PermissionError,
            FailureKind::SystemUnavailable => FailureType::SystemUnavailable,
        };
        let details = FailureDetails::builder().r#type(kind).message(message).build().map_err(|error| {
            Fault::Unreadable {
                service: SERVICE,
                operation: "PutJobFailureResult",
                detail: error.to_string(),
            }
        })?;
        let call = self.client.put_job_failure_result().job_id(job).failure_details(details);
        call.send().await.map(|_| ()).map_err(|error| classify(SERVICE, "PutJobFailureResult", &error))
    }
}

impl Jobs for CodePipelineJobs {
    async fn answer(&self, job: &str, answer: &Answer) -> Result<(), Fault> {
        match answer {
            Answer::Succeed { summary, variables } => self.succeed(job, summary, variables).await,
            Answer::Wait { token, percent, summary } => self.wait(job, token, *percent, summary).await,
            Answer::Fail { kind, message } => self.fail(job, *kind, message).await,
        }
    }
}
