//! A CodePipeline job as a Lambda action gets it
//! (<https://docs.aws.amazon.com/codepipeline/latest/userguide/actions-invoke-lambda-function.html>, "JSON event").
//!
//! Nothing in here that holds a credential is `Debug`.

use super::continuation::Continuation;
use crate::errors::Rejection;
use crate::model::{MINUTE, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// Longest `UserParameters` that a Lambda action takes, in characters
/// (<https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html>).
const MAX_PARAMETERS: usize = 1000;
/// Longest branch and other names that are only compared and shown, in characters.
const MAX_TEXT: usize = 255;
/// Minutes that evidence may take; a job may be continued for 24 hours in all.
const DEADLINES: std::ops::RangeInclusive<u32> = 1..=1200;
/// Minutes that evidence may take, when the author does not say.
const DEADLINE: u32 = 30;

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
    /// What the gate gave itself when it asked to be continued; none the first time.
    pub continuation: Option<Continuation>,
}

impl Job {
    /// Until when evidence may be waited for; `now` is when the first look is taken.
    #[must_use]
    pub fn deadline(&self, now: Timestamp) -> Timestamp {
        let first = self.continuation.map_or(now, |continuation| continuation.first);
        first.plus(i64::from(self.parameters.deadline_minutes) * MINUTE)
    }
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
    /// Branch that the pipeline is for: a literal, no variable can carry it.
    #[serde(default)]
    pub branch: String,
    /// Minutes that evidence which is asked for may take until it is finished.
    #[serde(default = "deadline")]
    pub deadline_minutes: u32,
}

fn deadline() -> u32 {
    DEADLINE
}

impl Parameters {
    fn read(text: &str) -> Result<Self, Rejection> {
        let length = text.chars().count();
        if length > MAX_PARAMETERS {
            return Err(Rejection::new(format!(
                "`UserParameters` has {length} characters, CodePipeline takes at most {MAX_PARAMETERS}"
            )));
        }
        let parameters: Self = serde_json::from_str(text)
            .map_err(|error| Rejection::new(format!("`UserParameters` cannot be used: {}", words(&error))))?;
        parameters.check().map(|()| parameters)
    }

    fn check(&self) -> Result<(), Rejection> {
        let refused = |key: &str, words: &str| Err(Rejection::new(format!("`UserParameters.{key}` {words}")));
        // They become part of keys.
        let safe =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        for (key, value) in [("policy", &self.policy), ("executionId", &self.execution_id)] {
            if value.is_empty() || !safe(value) {
                return refused(key, "must be letters, digits, `-`, `_` and `.` only");
            }
        }
        for (key, value) in [("pipeline", &self.pipeline), ("stage", &self.stage)] {
            if value.chars().count() > MAX_TEXT || !value.split('@').all(safe) {
                return refused(key, "must be letters, digits, `-`, `_`, `.` and `@` only");
            }
        }
        for (key, value) in [("commitId", &self.commit_id), ("branch", &self.branch)] {
            if value.chars().count() > MAX_TEXT || value.chars().any(char::is_control) {
                return refused(key, &format!("must be printable, and at most {MAX_TEXT} characters"));
            }
        }
        if !DEADLINES.contains(&self.deadline_minutes) {
            let words = format!("must be {} to {} minutes", DEADLINES.start(), DEADLINES.end());
            return refused("deadlineMinutes", &words);
        }
        Ok(())
    }
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

/// A job before anybody has read what its action was told.
pub struct Envelope {
    /// Job id: whoever holds it must answer.
    pub id: String,
    /// `UserParameters`, as they are written.
    pub parameters: String,
    /// Input artifacts in S3.
    pub artifacts: Vec<Artifact>,
    /// Credentials for those artifacts.
    pub credentials: Credentials,
    /// What the function gave itself when it asked to be continued; none the first time.
    pub continuation: Option<Continuation>,
}

/// Reads a job of any of our actions.
///
/// # Errors
/// With the path of what is missing or wrong.
pub fn envelope(event: &Value) -> Result<Envelope, Rejection> {
    let text = |pointer: &str| {
        event
            .pointer(&format!("/CodePipeline.job{pointer}"))
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| Rejection::new(format!("the job has no text at `{}`", pointer.replace('/', "."))))
    };
    let parameters = text("/data/actionConfiguration/configuration/UserParameters")?;
    let token = event.pointer("/CodePipeline.job/data/continuationToken").and_then(Value::as_str);
    Ok(Envelope {
        id: text("/id")?,
        parameters,
        artifacts: artifacts(event)?,
        credentials: Credentials {
            id: text("/data/artifactCredentials/accessKeyId")?,
            secret: text("/data/artifactCredentials/secretAccessKey")?,
            token: text("/data/artifactCredentials/sessionToken").unwrap_or_default(),
        },
        continuation: token.filter(|token| !token.is_empty()).map(Continuation::read).transpose()?,
    })
}

/// Reads a job of the gate.
///
/// # Errors
/// With the path of what is missing or wrong.
pub fn read(event: &Value) -> Result<Job, Rejection> {
    let pointer = "/CodePipeline.job/data/actionConfiguration/configuration/UserParameters";
    let parameters = event.pointer(pointer).and_then(Value::as_str).map(Parameters::read).transpose()?;
    let Envelope { id, artifacts, credentials, continuation, .. } = envelope(event)?;
    let parameters = parameters.ok_or_else(|| Rejection::new("the job has no text at `UserParameters`"))?;
    Ok(Job { id, parameters, artifacts, credentials, continuation })
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

    #[test]
    fn every_parameter_has_its_limits() {
        let with = |more: &str| refusal(&job(&format!(r#"{{"policy":"a","executionId":"e",{more}}}"#)));
        insta::assert_snapshot!(with(r#""stage":"a/b""#), @"`UserParameters.stage` must be letters, digits, `-`, `_`, `.` and `@` only");
        insta::assert_snapshot!(with(r#""branch":"a\u0007""#), @"`UserParameters.branch` must be printable, and at most 255 characters");
        insta::assert_snapshot!(with(r#""deadlineMinutes":0"#), @"`UserParameters.deadlineMinutes` must be 1 to 1200 minutes");
        insta::assert_snapshot!(with(r#""deadlineMinutes":1201"#), @"`UserParameters.deadlineMinutes` must be 1 to 1200 minutes");
        insta::assert_snapshot!(with(&format!(r#""branch":"{}""#, "b".repeat(1000))), @"`UserParameters` has 1044 characters, CodePipeline takes at most 1000");
        assert_eq!(with(r#""branch":"feature/größe","deadlineMinutes":1200,"pipeline":"shop@prod""#), "");
    }

    #[test]
    fn the_deadline_counts_from_the_first_look() {
        let mut event = job(r#"{"policy":"a","executionId":"e","deadlineMinutes":10}"#);
        let now = Timestamp::from_millis(1_000_000);
        assert_eq!(read(&event).unwrap().deadline(now), Timestamp::from_millis(1_600_000));
        let first = Continuation { first: Timestamp::from_millis(400_000), attempt: 3 };
        event["CodePipeline.job"]["data"]["continuationToken"] = json!(first.token());
        assert_eq!(read(&event).unwrap().deadline(now), now);
        event["CodePipeline.job"]["data"]["continuationToken"] = json!("previous job");
        insta::assert_snapshot!(refusal(&event), @"`continuationToken` is none that this gate has given");
    }
}
