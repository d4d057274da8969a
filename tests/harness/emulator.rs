//! Plain HTTP to the data plane (queues, table, logs, functions), in the AWS JSON protocol.

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// How often the log service is asked before it is taken to be broken.
const QUESTIONS: u32 = 5;

/// A client of the emulator; credentials are the emulator's dummies.
pub struct Emulator {
    url: String,
    agent: ureq::Agent,
}

impl Emulator {
    /// A client of the emulator at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { url: url.to_owned(), agent: config.into() }
    }

    fn authorization(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        )
    }

    /// One call of an AWS JSON service.
    ///
    /// # Errors
    /// When the emulator does not answer, answers with an error, or with something that is no JSON.
    pub fn json(&self, service: &str, target: &str, version: &str, body: &Value) -> Result<Value> {
        let mut response = self
            .agent
            .post(&self.url)
            .header("content-type", format!("application/x-amz-json-{version}"))
            .header("x-amz-target", target)
            .header("authorization", Self::authorization(service))
            .send(body.to_string())
            .with_context(|| format!("no answer to {target}"))?;
        let status = response.status();
        let text = response.body_mut().read_to_string()?;
        anyhow::ensure!(status.is_success(), "{target}: {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }

    /// Invokes a function and returns its answer; a function error is an `Err`.
    ///
    /// # Errors
    /// When the function reports an error or cannot be called.
    pub fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        let mut response = self
            .agent
            .post(format!("{}/2015-03-31/functions/{function}/invocations", self.url))
            .header("authorization", Self::authorization("lambda"))
            .send(event.to_string())?;
        let failed = response.headers().contains_key("x-amz-function-error");
        let text = response.body_mut().with_config().limit(64 << 20).read_to_string()?;
        anyhow::ensure!(response.status().is_success() && !failed, "{function}: {text}");
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Sets a variable of a function's environment, as an operator who changes it; what it was before. The next invocation begins a new
    /// process.
    ///
    /// # Errors
    /// When the function cannot be described or changed, or has no such variable.
    pub fn configure(&self, function: &str, variable: &str, value: &str) -> Result<String> {
        let url = format!("{}/2015-03-31/functions/{function}/configuration", self.url);
        let mut answer =
            self.agent.get(&url).header("authorization", Self::authorization("lambda")).call()?;
        let known: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let mut variables = known.pointer("/Environment/Variables").cloned().unwrap_or_default();
        let set = variables.get_mut(variable).with_context(|| format!("`{function}` has no `{variable}`"))?;
        let before = set.as_str().unwrap_or_default().to_owned();
        *set = value.into();
        let order = json!({"Environment": {"Variables": variables}}).to_string();
        let answer =
            self.agent.put(&url).header("authorization", Self::authorization("lambda")).send(order)?;
        anyhow::ensure!(answer.status().is_success(), "`{function}` cannot be changed: {}", answer.status());
        Ok(before)
    }

    /// Messages waiting or in flight in a queue.
    ///
    /// # Errors
    /// When the queue cannot be asked.
    pub fn depth(&self, queue_url: &str) -> Result<u64> {
        let body = json!({"QueueUrl": queue_url, "AttributeNames": ["All"]});
        let answer = self.json("sqs", "AmazonSQS.GetQueueAttributes", "1.0", &body)?;
        let number = |name: &str| -> Result<u64> {
            let found = answer.pointer(&format!("/Attributes/{name}")).and_then(Value::as_str);
            found.and_then(|n| n.parse().ok()).with_context(|| format!("{queue_url} does not tell `{name}`"))
        };
        Ok(number("ApproximateNumberOfMessages")? + number("ApproximateNumberOfMessagesNotVisible")?)
    }

    /// Every log line of every function, page by page, with the group's name before it.
    ///
    /// # Errors
    /// When the log service cannot be asked, or has no line at all: then it was not asked rightly.
    pub fn logs(&self) -> Result<Vec<String>> {
        let groups = self.log_question("DescribeLogGroups", &json!({}))?;
        let mut lines = Vec::new();
        for group in groups.get("logGroups").and_then(Value::as_array).into_iter().flatten() {
            let name = group.get("logGroupName").and_then(Value::as_str).unwrap_or_default();
            let mut question = json!({"logGroupName": name});
            loop {
                let events = self.log_question("FilterLogEvents", &question)?;
                for event in events.get("events").and_then(Value::as_array).into_iter().flatten() {
                    let message = event.get("message").and_then(Value::as_str).unwrap_or_default();
                    lines.push(format!("{name}: {message}"));
                }
                let Some(next) = events.get("nextToken").and_then(Value::as_str) else { break };
                question = json!({"logGroupName": name, "nextToken": next});
            }
        }
        anyhow::ensure!(!lines.is_empty(), "no function has logged anything");
        Ok(lines)
    }

    /// A question to the log service, which breaks when a function writes its first line meanwhile: then it is asked again.
    fn log_question(&self, operation: &str, body: &Value) -> Result<Value> {
        let ask = || self.json("logs", &format!("Logs_20140328.{operation}"), "1.1", body);
        for _ in 1..QUESTIONS {
            if let Ok(answer) = ask() {
                return Ok(answer);
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        ask()
    }

    /// Waits, in real time, until a log line of any function holds every one of `words`.
    ///
    /// # Errors
    /// When none does within 10 seconds.
    pub fn wait_for_log(&self, words: &[&str]) -> Result<()> {
        for _ in 0..50 {
            if self.logs()?.iter().any(|line| words.iter().all(|word| line.contains(word))) {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        anyhow::bail!("no log line holds {words:?} within 10 s")
    }

    /// Every item of a table, page by page.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub fn scan(&self, table: &str) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut body = json!({"TableName": table, "ConsistentRead": true});
            if let (Some(body), false) = (body.as_object_mut(), start.is_null()) {
                body.insert("ExclusiveStartKey".to_owned(), start);
            }
            let answer = self.json("dynamodb", "DynamoDB_20120810.Scan", "1.0", &body)?;
            items.extend(answer.get("Items").and_then(Value::as_array).into_iter().flatten().cloned());
            start = answer.get("LastEvaluatedKey").cloned().unwrap_or_default();
            if start.is_null() {
                return Ok(items);
            }
        }
    }

    /// Deletes an item of a table.
    ///
    /// # Errors
    /// When the table refuses, or the item has no key.
    pub fn delete(&self, table: &str, item: &Value) -> Result<()> {
        let part = |name: &str| item.get(name).with_context(|| format!("an item without `{name}`"));
        let body = json!({"TableName": table, "Key": {"pk": part("pk")?, "sk": part("sk")?}});
        self.json("dynamodb", "DynamoDB_20120810.DeleteItem", "1.0", &body).map(|_| ())
    }

    /// An object of a bucket, with its content type.
    ///
    /// # Errors
    /// When it is not there.
    pub fn object(&self, bucket: &str, key: &str) -> Result<(String, String)> {
        let request = self.agent.get(format!("{}/{bucket}/{key}", self.url));
        let mut response = request.header("authorization", Self::authorization("s3")).call()?;
        anyhow::ensure!(response.status().is_success(), "{key}: {}", response.status());
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        Ok((kind, response.body_mut().read_to_string()?))
    }

    /// Writes an object of a bucket.
    ///
    /// # Errors
    /// When the bucket refuses it.
    pub fn put_object(&self, bucket: &str, key: &str, bytes: &[u8]) -> Result<()> {
        let request = self.agent.put(format!("{}/{bucket}/{key}", self.url));
        let response = request.header("authorization", Self::authorization("s3")).send(bytes)?;
        anyhow::ensure!(response.status().is_success(), "{key}: {}", response.status());
        Ok(())
    }

    /// All items of a partition of the table.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub fn items(&self, table: &str, partition: &str) -> Result<Vec<Value>> {
        let body = json!({
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": partition}},
        });
        let answer = self.json("dynamodb", "DynamoDB_20120810.Query", "1.0", &body)?;
        Ok(answer.get("Items").and_then(Value::as_array).cloned().unwrap_or_default())
    }
}
