//! Input artifacts in S3, read with the credentials that CodePipeline put into the job; those of a build with the function's own.
//!
//! Only the bytes that are asked for are read, all of one object: the second request and every later one hold for its `ETag` only.
//! Specification: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use super::{Aws, classify};
use crate::errors::Fault;
use crate::gates::job::{Artifact, Credentials};
use crate::gates::ports::{Artifacts, Tail};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

const SERVICE: &str = "S3";
/// Operation name in faults.
const GET: &str = "GetObject";
/// What S3 says of a range when the object has no bytes.
const NOTHING: &str = "InvalidRange";

/// Reads artifacts.
pub struct S3Artifacts {
    aws: Aws,
    /// The client of the last job, by its access key id: one job reads many pieces.
    last: Mutex<Option<(String, Client)>>,
}

impl S3Artifacts {
    /// Over the environment's connection; credentials come with each job.
    #[must_use]
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone(), last: Mutex::new(None) }
    }

    fn client(&self, credentials: Option<&Credentials>) -> Client {
        let id = credentials.map(|credentials| credentials.id.clone()).unwrap_or_default();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = last.as_ref().filter(|(known, _)| *known == id) {
            return client.clone();
        }
        let config = match credentials {
            Some(Credentials { id, secret, token }) => {
                let token = (!token.is_empty()).then_some(token.as_str());
                self.aws.config_with("S3", id, secret, token)
            }
            None => self.aws.config("S3"),
        };
        let client = Client::new(&config);
        *last = Some((id, client.clone()));
        client
    }
}

impl Artifacts for S3Artifacts {
    async fn tail(
        &self,
        artifact: &Artifact,
        credentials: Option<&Credentials>,
        most: u64,
    ) -> Result<Tail, Fault> {
        let call = self.client(credentials).get_object().bucket(&artifact.bucket).key(&artifact.key);
        let answer = match call.range(format!("bytes=-{most}")).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let fault = classify(SERVICE, GET, &error);
                let is_empty =
                    error.as_service_error().is_some_and(|inner| inner.meta().code() == Some(NOTHING));
                let nothing = Tail { length: 0, version: String::new(), bytes: Vec::new() };
                return if is_empty { Ok(nothing) } else { Err(fault) };
            }
        };
        let version = answer.e_tag().unwrap_or_default().to_owned();
        // `bytes 10-19/20`; without it these bytes are all.
        let length = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let bytes = body(answer, most).await?;
        Ok(Tail { length: length.unwrap_or(bytes.len() as u64), version, bytes })
    }

    async fn range(
        &self,
        artifact: &Artifact,
        credentials: Option<&Credentials>,
        version: &str,
        range: &Range<u64>,
    ) -> Result<Vec<u8>, Fault> {
        let call = self.client(credentials).get_object().bucket(&artifact.bucket).key(&artifact.key);
        let call = call.range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let answer = call.if_match(version).send().await;
        let answer = answer.map_err(|error| match classify(SERVICE, GET, &error) {
            Fault::Conflict { .. } => {
                transient("the object was changed while it was read; is its key written twice?".to_owned())
            }
            other => other,
        })?;
        let length = range.end - range.start;
        let bytes = body(answer, length).await?;
        if bytes.len() as u64 == length {
            return Ok(bytes);
        }
        Err(transient(format!("{} bytes came, {length} were asked for", bytes.len())))
    }
}

/// The bytes, held once: a large piece is half of the function's memory.
async fn body(mut answer: GetObjectOutput, most: u64) -> Result<Vec<u8>, Fault> {
    let length = answer.content_length().and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
    if length > most {
        let detail = format!("{length} bytes come, {most} were asked for");
        return Err(Fault::Unreadable { service: SERVICE, operation: GET, detail });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    while let Some(piece) = answer.body.try_next().await.map_err(|error| transient(error.to_string()))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > most {
            return Err(transient(format!("more than the {most} bytes come that were asked for")));
        }
    }
    Ok(bytes)
}

fn transient(detail: String) -> Fault {
    Fault::Transient { service: SERVICE, operation: GET, detail }
}
