//! What an answer was like, measured where its body is, and what of it is not as it must be.
//!
//! Both the probe (to know whether to try again) and the check (to judge) use [`Answer::faults`]. Must not: keep a body, or more of one than a
//! short value that the settings ask for.

use super::pattern;
use crate::delivery::policy::Expect;
use crate::delivery::policy::expect::Member;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Longest text of a value or header that is told, in characters.
const MAX_SHOWN: usize = 80;

/// What an answer was like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Bytes of the body.
    pub length: u64,
    /// SHA-256 of the body.
    pub sha256: String,
    /// Whether the body was longer than what is read.
    pub is_cut: bool,
    /// What is not as it must be, each in a few words; empty when everything holds.
    pub faults: Vec<String>,
}

/// An answer as it came.
pub struct Seen<'a> {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case; the first of several.
    pub headers: &'a BTreeMap<String, String>,
    /// Body, as much of it as was read.
    pub body: &'a [u8],
    /// Whether it was longer.
    pub is_cut: bool,
}

impl Answer {
    /// Measures an answer against what must hold.
    #[must_use]
    pub fn of(seen: &Seen<'_>, expect: &Expect, version: Option<&str>) -> Self {
        let sha256 = hex::encode(Sha256::digest(seen.body));
        let mut faults = Vec::new();
        if !expect.status.contains(&seen.status) {
            let wanted: Vec<String> = expect.status.iter().map(u16::to_string).collect();
            faults.push(format!("status {}, expected {}", seen.status, wanted.join(" or ")));
        }
        for (name, text) in &expect.headers {
            faults.extend(header(seen, name, text));
        }
        if let Some(name) = &expect.version_header {
            faults.extend(version_fault(seen, name, version));
        }
        faults.extend(body(seen, &sha256, expect));
        Self { status: seen.status, length: seen.body.len() as u64, sha256, is_cut: seen.is_cut, faults }
    }
}

fn header(seen: &Seen<'_>, name: &str, text: &str) -> Option<String> {
    let Some(value) = seen.headers.get(&name.to_ascii_lowercase()) else {
        return Some(format!("no header `{name}`, expected one like `{text}`"));
    };
    let holds = pattern::compile(text).is_ok_and(|pattern| pattern.is_match(value));
    (!holds).then(|| format!("header `{name}` is `{}`, expected one like `{text}`", shown(value)))
}

/// A commit may be shortened by either side, to 7 characters at least.
fn version_fault(seen: &Seen<'_>, name: &str, version: Option<&str>) -> Option<String> {
    let wanted = version.unwrap_or_default();
    let Some(value) = seen.headers.get(&name.to_ascii_lowercase()) else {
        return Some(format!("no header `{name}`, expected version `{wanted}`"));
    };
    let is_long = wanted.len() >= 7 && value.len() >= 7;
    let holds = value == wanted && !wanted.is_empty()
        || is_long && (wanted.starts_with(value.as_str()) || value.starts_with(wanted));
    (!holds).then(|| format!("header `{name}` is `{}`, expected version `{wanted}`", shown(value)))
}

fn body(seen: &Seen<'_>, sha256: &str, expect: &Expect) -> Vec<String> {
    let looks = expect.body_matches.is_some() || expect.body_sha256.is_some() || !expect.json.is_empty();
    if seen.is_cut && looks {
        return vec![format!(
            "the body is longer than {} bytes and was not read to its end",
            seen.body.len()
        )];
    }
    let mut faults = Vec::new();
    if let Some(text) = &expect.body_matches {
        let holds =
            pattern::compile(text).is_ok_and(|pattern| pattern.is_match(&String::from_utf8_lossy(seen.body)));
        if !holds {
            faults.push(format!("a body of {} bytes without a match of `{text}`", seen.body.len()));
        }
    }
    if let Some(wanted) = expect.body_sha256.as_ref().filter(|wanted| !wanted.eq_ignore_ascii_case(sha256)) {
        faults.push(format!("a body with SHA-256 `{sha256}`, expected `{wanted}`"));
    }
    if expect.json.is_empty() {
        return faults;
    }
    match serde_json::from_slice::<Value>(seen.body) {
        Ok(document) => faults.extend(expect.json.iter().filter_map(|member| json(&document, member))),
        Err(_) => faults.push(format!("a body of {} bytes that is no JSON", seen.body.len())),
    }
    faults
}

fn json(document: &Value, member: &Member) -> Option<String> {
    let Member { pointer, equals, matches, exists } = member;
    let found = document.pointer(pointer);
    if let Some(wanted) = exists {
        let words = if *wanted { "is not there" } else { "is there" };
        return (found.is_some() != *wanted).then(|| format!("`{pointer}` {words}"));
    }
    let Some(found) = found else { return Some(format!("`{pointer}` is not there")) };
    let text = found.as_str().map_or_else(|| found.to_string(), ToOwned::to_owned);
    if let Some(wanted) = equals {
        let wanted_text = wanted.to_string();
        return (!same(found, wanted))
            .then(|| format!("`{pointer}` is `{}`, expected `{wanted_text}`", shown(&found.to_string())));
    }
    let pattern = matches.as_deref().unwrap_or_default();
    let holds =
        !pattern.is_empty() && pattern::compile(pattern).is_ok_and(|compiled| compiled.is_match(&text));
    (!holds).then(|| format!("`{pointer}` is `{}`, expected one like `{pattern}`", shown(&text)))
}

/// Equal values; numbers by their value, so that 1 is 1.0.
#[must_use]
pub fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.to_bits() == other.to_bits(),
        _ => one == other,
    }
}

/// The beginning of a text, without line ends.
#[must_use]
pub fn shown(text: &str) -> String {
    let short: String = text.chars().take(MAX_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > MAX_SHOWN { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(expect: &str, status: u16, body: &str, version: Option<&str>) -> String {
        let expect: Expect = serde_json::from_str(expect).unwrap();
        let headers = BTreeMap::from([("x-version".to_owned(), "4f2a91c".to_owned())]);
        let seen = Seen { status, headers: &headers, body: body.as_bytes(), is_cut: false };
        Answer::of(&seen, &expect, version).faults.join("; ")
    }

    #[test]
    fn nothing_written_expects_a_200() {
        assert_eq!(faults("{}", 200, "", None), "");
        insta::assert_snapshot!(faults("{}", 302, "", None), @"status 302, expected 200");
    }

    #[test]
    fn everything_that_does_not_hold_is_named_with_both_sides() {
        let expect = r#"{"status": [200, 204], "headers": {"x-version": "^9", "x-none": "."}, "body_matches": "up", "json": [{"pointer": "/status", "equals": "up"}, {"pointer": "/db/ms", "matches": "^[0-9]$"}, {"pointer": "/queue", "exists": true}, {"pointer": "/debug", "exists": false}]}"#;
        insta::assert_snapshot!(faults(expect, 503, r#"{"status": "down", "db": {"ms": 1200}, "debug": 1}"#, None), @r#"status 503, expected 200 or 204; no header `x-none`, expected one like `.`; header `x-version` is `4f2a91c`, expected one like `^9`; a body of 50 bytes without a match of `up`; `/status` is `"down"`, expected `"up"`; `/db/ms` is `1200`, expected one like `^[0-9]$`; `/queue` is not there; `/debug` is there"#);
    }

    #[test]
    fn everything_that_holds_is_no_fault() {
        let sha = "0f3a40f09b47f5b8d7b9e8a9c5cf0e6b0a3f5c1e";
        let expect = r#"{"headers": {"X-Version": "^4f"}, "body_matches": "(?i)UP", "version_header": "X-Version", "json": [{"pointer": "/n", "equals": 1.0}, {"pointer": "/s", "matches": "^u"}]}"#;
        assert_eq!(faults(expect, 200, r#"{"n": 1, "s": "up"}"#, Some(&format!("4f2a91c{sha}"))), "");
    }

    #[test]
    fn a_version_is_equal_or_a_commit_of_seven_characters_at_least() {
        let expect = r#"{"version_header": "x-version"}"#;
        insta::assert_snapshot!(faults(expect, 200, "", Some("4f2a")), @"header `x-version` is `4f2a91c`, expected version `4f2a`");
        insta::assert_snapshot!(faults(expect, 200, "", None), @"header `x-version` is `4f2a91c`, expected version ``");
        assert_eq!(faults(expect, 200, "", Some("4f2a91c")), "");
    }

    #[test]
    fn a_body_that_was_cut_shows_nothing_good() {
        let expect: Expect = serde_json::from_str(r#"{"body_matches": "a"}"#).unwrap();
        let seen = Seen { status: 200, headers: &BTreeMap::new(), body: b"aaa", is_cut: true };
        insta::assert_snapshot!(Answer::of(&seen, &expect, None).faults.join("; "), @"the body is longer than 3 bytes and was not read to its end");
    }

    #[test]
    fn a_body_that_is_no_json_and_another_digest_are_named() {
        let expect = format!(
            r#"{{"body_sha256": "{}", "json": [{{"pointer": "/a", "exists": true}}]}}"#,
            "0".repeat(64)
        );
        insta::assert_snapshot!(faults(&expect, 200, "<html>", None), @"a body with SHA-256 `b7d082ee12e91b756ea22e8513b8594eebcf5d39fab813da3cb55794dc888ad7`, expected `0000000000000000000000000000000000000000000000000000000000000000`; a body of 6 bytes that is no JSON");
    }
}
