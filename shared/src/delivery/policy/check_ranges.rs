//! Names every setting of the checks that cannot be used.

use super::checks::{Checks, Flags, Latency, Private, Request, Rule, Smoke};
use super::expect::{Expect, Member};
use crate::delivery::checks::{pattern, target};
use std::collections::BTreeMap;

/// Methods that a request may have.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Most requests of a smoke test.
const MAX_REQUESTS: usize = 20;
/// Largest body that is sent, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest time that all tries of a smoke test may take: the probe's own (`template.yaml`) with room to answer.
pub const MAX_PROBE_MS: u64 = 100_000;

/// Adds every mistake to `wrong`; `at` is the place before `checks`.
pub(super) fn check(checks: &Checks, at: &str, wrong: &mut Vec<String>) {
    let at = format!("{at}checks.");
    let mut found = Found { at: &at, wrong };
    if let Some(smoke) = &checks.smoke {
        found.smoke(smoke);
    }
    if let Some(latency) = &checks.latency {
        found.latency(latency, checks.smoke.is_some());
    }
    for label in [&checks.migration.label, &checks.migration.approved_by_label] {
        found.must(!label.is_empty() && label.len() <= 128, "migration", &"a label has 1 to 128 characters");
    }
    if checks.alarms.ringing == Rule::Off {
        found.add("alarms.ringing", "`off` is no rule for an alarm: leave it out of `names` instead");
    }
    if checks.alarms.prefix.as_deref() == Some("") {
        found.add("alarms.prefix", "it is empty, and every alarm begins so");
    }
    for (index, flags) in checks.flags.iter().enumerate() {
        found.flags(&format!("flags.{index}"), flags);
    }
    for canary in &checks.synthetics {
        let name = format!("synthetics.{}", canary.canary);
        found.range(&name, "max_age_minutes", u64::from(canary.max_age_minutes), 1, 1440);
        found.must(!canary.canary.is_empty(), "synthetics", &"a canary has no name");
    }
    for (index, logs) in checks.logs.iter().enumerate() {
        found.must(!logs.pattern.trim().is_empty(), &format!("logs.{index}.pattern"), &"it is empty");
        found.range(&format!("logs.{index}"), "limit", u64::from(logs.limit), 0, 1_000_000);
    }
}

struct Found<'a> {
    at: &'a str,
    wrong: &'a mut Vec<String>,
}

impl Found<'_> {
    fn add(&mut self, name: &str, words: &str) {
        self.wrong.push(format!("`{}{name}`: {words}", self.at));
    }

    fn must(&mut self, holds: bool, name: &str, words: &dyn std::fmt::Display) {
        if !holds {
            self.add(name, &words.to_string());
        }
    }

    fn range(&mut self, at: &str, name: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            let words = format!("`{}{at}.{name}` is {value}, it must be from {least} to {most}", self.at);
            self.wrong.push(words);
        }
    }

    fn url(&mut self, name: &str, url: &str) {
        if let Err(words) = target::check(url) {
            self.add(name, &words);
        }
    }

    fn pattern(&mut self, name: &str, text: &str) {
        if let Err(words) = pattern::compile(text) {
            self.add(name, &words);
        }
    }

    fn smoke(&mut self, smoke: &Smoke) {
        self.url("smoke.base_url", &smoke.base_url);
        let count = smoke.requests.len();
        self.must(
            (1..=MAX_REQUESTS).contains(&count),
            "smoke.requests",
            &format!("there are {count}, there must be 1 to {MAX_REQUESTS}"),
        );
        self.range("smoke", "attempts", u64::from(smoke.attempts), 1, 10);
        self.range("smoke", "pause_ms", u64::from(smoke.pause_ms), 0, 30_000);
        self.range("smoke", "timeout_ms", u64::from(smoke.timeout_ms), 100, 30_000);
        self.headers("smoke.headers", &smoke.headers);
        for (index, request) in smoke.requests.iter().enumerate() {
            self.request(&format!("smoke.requests.{index}"), request);
        }
        let longest = smoke.longest_ms();
        self.must(
            longest <= MAX_PROBE_MS,
            "smoke",
            &format!("all tries may take {longest} ms, at most {MAX_PROBE_MS} ms are there"),
        );
    }

    fn request(&mut self, at: &str, request: &Request) {
        let method = &request.method;
        self.must(
            METHODS.contains(&method.as_str()),
            &format!("{at}.method"),
            &format!("`{method}` is none of {}", METHODS.join(", ")),
        );
        self.path(at, &request.path);
        self.headers(&format!("{at}.headers"), &request.headers);
        let body = request.body.as_ref().map_or(0, |body| body.0.len());
        self.must(
            body <= MAX_BODY,
            &format!("{at}.body"),
            &format!("it has {body} bytes, at most {MAX_BODY} are sent"),
        );
        self.expect(&format!("{at}.expect"), &request.expect);
    }

    fn path(&mut self, at: &str, path: &str) {
        let plain = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        self.must(
            plain,
            &format!("{at}.path"),
            &format!("`{path}` is no path: it begins with `/` and has no spaces"),
        );
    }

    fn headers(&mut self, at: &str, headers: &BTreeMap<String, Private>) {
        for (name, value) in headers {
            let is_name = http::HeaderName::from_bytes(name.as_bytes()).is_ok();
            let is_value = http::HeaderValue::from_str(&value.0).is_ok();
            self.must(
                is_name && is_value,
                at,
                &format!("`{name}` is no header, or its value has characters that none can carry"),
            );
        }
    }

    fn expect(&mut self, at: &str, expect: &Expect) {
        let known = |status: &u16| (100..=599).contains(status);
        self.must(
            !expect.status.is_empty() && expect.status.iter().all(known),
            &format!("{at}.status"),
            &"it must name at least one status, each from 100 to 599",
        );
        for (name, text) in &expect.headers {
            self.pattern(&format!("{at}.headers.{name}"), text);
        }
        for member in &expect.json {
            self.member(&format!("{at}.json"), member);
        }
        if let Some(text) = &expect.body_matches {
            self.pattern(&format!("{at}.body_matches"), text);
        }
        if let Some(digest) = &expect.body_sha256 {
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            self.must(
                is_digest,
                &format!("{at}.body_sha256"),
                &format!("`{digest}` is not 64 hexadecimal digits"),
            );
        }
    }

    fn member(&mut self, at: &str, member: &Member) {
        let Member { pointer, equals, matches, exists } = member;
        let is_pointer = pointer.is_empty() || pointer.starts_with('/');
        self.must(is_pointer, at, &format!("`{pointer}` is no JSON pointer: it begins with `/`"));
        let words = [equals.is_some(), matches.is_some(), exists.is_some()];
        let count = words.into_iter().filter(|word| *word).count();
        self.must(
            count == 1,
            at,
            &format!("`{pointer}` has {count} of `equals`, `matches` and `exists`, it needs 1"),
        );
        if let Some(text) = matches {
            self.pattern(at, text);
        }
    }

    fn latency(&mut self, latency: &Latency, has_smoke: bool) {
        match &latency.base_url {
            Some(url) => self.url("latency.base_url", url),
            None => self.must(
                has_smoke,
                "latency.base_url",
                &"it is missing, and there is no `smoke` to take it from",
            ),
        }
        self.path("latency", &latency.path);
        self.range("latency", "requests", u64::from(latency.requests), 5, 200);
        self.range("latency", "timeout_ms", u64::from(latency.timeout_ms), 100, 30_000);
        if let Some(p95) = latency.p95_ms {
            self.range("latency", "p95_ms", u64::from(p95), 1, u64::from(latency.timeout_ms));
        }
    }

    fn flags(&mut self, at: &str, flags: &Flags) {
        let three = [&flags.application, &flags.environment, &flags.profile];
        let given = three.iter().filter(|part| part.is_some()).count();
        let holds = if flags.parameter.is_some() { given == 0 } else { given == 3 };
        self.must(
            holds,
            at,
            &"it needs `application`, `environment` and `profile`, or `parameter` and none of them",
        );
        self.must(!flags.expect.is_empty(), &format!("{at}.expect"), &"it is empty, so nothing is looked at");
        for flag in &flags.expect {
            let is_plain = !flag.equals.is_object() && !flag.equals.is_array() && !flag.equals.is_null();
            let words = format!("`{}` must equal true, false, a number or a text", flag.flag);
            self.must(is_plain && !flag.flag.is_empty(), at, &words);
        }
    }
}

impl Smoke {
    /// Longest time of all tries together, in milliseconds.
    #[must_use]
    pub fn longest_ms(&self) -> u64 {
        let tries = u64::from(self.attempts);
        let one = tries * u64::from(self.timeout_ms) + tries.saturating_sub(1) * u64::from(self.pause_ms);
        one.saturating_mul(self.requests.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Policies;

    fn refused(checks: &str) -> String {
        Policies::parse(&format!("version: 1\nchecks: {checks}\n")).unwrap_err().to_string()
    }

    #[test]
    fn every_wrong_setting_of_the_checks_is_named_at_once() {
        let smoke = r#"{smoke: {base_url: "http://me:pw@green", attempts: 99, requests: [{path: health, method: FETCH, expect: {status: [], body_matches: "(", json: [{pointer: a}]}}]}}"#;
        insta::assert_snapshot!(refused(smoke), @"the watch settings cannot be used: `checks.smoke.base_url`: it has a user or password in it: give a header instead; `checks.smoke.attempts` is 99, it must be from 1 to 10; `checks.smoke.requests.0.method`: `FETCH` is none of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS; `checks.smoke.requests.0.path`: `health` is no path: it begins with `/` and has no spaces; `checks.smoke.requests.0.expect.status`: it must name at least one status, each from 100 to 599; `checks.smoke.requests.0.expect.json`: `a` is no JSON pointer: it begins with `/`; `checks.smoke.requests.0.expect.json`: `a` has 0 of `equals`, `matches` and `exists`, it needs 1; `checks.smoke.requests.0.expect.body_matches`: `(` is no regular expression: found open group without closing ')'; `checks.smoke`: all tries may take 691000 ms, at most 100000 ms are there");
        insta::assert_snapshot!(refused("{latency: {path: /, requests: 3, p95_ms: 9000}, alarms: {prefix: '', ringing: off}}"), @"the watch settings cannot be used: `checks.latency.base_url`: it is missing, and there is no `smoke` to take it from; `checks.latency.requests` is 3, it must be from 5 to 200; `checks.latency.p95_ms` is 9000, it must be from 1 to 5000; `checks.alarms.ringing`: `off` is no rule for an alarm: leave it out of `names` instead; `checks.alarms.prefix`: it is empty, and every alarm begins so");
        insta::assert_snapshot!(refused("{flags: [{application: shop, expect: [{flag: a, equals: [1]}]}], logs: [{pattern: ' '}]}"), @"the watch settings cannot be used: `checks.flags.0`: it needs `application`, `environment` and `profile`, or `parameter` and none of them; `checks.flags.0`: `a` must equal true, false, a number or a text; `checks.logs.0.pattern`: it is empty");
        assert!(refused("{smoek: {}}").contains("smoek"));
    }

    #[test]
    fn tries_that_may_take_longer_than_the_probe_are_refused() {
        let requests = vec!["{path: /}"; 20].join(", ");
        insta::assert_snapshot!(refused(&format!("{{smoke: {{base_url: 'https://green', requests: [{requests}]}}}}")), @"the watch settings cannot be used: `checks.smoke`: all tries may take 380000 ms, at most 100000 ms are there");
    }

    #[test]
    fn a_target_in_the_link_local_network_is_refused_and_a_private_one_is_not() {
        insta::assert_snapshot!(refused("{latency: {base_url: 'http://169.254.169.254', path: /latest/meta-data}}"), @"the watch settings cannot be used: `checks.latency.base_url`: `169.254.169.254` is a link-local address, where metadata services hand out credentials");
        assert!(
            Policies::parse("version: 1\nchecks: {latency: {base_url: 'http://10.0.3.7:8443', path: /}}")
                .is_ok()
        );
    }

    #[test]
    fn what_may_be_a_secret_is_in_no_record_and_in_no_debug_text() {
        let text = "version: 1\nchecks: {smoke: {base_url: 'https://green', headers: {authorization: planted-header}, requests: [{path: /, method: POST, body: planted-body, headers: {x-key: planted-key}}]}}";
        let policies = Policies::parse(text).unwrap();
        let policy = policies.of("api");
        let written = serde_json::to_value(policy).unwrap();
        assert!(!written.to_string().contains("planted") && !format!("{policy:?}").contains("planted"));
        let recorded = Policies::recorded(&written).unwrap();
        assert_eq!(recorded.checks.smoke.unwrap().requests.len(), 1, "and the record can still be read");
    }
}
