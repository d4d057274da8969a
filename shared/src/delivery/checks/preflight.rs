//! The set-up of a deployment, before anything is made: what is certain to go wrong fails, what is likely to is told.
//!
//! Pure: [`judge`] takes a description and is what the command line's doctor can use as well. The judgements of the two engines are in
//! `preflight_code_deploy` and `preflight_ecs`.

use super::describe::{PipelineAction, Service, SetUp};
use super::{preflight_code_deploy, preflight_ecs};
use crate::delivery::check::{Check, State};
use crate::delivery::watch::Engine;
use serde_json::json;

/// Name of the check.
pub const ID: &str = "preflight";

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Worth knowing, and no fault.
    Note,
    /// Likely to go wrong.
    Likely,
    /// Could not be seen.
    Unseen,
    /// Certain to go wrong.
    Certain,
}

/// One thing about a set-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name: `rollback-off`, `controller`, …
    pub id: &'static str,
    /// How sure it is.
    pub certainty: Certainty,
    /// One line, with what mends it.
    pub sentence: String,
}

impl Finding {
    pub(super) fn certain(id: &'static str, sentence: impl Into<String>) -> Self {
        Self { id, certainty: Certainty::Certain, sentence: sentence.into() }
    }
    pub(super) fn likely(id: &'static str, sentence: impl Into<String>) -> Self {
        Self { id, certainty: Certainty::Likely, sentence: sentence.into() }
    }
    pub(super) fn note(id: &'static str, sentence: impl Into<String>) -> Self {
        Self { id, certainty: Certainty::Note, sentence: sentence.into() }
    }
}

/// Everything that is to be said of a set-up, worst first.
#[must_use]
pub fn judge(engine: Engine, set_up: &SetUp) -> Vec<Finding> {
    let mut findings = match engine {
        Engine::CodeDeploy => preflight_code_deploy::judge(set_up),
        Engine::Ecs => preflight_ecs::judge(set_up),
    };
    if let (Some(service), Some((pipeline, actions))) = (&set_up.service, &set_up.pipeline) {
        findings.extend(provider(service, set_up, pipeline, actions));
    }
    for name in &set_up.missing_alarms {
        let words = format!("alarm `{name}` does not exist: make it, or take its name out");
        findings.push(Finding::certain("alarm-missing", words));
    }
    for words in &set_up.unseen {
        let certainty = Certainty::Unseen;
        findings.push(Finding { id: "unseen", certainty, sentence: words.clone() });
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.certainty));
    findings
}

/// The contradiction of a service with one controller and a pipeline action for the other.
fn provider(service: &Service, set_up: &SetUp, pipeline: &str, actions: &[PipelineAction]) -> Vec<Finding> {
    let group = set_up.group.as_ref().map(|group| group.name.as_str());
    let ours = |action: &&PipelineAction| match action.provider.as_str() {
        "ECS" => action.service.as_deref().is_none_or(|name| name == service.name),
        "CodeDeployToECS" => {
            group.is_none() || action.group.as_deref().is_none_or(|name| Some(name) == group)
        }
        _ => false,
    };
    let ours: Vec<&PipelineAction> = actions.iter().filter(ours).collect();
    if ours.is_empty() {
        let words = format!(
            "pipeline `{pipeline}` has no action that deploys `{}`: is it the right one?",
            service.name
        );
        return vec![Finding::likely("pipeline-action", words)];
    }
    let wanted = match service.controller.as_str() {
        "CODE_DEPLOY" => "CodeDeployToECS",
        _ => "ECS",
    };
    let wrong = ours.into_iter().filter(|action| action.provider != wanted);
    wrong
        .map(|action| {
            let other = if wanted == "ECS" { "CODE_DEPLOY" } else { "ECS" };
            let words = format!(
                "pipeline `{pipeline}` deploys `{}` by action `{}` of provider `{}`, but the service's deployment controller is `{}`: \
                 use provider `{wanted}`, or the controller `{other}`",
                service.name, action.name, action.provider, service.controller
            );
            Finding::certain("pipeline-action", words)
        })
        .collect()
}

/// The findings as one check.
#[must_use]
pub fn check(findings: &[Finding]) -> Check {
    let worst = findings.iter().map(|finding| finding.certainty).max().unwrap_or(Certainty::Unseen);
    let state = match worst {
        Certainty::Note => State::Pass,
        Certainty::Likely => State::Warn,
        Certainty::Unseen => State::Inconclusive,
        Certainty::Certain => State::Fail,
    };
    // A failure says what fails; what is only likely is in the evidence then.
    let said = findings.iter().filter(|finding| finding.certainty == worst);
    let said: Vec<&str> = said.map(|finding| finding.sentence.as_str()).collect();
    let sentence =
        if said.is_empty() { "nothing of the set-up was seen".to_owned() } else { said.join("; ") };
    let all = findings.iter().map(|finding| {
        json!({"id": finding.id, "certainty": word(finding.certainty), "sentence": finding.sentence})
    });
    Check { evidence: all.collect(), ..Check::new(ID, state, sentence) }
}

const fn word(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Note => "note",
        Certainty::Likely => "likely",
        Certainty::Unseen => "unseen",
        Certainty::Certain => "certain",
    }
}

#[cfg(test)]
#[path = "preflight_tests.rs"]
mod tests;
