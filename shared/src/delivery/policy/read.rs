//! YAML to policies. Defaults stand here and nowhere else.

use super::{
    Catastrophe, Checks, Learned, Metric, MetricKind, Noise, OnInconclusive, Policy, Schedule, Threshold,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the watch settings cannot be used: {0}")]
pub struct PolicyError(String);

/// The settings of all services.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies {
    common: Policy,
    services: BTreeMap<String, Policy>,
}

impl Policies {
    /// Reads the YAML text.
    ///
    /// # Errors
    /// With line and column for syntax and unknown keys, with both numbers for every value out of range.
    pub fn parse(yaml: &str) -> Result<Self, PolicyError> {
        let file: Settings = serde_saphyr::from_str(yaml).map_err(|error| {
            let words = error.to_string();
            PolicyError(words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned())
        })?;
        let mut wrong = Vec::new();
        match file.version {
            Some(1) => {}
            Some(other) => wrong.push(format!("`version` is {other}, this release reads 1")),
            None => wrong.push("`version` is missing, this release reads 1".to_owned()),
        }
        let common = file.policy();
        check(&common, "", &mut wrong);
        let of = |(name, settings): (&String, &Settings)| {
            if settings.version.is_some() || settings.services.is_some() {
                wrong.push(format!("`services.{name}` has a `version` or `services` of its own"));
            }
            let policy = settings.over(&file).policy();
            check(&policy, &format!("services.{name}."), &mut wrong);
            (name.clone(), policy)
        };
        let services = file.services.iter().flatten().map(of).collect();
        if wrong.is_empty() { Ok(Self { common, services }) } else { Err(PolicyError(wrong.join("; "))) }
    }

    /// What holds for every service that says nothing else.
    #[must_use]
    pub const fn common(&self) -> &Policy {
        &self.common
    }

    /// A policy that was written down in a record.
    ///
    /// # Errors
    /// When it is none of this release.
    pub fn recorded(policy: &serde_json::Value) -> Result<Policy, PolicyError> {
        let settings = Settings::deserialize(policy).map_err(|error| PolicyError(error.to_string()))?;
        let policy = settings.policy();
        let mut wrong = Vec::new();
        check(&policy, "", &mut wrong);
        if wrong.is_empty() { Ok(policy) } else { Err(PolicyError(wrong.join("; "))) }
    }

    /// The policy of a service: a CodeDeploy deployment group, or an ECS service.
    #[must_use]
    pub fn of(&self, service: &str) -> &Policy {
        self.services.get(service).unwrap_or(&self.common)
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])* $name:ident: $kind:ty = $default:expr;)*) => {
        /// What may be written, for all services or for one.
        #[derive(Debug, Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Settings {
            version: Option<u32>,
            services: Option<BTreeMap<String, Settings>>,
            $($(#[doc = $doc])* #[serde(default)] $name: Option<$kind>,)*
        }

        impl Settings {
            /// These, and the common ones where these say nothing.
            fn over(&self, common: &Self) -> Self {
                Self {
                    version: None,
                    services: None,
                    $($name: self.$name.clone().or_else(|| common.$name.clone()),)*
                }
            }

            pub(super) fn policy(&self) -> Policy {
                Policy { $($name: self.$name.clone().unwrap_or_else(|| $default),)* }
            }
        }
    };
}

settings! {
    alpha: f64 = 0.01;
    beta: f64 = 0.05;
    tolerated_ratio: f64 = 1.0;
    excluded_ratio: f64 = 2.0;
    negligible_percent: f64 = 0.1;
    noise: Noise = Noise::Learned(Learned::Learned);
    warm_up_minutes: u32 = 2;
    catastrophe: Catastrophe = Catastrophe::default();
    settle_minutes: u32 = 2;
    max_minutes: u32 = 50;
    ready_seconds: u32 = 240;
    dry_run: bool = false;
    on_inconclusive: OnInconclusive = OnInconclusive::default();
    metrics: Vec<Metric> = vec![errors()];
    thresholds: Vec<Threshold> = Vec::new();
    groups: BTreeMap<String, f64> = BTreeMap::new();
    schedule: Schedule = Schedule::default();
    checks: Checks = Checks::default();
}

fn errors() -> Metric {
    Metric {
        id: "errors".to_owned(),
        kind: MetricKind::Errors,
        worse: super::Direction::More,
        group: None,
        dry_run: false,
    }
}

/// Names every value that is out of its range.
fn check(policy: &Policy, at: &str, wrong: &mut Vec<String>) {
    let mut number = |name: &str, value: f64, holds: bool, range: &str| {
        if !holds {
            wrong.push(format!("`{at}{name}` is {value}, it must be {range}"));
        }
    };
    let chance = |value: f64| value > 0.0 && value <= 0.5;
    number("alpha", policy.alpha, chance(policy.alpha), "above 0 and at most 0.5");
    number("beta", policy.beta, chance(policy.beta), "above 0 and at most 0.5");
    let tolerated = policy.tolerated_ratio;
    number("tolerated_ratio", tolerated, (1.0..10.0).contains(&tolerated), "from 1 to below 10");
    let excluded = policy.excluded_ratio;
    let range = format!("above `tolerated_ratio` ({tolerated}) and at most 100");
    number("excluded_ratio", excluded, excluded > tolerated && excluded <= 100.0, &range);
    let negligible = policy.negligible_percent;
    number("negligible_percent", negligible, (0.0..=5.0).contains(&negligible), "from 0 to 5");
    if let Noise::Fixed(cv) = policy.noise {
        number("noise", cv, (0.0..=2.0).contains(&cv), "`learned`, or from 0 to 2");
    }
    let percent = policy.catastrophe.percent;
    number("catastrophe.percent", percent, percent > 0.0 && percent <= 100.0, "above 0 and at most 100");
    let minutes = [
        ("settle_minutes", policy.settle_minutes, 1, 10),
        ("max_minutes", policy.max_minutes, 5, 180),
        ("warm_up_minutes", policy.warm_up_minutes, 0, 60),
        ("ready_seconds", policy.ready_seconds, 1, 840),
        ("schedule.first_step_minutes", policy.schedule.first_step_minutes, 0, 1440),
        ("schedule.step_minutes", policy.schedule.step_minutes, 0, 1440),
    ];
    for (name, value, least, most) in minutes {
        number(name, f64::from(value), (least..=most).contains(&value), &format!("from {least} to {most}"));
    }
    metrics(policy, at, wrong);
    thresholds(policy, at, wrong);
}

fn metrics(policy: &Policy, at: &str, wrong: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for metric in &policy.metrics {
        let id = &metric.id;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
            wrong.push(format!("`{at}metrics`: `{id}` is no name of 1 to 64 letters, digits, - and _"));
        }
        if !seen.insert(id) {
            wrong.push(format!("`{at}metrics`: `{id}` is there twice"));
        }
        if let MetricKind::Latency { objective_ms: 0 } = metric.kind {
            wrong.push(format!("`{at}metrics.{id}.objective_ms` is 0, it must be at least 1"));
        }
        let counts = matches!(metric.kind, MetricKind::Counts { .. });
        if metric.worse == super::Direction::Fewer && !counts {
            wrong.push(format!("`{at}metrics.{id}.worse` is for metrics of kind `counts` only"));
        }
        if let Some(group) = metric.group.as_ref().filter(|group| !policy.groups.contains_key(*group)) {
            wrong.push(format!("`{at}metrics.{id}.group`: `{group}` is not in `groups`"));
        }
    }
    if policy.deciding().next().is_none() {
        wrong.push(format!("`{at}metrics`: none can decide, so no shift could ever be judged"));
    }
    let sum: f64 = policy.groups.values().sum();
    if policy.groups.values().any(|share| !(0.0..=100.0).contains(share)) || sum > 100.0 {
        wrong.push(format!(
            "`{at}groups` add up to {sum} %, each is from 0 and together they are at most 100"
        ));
    }
}

fn thresholds(policy: &Policy, at: &str, wrong: &mut Vec<String>) {
    for threshold in &policy.thresholds {
        let id = &threshold.id;
        if !policy.metrics.iter().any(|metric| metric.id == threshold.metric) {
            wrong.push(format!("`{at}thresholds.{id}.metric`: there is no metric `{}`", threshold.metric));
        }
        if threshold.above.is_none() && threshold.below.is_none() {
            wrong.push(format!("`{at}thresholds.{id}` has neither `above` nor `below`"));
        }
        let (minutes, window) = (threshold.minutes, threshold.window());
        if minutes == 0 || window < minutes || window > 60 {
            wrong.push(format!(
                "`{at}thresholds.{id}` asks for {minutes} of {window} minutes, at least 1 of at most 60"
            ));
        }
        if threshold.error_limit == 0 {
            wrong.push(format!("`{at}thresholds.{id}.error_limit` is 0, it must be at least 1"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(yaml: &str) -> String {
        Policies::parse(yaml).unwrap_err().to_string()
    }

    #[test]
    fn every_value_out_of_range_is_named_at_once_with_both_numbers() {
        insta::assert_snapshot!(refused("version: 1\nalpha: 0.7\ntolerated_ratio: 0.5\nmax_minutes: 500\n"), @"the watch settings cannot be used: `alpha` is 0.7, it must be above 0 and at most 0.5; `tolerated_ratio` is 0.5, it must be from 1 to below 10; `max_minutes` is 500, it must be from 5 to 180");
        insta::assert_snapshot!(refused("version: 2\n"), @"the watch settings cannot be used: `version` is 2, this release reads 1");
        assert!(refused("version: 1\nalfa: 1").contains("alfa"));
    }

    #[test]
    fn a_threshold_on_nothing_and_metrics_that_cannot_decide_are_refused() {
        let text = "version: 1\nmetrics: [{id: lines, kind: logs, log_group: g, stream_prefix: s, pattern: ERROR}]\nthresholds: [{id: a, metric: b}]\n";
        insta::assert_snapshot!(refused(text), @"the watch settings cannot be used: `metrics`: none can decide, so no shift could ever be judged; `thresholds.a.metric`: there is no metric `b`; `thresholds.a` has neither `above` nor `below`");
    }

    #[test]
    fn nothing_written_compares_errors_and_fails_what_is_inconclusive() {
        let policies = Policies::parse("version: 1").unwrap();
        let policy = policies.of("api-gateway");
        assert_eq!(policy, &Policy::default());
        assert_eq!((policy.on_inconclusive, policy.dry_run), (OnInconclusive::Fail, false));
        assert_eq!(policy.deciding().map(|metric| metric.id.as_str()).collect::<Vec<_>>(), ["errors"]);
        assert!((policy.harm_bound() - 100_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_service_says_only_what_is_different_for_it() {
        let text = "version: 1\nalpha: 0.02\nwarm_up_minutes: 3\nservices:\n  api: {alpha: 0.005, metrics: [{id: errors, kind: errors}, {id: slow, kind: latency, objective_ms: 400}]}\n";
        let policies = Policies::parse(text).unwrap();
        let api = policies.of("api");
        assert_eq!((api.alpha, api.warm_up_minutes, api.metrics.len()), (0.005, 3, 2));
        assert_eq!(policies.of("other").alpha, 0.02);
        assert!((api.harm_bound() - 400_f64.ln()).abs() < 1e-12, "two metrics share α");
    }
}
