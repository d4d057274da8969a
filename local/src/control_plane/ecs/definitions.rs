//! Task definitions, and what their docker labels say a version would do: the stand-ins run no containers.
//!
//! Labels stand at the first container. Not imitated: checks of a definition's content, deregistration.

use crate::clock::{MINUTE, Millis};
use crate::control_plane::elb::Health;
use crate::control_plane::{ApiError, arn};
use crate::values::{at, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many times the usual error rate this version shows in traffic (a number; 1 unless given).
pub const ERROR_RATIO: &str = "tidegate.local/error-ratio";
/// How many times the usual share of slow requests it shows (a number; 1 unless given).
pub const SLOW_RATIO: &str = "tidegate.local/slow-ratio";
/// What the load balancer finds: `unhealthy`, `starting`, or `starting:<minutes>`; healthy unless given.
pub const HEALTH: &str = "tidegate.local/health";
/// What the version answers at its paths: `fail` (status 500) or `slow` (one real second); sound unless given.
pub const SMOKE: &str = "tidegate.local/smoke";
/// Why tasks of it stopped: each wanted task was stopped once with these words and started again.
pub const STOPPED: &str = "tidegate.local/stopped";

/// What a version does in traffic, in multiples of a sound one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// Of the error rate.
    pub error_ratio: f64,
    /// Of the share of slow requests.
    pub slow_ratio: f64,
}

/// All task definitions, by family.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    families: BTreeMap<String, Vec<Value>>,
}

fn short(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}

impl Definitions {
    pub(crate) fn register(&mut self, input: &Value) -> Value {
        let family = text(input, "family");
        let revisions = self.families.entry(family.clone()).or_default();
        let mut definition = input.clone();
        if let Some(members) = definition.as_object_mut() {
            let revision = revisions.len() + 1;
            members.insert("revision".into(), json!(revision));
            members.insert("status".into(), json!("ACTIVE"));
            let arn = arn("ecs", &format!("task-definition/{family}:{revision}"));
            members.insert("taskDefinitionArn".into(), json!(arn));
        }
        revisions.push(definition.clone());
        definition
    }

    /// One by family, `family:revision` or ARN.
    pub(crate) fn find(&self, name: &str) -> Option<&Value> {
        let (family, revision) =
            short(name).split_once(':').map_or((short(name), None), |(f, r)| (f, Some(r)));
        let revisions = self.families.get(family)?;
        match revision {
            Some(revision) => revisions.get(revision.parse::<usize>().ok()?.checked_sub(1)?),
            None => revisions.last(),
        }
    }

    pub(crate) fn arn_of(&self, name: &str) -> Result<String, ApiError> {
        let found = self.find(name).map(|definition| text(definition, "taskDefinitionArn"));
        found.ok_or_else(|| ApiError::new("ClientException", &format!("TaskDefinition `{name}` not found")))
    }

    /// A label of a version; empty when it has none.
    pub(crate) fn label(&self, name: &str, label: &str) -> String {
        let labels = self.find(name).and_then(|found| found.pointer("/containerDefinitions/0/dockerLabels"));
        labels.map(|labels| text(labels, label)).unwrap_or_default()
    }

    pub(crate) fn behaviour(&self, name: &str) -> Behaviour {
        let number = |label: &str| self.label(name, label).parse().unwrap_or(1.0);
        Behaviour { error_ratio: number(ERROR_RATIO), slow_ratio: number(SLOW_RATIO) }
    }

    /// What the load balancer finds at targets of this version that are registered at `now`.
    pub(crate) fn health(&self, name: &str, now: Millis) -> Health {
        let label = self.label(name, HEALTH);
        match label.split_once(':').unwrap_or((&label, "")) {
            ("unhealthy", _) => Health::Unhealthy,
            ("starting", minutes) => {
                Health::Starting { until: minutes.parse().ok().map(|m: Millis| now + m * MINUTE) }
            }
            _ => Health::Healthy,
        }
    }

    /// The digest or tag of a version's image.
    pub(crate) fn version(&self, name: &str) -> String {
        let image = self.find(name).map(|found| at(found, "/containerDefinitions/0/image"));
        let image = image.unwrap_or_default();
        let last = image.rsplit('/').next().unwrap_or_default();
        let version = last.split_once('@').or_else(|| last.split_once(':'));
        version.map_or_else(|| "latest".to_owned(), |(_, version)| version.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions(labels: &Value) -> Definitions {
        let mut definitions = Definitions::default();
        let container =
            json!([{"name": "api", "image": "h.io:5000/b2b/api@sha256:0f", "dockerLabels": labels}]);
        definitions.register(&json!({"family": "api", "containerDefinitions": container}));
        definitions
    }

    #[test]
    fn labels_say_what_a_version_does() {
        let definitions = definitions(&json!({ERROR_RATIO: "3", HEALTH: "starting:2", SMOKE: "fail"}));
        assert_eq!(definitions.behaviour("api:1"), Behaviour { error_ratio: 3.0, slow_ratio: 1.0 });
        assert_eq!(definitions.health("api", 0), Health::Starting { until: Some(2 * MINUTE) });
        assert_eq!(definitions.label("api", SMOKE), "fail");
        assert_eq!(definitions.version("api"), "sha256:0f");
    }

    #[test]
    fn a_version_without_labels_is_sound() {
        let definitions = definitions(&json!({}));
        assert_eq!(definitions.behaviour("api"), Behaviour { error_ratio: 1.0, slow_ratio: 1.0 });
        assert_eq!(definitions.health("api", 0), Health::Healthy);
        assert!(definitions.arn_of("api:2").is_err());
    }
}
