//! Conditions: what must hold, and when.

use super::words::{Globs, Span};
use crate::gates::metric::Metric;
use crate::reports::facts::Severity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether expressions are built in.
pub(super) const EXPRESSIONS: bool = cfg!(feature = "cel");

/// One condition: a metric of a source against thresholds, or an expression.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Name that messages use.
    pub id: String,
    /// Name of a source.
    #[serde(default)]
    pub source: Option<String>,
    /// What is measured.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(schema_with = "metric_names"))]
    pub metric: Option<Metric>,
    /// How it is compared.
    #[serde(default)]
    pub operator: Option<Operator>,
    /// Fails when this does not hold.
    #[serde(default)]
    pub fail: Option<f64>,
    /// Warns when this does not hold.
    #[serde(default)]
    pub warn: Option<f64>,
    /// Only samples with this label.
    #[serde(default)]
    pub label: Option<String>,
    /// Only code, findings and tests of these components: globs over paths and packages.
    #[serde(default)]
    pub component: Option<Globs>,
    /// Only where this is so; otherwise the condition is not judged, and it is said.
    #[serde(default)]
    pub when: When,
    /// What absent evidence means.
    #[serde(default)]
    pub missing: Missing,
    /// What it means that the condition does not hold.
    #[serde(default)]
    pub on: On,
    /// Also compared with the last pass of the protected branch.
    #[serde(default)]
    pub baseline: Option<Baseline>,
    /// Only findings for which a fix is available, or for which the tool does not say.
    #[serde(default)]
    pub fix: Option<FixFilter>,
    /// Findings of these severities count only when they were first seen longer ago.
    #[serde(default)]
    pub grace: Grace,
    /// Only findings that the last pass of the protected branch did not have.
    #[serde(default)]
    pub new: bool,
    /// Name of a source of changed lines.
    #[serde(default)]
    pub changes: Option<String>,
    /// With fewer changed lines than this the condition is not judged, and it is said.
    #[serde(default)]
    pub min_changed_lines: Option<u64>,
    /// An expression in CEL in place of a metric; only where the gate was built with it.
    #[serde(default)]
    pub expr: Option<String>,
    /// What is said when the expression is not true.
    #[serde(default)]
    pub message: Option<String>,
    /// Where people read on: shown beside the message.
    #[serde(default)]
    pub help: Option<String>,
}

/// The names that an editor offers.
#[cfg(feature = "schema")]
fn metric_names(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let names: Vec<&str> = crate::gates::metric::METRICS.iter().map(|metric| metric.name).collect();
    schemars::json_schema!({ "enum": names })
}

/// What a condition asks.
#[derive(Debug, Clone, Copy)]
pub enum Rule<'a> {
    /// A metric of a source.
    Measure(Measure<'a>),
    /// An expression.
    Expression {
        /// The text.
        text: &'a str,
        /// What is said when it is not true.
        message: &'a str,
    },
}

/// A metric of a source against thresholds.
#[derive(Debug, Clone, Copy)]
pub struct Measure<'a> {
    /// Name of a source.
    pub source: &'a str,
    /// What is measured.
    pub metric: Metric,
    /// How it is compared.
    pub operator: Operator,
}

impl Condition {
    /// What it asks; none when it asks nothing or two things, which [`super::Policy::parse`] refuses.
    #[must_use]
    pub fn rule(&self) -> Option<Rule<'_>> {
        match (&self.source, self.metric, self.operator, &self.expr, &self.message) {
            (Some(source), Some(metric), Some(operator), None, None) => {
                Some(Rule::Measure(Measure { source, metric, operator }))
            }
            (None, None, None, Some(text), Some(message)) => Some(Rule::Expression { text, message }),
            _ => None,
        }
    }
}

/// `<=` or `>=`, and their strict forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

    /// Whether larger figures are better.
    #[must_use]
    pub const fn wants_more(self) -> bool {
        match self {
            Self::AtLeast | Self::More => true,
            Self::AtMost | Self::Less => false,
        }
    }

    /// Whether `warn` asks for no less than `fail`.
    #[must_use]
    pub fn is_stricter(self, warn: f64, fail: f64) -> bool {
        if self.wants_more() { warn >= fail } else { warn <= fail }
    }
}

/// Where a condition is judged.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Globs over branches. A gate that was not told its branch judges the condition.
    #[serde(default)]
    pub branch: Option<Globs>,
    /// Globs over stages. A gate that was not told its stage judges the condition.
    #[serde(default)]
    pub stage: Option<Globs>,
    /// Globs over changed paths; needs `changes`.
    #[serde(default)]
    pub changed: Option<Globs>,
}

/// What absent evidence means for a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The gate cannot pass.
    #[default]
    Fail,
    /// Noted, and the gate may pass with a warning. Evidence that is there and unreadable is an error all the same.
    Warn,
}

/// What a condition that does not hold means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum On {
    /// The gate fails.
    #[default]
    Fail,
    /// The gate warns.
    Warn,
}

/// Which findings count by their fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FixFilter {
    /// Those for which something can be done, or for which the tool does not say.
    Available,
}

/// Severity and the time in which a finding of it does not count, from when it was first seen.
pub type Grace = BTreeMap<Severity, Span>;

/// Comparison with the last pass of the protected branch.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The last pass, or the best one (a ratchet).
    #[serde(default)]
    pub compare: Compare,
    /// How much worse it may be, in the metric's unit (points of a percentage).
    #[serde(default)]
    pub tolerance: f64,
    /// How much worse it may be, in percent of the baseline.
    #[serde(default)]
    pub tolerance_percent: f64,
    /// How many lines (branches, functions) fewer may be covered.
    #[serde(default)]
    pub tolerance_lines: u64,
    /// What it means that there is no baseline yet.
    #[serde(default)]
    pub first: First,
}

/// What is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Compare {
    /// The last pass.
    #[default]
    Last,
    /// The best pass: it raises itself and never goes down.
    Best,
}

/// What the absence of a baseline means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum First {
    /// It is said, and the gate may pass with a warning: that pass becomes the baseline.
    #[default]
    Warn,
    /// The gate cannot pass.
    Fail,
}
