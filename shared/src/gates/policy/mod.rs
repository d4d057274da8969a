//! The policy: typed YAML or TOML, every mistake at once with its line, its column and the nearest known word.
//!
//! Reference: `docs/POLICY.md`, which is written from these types. Must not: look at evidence, or have a default that lets anything through.

mod check;
mod condition;
mod decode;
mod excuse;
mod explain;
mod source;
mod tighten;
mod tree;
mod words;

pub use condition::{
    Baseline, Compare, Condition, First, FixFilter, Grace, Measure, Missing, On, Operator, Rule, When,
};
pub use excuse::{Limits, Quarantine, VexUse, Waiver};
pub use explain::explain;
pub use source::{EcrScan, FewerFiles, From, Per, SonarTask, Source};
pub use tighten::tightened;
pub use words::{Day, Globs, Span};

use crate::reports::facts::is_unseen;
pub(super) use decode::nearest;
use decode::{Decoded, decode};
use serde::Deserialize;
use std::collections::BTreeMap;
use tree::Node;

/// Version of the format that is read.
pub const VERSION: u32 = 1;
/// The branch that baselines come from, where the policy names none.
pub const PROTECTED: &str = "main";

/// A policy document.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of this format: 1.
    pub version: u32,
    /// Where evidence is looked for, by name.
    pub sources: BTreeMap<String, Source>,
    /// What must hold.
    pub conditions: Vec<Condition>,
    /// Findings that are accepted for a time.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// Tests whose failure does not count for a time.
    #[serde(default)]
    pub quarantine: Vec<Quarantine>,
    /// VEX documents that excuse findings.
    #[serde(default)]
    pub vex: Vec<VexUse>,
    /// How long excuses may last.
    #[serde(default)]
    pub limits: Limits,
    /// The branch whose last pass is the baseline. `main` when absent.
    #[serde(default = "protected")]
    pub protected: String,
    /// Name under which baselines and first sightings are kept; the pipeline's name when absent. Gates with one name share them.
    #[serde(default)]
    pub history: Option<String>,
    /// Where a repository's own policy is found, and what it may say beside being stricter. Without it there is none.
    #[serde(default)]
    pub own: Option<Own>,
}

/// A repository's own policy, on top of this one.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Globs over paths in the artifacts; at most one file may fit.
    pub path: Globs,
    /// Whether it may waive findings, also by VEX.
    #[serde(default)]
    pub waivers: bool,
    /// Whether it may put tests into quarantine.
    #[serde(default)]
    pub quarantine: bool,
}

fn protected() -> String {
    PROTECTED.to_owned()
}

/// A policy that cannot be used; one sentence for each problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be used: {}", .problems.join("; "))]
pub struct PolicyError {
    /// All problems, in the order of the text.
    pub problems: Vec<String>,
}

/// A sentence with the author's words in it, on one line.
fn on_one_line(sentence: &str) -> String {
    sentence.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect()
}

/// The JSON Schema of a policy, for editors.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Policy)
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// With every mistake: of syntax, of words and types, and contradictions.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let tree = Node::read(text).map_err(|syntax| {
            let place = syntax.place.map(|place| format!("{place}: ")).unwrap_or_default();
            PolicyError { problems: vec![on_one_line(&format!("{place}{}", syntax.words))] }
        })?;
        let Decoded { value, mistakes, tree, removed } = decode::<Self>(tree);
        let mut problems: Vec<_> =
            mistakes.iter().map(|mistake| (mistake.place(), mistake.sentence())).collect();
        if let Some(policy) = &value {
            problems.extend(check::contradictions(policy, &tree, &removed));
        }
        problems.sort_by_key(|(place, _)| *place);
        match value {
            Some(policy) if problems.is_empty() => Ok(policy),
            _ => Err(PolicyError {
                problems: problems.into_iter().map(|(_, words)| on_one_line(&words)).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
