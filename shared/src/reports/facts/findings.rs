//! Vulnerabilities and rule violations on one scale.

use crate::model::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// One scale for every scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The tool gave none.
    Unknown,
    /// Informational.
    Info,
    /// Low.
    Low,
    /// Medium; npm's `moderate`, SARIF's `warning`.
    Medium,
    /// High; SARIF's `error`.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// From the gravest to the one that says nothing.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info, Self::Unknown];

    /// A scanner's word on our scale; a word nobody knows is `Unknown`, never harmless.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "error" => Self::High,
            "moderate" | "medium" | "warning" => Self::Medium,
            "low" | "note" => Self::Low,
            "info" | "informational" | "none" | "negligible" => Self::Info,
            _ => Self::Unknown,
        }
    }

    /// A CVSS base score (0 to 10) on our scale (FIRST, CVSS v3.1 §5).
    #[must_use]
    pub fn from_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }

    /// The word in policies and for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Whether something can be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fix {
    /// A version without it exists.
    Available,
    /// The tool says that none exists.
    None,
    /// The tool says nothing; never taken for "none exists".
    #[default]
    Unknown,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Advisory or rule id, the most widely known one first: CVE or GHSA, else the tool's own.
    pub id: String,
    /// Other ids of the same thing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Package name, or path of a file (without the line).
    pub component: String,
    /// Version of the package; empty when there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Where in the component: `line 12`, a path of dependencies; empty when the tool does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// On our scale.
    pub severity: Severity,
    /// Whether something can be done.
    pub fix: Fix,
    /// One line from the tool: data.
    pub title: String,
    /// When the advisory was published, if the report says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// Why the tool itself does not count it: suppressed in the source, ignored by its own settings. Shown, not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<String>,
    /// How often it occurs (paths, lines, layers); at least 1.
    pub occurrences: u64,
}

impl Finding {
    /// A finding of which nothing more is known.
    #[must_use]
    pub fn new(id: &str, component: &str, severity: Severity) -> Self {
        Self {
            id: super::kept(id),
            aliases: Vec::new(),
            component: super::kept(component),
            version: String::new(),
            location: String::new(),
            severity,
            fix: Fix::Unknown,
            title: String::new(),
            published: None,
            suppressed: None,
            occurrences: 1,
        }
    }

    /// Whether `id` is its id or one of its aliases, letter case apart.
    #[must_use]
    pub fn is(&self, id: &str) -> bool {
        self.id.eq_ignore_ascii_case(id) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
    }

    /// What makes two entries one finding.
    fn identity(&self) -> [&str; 4] {
        [&self.id, &self.component, &self.version, &self.location]
    }

    /// Takes in another entry of the same finding.
    fn join(&mut self, other: &Self) {
        self.severity = self.severity.max(other.severity);
        self.occurrences = self.occurrences.saturating_add(other.occurrences);
        if self.fix == Fix::Unknown {
            self.fix = other.fix;
        }
    }

    /// What stays the same from run to run: id and component.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("{}|{}", self.id, self.component)
    }
}

/// Findings of one or more scans, each once: duplicates of (id, component, version, location) are joined and counted.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FindingFacts {
    /// Those that count, in the order of the reports.
    pub findings: Vec<Finding>,
    /// Those that the tool itself does not count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<Finding>,
    /// Findings that are only counted and not named, as events of finished scans do. They count like the others, and no waiver or statement
    /// can name them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<Severity, u64>,
    /// Place of each identity in `findings`, by its hash: no second copy of the text is kept.
    #[serde(skip)]
    places: HashMap<u64, usize>,
}

impl FindingFacts {
    /// Findings of which only the number is known.
    #[must_use]
    pub fn of_counts(counted: BTreeMap<Severity, u64>) -> Self {
        Self { counted, ..Self::default() }
    }

    /// Adds a finding; of two with one identity the graver severity stays and the occurrences are added. One that the tool suppresses goes
    /// to [`FindingFacts::suppressed`].
    pub fn add(&mut self, finding: Finding) {
        if finding.suppressed.is_some() {
            self.suppressed.push(finding);
            return;
        }
        let mut slot = self.places.hasher().hash_one(finding.identity());
        while let Some(place) = self.places.get(&slot).copied() {
            match self.findings.get_mut(place).filter(|known| known.identity() == finding.identity()) {
                Some(known) => return known.join(&finding),
                // Two identities with one hash: the next slot.
                None => slot = slot.wrapping_add(1),
            }
        }
        self.places.insert(slot, self.findings.len());
        self.findings.push(finding);
    }

    /// Findings of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> u64 {
        let named = self.findings.iter().filter(|finding| finding.severity == severity).count() as u64;
        named.saturating_add(self.counted.get(&severity).copied().unwrap_or(0))
    }

    /// All findings.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counted.values().fold(self.findings.len() as u64, |sum, count| sum.saturating_add(*count))
    }

    /// The same scans without any finding that has a name; what is only counted stays.
    #[must_use]
    pub fn without_findings(&self) -> Self {
        Self { suppressed: self.suppressed.clone(), counted: self.counted.clone(), ..Self::default() }
    }

    /// Keeps the findings for which `keeps` holds.
    pub fn retain(&mut self, keeps: impl Fn(&Finding) -> bool) {
        let all = std::mem::take(&mut self.findings);
        self.places.clear();
        all.into_iter().filter(|finding| keeps(finding)).for_each(|finding| self.add(finding));
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        other.findings.into_iter().for_each(|finding| self.add(finding));
        self.suppressed.extend(other.suppressed);
        for (severity, count) in other.counted {
            let known = self.counted.entry(severity).or_default();
            *known = known.saturating_add(count);
        }
        self
    }
}
