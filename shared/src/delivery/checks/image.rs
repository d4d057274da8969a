//! Whether green's images are those that were looked at: named by digest, from the allowed repositories, let through by a quality gate.
//!
//! A tag can be moved between the gate and the deployment; a digest cannot (<https://github.com/opencontainers/image-spec/blob/main/descriptor.md>).

use super::ports::{Container, TaskDefinition, Tasks};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::{Images, Rule};
use crate::model::Approval;
use serde_json::json;
use std::collections::BTreeMap;

/// Name of the check.
pub const ID: &str = "image";

/// The digest of an image: as it is written, or as ECS resolved it for green's tasks.
#[must_use]
pub fn digest(container: &Container, tasks: Option<&Tasks>, definition: &str) -> Option<String> {
    if let Some((_, digest)) = container.image.split_once('@') {
        return is_digest(digest).then(|| digest.to_owned());
    }
    let tasks = tasks?.tasks.iter().filter(|task| task.definition == definition);
    let mut resolved = tasks.filter_map(|task| task.digests.get(&container.name));
    let digest = resolved.find(|(_, digest)| is_digest(digest)).map(|(_, digest)| digest.clone())?;
    // Two tasks of one definition with different digests: the tag was moved between their starts.
    resolved.all(|(_, other)| *other == digest).then_some(digest)
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Judges the images; `digests` by container, `approvals` by digest.
#[must_use]
pub fn judge(
    settings: &Images,
    definition: &TaskDefinition,
    digests: &BTreeMap<String, String>,
    approvals: &BTreeMap<String, Option<Approval>>,
) -> Check {
    let mut faults: Vec<(State, String)> = Vec::new();
    for container in &definition.containers {
        let digest = digests.get(&container.name);
        faults.extend(pinned(settings.pinned, container, digest));
        faults.extend(allowed(&settings.repositories, container));
        faults.extend(approved(settings.approved, container, digest, approvals));
    }
    let count = definition.containers.len();
    let evidence: Vec<_> = definition
        .containers
        .iter()
        .map(|container| {
            let digest = digests.get(&container.name);
            let approval = digest.and_then(|digest| approvals.get(digest)).and_then(Option::as_ref);
            json!({"container": container.name, "image": container.image, "digest": digest, "gate": approval})
        })
        .collect();
    let state = if count == 0 {
        State::Fail
    } else {
        faults.iter().map(|(state, _)| *state).max().unwrap_or(State::Pass)
    };
    let sentence = if count == 0 {
        "the task definition has no container".to_owned()
    } else if faults.is_empty() {
        held(settings, digests.len(), count)
    } else {
        let said = faults.iter().filter(|(of, _)| *of == state);
        said.map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("; ")
    };
    Check { evidence: evidence.into(), ..Check::new(ID, state, sentence) }
}

fn held(settings: &Images, digests: usize, count: usize) -> String {
    let mut words = format!("the digest of {digests} of {count} image(s) is known");
    if !settings.repositories.is_empty() {
        words.push_str(", all are from allowed repositories");
    }
    if settings.approved != Rule::Off {
        words.push_str(", and a gate has let each of them through");
    }
    words
}

const fn state(rule: Rule) -> Option<State> {
    match rule {
        Rule::Required => Some(State::Fail),
        Rule::Warn => Some(State::Warn),
        Rule::Off => None,
    }
}

fn pinned(rule: Rule, container: &Container, digest: Option<&String>) -> Option<(State, String)> {
    let state = state(rule)?;
    let image = &container.image;
    match digest {
        Some(_) => None,
        None if image.contains('@') => Some((
            State::Fail,
            format!("`{image}` of container `{}` has a digest that is none", container.name),
        )),
        None => {
            let words =
                format!("`{image}` of container `{}` has no digest, and a tag can be moved", container.name);
            Some((state, words))
        }
    }
}

fn allowed(repositories: &[String], container: &Container) -> Option<(State, String)> {
    if repositories.is_empty() {
        return None;
    }
    let repository = repository(&container.image);
    let is = |allowed: &String| match allowed.strip_suffix('*') {
        Some(beginning) => repository.starts_with(beginning),
        None => repository == allowed,
    };
    let words = || {
        format!(
            "`{repository}` of container `{}` is none of {} allowed repositories",
            container.name,
            repositories.len()
        )
    };
    (!repositories.iter().any(is)).then(|| (State::Fail, words()))
}

/// An image without its tag and digest; a colon before the last slash is a registry's port.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        Some(_) | None => image,
    }
}

fn approved(
    rule: Rule,
    container: &Container,
    digest: Option<&String>,
    approvals: &BTreeMap<String, Option<Approval>>,
) -> Option<(State, String)> {
    let state = state(rule)?;
    let name = &container.name;
    let Some(digest) = digest else {
        return Some((
            state,
            format!("the image of container `{name}` has no digest that a gate could have let through"),
        ));
    };
    match approvals.get(digest).and_then(Option::as_ref) {
        Some(approval) if approval.lets_through => None,
        Some(Approval { execution_id, stage, outcome, .. }) => Some((
            state,
            format!(
                "`{digest}` of container `{name}` was not let through: stage `{stage}` of execution `{execution_id}` came to `{outcome}`"
            ),
        )),
        None => Some((state, format!("no gate has looked at `{digest}` of container `{name}`"))),
    }
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
