//! A CodePipeline job as a Lambda action gets it
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html>, "JSON event").
//!
//! Nothing in here that holds a credential is `Debug`.

use crate::errors::Rejection;
use serde::Deserialize;
use serde_json::Value;

/// A job whose id is known.
pub struct Job {
    /// Job id: whoever holds it must answer.
    pub id: String,
    /// What the pipeline's author configured.
    pub parameters: Parameters,
    /// Input artifacts in S3.
    pub artifacts: Vec<Artifact>,
    /// Credentials for those artifacts.
    pub credentials: Credentials,
}

/// `UserParameters`, at most 1,000 characters of JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parameters {
    /// Name of the policy in Parameter Store.
    pub policy: String,
    /// `#{codepipeline.PipelineExecutionId}`.
    pub execution_id: String,
    /// Pipeline name.
    #[serde(default)]
    pub pipeline: String,
    /// Stage name.
    #[serde(default)]
    pub stage: String,
    /// Commit under judgement.
    #[serde(default)]
    pub commit_id: String,
}

/// Where an input artifact is.
#[derive(Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Name in the pipeline.
    pub name: String,
    /// S3 bucket.
    pub bucket: String,
    /// S3 key.
    pub key: String,
}

/// Temporary credentials of the job.
pub struct Credentials {
    /// Access key id.
    pub id: String,
    /// Secret access key.
    pub secret: String,
    /// Session token.
    pub token: String,
}

/// The job id of an event; with it the job can be answered whatever else is wrong.
#[must_use]
pub fn id(event: &Value) -> Option<&str> {
    event.pointer("/CodePipeline.job/id").and_then(Value::as_str).filter(|id| !id.is_empty())
}

/// Reads a job.
///
/// # Errors
/// With the path of what is missing or wrong.
pub fn read(event: &Value) -> Result<Job, Rejection> {
    let text = |pointer: &str| {
        event
            .pointer(&format!("/CodePipeline.job{pointer}"))
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| Rejection::new(format!("the job has no text at `{}`", pointer.replace('/', "."))))
    };
    let parameters = text("/data/actionConfiguration/configuration/UserParameters")?;
    let parameters: Parameters = serde_json::from_str(&parameters)
        .map_err(|error| Rejection::new(format!("`UserParameters` cannot be used: {}", words(&error))))?;
    let safe = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    for (key, value) in [("policy", &parameters.policy), ("executionId", &parameters.execution_id)] {
        if !safe(value) {
            return Err(Rejection::new(format!(
                "`UserParameters.{key}` must be letters, digits, `-`, `_` and `.` only"
            )));
        }
    }
    Ok(Job {
        id: text("/id")?,
        parameters,
        artifacts: artifacts(event)?,
        credentials: Credentials {
            id: text("/data/artifactCredentials/accessKeyId")?,
            secret: text("/data/artifactCredentials/secretAccessKey")?,
            token: text("/data/artifactCredentials/sessionToken").unwrap_or_default(),
        },
    })
}

fn artifacts(event: &Value) -> Result<Vec<Artifact>, Rejection> {
    let list = event
        .pointer("/CodePipeline.job/data/inputArtifacts")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if list.is_empty() {
        return Err(Rejection::new("the action has no input artifact: there is nothing to judge"));
    }
    list.iter()
        .enumerate()
        .map(|(index, artifact)| {
            let text = |pointer: &str| {
                artifact.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned).ok_or_else(|| {
                    Rejection::new(format!(
                        "the job has no text at `.data.inputArtifacts[{index}]{}`",
                        pointer.replace('/', ".")
                    ))
                })
            };
            Ok(Artifact {
                name: text("/name")?,
                bucket: text("/location/s3Location/bucketName")?,
                key: text("/location/s3Location/objectKey")?,
            })
        })
        .collect()
}

/// The place and kind of a JSON mistake, without the text itself.
fn words(error: &serde_json::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(parameters: &str) -> Value {
        json!({"CodePipeline.job": {"id": "j-1", "data": {
            "actionConfiguration": {"configuration": {"UserParameters": parameters}},
            "inputArtifacts": [{"name": "Build", "location": {"s3Location": {"bucketName": "b", "objectKey": "k"}}}],
            "artifactCredentials": {"accessKeyId": "a", "secretAccessKey": "s", "sessionToken": "t"}}}})
    }

    fn refusal(event: &Value) -> String {
        read(event).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_malformed_job_is_refused_with_the_path_of_what_is_wrong() {
        insta::assert_snapshot!(refusal(&json!({"CodePipeline.job": {"id": "j"}})), @"the job has no text at `.data.actionConfiguration.configuration.UserParameters`");
        insta::assert_snapshot!(refusal(&job("{")), @"`UserParameters` cannot be used: EOF while parsing an object at line 1 column 1");
        let unknown = refusal(&job(r#"{"policy":"a","executionId":"e","polcy":1}"#));
        assert!(unknown.contains("unknown field `polcy`, expected one of `policy`"), "{unknown}");
        insta::assert_snapshot!(refusal(&job(r#"{"policy":"../x","executionId":"e"}"#)), @"`UserParameters.policy` must be letters, digits, `-`, `_` and `.` only");
        let mut without = job(r#"{"policy":"a","executionId":"e"}"#);
        without["CodePipeline.job"]["data"]["inputArtifacts"] = json!([]);
        insta::assert_snapshot!(refusal(&without), @"the action has no input artifact: there is nothing to judge");
        assert_eq!(id(&without), Some("j-1"));
        assert!(read(&job(r#"{"policy":"build","executionId":"e"}"#)).is_ok());
    }
}
