//! The control plane's and GitHub's admin interfaces. Must not interpret what they answer.

use crate::http;
use crate::stack::record::Record;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// A client of both.
pub(crate) struct ControlPlane {
    url: String,
    github: String,
    agent: ureq::Agent,
}

impl ControlPlane {
    /// A client of the processes of `record`.
    pub(crate) fn new(record: &Record) -> Self {
        let (url, github) = (record.control_plane_url.clone(), record.github_url.clone());
        Self { url, github, agent: http::agent() }
    }

    fn get(&self, path: &str) -> Result<Value> {
        http::json(&self.agent, &format!("{}{path}", self.url), None)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        http::json(&self.agent, &format!("{}{path}", self.url), Some(body))
    }

    /// The virtual time.
    pub(crate) fn now(&self) -> Result<String> {
        let answer = self.get("/_local/clock")?;
        let now = answer.get("now").and_then(Value::as_str);
        now.map(ToOwned::to_owned).context("the control plane does not tell its time")
    }

    /// Makes the sample platform's pipelines, projects, services and deployment groups.
    pub(crate) fn seed(&self, outputs: &Value) -> Result<()> {
        self.post("/_local/seed", &json!({"outputs": outputs})).map(|_| ())
    }

    /// Everything that it holds.
    pub(crate) fn state(&self) -> Result<Value> {
        self.get("/_local/state")
    }

    /// Moves the virtual clock by a minute; answers when everything due has run.
    pub(crate) fn advance_a_minute(&self) -> Result<()> {
        self.post("/_local/clock/advance", &json!({"seconds": 60})).map(|_| ())
    }

    /// Approves what waits for a person.
    pub(crate) fn approve(&self, pipeline: &str, execution: &str, summary: &str) -> Result<()> {
        let body =
            json!({"pipeline": pipeline, "execution": execution, "approved": true, "summary": summary});
        self.post("/_local/approve", &body).map(|_| ())
    }

    /// Tells GitHub where its deliveries go; the id of the webhook.
    pub(crate) fn hooks(&self, url: &str, secret: &str, host: &str) -> Result<u64> {
        let body = json!({"url": url, "secret": secret, "hostHeader": host});
        let answer = http::json(&self.agent, &format!("{}/_github/hooks", self.github), Some(&body))?;
        answer.get("id").and_then(Value::as_u64).context("GitHub names no webhook")
    }

    /// Makes a commit and pushes it; GitHub delivers the webhook before it answers.
    pub(crate) fn push(&self, repository: &str, branch: &str, change: &str) -> Result<Value> {
        let body =
            json!({"repo": repository, "branch": branch, "change": change, "deliver": true, "times": 1});
        http::json(&self.agent, &format!("{}/_github/push", self.github), Some(&body))
    }
}
