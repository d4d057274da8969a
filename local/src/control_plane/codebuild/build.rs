//! A build as the API shows it and as the bus tells of it.
//!
//! Must not: start or end one.

use super::Order;
use crate::clock::{Millis, SECOND};
use crate::control_plane::{Stack, arn};
use crate::values::{moment, seconds};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub(super) name: String,
    pub(super) length: Millis,
}

#[derive(Debug, Clone)]
pub(super) struct Build {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) order: Order,
    pub(super) variant: String,
    pub(super) failure: Option<String>,
    pub(super) phases: Vec<Phase>,
    pub(super) started: Millis,
    pub(super) status: String,
    pub(super) ended: Option<Millis>,
}

impl Build {
    pub(super) fn due(&self) -> Millis {
        self.started + self.phases.iter().map(|phase| phase.length).sum::<Millis>()
    }

    fn arn(&self) -> String {
        arn("codebuild", &format!("build/{}", self.id))
    }

    /// Phases with their times, as far as the build is over.
    fn phase_list(&self, time: impl Fn(Millis) -> Value, names: [&str; 5]) -> Vec<Value> {
        let [name, status, length, start, end] = names;
        let mut from = self.started;
        let mut phases = Vec::new();
        let over = self.ended.unwrap_or(from + self.phases.iter().map(|phase| phase.length).sum::<Millis>());
        for phase in &self.phases {
            let to = (from + phase.length).min(over);
            let last = self.phases.last().is_some_and(|last| last.name == phase.name);
            let word = match (self.failure.is_some() && last, from + phase.length > over) {
                (true, _) => "FAILED",
                (false, true) => "STOPPED",
                (false, false) => "SUCCEEDED",
            };
            phases.push(json!({name: phase.name, status: word, length: seconds(to - from), start: time(from), end: time(to)}));
            from = to;
            if word == "STOPPED" {
                break;
            }
        }
        phases.push(json!({name: "COMPLETED", start: time(from)}));
        phases
    }

    pub(super) fn describe(&self) -> Value {
        let names = ["phaseType", "phaseStatus", "durationInSeconds", "startTime", "endTime"];
        let mut phases = self.phase_list(|at| json!(seconds(at)), names);
        for phase in &mut phases {
            if let Some(length) = phase.get_mut("durationInSeconds") {
                #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a build")]
                let whole = length.as_f64().unwrap_or(0.0).round() as i64;
                *length = json!(whole);
            }
        }
        json!({"id": self.id, "arn": self.arn(), "buildNumber": self.number, "projectName": self.order.project,
               "buildStatus": self.status, "buildComplete": self.ended.is_some(), "startTime": seconds(self.started),
               "endTime": moment(self.ended), "initiator": self.order.initiator,
               "environment": {"type": "LINUX_CONTAINER", "image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                   "computeType": "BUILD_GENERAL1_MEDIUM", "environmentVariables": self.order.variables},
               "sourceVersion": self.order.source_version, "resolvedSourceVersion": self.order.commit,
               "phases": if self.ended.is_some() { json!(phases) } else { json!([]) }})
    }

    /// The build's state on the bus, in the words of its live captures: numbers as floats, times as text without a zone.
    pub(super) fn tell(&self, stack: &Stack, at: Millis) {
        let words = |at: Millis| {
            let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            json!(at.strftime("%b %-d, %Y %-I:%M:%S %p").to_string())
        };
        let mut additional = json!({
            "artifact": {"location": self.order.outputs.first().map(|(_, bucket, key)| format!("arn:aws:s3:::{bucket}/{key}"))},
            "environment": {"image": "aws/codebuild/amazonlinux-x86_64-standard:5.0", "compute-type": "BUILD_GENERAL1_MEDIUM",
                "type": "LINUX_CONTAINER", "privileged-mode": true, "image-pull-credentials-type": "CODEBUILD",
                "environment-variables": [{"name": "NPM_TOKEN", "type": "PLAINTEXT", "value": "planted-secret-of-a-build"}]},
            "timeout-in-minutes": 60.0, "queued-timeout-in-minutes": 480.0, "build-complete": self.ended.is_some(),
            "build-number": seconds(i64::try_from(self.number).unwrap_or(0) * SECOND),
            "initiator": self.order.initiator, "build-start-time": words(self.started),
            "source": {"type": "CODEPIPELINE"}, "source-version": self.order.source_version,
        });
        if let (Some(_), Some(members)) = (self.ended, additional.as_object_mut()) {
            let names = ["phase-type", "phase-status", "duration-in-seconds", "start-time", "end-time"];
            members.insert("phases".into(), json!(self.phase_list(words, names)));
        }
        let phase = if self.ended.is_some() { "COMPLETED" } else { "SUBMITTED" };
        let detail = json!({"build-status": self.status, "project-name": self.order.project, "build-id": self.arn(),
            "current-phase": phase, "current-phase-context": "[]", "version": "1", "additional-information": additional});
        stack.events.put("codebuild", "CodeBuild Build State Change", &[self.arn()], &detail, at);
    }
}
