//! The picture of a watch: green's share, the rates of both versions, the evidence against its bounds.

use super::chart::{Frame, Level, Line, PANEL, Panel, WIDTH, n, number};
use super::class;
use crate::delivery::analysis::{Analysis, Evidence};
use crate::delivery::policy::Policy;
use crate::delivery::series::{Arm, Minute, Pair, Series};
use crate::delivery::verdict::Kind;
use crate::delivery::watch::{Watch, Weight};
use crate::model::{MINUTE, Timestamp};
use maud::{PreEscaped, html};

/// Minutes before green's traffic that are shown.
const BEFORE: i64 = 5;
/// Highest evidence that is shown, as a power of ten: beyond it nobody doubts.
const HIGHEST: f64 = 6.0;

const STYLE: &str = "
svg.watch{--ink:#1b1f24;--soft:#5b6470;--line:#d9dee4;--paper:#fff;--green:#1a7f4b;--blue:#2457c5;--harm:#c0362c;--warn:#8a5c00;--shade:#eef1f4;font:12px system-ui,sans-serif;background:var(--paper)}
@media(prefers-color-scheme:dark){svg.watch{--ink:#e6e9ed;--soft:#9aa4b0;--line:#323a44;--paper:#14181d;--green:#4cc38a;--blue:#79a8ff;--harm:#ff7b72;--warn:#d9a33b;--shade:#20262e}}
svg.watch text{fill:var(--ink)}svg.watch .s{font-size:11px;fill:var(--soft)}svg.watch .h{font-weight:600}
svg.watch path{fill:none;stroke-width:1.8;stroke-linejoin:round}svg.watch .grid{stroke:var(--line)}svg.watch .axis{stroke:var(--soft)}
svg.watch .green,svg.watch .clear{stroke:var(--green)}svg.watch .blue{stroke:var(--blue)}svg.watch .harm,svg.watch .fail{stroke:var(--harm)}
svg.watch .pass{stroke:var(--green)}svg.watch .warn{stroke:var(--warn)}svg.watch .dot{fill:none;stroke-width:2}
svg.watch .level{stroke-dasharray:6 4}svg.watch .verdict{stroke-width:1.5}svg.watch .warm,svg.watch .before{fill:var(--shade)}svg.watch .before{opacity:.5}
svg.watch .t-green,svg.watch .t-clear,svg.watch .t-pass{fill:var(--green)}svg.watch .t-blue{fill:var(--blue)}svg.watch .t-harm,svg.watch .t-fail{fill:var(--harm)}svg.watch .t-warn{fill:var(--warn)}
";

/// What is drawn.
struct Subject<'a> {
    name: &'a str,
    policy: &'a Policy,
    analysis: &'a Analysis,
    series: &'a Series,
    weights: &'a [Weight],
    verdict: Option<(Kind, Option<Timestamp>, &'a str)>,
}

/// The picture of a record; `analysis` is what its minutes show.
#[must_use]
pub fn picture(watch: &Watch, policy: &Policy, analysis: &Analysis) -> String {
    let verdict = watch.verdict.as_ref().map(|verdict| {
        let settled = verdict.decided_at.plus(-i64::from(policy.settle_minutes) * MINUTE).minute();
        (verdict.kind, Some(settled.plus(-MINUTE)), verdict.reason.as_str())
    });
    let subject = Subject {
        name: &watch.group,
        policy,
        analysis,
        series: &watch.minutes,
        weights: &watch.weights,
        verdict,
    };
    draw(&subject)
}

/// The picture of series that somebody brought.
#[must_use]
pub fn picture_of(
    name: &str,
    policy: &Policy,
    analysis: &Analysis,
    series: &Series,
    verdict: (Kind, &str),
) -> String {
    let verdict = Some((verdict.0, None, verdict.1));
    draw(&Subject { name, policy, analysis, series, weights: &[], verdict })
}

fn draw(subject: &Subject<'_>) -> String {
    let minutes = shown(subject.series);
    let at: Vec<Timestamp> = minutes.iter().map(|(at, _)| *at).collect();
    let frame = frame(subject, &minutes);
    let mut panels = vec![weights(subject, &minutes)];
    for evidence in &subject.analysis.evidence {
        panels.push(rates(evidence, &minutes));
        panels.push(bounds(evidence, &at));
    }
    let height = PANEL * number(panels.len()) + 8.0;
    let (title, desc) = words(subject);
    html! {
        svg .watch xmlns="http://www.w3.org/2000/svg" width=(n(WIDTH)) height=(n(height)) viewBox={ "0 0 " (n(WIDTH)) " " (n(height)) } role="img" aria-labelledby="watch-title watch-desc" {
            title #watch-title { (title) }
            desc #watch-desc { (desc) }
            style { (PreEscaped(STYLE)) }
            @for (index, panel) in panels.iter().enumerate() { (panel.svg(&frame, PANEL * number(index) + 34.0)) }
        }
    }
    .into_string()
}

fn words(subject: &Subject<'_>) -> (String, String) {
    match subject.verdict {
        Some((kind, _, reason)) => (format!("Watch of {}: {}", subject.name, kind.word()), reason.to_owned()),
        None => (format!("Watch of {}: no verdict yet", subject.name), "no verdict yet".to_owned()),
    }
}

/// Every minute from a little before green's first traffic, the unmeasured ones between them among them.
fn shown(series: &Series) -> Vec<(Timestamp, Option<&Minute>)> {
    let first = series.iter().find(|(_, minute)| minute.has_green()).map(|(at, _)| *at);
    let Some(first) = first.or_else(|| series.keys().next().copied()) else { return Vec::new() };
    let Some(last) = series.keys().next_back().copied() else { return Vec::new() };
    let begin = series.keys().next().copied().unwrap_or(first).max(first.plus(-BEFORE * MINUTE));
    let count = last.since(begin) / MINUTE;
    (0..=count).map(|index| begin.plus(index * MINUTE)).map(|at| (at, series.get(&at))).collect()
}

fn frame(subject: &Subject<'_>, minutes: &[(Timestamp, Option<&Minute>)]) -> Frame {
    let has_green = |(_, minute): &(Timestamp, Option<&Minute>)| minute.is_some_and(Minute::has_green);
    let before = minutes.iter().position(has_green).unwrap_or(minutes.len());
    let warm_up = usize::try_from(subject.policy.warm_up_minutes).unwrap_or(usize::MAX);
    let last = minutes.len().saturating_sub(1);
    let verdict = subject.verdict.map(|(kind, at, _)| {
        let index = at.and_then(|at| minutes.iter().position(|(minute, _)| *minute == at)).unwrap_or(last);
        (index, class(kind), kind.word())
    });
    Frame {
        minutes: minutes.len(),
        first: -i64::try_from(before).unwrap_or(0),
        before,
        warm_up: warm_up.min(minutes.len().saturating_sub(before)),
        verdict,
    }
}

/// Green's share: as the engine said it, or as the requests fell where it said nothing.
fn weights(subject: &Subject<'_>, minutes: &[(Timestamp, Option<&Minute>)]) -> Panel {
    let by_engine = |at: Timestamp| {
        let end = at.plus(MINUTE);
        subject
            .weights
            .iter()
            .take_while(|weight| weight.at < end)
            .last()
            .map_or(0.0, |weight| f64::from(weight.percent))
    };
    let by_requests = |minute: Option<&Minute>| {
        let pair = minute?.counts.values().next()?;
        Arm { total: pair.green.total.saturating_add(pair.blue.total), bad: pair.green.total }
            .rate()
            .map(|share| share * 100.0)
    };
    let point = |(at, minute): &(Timestamp, Option<&Minute>)| match subject.weights.is_empty() {
        true => by_requests(*minute),
        false => Some(by_engine(*at)),
    };
    let source = if subject.weights.is_empty() { " (of its requests)" } else { "" };
    Panel {
        heading: format!("Green’s share of the traffic{source}, %; minutes since its first request"),
        low: 0.0,
        high: 100.0,
        ticks: [0.0, 50.0, 100.0].map(|tick| (tick, format!("{tick:.0}"))).to_vec(),
        lines: vec![Line {
            class: "green",
            label: "green".to_owned(),
            points: minutes.iter().map(point).collect(),
        }],
        levels: Vec::new(),
        is_stepped: true,
    }
}

fn rates(evidence: &Evidence, minutes: &[(Timestamp, Option<&Minute>)]) -> Panel {
    let of = |arm: fn(&Pair) -> Arm| -> Vec<Option<f64>> {
        let rate = |minute: &Option<&Minute>| {
            Some(arm(minute.as_ref()?.counts.get(&evidence.metric)?).rate()? * 100.0)
        };
        minutes.iter().map(|(_, minute)| rate(minute)).collect()
    };
    let (green, blue) = (of(|pair| pair.green), of(|pair| pair.blue));
    let most = green.iter().chain(&blue).flatten().copied().fold(0.0, f64::max);
    let high = nice(most);
    let tick = |part: f64| (high * part, percent(high * part));
    let line = |class, points| Line { class, label: class.to_owned(), points };
    Panel {
        heading: format!("{}: requests {}, % of the minute’s", evidence.metric, evidence.bad),
        low: 0.0,
        high,
        ticks: vec![tick(0.0), tick(0.5), tick(1.0)],
        lines: vec![line("green", green), line("blue", blue)],
        levels: Vec::new(),
        is_stepped: false,
    }
}

fn bounds(evidence: &Evidence, at: &[Timestamp]) -> Panel {
    let ten = std::f64::consts::LN_10;
    let of = |value: fn(&crate::delivery::analysis::Point) -> f64| -> Vec<Option<f64>> {
        let point = |at: &Timestamp| evidence.path.iter().find(|point| point.at == *at).map(value);
        at.iter().map(point).collect()
    };
    let (harm, clear) = (of(|point| point.harm), of(|point| point.promotion));
    let both = harm.iter().chain(&clear).flatten().copied();
    let most = both.clone().fold(evidence.bound.max(evidence.promotion_bound) + ten / 2.0, f64::max);
    let least = both.fold(-ten, f64::min);
    let (low, high) = ((least / ten).floor().max(-HIGHEST), (most / ten).ceil().min(HIGHEST));
    let mut ticks = Vec::new();
    let mut power = low;
    while power <= high {
        if (power % 2.0).abs() < 0.5 {
            ticks.push((power * ten, odds(power)));
        }
        power += 1.0;
    }
    let level = |class, word: &str, value: f64| Level {
        class,
        label: format!("{word} from {:.0}:1 on", value.exp()),
        value,
    };
    let line = |class, label: &str, points| Line { class, label: label.to_owned(), points };
    Panel {
        heading: format!("{}: evidence after each minute, odds on a scale of powers", evidence.metric),
        low: low * ten,
        high: high * ten,
        ticks,
        lines: vec![line("harm", "of harm", harm), line("clear", "of its absence", clear)],
        levels: vec![
            level("harm", "rolled back", evidence.bound),
            level("clear", "cleared", evidence.promotion_bound),
        ],
        is_stepped: false,
    }
}

fn odds(power: f64) -> String {
    let number = format!("{:.0}", 10_f64.powf(power.abs()));
    if power < 0.0 { format!("1:{number}") } else { format!("{number}:1") }
}

/// The next of 1, 2, 5, 10, … that holds the largest value.
fn nice(most: f64) -> f64 {
    if most <= 0.0 {
        return 1.0;
    }
    let scale = 10_f64.powf(most.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|step| step * scale).find(|step| *step >= most).unwrap_or(10.0 * scale)
}

fn percent(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
