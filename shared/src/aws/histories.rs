//! What gates remember, one object for each name in the bucket of reports; written only over the very state that was read
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>).
//!
//! Must not: take a history that cannot be read for none. Baselines would be lost, and findings get new grace.

use super::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::gates::history::History;
use crate::gates::ports::{Histories, Version};
use aws_sdk_s3::Client;

const SERVICE: &str = "S3";
/// Largest history taken, in bytes: far more than its own limits let it become.
const MAX_HISTORY: i64 = 64 * 1024 * 1024;

/// Histories in a bucket.
pub struct HistoryStore {
    client: Lazy<Client>,
    bucket: String,
}

impl HistoryStore {
    /// Over the environment's connection.
    #[must_use]
    pub fn new(aws: &Aws, bucket: &str) -> Self {
        Self { client: aws.client("S3", Client::new), bucket: bucket.to_owned() }
    }
}

/// Names come from a policy: whatever they hold, each has one key, and none leaves the folder.
fn key(name: &str) -> String {
    let mut key = "history/".to_owned();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'@' => key.push(char::from(byte)),
            other => key.push_str(&format!(".{other:02x}")),
        }
    }
    key.push_str(".json");
    key
}

fn unreadable(key: &str, words: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: "GetObject", detail: format!("`{key}`: {words}") }
}

impl Histories for HistoryStore {
    async fn load(&self, name: &str) -> Result<Option<(History, Version)>, Fault> {
        let key = key(name);
        let answer = match self.client.get_object().bucket(&self.bucket).key(&key).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let fault = classify(SERVICE, "GetObject", &error);
                let is_absent = error.as_service_error().is_some_and(|inner| inner.is_no_such_key());
                return if is_absent { Ok(None) } else { Err(fault) };
            }
        };
        if answer.content_length().is_some_and(|length| length > MAX_HISTORY) {
            return Err(unreadable(&key, "it is too large to be a history"));
        }
        let version = answer.e_tag().map(ToOwned::to_owned);
        let version = version.ok_or_else(|| unreadable(&key, "it has no ETag"))?;
        let body = answer.body.collect().await.map_err(|error| Fault::Transient {
            service: SERVICE,
            operation: "GetObject",
            detail: error.to_string(),
        })?;
        let history = serde_json::from_slice(&body.into_bytes())
            .map_err(|error| unreadable(&key, &format!("it is no history: {error}")))?;
        Ok(Some((history, Version(version))))
    }

    async fn store(&self, name: &str, history: &History, before: Option<&Version>) -> Result<(), Fault> {
        let key = key(name);
        let body = serde_json::to_vec(history).map_err(|error| unreadable(&key, &error.to_string()))?;
        let call = self.client.put_object().bucket(&self.bucket).key(&key).content_type("application/json");
        let call = match before {
            Some(Version(version)) => call.if_match(version),
            None => call.if_none_match("*"),
        };
        match call.body(body.into()).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(match classify(SERVICE, "PutObject", &error) {
                // The state that was read has been deleted meanwhile.
                Fault::Missing { .. } if before.is_some() => {
                    Fault::Conflict { service: SERVICE, operation: "PutObject" }
                }
                other => other,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_one_key_and_none_leaves_the_folder() {
        assert_eq!(key("b2b-production"), "history/b2b-production.json");
        assert_eq!(key("../gates/x"), "history/.2e.2e.2fgates.2fx.json");
        assert_ne!(key("a.2e"), key("a."));
    }
}
