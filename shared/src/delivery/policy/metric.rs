//! What is compared between green and blue.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Metric {
    /// Name in verdicts: letters, digits, `-` and `_`.
    pub id: String,
    /// Where it comes from.
    pub kind: MetricKind,
    /// Which way is worse; only for `counts`.
    pub worse: Direction,
    /// Group in the score.
    pub group: Option<String>,
    /// Whether it is told and decides nothing.
    pub dry_run: bool,
}

impl Metric {
    /// Whether its comparison can stop a release.
    #[must_use]
    pub const fn decides(&self) -> bool {
        match self.kind {
            MetricKind::Errors | MetricKind::Latency { .. } | MetricKind::Counts { .. } => !self.dry_run,
            // A pattern in a log is advice until somebody has seen how often it lies; a value is for thresholds.
            MetricKind::Logs { .. } | MetricKind::Value { .. } => false,
        }
    }

    /// What a bad event is, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.kind {
            MetricKind::Errors => "with 5XX".to_owned(),
            MetricKind::Latency { objective_ms } => format!("slower than {objective_ms} ms"),
            MetricKind::Counts { .. } | MetricKind::Value { .. } => format!("counted by `{}`", self.id),
            MetricKind::Logs { .. } => format!("logged as `{}`", self.id),
        }
    }
}

/// Where a metric comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricKind {
    /// Requests that the target group's targets answered with 5XX (`HTTPCode_Target_5XX_Count` of `RequestCount`).
    Errors,
    /// Requests slower than an objective (`TargetResponseTime`, trimmed count of its samples).
    Latency {
        /// Milliseconds that a good answer takes at most.
        objective_ms: u32,
    },
    /// Two CloudWatch metrics of one's own: all events, and the bad ones of them.
    Counts {
        /// All events.
        total: Query,
        /// Bad ones.
        bad: Query,
    },
    /// Log lines with a pattern, of all requests of the arm.
    Logs {
        /// Log group's name.
        log_group: String,
        /// Beginning of the log streams' names, with the placeholders of a [`Query`].
        stream_prefix: String,
        /// CloudWatch Logs filter pattern.
        pattern: String,
    },
    /// A value that cannot be counted, for thresholds only.
    Value {
        /// The value.
        query: Query,
    },
}

/// A CloudWatch metric of one arm, one value for each minute.
///
/// Placeholders in the values of dimensions: `{target_group}`, `{load_balancer}`, `{task_definition}` (family and revision), `{service}`,
/// `{cluster}`, `{arm}` (`green` or `blue`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub metric: String,
    /// Statistic: `Sum`, `Average`, `p95`, …
    #[serde(default = "sum")]
    pub stat: String,
    /// Dimensions by name.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
}

fn sum() -> String {
    "Sum".to_owned()
}

/// Which way is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More bad events are worse.
    #[default]
    More,
    /// Fewer are worse: what is called `bad` is then what one wants, orders for example.
    Fewer,
}

/// A metric as it is written: which members belong to which kind is checked when it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    kind: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    objective_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<Query>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bad: Option<Query>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<Query>,
    #[serde(default)]
    worse: Direction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Errors,
    Latency,
    Counts,
    Logs,
    Value,
}

impl Word {
    const fn word(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::Counts => "counts",
            Self::Logs => "logs",
            Self::Value => "value",
        }
    }

    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Errors => &[],
            Self::Latency => &["objective_ms"],
            Self::Counts => &["total", "bad"],
            Self::Logs => &["log_group", "stream_prefix", "pattern"],
            Self::Value => &["query"],
        }
    }
}

impl Written {
    /// Members of one kind only, that are there.
    fn present(&self) -> impl Iterator<Item = &'static str> {
        [
            ("objective_ms", self.objective_ms.is_some()),
            ("total", self.total.is_some()),
            ("bad", self.bad.is_some()),
            ("log_group", self.log_group.is_some()),
            ("stream_prefix", self.stream_prefix.is_some()),
            ("pattern", self.pattern.is_some()),
            ("query", self.query.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| is_there.then_some(name))
    }
}

impl TryFrom<Written> for Metric {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let (id, word) = (&written.id, written.kind);
        let wanted = word.members();
        if let Some(other) = written.present().find(|name| !wanted.contains(name)) {
            return Err(format!("metric `{id}` of kind `{}` has no `{other}`", word.word()));
        }
        let missing = wanted.iter().find(|name| !written.present().any(|there| there == **name));
        let missing = missing.map(|name| format!("metric `{id}` of kind `{}` needs `{name}`", word.word()));
        let missing = || missing.clone().unwrap_or_default();
        let kind = match word {
            Word::Errors => MetricKind::Errors,
            Word::Latency => MetricKind::Latency { objective_ms: written.objective_ms.ok_or_else(missing)? },
            Word::Counts => MetricKind::Counts {
                total: written.total.ok_or_else(missing)?,
                bad: written.bad.ok_or_else(missing)?,
            },
            Word::Logs => MetricKind::Logs {
                log_group: written.log_group.ok_or_else(missing)?,
                stream_prefix: written.stream_prefix.ok_or_else(missing)?,
                pattern: written.pattern.ok_or_else(missing)?,
            },
            Word::Value => MetricKind::Value { query: written.query.ok_or_else(missing)? },
        };
        Ok(Self {
            id: written.id,
            kind,
            worse: written.worse,
            group: written.group,
            dry_run: written.dry_run,
        })
    }
}

impl From<Metric> for Written {
    fn from(metric: Metric) -> Self {
        let mut written = Self {
            id: metric.id,
            kind: Word::Errors,
            objective_ms: None,
            total: None,
            bad: None,
            log_group: None,
            stream_prefix: None,
            pattern: None,
            query: None,
            worse: metric.worse,
            group: metric.group,
            dry_run: metric.dry_run,
        };
        match metric.kind {
            MetricKind::Errors => {}
            MetricKind::Latency { objective_ms } => {
                written.kind = Word::Latency;
                written.objective_ms = Some(objective_ms);
            }
            MetricKind::Counts { total, bad } => {
                written.kind = Word::Counts;
                (written.total, written.bad) = (Some(total), Some(bad));
            }
            MetricKind::Logs { log_group, stream_prefix, pattern } => {
                written.kind = Word::Logs;
                written.log_group = Some(log_group);
                written.stream_prefix = Some(stream_prefix);
                written.pattern = Some(pattern);
            }
            MetricKind::Value { query } => {
                written.kind = Word::Value;
                written.query = Some(query);
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_the_members_of_its_kind_and_no_other() {
        let refused = |text: &str| serde_json::from_str::<Metric>(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused(r#"{"id": "slow", "kind": "latency"}"#), @"metric `slow` of kind `latency` needs `objective_ms`");
        insta::assert_snapshot!(refused(r#"{"id": "e", "kind": "errors", "pattern": "x"}"#), @"metric `e` of kind `errors` has no `pattern`");
        let text = r#"{"id":"slow","kind":"latency","objective_ms":400,"worse":"more","dry_run":false}"#;
        let metric: Metric = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&metric).unwrap(), text, "what is recorded is read again");
    }
}
