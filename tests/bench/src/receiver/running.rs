//! Receivers as processes of their own: the stub of AWS that they see, their CPU time and their memory.

use crate::deliveries::{self, Delivery};
use crate::peers::Peer;
use anyhow::{Context, Result, bail, ensure};
use local::recorder::{Recorder, Reply};
use local::runtime_api::{Answer, Host};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest wait for a start or an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a receiver has its secret from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Out of Secrets Manager, by its own SDK, as a receiver in production does.
    Read,
    /// Peers have it from the environment, which spares them a client and a call; ours reads it.
    Given,
}

/// A stub of AWS after a rotation: the current and the previous secret are live, none is pending.
pub(crate) fn aws() -> Result<Recorder> {
    let aws = Recorder::start()?;
    let missing = Reply::error(400, "ResourceNotFoundException", "no value for this staging label");
    let before = Reply::json(&json!({"SecretString": "the secret before this one"}));
    aws.answer("GetSecretValue", Reply::json(&json!({"SecretString": deliveries::SECRET})));
    aws.answer_to("GetSecretValue", "AWSPREVIOUS", before);
    aws.answer_to("GetSecretValue", "AWSPENDING", missing);
    aws.answer("SendMessage", Reply::json(&json!({"MessageId": "00000000-0000-4000-8000-000000000000"})));
    Ok(aws)
}

/// The ids of the deliveries that were put on the queue, in order.
pub(crate) fn queued(aws: &Recorder) -> Vec<String> {
    let requests = aws.requests_of("SendMessage");
    let message = |request: Value| -> Option<Value> {
        serde_json::from_str(request.get("MessageBody")?.as_str()?).ok()
    };
    let id = |message: Value| message.get("delivery").and_then(Value::as_str).map(ToOwned::to_owned);
    requests.iter().filter_map(|request| message(request.json()).and_then(id)).collect()
}

/// One process from start to end.
pub(crate) struct Running {
    host: Host,
    name: &'static str,
}

impl Running {
    /// Starts `peer` before `aws`.
    pub(crate) fn start(peer: &Peer, aws: &Recorder, secret: Secret) -> Result<Self> {
        let queue = format!("{}/000000000000/source", aws.url());
        let mut environment = vec![
            ("AWS_ENDPOINT_URL", aws.url()),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "none"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("LOG_LEVEL", "error"),
            ("WEBHOOK_SECRET_ID", "tidegate/webhook"),
            ("SOURCE_QUEUE_URL", queue.as_str()),
            ("REPOSITORY_IDS", deliveries::REPOSITORY),
        ];
        if secret == Secret::Given {
            environment.push(("WEBHOOK_SECRET", deliveries::SECRET));
        }
        environment.extend(peer.environment.iter().map(|(name, value)| (*name, value.as_str())));
        let arguments: Vec<&str> = peer.arguments.iter().map(String::as_str).collect();
        let host = Host::start(&peer.program, &arguments, &environment)?;
        Ok(Self { host, name: peer.name })
    }

    /// Hands a delivery over; fails when it is answered anything but what it deserves.
    pub(crate) fn deliver(&mut self, delivery: &Delivery) -> Result<()> {
        let answer = self.host.invoke_written(delivery.event.clone(), PATIENCE);
        let Answer::Response(response) = &answer else {
            bail!(
                "{} gave no answer: {answer}; {:?} {}",
                self.name,
                self.host.init_error(),
                self.host.output().1
            )
        };
        ensure!(
            response.get("statusCode") == Some(&json!(delivery.status)),
            "{} answered {response} and not {}",
            self.name,
            delivery.status
        );
        Ok(())
    }

    pub(crate) fn deliver_all(&mut self, deliveries: &[Delivery]) -> Result<()> {
        deliveries.iter().try_for_each(|delivery| self.deliver(delivery))
    }

    /// Ends it; what it wrote on standard error.
    pub(crate) fn stop(self) -> Result<String> {
        Ok(self.host.stop()?.1)
    }

    /// How long ago it was started.
    pub(crate) fn age(&self) -> Duration {
        self.host.age()
    }

    /// CPU time of all its threads, user and system, until now (`/proc/<pid>/task/<tid>/schedstat`, first field: nanoseconds).
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut spent = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.host.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            spent +=
                text.split_whitespace().next().context("`schedstat` has another form")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(spent))
    }

    /// Peak resident memory until now, in MB.
    pub(crate) fn peak_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.host.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? * 1024.0 / 1e6)
    }
}
