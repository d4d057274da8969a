//! The verdict as one HTML file: no script, nothing loaded from elsewhere, light and dark, on a desk and on a phone, on paper.
//!
//! Everything from outside is escaped by the template library, and the page forbids itself to run or load anything.

use super::view::{Row, bytes, headline, place, rows, sign};
use crate::gates::ports::Record;
use crate::gates::verdict::{Outcome, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d9dee4;--paper:#fff;--card:#f6f8fa;--pass:#1a7f4b;--fail:#c0362c;--warn:#8a5c00;--wait:#2457c5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4b0;--line:#323a44;--paper:#14181d;--card:#1b2027;--pass:#4cc38a;--fail:#ff7b72;--warn:#d9a33b;--wait:#79a8ff}}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}h1{font-size:22px;line-height:1.3;margin:0}h2{font-size:16px;margin:36px 0 10px}
.soft{color:var(--soft)}.pass{color:var(--pass)}.fail,.error{color:var(--fail)}.warn{color:var(--warn)}.pending{color:var(--wait)}
code{font:13px ui-monospace,monospace}dl{display:flex;flex-wrap:wrap;gap:2px 24px;margin:10px 0 0}dl div{display:flex;gap:8px}dt{color:var(--soft);white-space:nowrap}a{color:var(--wait)}p code{font-size:13px;background:var(--line);border-radius:3px;padding:0 3px}dd{margin:0}
.badge{display:inline-block;min-width:74px;font-weight:600;white-space:nowrap}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:500;color:var(--soft)}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}.n{text-align:right;white-space:nowrap}
article{background:var(--card);border:1px solid var(--line);border-left:4px solid currentColor;border-radius:6px;padding:12px 16px;margin:0 0 12px}
article>*{color:var(--ink)}article p{margin:0}article h3{font-size:15px;margin:0 0 4px;color:inherit}ul{margin:8px 0 0;padding-left:20px}li{margin:2px 0}details{margin-top:8px}summary{cursor:pointer;color:var(--soft)}
@media(max-width:640px){main{padding:18px 14px 40px}thead{display:none}tr{display:flex;flex-wrap:wrap;gap:0 18px;padding:8px 0;border-bottom:1px solid var(--line)}td{border:0;padding:1px 0}td:first-child{flex-basis:100%}td.n::before{content:attr(data-label) \" \";color:var(--soft)}td.n:empty{display:none}}
";

/// The whole document.
#[must_use]
pub fn html(record: &Record) -> String {
    let verdict = &record.verdict;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Gate " (record.policy) ": " (verdict.outcome.word()) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 { span class=(verdict.outcome.word()) { (sign(verdict.outcome)) " " (verdict.outcome.word()) } " · gate " (record.policy) }
                p .soft style="margin:2px 0 0" { (headline(verdict)) }
                dl { @for (name, value) in place(record) { div { dt { (name) } dd { (value) } } } }
                (wrong(verdict))
                (conditions(verdict))
                (excused(verdict))
                (reports(verdict))
            } }
        }
    }
    .into_string()
}

fn wrong(verdict: &Verdict) -> Markup {
    let rows = rows(verdict);
    let wrong: Vec<&Row<'_>> = rows.iter().filter(|row| row.judged.outcome != Outcome::Pass).collect();
    html! {
        @if !wrong.is_empty() { h2 { "What is wrong" } }
        @for row in wrong {
            article class=(row.judged.outcome.word()) {
                h3 { (sign(row.judged.outcome)) " " (row.judged.outcome.word()) ": " (row.judged.id) }
                p { (sentence(&row.message)) }
                @if let Some(help) = &row.judged.help { p .soft { (link(help)) } }
                (names(&row.judged.offenders))
            }
        }
    }
}

/// Words in backticks as code; a backtick without a second one is itself.
fn sentence(text: &str) -> Markup {
    let parts: Vec<&str> = text.split('`').collect();
    html! {
        @if parts.len().is_multiple_of(2) { (text) } @else {
            @for (index, part) in parts.iter().enumerate() { @if index % 2 == 1 { code { (part) } } @else { (part) } }
        }
    }
}

/// Only what is plainly a web address becomes a link.
fn link(help: &str) -> Markup {
    html! {
        @if help.starts_with("https://") && !help.contains(char::is_whitespace) {
            a href=(help) rel="noopener noreferrer" { (help) }
        } @else { (help) }
    }
}

/// The first five in sight, the rest behind a fold that works without script.
fn names(offenders: &[String]) -> Markup {
    const IN_SIGHT: usize = 5;
    let (shown, hidden) = offenders.split_at(offenders.len().min(IN_SIGHT));
    html! {
        @if !shown.is_empty() { ul { @for name in shown { li { code { (super::plain(name)) } } } } }
        @if !hidden.is_empty() {
            details { summary { "and " (hidden.len()) " more" } ul { @for name in hidden { li { code { (super::plain(name)) } } } } }
        }
    }
}

fn conditions(verdict: &Verdict) -> Markup {
    html! {
        h2 { "Conditions" }
        div .scroll { table {
            thead { tr { th { "Condition" } th .n { "Measured" } th .n { "Limit" } th .n { "Margin" } } }
            tbody { @for row in rows(verdict) { tr {
                td {
                    span class={ "badge " (row.judged.outcome.word()) } { (sign(row.judged.outcome)) " " (row.judged.outcome.word()) }
                    " " (row.judged.id)
                    @if let Some(artifact) = &row.judged.artifact { " " span .soft { (artifact) } }
                    @if !row.judged.metric.is_empty() { " " code .soft { (row.judged.metric) } }
                }
                td .n data-label="measured" { (row.actual) }
                td .n data-label="limit" { (row.limit) }
                td .n data-label="margin" { (row.margin) }
            } } }
        } }
        @if verdict.conditions.is_empty() { p .soft { "No condition was judged." } }
    }
}

fn excused(verdict: &Verdict) -> Markup {
    html! {
        (list("Waived", verdict.waived.iter().map(|w| html! { code { (w.finding) } " in " (w.component) " until " (w.expires) ": " (w.reason) })))
        (list("Does not count yet", verdict.in_grace.iter().map(|f| html! {
            code { (f.finding) } " (" (f.severity) ") in " (f.component) " counts from " (f.until.date_and_time())
        })))
        (list("Failed in quarantine", verdict.quarantined.iter().map(|t| html! { code { (super::plain(&t.test)) } " until " (t.expires) ": " (t.reason) })))
        (list("Not judged", verdict.not_judged.iter().map(|n| html! { (n.id) ": " (sentence(&n.reason)) })))
        (list("Remarks", verdict.notes.iter().map(|note| html! { (sentence(note)) })))
    }
}

fn list(title: &str, lines: impl Iterator<Item = Markup>) -> Markup {
    let lines: Vec<Markup> = lines.collect();
    html! { @if !lines.is_empty() { h2 { (title) } ul { @for line in lines { li { (line) } } } } }
}

fn reports(verdict: &Verdict) -> Markup {
    html! {
        @if !verdict.reports.is_empty() {
            h2 { "Reports" }
            div .scroll { table {
                thead { tr { th { "File" } th { "Format" } th .n { "Size" } th { "SHA-256" } } }
                tbody { @for report in &verdict.reports { tr {
                    td {
                        (report.path) " " span .soft { (report.source) }
                        @for remark in &report.remarks { br; span .soft { (super::plain(remark)) } }
                    }
                    td { @if report.format.is_empty() { "–" } @else { (report.format) } }
                    td .n data-label="size" { (bytes(report.size)) }
                    td { code .soft title=(report.sha256) { (report.sha256.get(..12).unwrap_or_default()) } }
                } } }
            } }
        }
    }
}
