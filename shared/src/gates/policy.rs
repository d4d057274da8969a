//! The policy: typed YAML, wrong words refused with line and column, contradictions all at once.

use super::metric::Metric;
use crate::model::Timestamp;
use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A policy document.
#[derive(Debug, Clone, Deserialize)]
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
}

/// Evidence: files of the artifacts that match a pattern.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Glob over paths in the artifact.
    pub path: String,
    /// Whether its absence is an error; a condition on an absent optional source is an error too unless it says `missing: warn`.
    #[serde(default)]
    pub required: bool,
    /// Fewest files.
    #[serde(default = "one")]
    pub min_files: u64,
    /// Fewest test cases.
    #[serde(default)]
    pub min_tests: u64,
    /// What is judged as one: everything that the gate got, or each input artifact for itself.
    #[serde(default)]
    pub per: Per,
}

/// What the evidence of a source is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// All input artifacts together.
    #[default]
    Gate,
    /// Each input artifact: a service with good coverage does not lend it to another, and none may be without.
    Artifact,
}

/// One condition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Name that messages use.
    pub id: String,
    /// Name of a source.
    pub source: String,
    /// What is measured.
    pub metric: Metric,
    /// How it is compared.
    pub operator: Operator,
    /// Fails when this does not hold.
    pub fail: f64,
    /// Warns when this does not hold.
    #[serde(default)]
    pub warn: Option<f64>,
    /// Only samples with this label.
    #[serde(default)]
    pub label: Option<String>,
    /// What absent evidence means.
    #[serde(default)]
    pub missing: Missing,
}

/// `<=` or `>=`, and their strict forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// Less than.
    #[serde(rename = "<")]
    Less,
    /// More than.
    #[serde(rename = ">")]
    More,
}

/// What absent evidence means for a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The gate cannot pass.
    #[default]
    Fail,
    /// Noted, and the gate may pass with a warning.
    Warn,
}

/// A finding that is accepted until a day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Advisory or rule id.
    pub finding: String,
    /// Glob over components; all when absent.
    #[serde(default)]
    pub component: Option<String>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day, `YYYY-MM-DD`, in UTC.
    pub expires: String,
}

fn one() -> u64 {
    1
}

/// A policy that cannot be used; one sentence for each problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be used: {}", .problems.join("; "))]
pub struct PolicyError {
    /// All problems.
    pub problems: Vec<String>,
}

impl Policy {
    /// Reads the YAML text.
    ///
    /// # Errors
    /// With line and column for syntax, unknown keys and unknown words; with names for contradictions, all at once.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let policy: Self = serde_saphyr::from_str(yaml)
            .map_err(|error| PolicyError { problems: vec![first_line(&error.to_string())] })?;
        let problems = policy.problems();
        if problems.is_empty() { Ok(policy) } else { Err(PolicyError { problems }) }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.version != 1 {
            problems.push(format!("`version` is {}, this release reads 1", self.version));
        }
        if self.conditions.is_empty() {
            problems.push("there is no condition: such a gate would pass anything".to_owned());
        }
        for (name, source) in &self.sources {
            if let Err(error) = Glob::new(&source.path) {
                problems.push(format!("the path of source `{name}` is no glob: {error}"));
            }
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            self.check(index, condition, &mut problems);
        }
        for waiver in &self.waivers {
            if waiver.expiry().is_none() {
                problems.push(format!(
                    "waiver `{}` expires on `{}`, which is no date (YYYY-MM-DD)",
                    waiver.finding, waiver.expires
                ));
            }
        }
        problems
    }

    fn check(&self, index: usize, condition: &Condition, problems: &mut Vec<String>) {
        let id = &condition.id;
        if !self.sources.contains_key(&condition.source) {
            let nearest =
                self.sources.keys().min_by_key(|known| strsim::levenshtein(known, &condition.source));
            let hint = nearest.map(|known| format!("; the nearest is `{known}`")).unwrap_or_default();
            problems.push(format!(
                "condition `{id}` names source `{}`, which does not exist{hint}",
                condition.source
            ));
        }
        if self.conditions.iter().take(index).any(|other| other.id == *id) {
            problems.push(format!("condition `{id}` exists twice"));
        }
        if !condition.fail.is_finite() || condition.warn.is_some_and(|warn| !warn.is_finite()) {
            problems.push(format!("condition `{id}` has a threshold that is no number"));
        }
        if condition.warn.is_some_and(|warn| !condition.operator.is_stricter(warn, condition.fail)) {
            problems.push(format!(
                "condition `{id}` would fail before it warns: `warn` must be stricter than `fail`"
            ));
        }
    }
}

impl Source {
    /// The path pattern; none when it is no glob, which [`Policy::parse`] refuses.
    #[must_use]
    pub fn matcher(&self) -> Option<GlobMatcher> {
        Glob::new(&self.path).ok().map(|glob| glob.compile_matcher())
    }
}

impl Operator {
    /// As it is written in the policy.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::More => ">",
        }
    }

    fn is_stricter(self, warn: f64, fail: f64) -> bool {
        match self {
            Self::AtMost | Self::Less => warn <= fail,
            Self::AtLeast | Self::More => warn >= fail,
        }
    }
}

impl Waiver {
    /// The first moment at which it does not hold any more.
    #[must_use]
    pub fn expiry(&self) -> Option<Timestamp> {
        let last_day: Timestamp = format!("{}T00:00:00Z", self.expires).parse().ok()?;
        Some(last_day.plus(24 * 60 * crate::model::MINUTE))
    }

    /// Whether it names this finding of this component.
    #[must_use]
    pub fn names(&self, finding: &str, component: &str) -> bool {
        let fits = |pattern: &String| {
            Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(component))
        };
        self.finding == finding && self.component.as_ref().is_none_or(fits)
    }
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const POLICY: &str = "version: 1
sources:
  unit: { path: \"**/junit*.xml\", required: true, min_tests: 1 }
conditions:
  - { id: unit-tests, source: unit, metric: tests.failed, operator: \"<=\", fail: 0 }
";

    #[test]
    fn a_wrong_word_is_refused_with_its_place_and_the_nearest_known_one() {
        let error = Policy::parse(&POLICY.replace("tests.failed", "tests.faild")).unwrap_err().to_string();
        assert!(error.contains("there is no metric `tests.faild`; the nearest is `tests.failed`"), "{error}");
        let error = Policy::parse(&POLICY.replace("required", "requird")).unwrap_err().to_string();
        assert!(error.contains("requird") && error.contains("line 3"), "{error}");
    }

    #[test]
    fn contradictions_are_reported_all_at_once() {
        let yaml = POLICY
            .replace("version: 1", "version: 3")
            .replace("source: unit", "source: unti")
            .replace("fail: 0", "fail: 0, warn: 5");
        insta::assert_snapshot!(Policy::parse(&yaml).unwrap_err(), @"the policy cannot be used: `version` is 3, this release reads 1; condition `unit-tests` names source `unti`, which does not exist; the nearest is `unit`; condition `unit-tests` would fail before it warns: `warn` must be stricter than `fail`");
    }

    #[test]
    fn a_policy_without_conditions_and_a_waiver_without_a_date_are_refused() {
        let yaml = "version: 1\nsources: {}\nconditions: []\nwaivers: [{finding: X, reason: r, owner: o, expires: soon}]\n";
        insta::assert_snapshot!(Policy::parse(yaml).unwrap_err(), @"the policy cannot be used: there is no condition: such a gate would pass anything; waiver `X` expires on `soon`, which is no date (YYYY-MM-DD)");
    }
}
