//! A policy in sentences, for people who have to live with it. Must not: judge anything.

use super::{Compare, Condition, First, Missing, On, Per, Policy, Rule, Source};
use crate::gates::render::amount;
use crate::model::Timestamp;

/// The policy, sentence by sentence; `now` is for what is over.
#[must_use]
pub fn explain(policy: &Policy, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push("Evidence".to_owned());
    lines.extend(policy.sources.iter().map(|(name, source)| format!("  {}", evidence(name, source))));
    lines.push("Conditions".to_owned());
    lines.extend(
        policy.conditions.iter().map(|condition| format!("  {}", sentence(condition, &policy.protected))),
    );
    let excuses: Vec<String> = excuses(policy, now);
    if !excuses.is_empty() {
        lines.push("Excuses".to_owned());
        lines.extend(excuses.into_iter().map(|line| format!("  {line}")));
    }
    if let Some(own) = &policy.own {
        let may = match (own.waivers, own.quarantine) {
            (true, true) => ", waive findings and put tests into quarantine",
            (true, false) => " and waive findings",
            (false, true) => " and put tests into quarantine",
            (false, false) => "",
        };
        lines.push("Repository".to_owned());
        lines.push(format!("  its own policy in `{}` may be stricter{may}", own.path.text()));
    }
    lines
}

fn evidence(name: &str, source: &Source) -> String {
    let place = match source.from() {
        Some(super::From::Files(globs)) => format!("files `{}`", globs.text()),
        Some(super::From::Ecr(scan)) => {
            format!("the scan of the image in `{}`, asked for at ECR", scan.image.text())
        }
        Some(super::From::Sonar(task)) => {
            format!("the analysis in `{}`, asked for at SonarQube", task.task.text())
        }
        None => "nothing".to_owned(),
    };
    let mut asks = vec![format!("`{name}`: {place}")];
    asks.extend(source.format.as_ref().map(|format| format!("only {format}")));
    asks.extend((source.min_files > 1).then(|| format!("at least {} of them", source.min_files)));
    asks.extend((source.min_tests > 0).then(|| format!("at least {} tests that were run", source.min_tests)));
    asks.extend(source.max_age.map(|age| format!("not older than {age}")));
    asks.extend(source.must_match_commit.then(|| "of the commit under judgement".to_owned()));
    asks.extend((source.per == Per::Artifact).then(|| "in each artifact for itself".to_owned()));
    asks.extend(source.required.then(|| "never absent".to_owned()));
    asks.join(", ")
}

fn sentence(condition: &Condition, protected: &str) -> String {
    let mut words = format!("`{}`: ", condition.id);
    match condition.rule() {
        Some(Rule::Measure(measure)) => {
            let metric = measure.metric.name();
            let what = measure.metric.described().map_or("", |described| described.what);
            words.push_str(&format!("`{metric}` of `{}` ({what})", measure.source));
            words.push_str(&scope(condition));
            let limit =
                |threshold: f64| format!("{} {}", measure.operator.symbol(), amount(metric, threshold));
            words.push_str(
                &condition.fail.map(|fail| format!(" must be {}", limit(fail))).unwrap_or_default(),
            );
            words.push_str(
                &condition.warn.map(|warn| format!(", warns unless {}", limit(warn))).unwrap_or_default(),
            );
        }
        Some(Rule::Expression { text, .. }) => words.push_str(&format!("`{text}` must be true")),
        None => words.push_str("asks nothing"),
    }
    words.push_str(&baseline(condition, protected));
    words.push_str(match condition.missing {
        Missing::Fail => "; without evidence the gate cannot pass",
        Missing::Warn => "; without evidence it only warns",
    });
    words.push_str(match condition.on {
        On::Fail => "",
        On::Warn => "; it only ever warns",
    });
    words
}

fn scope(condition: &Condition) -> String {
    let mut words = String::new();
    let mut add = |text: Option<String>| words.extend(text);
    add(condition.label.as_ref().map(|label| format!(" for `{label}`")));
    add(condition.component.as_ref().map(|globs| format!(" in `{}`", globs.text())));
    add(condition.fix.map(|_| " where a fix may exist".to_owned()));
    add(condition.new.then(|| " that the last pass did not have".to_owned()));
    add(condition.when.branch.as_ref().map(|globs| format!(" on branch `{}`", globs.text())));
    add(condition.when.stage.as_ref().map(|globs| format!(" in stage `{}`", globs.text())));
    add(condition.when.changed.as_ref().map(|globs| format!(" when `{}` is touched", globs.text())));
    add(condition.min_changed_lines.map(|least| format!(" from {least} changed lines on")));
    for (severity, span) in condition.grace.iter().rev() {
        add(Some(format!(", {} findings from {span} after they were first seen", severity.word())));
    }
    words
}

fn baseline(condition: &Condition, protected: &str) -> String {
    let Some(baseline) = condition.baseline else { return String::new() };
    let which = match baseline.compare {
        Compare::Last => "last",
        Compare::Best => "best",
    };
    let metric = condition.metric.map(|metric| metric.name()).unwrap_or_default();
    let mut slack = Vec::new();
    slack.extend((baseline.tolerance > 0.0).then(|| amount(metric, baseline.tolerance)));
    slack.extend(
        (baseline.tolerance_percent > 0.0).then(|| format!("{} % of it", baseline.tolerance_percent)),
    );
    slack.extend((baseline.tolerance_lines > 0).then(|| format!("{} line(s)", baseline.tolerance_lines)));
    let slack =
        if slack.is_empty() { String::new() } else { format!(" by more than {}", slack.join(" or ")) };
    let first = match baseline.first {
        First::Warn => "before there is one it warns",
        First::Fail => "before there is one the gate cannot pass",
    };
    format!(", not worse than the {which} pass of `{protected}`{slack} ({first})")
}

fn excuses(policy: &Policy, now: Timestamp) -> Vec<String> {
    let until = |end: Timestamp, day: &super::Day| {
        if now >= end {
            format!("was waived until {day}, which is over")
        } else {
            format!("is waived until {day}")
        }
    };
    let waivers = policy.waivers.iter().map(|waiver| {
        let place =
            waiver.component.as_ref().map(|globs| format!(" in `{}`", globs.text())).unwrap_or_default();
        let until = until(waiver.expires.end(), &waiver.expires);
        format!("`{}`{place} {until}: {} ({})", waiver.finding, waiver.reason, waiver.owner)
    });
    let quarantine = policy.quarantine.iter().map(|entry| {
        let until = until(entry.expires.end(), &entry.expires).replace("waived", "in quarantine");
        format!("`{}` {until}: {} ({})", entry.test, entry.reason, entry.owner)
    });
    let vex = policy.vex.iter().map(|used| {
        let until = until(used.expires.end(), &used.expires);
        format!("what the VEX documents of `{}` excuse {until} ({})", used.source, used.owner)
    });
    waivers.chain(quarantine).chain(vex).collect()
}
