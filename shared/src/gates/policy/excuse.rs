//! What may be excused, by whom, for how long: waivers, quarantine, VEX.

use super::words::{Day, Globs, Span};
use serde::Deserialize;

/// A finding that is accepted until a day.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// Advisory or rule id; an alias will do.
    pub finding: String,
    /// Globs over components: packages or paths. All when absent.
    #[serde(default)]
    pub component: Option<Globs>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Last day, `YYYY-MM-DD`, in UTC.
    pub expires: Day,
    /// Where it was agreed.
    #[serde(default)]
    pub ticket: Option<String>,
}

/// Tests whose failure does not count until a day. They run and are shown.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// The test's name as the gate writes it (`class: name`); `*` stands for anything.
    pub test: String,
    /// Why.
    pub reason: String,
    /// Who mends it.
    pub owner: String,
    /// Last day, `YYYY-MM-DD`, in UTC.
    pub expires: Day,
}

/// VEX documents that excuse findings, as waivers do.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct VexUse {
    /// Name of a source.
    pub source: String,
    /// Who answers for the statements.
    pub owner: String,
    /// Last day, `YYYY-MM-DD`, in UTC.
    pub expires: Day,
}

/// How long excuses may last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Longest time from today to the expiry of a waiver; one that lasts longer counts as expired.
    #[serde(default)]
    pub waiver: Option<Span>,
    /// The same for quarantine.
    #[serde(default)]
    pub quarantine: Option<Span>,
}

impl Quarantine {
    /// Whether it names this test. Names of tests have `/`, `[` and `{` in them, so only `*` is special.
    #[must_use]
    pub fn names(&self, test: &str) -> bool {
        fits(&self.test, test)
    }
}

/// `*` stands for any text, everything else for itself.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn only_the_star_is_special() {
        assert!(fits("a: b [1]", "a: b [1]") && !fits("a: b [1]", "a: b 1"));
        assert!(fits("a: *", "a: b") && fits("*: b", "a: b") && fits("a*c*e", "abcde") && fits("*", ""));
        assert!(!fits("a*a", "a") && !fits("a*c*e", "abde") && !fits("a", "ab"));
    }
}
