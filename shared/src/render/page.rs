//! The page: tiles, releases, timelines, gates. Works without script, in light and dark, and prints the same bytes for the same facts.

use super::report::{Gate, Report, Timeline};
use crate::metrics::dora::Spread;
use crate::metrics::fold::Status;
use crate::metrics::releases::{Outcome, Release};
use crate::model::{MINUTE, Timestamp};
use maud::{DOCTYPE, Markup, html};

/// Most rows of each table.
const ROWS: usize = 50;
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d9dee4;--paper:#fff;--card:#f6f8fa;--ok:#1a7f4b;--bad:#c0362c;--warn:#9a6700;--run:#2f6feb}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4b0;--line:#323a44;--paper:#14181d;--card:#1b2027;--ok:#4cc38a;--bad:#ff7b72;--warn:#d9a33b;--run:#79a8ff}}
.tg{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1080px;margin:0 auto;padding:28px 20px}
.tg h1{font-size:22px;margin:0}.tg h2{font-size:16px;margin:32px 0 8px}.tg .soft{color:var(--soft)}
.tg .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px;margin-top:20px}
.tg .tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.tg .tile b{display:block;font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}
.tg .scroll{overflow-x:auto}.tg table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
.tg th{text-align:left;font-weight:500;color:var(--soft)}.tg th,.tg td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
.tg .n{text-align:right}.tg .n,.tg .w{white-space:nowrap}.tg summary{cursor:pointer}.tg .ok{color:var(--ok)}.tg .bad{color:var(--bad)}.tg .warn{color:var(--warn)}.tg .run{color:var(--run)}
.tg code{font:13px ui-monospace,monospace}.tg svg{width:100%;height:auto;display:block}.tg svg text{font:11px system-ui,sans-serif;fill:var(--ink)}
";

/// The whole document for the report in S3.
#[must_use]
pub fn document(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { "Tidegate: releases" }
            }
            body style="margin:0" { (body(report)) }
        }
    }
    .into_string()
}

/// The same content for the CloudWatch widget.
#[must_use]
pub fn widget(report: &Report) -> String {
    body(report).into_string()
}

fn body(report: &Report) -> Markup {
    html! {
        style { (maud::PreEscaped(STYLE)) }
        main .tg {
            h1 { "Releases" }
            p .soft {
                @match report.now {
                    Some(now) => { "Production, 30 days up to " (now.date_and_time()) ". Times are UTC." }
                    None => { "Production: no event has come yet." }
                }
                @if report.unreadable > 0 { " " (report.unreadable) " row(s) could not be read." } }
            (tiles(report))
            h2 { "Deployments" }
            (deployments(report))
            h2 { "Executions" }
            @for timeline in report.timelines.iter().take(ROWS) { (execution(timeline)) }
            h2 { "Gates" }
            (gates(&report.gates))
        }
    }
}

fn tiles(report: &Report) -> Markup {
    let dora = &report.dora;
    let failed = format!("{} of {}", dora.change_fail_rate.count, dora.change_fail_rate.n);
    let rework = format!("{} of {}", dora.rework_rate.count, dora.rework_rate.n);
    let percent = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |p| format!("{p:.1} %"));
    html! {
        div .tiles {
            (tile("Deployment frequency", &dora.deployment_frequency.n.to_string(), "deployments in 30 days", dora.deployment_frequency.enough_data))
            (tile("Lead time for changes", &length(dora.lead_time.median_minutes), &spread(&dora.lead_time, "commit"), dora.lead_time.enough_data))
            (tile("Change fail rate", &percent(dora.change_fail_rate.percent), &failed, dora.change_fail_rate.enough_data))
            (tile("Failed deployment recovery", &length(dora.recovery_time.median_minutes), &spread(&dora.recovery_time, "failure"), dora.recovery_time.enough_data))
            (tile("Rework rate", &percent(dora.rework_rate.percent), &rework, dora.rework_rate.enough_data))
            (tile("Stopped before traffic", &dora.blocked.to_string(), "a gate's success, no failure", true))
        }
    }
}

fn tile(name: &str, value: &str, note: &str, enough: bool) -> Markup {
    html! { div .tile { span .soft { (name) } b { (value) } span .soft { (note) @if !enough { " · not enough data" } } } }
}

fn spread(spread: &Spread, what: &str) -> String {
    match spread.p90_minutes {
        Some(_) if spread.n == 1 => format!("one {what}"),
        Some(p90) => format!("median of {} {what}s; 90 % within {}", spread.n, length(Some(p90))),
        None => format!("no {what}s"),
    }
}

fn length(minutes: Option<f64>) -> String {
    match minutes {
        None => "–".to_owned(),
        Some(minutes) if minutes < 120.0 => format!("{minutes:.0} min"),
        Some(minutes) if minutes < 2880.0 => format!("{:.1} h", minutes / 60.0),
        Some(minutes) => format!("{:.1} d", minutes / 1440.0),
    }
}

fn deployments(report: &Report) -> Markup {
    html! {
        div .scroll { table {
            thead { tr { th { "Started" } th { "Service" } th { "Outcome" } th .n { "Length" } th .n { "Traffic" } th { "Deployment" } th { "Why" } } }
            tbody { @for release in report.releases.iter().take(ROWS) { (deployment(release, report.reasons.get(&release.id))) } }
        } }
        @if report.releases.is_empty() { p .soft { "No deployment yet. The service map says which deployments belong to which service." } }
    }
}

fn deployment(release: &Release, reason: Option<&String>) -> Markup {
    let (class, word) = match release.outcome {
        Outcome::Running => ("run", "running"),
        Outcome::Deployed => ("ok", "deployed"),
        Outcome::Blocked => ("warn", "stopped before traffic"),
        Outcome::Failed => ("bad", "taken back"),
        Outcome::Rollback => ("warn", "rollback"),
    };
    html! {
        tr {
            td .w { (when(release.started)) }
            td .w { (release.service) }
            td class={ "w " (class) } { (word) }
            td .n { (release.ended.map_or_else(|| "–".to_owned(), |end| duration(end.since(release.started)))) }
            td .n { (release.exposure_percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))) }
            td { code { (release.id) } }
            td .soft { (reason.map(String::as_str).unwrap_or_default()) }
        }
    }
}

fn duration(millis: i64) -> String {
    format!("{} min", (millis + MINUTE / 2).div_euclid(MINUTE))
}

/// One execution: its stages on a line of time, and the same as text for whoever cannot see it.
fn execution(timeline: &Timeline) -> Markup {
    let end = timeline.stages.iter().filter_map(|stage| stage.3).max().unwrap_or(timeline.started);
    let span = end.since(timeline.started).max(MINUTE);
    let place = |at: Timestamp| at.since(timeline.started) * 1000 / span;
    html! {
        p style="margin:14px 0 2px" {
            span class=(class(timeline.status)) { (word(timeline.status)) } " "
            code { (timeline.pipeline) } " " span .soft { (when(timeline.started)) " · " (duration(end.since(timeline.started))) } " " (timeline.title)
        }
        svg viewBox="0 0 1000 34" role="img" preserveAspectRatio="none" {
            title { (timeline.pipeline) ": " @for stage in &timeline.stages { (stage.0) " " (word(stage.1)) "; " } }
            @for (name, status, from, to) in &timeline.stages {
                @let x = place(*from);
                @let width = (place(to.unwrap_or(end)) - x).max(shortest(*status));
                @let x = x.min(1000 - width);
                rect x=(x) y="16" width=(width) height="14" rx="2" fill=(format!("var(--{})", class(*status))) fill-opacity=".75" { title { (name) ": " (word(*status)) } }
                @if width > 60 { text x=(x + 2) y="12" { (name) } }
            }
        }
    }
}

/// Shortest bar, in thousandths of the line: a gate fails within a second and must be seen.
fn shortest(status: Status) -> i64 {
    match status {
        Status::Failed | Status::Stopped => 10,
        Status::Running | Status::Succeeded => 3,
    }
}

fn class(status: Status) -> &'static str {
    match status {
        Status::Running => "run",
        Status::Succeeded => "ok",
        Status::Failed => "bad",
        Status::Stopped => "warn",
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Running => "running",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Stopped => "stopped",
    }
}

fn gates(gates: &[Gate]) -> Markup {
    html! {
        div .scroll { table {
            thead { tr { th { "Gate" } th { "Verdict" } th { "Commit" } th { "Conditions" } } }
            tbody { @for gate in gates.iter().take(ROWS) {
                tr {
                    td .w { (gate.policy) br; span .soft { (decided(&gate.decided_at)) } }
                    td class=(verdict_class(&gate.outcome)) { (gate.outcome) }
                    td { code { (gate.commit_id.get(..12).unwrap_or(&gate.commit_id)) } }
                    td { (conditions(gate)) }
                }
            } }
        } }
        @if gates.is_empty() { p .soft { "No gate has decided yet." } }
    }
}

/// What does not hold first; what holds is one click away.
fn conditions(gate: &Gate) -> Markup {
    let (holds, rest): (Vec<_>, Vec<_>) = gate.conditions.iter().partition(|(outcome, _)| outcome == "pass");
    let line = |(outcome, message): &(String, String)| {
        html! { div { span class=(verdict_class(outcome)) { (outcome) } " " (message) } }
    };
    html! {
        @for condition in &rest { (line(condition)) }
        @if !holds.is_empty() {
            details { summary .soft { (holds.len()) " of " (gate.conditions.len()) " condition(s) hold" } @for condition in &holds { (line(condition)) } }
        }
    }
}

/// A moment for people, the exact one for machines and for whoever points at it.
fn when(at: Timestamp) -> Markup {
    html! { time datetime=(at) title=(at) { (at.day_and_time()) } }
}

fn decided(at: &str) -> Markup {
    match at.parse() {
        Ok(at) => when(at),
        Err(_) => html! { (at) },
    }
}

fn verdict_class(outcome: &str) -> &'static str {
    match outcome {
        "pass" => "ok",
        "warn" | "pending" => "warn",
        _ => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use super::*;
    use crate::metrics::fold::tests::{deploy_action, deployment, execution};
    use crate::metrics::services::ServiceMap;

    fn report() -> Report {
        let mut rows = Rows::default();
        for fact in [
            execution(0, "e", "STARTED"),
            deploy_action(1, "e", "SUCCEEDED", "d-1"),
            deployment(1, "d-1", "START"),
            deployment(20, "d-1", "SUCCESS"),
        ] {
            let (pk, sk) = fact.key();
            rows.take(&pk, &sk, &serde_json::to_string(&fact).unwrap());
        }
        rows.take("G#e", "Gate#j", r#"{"executionId":"e","stage":"Gate","policy":"build","commitId":"<script>alert(1)</script>","decidedAt":"2026","verdict":{"outcome":"pass","conditions":[{"outcome":"pass","message":"<b>x</b>"}]}}"#);
        rows.take(
            "WATCH",
            "d-1",
            r#"{"deploymentId":"d-1","exposurePercent":100,"verdict":{"reason":"fine"}}"#,
        );
        rows.take("X#p#e", "broken", "{");
        let map = "version: 1\nservices: [{service: api, environment: production, codedeploy: {application: b2b, group: api}}]";
        rows.report(&ServiceMap::parse(map).unwrap())
    }

    #[test]
    fn hostile_text_is_inert_and_the_bytes_are_stable() {
        let page = document(&report());
        assert!(!page.contains("<script") && !page.contains("<b>x") && page.contains("&lt;script&gt;"));
        assert_eq!(page, document(&report()));
        assert!(!page.contains("<use") && !page.contains("<iframe"));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_counted_and_said() {
        let report = report();
        assert_eq!((report.unreadable, report.dora.deployment_frequency.n), (1, 1));
        assert!(document(&report).contains("1 row(s) could not be read"));
    }
}
