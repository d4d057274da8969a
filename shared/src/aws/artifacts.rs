//! Input artifacts in S3, read with the credentials that CodePipeline put into the job; those of a build with the function's own.

use super::{Aws, classify};
use crate::errors::Fault;
use crate::gates::job::{Artifact, Credentials};
use crate::gates::ports::Artifacts;
use aws_sdk_s3::Client;

const SERVICE: &str = "S3";
/// Largest artifact taken, in bytes.
const MAX_ARTIFACT: i64 = 512 * 1024 * 1024;

/// Reads artifacts.
pub struct S3Artifacts<'a> {
    aws: &'a Aws,
}

impl<'a> S3Artifacts<'a> {
    /// Over the environment's connection; credentials come with each job.
    #[must_use]
    pub fn new(aws: &'a Aws) -> Self {
        Self { aws }
    }
}

impl Artifacts for S3Artifacts<'_> {
    async fn fetch(&self, artifact: &Artifact, credentials: Option<&Credentials>) -> Result<Vec<u8>, Fault> {
        let config = match credentials {
            Some(Credentials { id, secret, token }) => {
                let token = (!token.is_empty()).then_some(token.as_str());
                self.aws.config_with("S3", id, secret, token)
            }
            None => self.aws.config("S3"),
        };
        let client = Client::new(&config);
        let answer = client.get_object().bucket(&artifact.bucket).key(&artifact.key).send().await;
        let answer = answer.map_err(|error| classify(SERVICE, "GetObject", &error))?;
        let unreadable =
            |detail: String| Fault::Unreadable { service: SERVICE, operation: "GetObject", detail };
        if answer.content_length().is_some_and(|length| length > MAX_ARTIFACT) {
            return Err(unreadable(format!(
                "the artifact has {} bytes, at most {MAX_ARTIFACT} are read",
                answer.content_length().unwrap_or_default()
            )));
        }
        let body = answer.body.collect().await.map_err(|error| Fault::Transient {
            service: SERVICE,
            operation: "GetObject",
            detail: error.to_string(),
        })?;
        Ok(body.to_vec())
    }
}
