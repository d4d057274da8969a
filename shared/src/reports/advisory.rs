//! Shared by the scanners: ids in the order in which they are known, times as tools write them, findings joined over the ways to a package.
//!
//! Must not: know a format.

use super::facts::{About, Finding, FindingFacts, Severity, kept};
use crate::model::Timestamp;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// Most other ids kept of one finding.
const MOST_ALIASES: usize = 20;

/// How widely a kind of id is known: smaller is more.
fn rank(id: &str) -> u8 {
    let starts =
        |prefix: &str| id.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    match id {
        _ if starts("CVE-") => 0,
        _ if starts("GHSA-") => 1,
        _ if ["RUSTSEC-", "PYSEC-", "GO-", "OSV-"].into_iter().any(starts) => 2,
        _ => 3,
    }
}

/// Gives a finding its id, the most widely known one, and the others as aliases. `unnamed` stands for an id when there is none.
pub(crate) fn name<'a>(finding: &mut Finding, ids: impl IntoIterator<Item = &'a str>, unnamed: &str) {
    let mut known: Vec<&str> = Vec::new();
    for id in ids.into_iter().map(str::trim).filter(|id| !id.is_empty()) {
        if known.len() <= MOST_ALIASES && !known.iter().any(|other| other.eq_ignore_ascii_case(id)) {
            known.push(id);
        }
    }
    // Stable: ids of the same kind stay in the tool's order.
    known.sort_by_key(|id| rank(id));
    finding.id = kept(known.first().copied().unwrap_or(unnamed));
    finding.aliases = known.iter().skip(1).map(|id| kept(id)).collect();
}

/// The GHSA id at the end of an advisory's address.
pub(crate) fn ghsa_of(url: &str) -> Option<&str> {
    url.trim_end_matches('/').rsplit('/').next().filter(|id| rank(id) == 1)
}

/// A moment as tools write it: RFC 3339, seconds since 1970, an offset without colon, or a day. A time without an offset is taken for UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds > 0.0).then(|| Timestamp::from_seconds(seconds));
    }
    let with_colon = || {
        let (start, end) = text.split_at_checked(text.len().checked_sub(2)?)?;
        format!("{start}:{end}").parse().ok()
    };
    let day = if text.len() == "2026-01-31".len() { format!("{text}T00:00:00Z").parse().ok() } else { None };
    day.or_else(|| format!("{text}Z").parse().ok()).or_else(with_colon)
}

/// Whether this is a commit id; a placeholder is none.
pub(crate) fn commit(text: &str) -> Option<String> {
    let is_hex = text.len() >= 7 && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| text.to_ascii_lowercase())
}

/// The tool and its version.
pub(crate) fn tool(name: &str, version: &str) -> Option<String> {
    let words = kept(format!("{} {}", name.trim(), version.trim()).trim());
    (!words.is_empty()).then_some(words)
}

/// Findings of packages, each (id, package, version) once however many ways lead to it. The first way stays as the location.
#[derive(Default)]
pub(crate) struct Packages {
    list: Vec<Finding>,
    /// Place of each (id, package, version), and whether it is suppressed (a way that is does not hide another), by its hash.
    places: HashMap<u64, usize>,
    placed: Vec<Finding>,
}

impl Packages {
    /// Adds one; of two the graver severity stays and the ways are added.
    pub(crate) fn add(&mut self, finding: Finding) {
        let mut slot = self.places.hasher().hash_one(identity(&finding));
        while let Some(place) = self.places.get(&slot).copied() {
            match self.list.get_mut(place).filter(|known| identity(known) == identity(&finding)) {
                Some(known) => {
                    known.severity = known.severity.max(finding.severity);
                    known.occurrences = known.occurrences.saturating_add(finding.occurrences);
                    return;
                }
                // Two identities with one hash: the next slot.
                None => slot = slot.wrapping_add(1),
            }
        }
        self.places.insert(slot, self.list.len());
        self.list.push(finding);
    }

    /// Adds one whose place matters: two lines of a file are two findings.
    pub(crate) fn add_at(&mut self, finding: Finding) {
        self.placed.push(finding);
    }

    /// Adds those of another list.
    pub(crate) fn join(&mut self, other: Self) {
        other.list.into_iter().for_each(|finding| self.add(finding));
        self.placed.extend(other.placed);
    }

    /// As facts.
    pub(crate) fn into_facts(self) -> FindingFacts {
        let mut facts = FindingFacts::default();
        self.list.into_iter().chain(self.placed).for_each(|finding| facts.add(finding));
        facts
    }

    /// Occurrences of those that count.
    pub(crate) fn occurrences(&self) -> u64 {
        self.list
            .iter()
            .filter(|finding| finding.suppressed.is_none())
            .map(|finding| finding.occurrences)
            .fold(0, u64::saturating_add)
    }
}

/// What makes two entries one finding of a package.
fn identity(finding: &Finding) -> (&str, &str, &str, bool) {
    (&finding.id, &finding.component, &finding.version, finding.suppressed.is_some())
}

/// Notes where the tool's own figures of each severity differ from what its list holds.
pub(crate) fn contradiction(
    about: &mut About,
    what: &str,
    declared: impl Fn(Severity) -> Option<u64>,
    counted: impl Fn(Severity) -> u64,
) {
    for severity in Severity::ALL {
        if let Some(says) = declared(severity).filter(|says| *says != counted(severity)) {
            let word = severity.word();
            about.odd(format!("the summary says {says} {word} {what}, the list has {}", counted(severity)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_widely_known_id_comes_first() {
        let mut finding = Finding::new("", "serde", Severity::High);
        let ids = ["1099", "RUSTSEC-2020-0001", "GHSA-aaaa-bbbb-cccc", "CVE-2020-1", "cve-2020-1", " "];
        name(&mut finding, ids, "no id");
        assert_eq!(finding.id, "CVE-2020-1");
        assert_eq!(finding.aliases, ["GHSA-aaaa-bbbb-cccc", "RUSTSEC-2020-0001", "1099"]);
        name(&mut finding, [], "no id");
        assert_eq!((finding.id.as_str(), finding.aliases.len()), ("no id", 0));
    }

    #[test]
    fn times_are_read_as_tools_write_them() {
        let same: Vec<Option<String>> = [
            "2026-01-31T10:00:00Z",
            "2026-01-31T12:00:00+0200",
            "1769853600",
            "2026-01-31T10:00:00.000",
            "2026-01-31 10:00:00",
        ]
        .into_iter()
        .map(|text| moment(text).map(|moment| moment.to_string()))
        .collect();
        assert_eq!(same, vec![Some("2026-01-31T10:00:00Z".to_owned()); 5]);
        assert_eq!(
            moment("2026-01-31").map(|moment| moment.to_string()).as_deref(),
            Some("2026-01-31T00:00:00Z")
        );
        assert_eq!([moment(""), moment("soon"), moment("0"), moment("ü2")], [None; 4]);
    }

    #[test]
    fn a_commit_is_hexadecimal() {
        assert_eq!(commit("ABCDEF0123").as_deref(), Some("abcdef0123"));
        assert_eq!([commit("main"), commit("abc"), commit("")], [None, None, None]);
    }
}
