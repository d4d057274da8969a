//! One place that turns an SDK error into a [`Fault`]: by error code and kind, never by text.

use crate::errors::Fault;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;

/// Error codes that mean "wait and try again".
const TRANSIENT: [&str; 19] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "LimitExceededException",
    // CodeBuild runs as many builds as it may.
    "AccountLimitExceededException",
    "SlowDown",
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "RequestTimeout",
    "TransactionInProgressException",
    "InternalServiceError",
    // CodePipeline is busy with this pipeline, or its queue is full.
    "ConflictException",
    "ConcurrentPipelineExecutionsLimitExceededException",
];
/// Error codes that mean "it is not there".
const MISSING: [&str; 16] = [
    "ResourceNotFoundException",
    "NoSuchKey",
    "NotFound",
    "NoSuchBucket",
    "ParameterNotFound",
    "JobNotFoundException",
    "PipelineNotFoundException",
    "DeploymentDoesNotExistException",
    "PipelineExecutionNotFoundException",
    "InvalidJobStateException",
    "TargetGroupNotFound",
    "ScanNotFoundException",
    "ImageNotFoundException",
    "RepositoryNotFoundException",
    "LifecycleEventAlreadyCompletedException",
    "DeploymentAlreadyCompletedException",
];
/// Error codes of a conditional write that lost.
const CONFLICT: [&str; 3] =
    ["ConditionalCheckFailedException", "PreconditionFailed", "ConditionalRequestConflict"];

/// Sorts `error` by who must act. A code that is not known here is sorted by its status: the service's own fault passes with time, the rest
/// is refused.
pub(crate) fn classify<E>(
    service: &'static str,
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(context) = error else {
        return Fault::Transient { service, operation, detail: transport_words(error) };
    };
    let code = context.err().code().unwrap_or("unknown");
    let message = context.err().message().unwrap_or("no message");
    let detail = format!("`{code}`: {message}").replace(['\n', '\r'], " ");
    match code {
        code if CONFLICT.contains(&code) => Fault::Conflict { service, operation },
        code if MISSING.contains(&code) => Fault::Missing { service, operation, detail },
        code if TRANSIENT.contains(&code) => Fault::Transient { service, operation, detail },
        _ if context.raw().status().is_server_error() => Fault::Transient { service, operation, detail },
        _ => Fault::Denied { service, operation, detail },
    }
}

fn transport_words<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
        SdkError::TimeoutError(_) => "timed out".to_owned(),
        SdkError::DispatchFailure(failure) => failure
            .as_connector_error()
            .map_or_else(|| "connection failed".to_owned(), |inner| crate::errors::chain(inner)),
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        _ => "unknown failure".to_owned(),
    }
}
