//! The page around the picture.

use super::sections::{checks, done, facts, forecasts, limits, list, metrics, minutes, sentence, settings};
use super::{class, picture, picture_of, sign};
use crate::delivery::analysis::{Analysis, NoiseOf, analyse};
use crate::delivery::policy::Policy;
use crate::delivery::power::{Precision, of_record};
use crate::delivery::series::Series;
use crate::delivery::verdict::Kind;
use crate::delivery::watch::Watch;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d9dee4;--paper:#fff;--card:#f6f8fa;--pass:#1a7f4b;--fail:#c0362c;--warn:#8a5c00;--wait:#2457c5}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4b0;--line:#323a44;--paper:#14181d;--card:#1b2027;--pass:#4cc38a;--fail:#ff7b72;--warn:#d9a33b;--wait:#79a8ff}}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}h1{font-size:22px;line-height:1.3;margin:0}h2{font-size:16px;margin:36px 0 10px}
.soft{color:var(--soft)}.pass{color:var(--pass)}.fail{color:var(--fail)}.warn{color:var(--warn)}.wait{color:var(--wait)}
code{font:13px ui-monospace,monospace}p code,li code,td code{background:var(--card);border-radius:3px;padding:0 3px}
dl{display:flex;flex-wrap:wrap;gap:2px 24px;margin:10px 0 0}dl div{display:flex;gap:8px}dt{color:var(--soft);white-space:nowrap}dd{margin:0}
.badge{display:inline-block;min-width:96px;font-weight:600;white-space:nowrap}.scroll{overflow-x:auto}figure{margin:24px 0 0;overflow-x:auto}figure svg{max-width:100%;height:auto;min-width:640px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{text-align:left;font-weight:500;color:var(--soft)}
th,td{padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}.n{text-align:right;white-space:nowrap}
ul{margin:8px 0 0;padding-left:20px}li{margin:2px 0}details{margin-top:8px}summary{cursor:pointer;color:var(--soft)}pre{font:12px/1.45 ui-monospace,monospace;overflow-x:auto;background:var(--card);border-radius:6px;padding:12px}
";

/// A record as one HTML file.
#[must_use]
pub fn render_html(watch: &Watch) -> String {
    let verdict = watch.verdict.as_ref().map(|verdict| (verdict.kind, verdict.reason.as_str()));
    let policy = watch.policy();
    let body = match &policy {
        Ok(policy) => judged(watch, policy),
        Err(error) => {
            let why = match watch.is_watched() {
                true => error.to_string(),
                false => "no traffic has moved under this record: it holds checks only".to_owned(),
            };
            html! { p .soft { (sentence(&why)) } (checks(watch)) }
        }
    };
    page(&format!("watch of {}", watch.group), verdict, &html! { (facts(watch)) (done(watch)) (body) })
}

fn judged(watch: &Watch, policy: &Policy) -> Markup {
    let analysis = watch.analyse(policy);
    let forecasts_of = of_record(watch, policy, Precision::PAGE);
    html! {
        figure { (PreEscaped(picture(watch, policy, &analysis))) }
        (metrics(policy, &analysis))
        (limits(&analysis))
        (checks(watch))
        (forecasts(&forecasts_of))
        (minutes(&analysis))
        (settings(policy, watch.noise.as_ref()))
    }
}

/// Series that somebody brought, judged here and now.
#[must_use]
pub fn render_analysis(
    name: &str,
    policy: &Policy,
    noise: &NoiseOf,
    series: &Series,
    verdict: (Kind, &str),
    remarks: &[String],
) -> String {
    let analysis: Analysis = analyse(policy, noise, series);
    let body = html! {
        figure { (PreEscaped(picture_of(name, policy, &analysis, series, verdict))) }
        (metrics(policy, &analysis))
        (limits(&analysis))
        (list("Remarks", remarks))
        (minutes(&analysis))
        (settings(policy, Some(noise)))
    };
    page(name, Some(verdict), &body)
}

fn page(name: &str, verdict: Option<(Kind, &str)>, body: &Markup) -> String {
    let word = verdict.map_or("no verdict yet", |(kind, _)| kind.word());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (word) ": " (name) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                h1 {
                    @match verdict {
                        Some((kind, _)) => { span class=(class(kind)) { (sign(kind)) " " (word) } }
                        None => { span .wait { (word) } }
                    }
                    " · " (name)
                }
                @if let Some((_, reason)) = verdict { p style="margin:6px 0 0" { (sentence(reason)) } }
                (body)
            } }
        }
    }
    .into_string()
}
