//! Parts of the page.

use crate::delivery::analysis::{Analysis, Evidence, EvidenceState, LimitState, NoiseOf};
use crate::delivery::check::State;
use crate::delivery::policy::{Noise, Policy};
use crate::delivery::power::{Forecast, percent};
use crate::delivery::series::Arm;
use crate::delivery::verdict::Action;
use crate::delivery::watch::{Engine, Watch};
use maud::{Markup, html};

/// Words in backticks as code; a backtick without a second one is itself.
pub(super) fn sentence(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @if parts.len().is_multiple_of(2) { (text) } @else {
            @for (index, part) in parts.iter().enumerate() { @if index % 2 == 1 { code { (part) } } @else { (part) } }
        }
    }
}

pub(super) fn facts(watch: &Watch) -> Markup {
    let engine = match watch.engine {
        Engine::CodeDeploy => "CodeDeploy",
        Engine::Ecs => "ECS",
    };
    let decided = watch.verdict.as_ref().map(|verdict| verdict.decided_at.date_and_time());
    let facts = [
        ("deployment", Some(watch.deployment_id.clone())),
        ("by", Some(format!("{engine}, {}", watch.application))),
        ("made", Some(watch.created_at.date_and_time())),
        ("decided", decided),
        ("ended", watch.final_state.clone()),
        ("rolled back by", watch.rollback.clone()),
    ];
    html! { dl { @for (name, value) in facts { @if let Some(value) = value { div { dt { (name) } dd { (value) } } } } } }
}

/// What was done about the verdict.
pub(super) fn done(watch: &Watch) -> Markup {
    let action = watch.action.as_ref().map(|action| match action {
        Action::Stopped => "the deployment was stopped, with rollback",
        Action::Frozen => "nothing was rolled back: the release is frozen",
        Action::TooLate => "the deployment was over already: go back by deploying the version before",
        Action::Advised => "the settings are on trial: nothing was done",
    });
    let freeze = watch.freeze.as_ref().map(|why| format!("going back would be worse than staying: {why}"));
    let lines: Vec<String> = action.map(ToOwned::to_owned).into_iter().chain(freeze).collect();
    list("What was done", &lines)
}

pub(super) fn list(title: &str, lines: &[String]) -> Markup {
    html! { @if !lines.is_empty() { h2 { (title) } ul { @for line in lines { li { (sentence(line)) } } } } }
}

fn state(evidence: &Evidence) -> (&'static str, &'static str) {
    match evidence.state {
        EvidenceState::Harm => ("fail", "✗ harm"),
        EvidenceState::Cleared => ("pass", "✓ cleared"),
        EvidenceState::Open => ("warn", "? open"),
    }
}

fn arm(arm: Arm) -> String {
    match arm.rate() {
        Some(rate) => format!("{} of {} ({:.2} %)", arm.bad, arm.total, rate * 100.0),
        None => "no traffic".to_owned(),
    }
}

fn odds(ln: f64) -> String {
    let odds = ln.exp();
    if odds > 1e6 {
        "> 1000000:1".to_owned()
    } else if odds >= 1.0 {
        format!("{odds:.0}:1")
    } else {
        format!("1:{:.0}", (-ln).exp().min(1e6))
    }
}

pub(super) fn metrics(policy: &Policy, analysis: &Analysis) -> Markup {
    html! {
        h2 { "Metrics" }
        div .scroll { table {
            thead { tr { th { "Metric" } th .n { "Green" } th .n { "Blue" } th .n { "Of harm" } th .n { "Of its absence" } th .n { "Minutes" } } }
            tbody { @for evidence in &analysis.evidence { tr {
                @let (class, word) = state(evidence);
                @let highest = evidence.path.iter().map(|point| point.harm).fold(f64::NEG_INFINITY, f64::max);
                @let last = evidence.path.last().map(|point| point.promotion.max(evidence.negligible));
                td { span class={ "badge " (class) } { (word) } " " code { (evidence.metric) } " " span .soft { "requests " (sentence(&evidence.bad)) @if !evidence.decides { ", advice only" } } }
                td .n { (arm(evidence.seen.green)) }
                td .n { (arm(evidence.seen.blue)) }
                td .n { @if evidence.path.is_empty() { "–" } @else { (odds(highest)) " of " (odds(evidence.bound)) } }
                td .n { @match last { Some(last) => { (odds(last)) " of " (odds(evidence.promotion_bound)) } None => { "–" } } }
                td .n { (evidence.minutes) }
            } } }
        } }
        p .soft {
            (analysis.shifted_minutes) " minute(s) of traffic on green, " (analysis.judged_minutes) " of them after the warm-up of "
            (policy.warm_up_minutes) "; score " (format!("{:.0}", analysis.score)) " of 100"
        }
    }
}

pub(super) fn limits(analysis: &Analysis) -> Markup {
    html! { @if !analysis.limits.is_empty() {
        h2 { "Limits" }
        table { tbody { @for limit in &analysis.limits { tr { td {
            @let (class, word) = match limit.state {
                LimitState::Breached => ("fail", "✗ breached"),
                LimitState::Held => ("pass", "✓ held"),
                LimitState::NoData => ("warn", "? no data"),
            };
            span class={ "badge " (class) } { (word) } " " (sentence(&limit.sentence)) @if !limit.decides { span .soft { " (advice only)" } }
        } } } } }
    } }
}

pub(super) fn checks(watch: &Watch) -> Markup {
    html! { @if !watch.checks.is_empty() {
        h2 { "Checks" }
        table { tbody { @for checked in &watch.checks { tr {
            @let (class, sign) = match checked.check.state {
                State::Pass => ("pass", "✓"),
                State::Warn => ("warn", "!"),
                State::NotYet => ("wait", "…"),
                State::Inconclusive => ("warn", "?"),
                State::Fail => ("fail", "✗"),
            };
            td { span class={ "badge " (class) } { (sign) " " (checked.check.state.word()) } " " code { (checked.check.id) } " " (sentence(&checked.check.sentence)) }
            td .soft { (checked.stage.words()) }
        } } } }
    } }
}

/// What the shift was able to see.
pub(super) fn forecasts(all: &[(String, Forecast)]) -> Markup {
    html! { @if !all.is_empty() {
        h2 { "What this shift was able to see" }
        @for (metric, forecast) in all {
            p { code { (metric) } ": " (sentence(&forecast.sentence())) "." }
            @if !forecast.seen.is_empty() { div .scroll { table {
                thead { tr { th { "If green failed" } @for chance in &forecast.seen { th .n { "×" (chance.ratio) } } } }
                tbody {
                    tr { td { "stopped in" } @for chance in &forecast.seen { td .n { (percent(chance.chance)) } } }
                    tr { td { "half of them by minute" } @for chance in &forecast.seen { td .n { @match chance.median_minute { Some(minute) => { (minute) } None => { "–" } } } } }
                }
            } } }
            @if forecast.runs > 0 && !forecast.seen.is_empty() {
                p .soft { "By " (forecast.runs) " seeded runs of the same test over this traffic; off by less than " (format!("{:.1}", forecast.error_points)) " points in 95 of 100 cases." }
            }
        }
    } }
}

/// Every judged minute, for whoever wants to reckon.
pub(super) fn minutes(analysis: &Analysis) -> Markup {
    html! {
        @for evidence in &analysis.evidence { @if !evidence.path.is_empty() { details {
            summary { "Minutes of " (evidence.metric) }
            div .scroll { table {
                thead { tr { th { "Minute" } th .n { "Green" } th .n { "Blue" } th .n { "ln E of harm" } th .n { "ln E of its absence" } } }
                tbody { @for point in &evidence.path { tr {
                    td { (point.at.day_and_time()) }
                    @match point.pair {
                        Some(pair) => { td .n { (arm(pair.green)) } td .n { (arm(pair.blue)) } }
                        None => { td .n .soft { "not measured" } td {} }
                    }
                    td .n { (format!("{:.3}", point.harm)) }
                    td .n { (format!("{:.3}", point.promotion)) }
                } } }
            } }
        } } }
    }
}

pub(super) fn settings(policy: &Policy, noise: Option<&NoiseOf>) -> Markup {
    let reckoned = match policy.noise {
        Noise::Fixed(cv) => format!("fixed at {cv}"),
        Noise::Learned(_) => {
            let learned = noise.into_iter().flatten().map(|(metric, cv)| format!("`{metric}` {cv:.2}"));
            let learned: Vec<String> = learned.collect();
            if learned.is_empty() {
                format!("not learned, {} is taken", crate::delivery::policy::UNKNOWN_NOISE)
            } else {
                format!("learned: {}", learned.join(", "))
            }
        }
    };
    let text = serde_json::to_string_pretty(policy).unwrap_or_default();
    html! {
        h2 { "Settings" }
        p {
            "A good release is stopped in at most " (policy.alpha * 100.0) " % of cases (α), one that fails " (policy.excluded_ratio)
            " times as often is cleared in at most " (policy.beta * 100.0) " % (β); ratio " (policy.tolerated_ratio) " is tolerated. Noise: " (sentence(&reckoned)) "."
        }
        details { summary { "All settings" } pre { (text) } }
    }
}
