//! The few calls to the emulated data plane that the command itself makes, in the services' own protocols over plain HTTP.
//! The signature is a dummy: the emulator reads only the service's name from it.

use crate::http;
use anyhow::{Context, Result, bail, ensure};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Outputs of the stack by name.
pub(crate) type Outputs = BTreeMap<String, String>;

/// A client of the emulator.
pub(crate) struct Emulator {
    url: String,
    agent: ureq::Agent,
}

impl Emulator {
    /// A client of the emulator at `url`.
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), agent: http::agent() }
    }

    /// Whether it answers.
    pub(crate) fn is_ready(&self) -> bool {
        let answer = self.agent.get(format!("{}/_ministack/health", self.url)).call();
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    fn json(&self, service: &str, target: &str, version: &str, body: &Value) -> Result<Value> {
        let response = self
            .agent
            .post(&self.url)
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", target)
            .header("authorization", authorization(service))
            .send(body.to_string());
        let text = http::text_of(target, response.with_context(|| format!("no answer to {target}"))?)?;
        serde_json::from_str(&text).with_context(|| format!("{target} was answered with no JSON"))
    }

    /// `DescribeStacks`: the outputs of `stack`.
    pub(crate) fn outputs(&self, stack: &str) -> Result<Outputs> {
        let response = self
            .agent
            .post(&self.url)
            .header("authorization", authorization("cloudformation"))
            .send_form([("Action", "DescribeStacks"), ("Version", "2010-05-15"), ("StackName", stack)]);
        let text = http::text_of("DescribeStacks", response.context("no answer to DescribeStacks")?)?;
        let outputs = outputs_in(&text)?;
        ensure!(!outputs.is_empty(), "stack `{stack}` has no outputs");
        Ok(outputs)
    }

    /// The current webhook secret: plain text, or member `current` of a JSON object.
    pub(crate) fn webhook_secret(&self, id: &str) -> Result<String> {
        let answer =
            self.json("secretsmanager", "secretsmanager.GetSecretValue", "1.1", &json!({"SecretId": id}))?;
        let text = answer.get("SecretString").and_then(Value::as_str).context("the secret has no text")?;
        Ok(current(text))
    }

    /// Makes a secret.
    pub(crate) fn create_secret(&self, name: &str, text: &str) -> Result<()> {
        let body = json!({"Name": name, "SecretString": text});
        self.json("secretsmanager", "secretsmanager.CreateSecret", "1.1", &body).map(|_| ())
    }

    /// The text of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Result<String> {
        let answer = self.json("ssm", "AmazonSSM.GetParameter", "1.1", &json!({"Name": name}))?;
        let text = answer.pointer("/Parameter/Value").and_then(Value::as_str);
        Ok(text.context("the parameter has no text")?.to_owned())
    }

    /// Messages waiting or in flight in a queue.
    pub(crate) fn depth(&self, queue_url: &str) -> Result<u64> {
        let body = json!({"QueueUrl": queue_url, "AttributeNames": ["All"]});
        let answer = self.sqs("GetQueueAttributes", &body)?;
        let number = |name: &str| -> Option<u64> {
            answer.get("Attributes")?.get(name)?.as_str().and_then(|text| text.parse().ok())
        };
        let waiting = number("ApproximateNumberOfMessages").context("the queue does not tell its depth")?;
        Ok(waiting + number("ApproximateNumberOfMessagesNotVisible").unwrap_or(0))
    }

    /// An operation of SQS.
    pub(crate) fn sqs(&self, operation: &str, body: &Value) -> Result<Value> {
        let response = self
            .agent
            .post(&self.url)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .header("authorization", authorization("sqs"))
            .send(body.to_string());
        let text = http::text_of(operation, response.with_context(|| format!("no answer to {operation}"))?)?;
        if text.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).with_context(|| format!("{operation} was answered with no JSON"))
    }

    /// An item of a table by both keys, attribute `body` as JSON.
    pub(crate) fn body(&self, table: &str, pk: &str, sk: &str) -> Result<Option<Value>> {
        let key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let body = json!({"TableName": table, "Key": key});
        let answer = self.json("dynamodb", "DynamoDB_20120810.GetItem", "1.0", &body)?;
        let text = answer.pointer("/Item/body/S").and_then(Value::as_str);
        Ok(text.map(serde_json::from_str).transpose()?)
    }

    /// Invokes a function and returns its answer; a function error is an error.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let request = self.agent.post(url).header("authorization", authorization("lambda"));
        let response =
            request.send(event.to_string()).with_context(|| format!("no answer from `{function}`"))?;
        let failed = response.headers().contains_key("x-amz-function-error");
        let text = http::text_of(function, response)?;
        if failed {
            bail!("`{function}` failed: {text}");
        }
        serde_json::from_str(&text).with_context(|| format!("`{function}` answered with no JSON"))
    }

    /// Removes a bucket's policy.
    pub(crate) fn remove_bucket_policy(&self, bucket: &str) -> Result<()> {
        let url = format!("{}/{bucket}?policy", self.url);
        let response = self.agent.delete(url).header("authorization", authorization("s3")).call();
        http::text_of("DeleteBucketPolicy", response.with_context(|| "no answer to DeleteBucketPolicy")?)
            .map(|_| ())
    }

    /// An object of a bucket as text.
    pub(crate) fn object(&self, bucket: &str, key: &str) -> Result<String> {
        let url = format!("{}/{bucket}/{key}", self.url);
        let response = self.agent.get(url).header("authorization", authorization("s3")).call();
        http::text_of(key, response.with_context(|| format!("no answer to GET {key}"))?)
    }
}

fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn current(secret: &str) -> String {
    let json = serde_json::from_str::<Value>(secret).ok();
    let member = json.as_ref().and_then(|json| json.get("current")).and_then(Value::as_str);
    member.unwrap_or(secret).to_owned()
}

/// Pairs of `OutputKey` and `OutputValue`.
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>)
fn outputs_in(xml: &str) -> Result<Outputs> {
    let mut reader = Reader::from_str(xml);
    let mut outputs = Outputs::new();
    let (mut element, mut key, mut value) = (String::new(), String::new(), String::new());
    loop {
        match reader.read_event().context("DescribeStacks was answered with no XML")? {
            Event::Start(start) => start.local_name().as_ref().clone_into(&mut element),
            Event::Text(text) => add(&element, &text, &mut key, &mut value),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", &*name);
                add(&element, &quick_xml::escape::unescape(&entity)?, &mut key, &mut value);
            }
            Event::End(_) => {
                if !key.is_empty() && !value.is_empty() && element.is_empty() {
                    outputs.insert(std::mem::take(&mut key), std::mem::take(&mut value));
                }
                element.clear();
            }
            Event::Eof => return Ok(outputs),
            _ => {}
        }
    }
}

fn add(element: &str, text: &str, key: &mut String, value: &mut String) {
    match element {
        "OutputKey" => key.push_str(text),
        "OutputValue" => value.push_str(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_read_with_their_entities() {
        let xml = "<DescribeStacksResponse xmlns='http://x'><Stacks><member><StackName>t</StackName><Outputs>\
            <member><OutputKey>WebhookUrl</OutputKey><OutputValue>https://a.b/?x=1&amp;y=2</OutputValue><Description>no</Description></member>\
            <member><OutputValue>tbl</OutputValue><OutputKey>TableName</OutputKey></member>\
            </Outputs></member></Stacks></DescribeStacksResponse>";
        let outputs = outputs_in(xml).unwrap();
        assert_eq!(outputs.get("WebhookUrl").map(String::as_str), Some("https://a.b/?x=1&y=2"));
        assert_eq!(outputs.get("TableName").map(String::as_str), Some("tbl"));
        assert_eq!(outputs.len(), 2);
        assert!(outputs_in("<a><b></a>").is_err());
    }

    #[test]
    fn a_secret_is_plain_text_or_has_a_current_member() {
        assert_eq!(current("abc"), "abc");
        assert_eq!(current(r#"{"current":"abc","previous":null}"#), "abc");
    }
}
