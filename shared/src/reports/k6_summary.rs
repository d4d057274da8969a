//! k6's summary at the end of a test: what `--summary-export` writes and what `handleSummary` is given
//! (<https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/>).
//!
//! | | `--summary-export` | `handleSummary` |
//! |---|---|---|
//! | figures of a metric | beside each other | in `values` |
//! | a threshold | `true` when it was **crossed** | `{"ok": false}` when it was crossed |
//! | a rate | `value` | `rate` |
//!
//! `http_reqs` counts, `http_req_duration` has the times in milliseconds, and `http_req_failed` is a rate of *failures*: its `passes` are the requests
//! for which "failed" was true. Thresholds that were crossed and checks that failed are noted and never judged: a policy has its own limits.
//! `http_req_duration{…}` is a metric by itself, of the requests with these tags; `{expected_response:true}` has the good ones only and is no
//! label unless their number is there. Must not: take the time of an iteration or of another protocol for that of a request.

use super::facts::{About, DeclaredSamples, Facts, Kind, Parsed, PerformanceFacts, Samples, kept};
use super::{Format, Input, ReportError, Sniff, json};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// The format.
pub static FORMAT: Format =
    Format { name: "k6-summary", title: "k6 summary", kind: Kind::Performance, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    let has_groups = head.has("/root_group/path") && head.has("/root_group/checks");
    has_groups || (head.has("/metrics/http_reqs") || head.has("/metrics/iterations"))
}

#[derive(Deserialize)]
struct Summary {
    metrics: BTreeMap<String, BTreeMap<String, Member>>,
}

/// A member of a metric: a figure, or `values` or `thresholds`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Figure(f64),
    Members(BTreeMap<String, Inner>),
    Other(IgnoredAny),
}

/// A member of `values` or `thresholds`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Figure(f64),
    Crossed(bool),
    Threshold { ok: bool },
    Other(IgnoredAny),
}

/// A metric of either shape.
struct Metric<'a>(&'a BTreeMap<String, Member>);

impl Metric<'_> {
    fn figure(&self, name: &str) -> Option<f64> {
        match (self.0.get("values"), self.0.get(name)) {
            (Some(Member::Members(values)), _) => match values.get(name)? {
                Inner::Figure(figure) => Some(*figure),
                Inner::Crossed(_) | Inner::Threshold { .. } | Inner::Other(_) => None,
            },
            (_, Some(Member::Figure(figure))) => Some(*figure),
            (_, Some(Member::Members(_) | Member::Other(_)) | None) => None,
        }
    }

    /// Every figure with its name.
    fn figures(&self) -> Vec<(&str, f64)> {
        let inner = match self.0.get("values") {
            Some(Member::Members(values)) => Some(values),
            Some(Member::Figure(_) | Member::Other(_)) | None => None,
        };
        let nested = inner.into_iter().flatten().filter_map(|(name, member)| match member {
            Inner::Figure(figure) => Some((name.as_str(), *figure)),
            Inner::Crossed(_) | Inner::Threshold { .. } | Inner::Other(_) => None,
        });
        let flat = self.0.iter().filter_map(|(name, member)| match member {
            Member::Figure(figure) => Some((name.as_str(), *figure)),
            Member::Members(_) | Member::Other(_) => None,
        });
        nested.chain(flat).collect()
    }

    /// The thresholds that were crossed.
    fn crossed(&self) -> Vec<&str> {
        let Some(Member::Members(thresholds)) = self.0.get("thresholds") else { return Vec::new() };
        let crossed = thresholds.iter().filter(|(_, threshold)| match threshold {
            Inner::Crossed(crossed) => *crossed,
            Inner::Threshold { ok } => !*ok,
            // No word on it: not known to be met.
            Inner::Figure(_) | Inner::Other(_) => true,
        });
        crossed.map(|(name, _)| name.as_str()).collect()
    }

    /// A figure that counts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole, not negative and below 2^53"
    )]
    fn count(&self, name: &str, metric: &str) -> Result<Option<u64>, ReportError> {
        let Some(figure) = self.figure(name) else { return Ok(None) };
        if figure.fract() == 0.0 && (0.0..9.0e15).contains(&figure) {
            return Ok(Some(figure as u64));
        }
        Err(ReportError::at(
            format!("/metrics/{}", kept(metric)),
            format!("`{name}` is {figure} and counts nothing"),
        ))
    }
}

/// Reads a summary.
///
/// # Errors
/// When the JSON has another shape, counts contradict each other, or there was no HTTP request.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let summary: Summary = json::read(input)?;
    let mut about = About { tool: Some("k6".to_owned()), ..About::default() };
    let mut facts = PerformanceFacts::default();
    let metric = |name: &str| summary.metrics.get(name).map(Metric);
    let Some(all) = samples(&metric, "")? else {
        return Err(ReportError::nothing("/metrics", "the summary has no HTTP request (`http_reqs`)"));
    };
    for name in summary.metrics.keys() {
        let tags = name.strip_prefix("http_req_duration").filter(|tags| tags.starts_with('{'));
        if let Some((tags, samples)) =
            tags.map(|tags| samples(&metric, tags).map(|found| (tags, found))).transpose()?
        {
            let label = kept(tags.trim_matches(['{', '}']));
            if let Some(samples) = samples {
                facts.declare(&label, samples);
            }
        }
    }
    facts.all = Some(Samples::Declared(all));
    note(&summary, &mut about)?;
    Ok(Parsed { facts: Facts::Performance(facts), about })
}

/// What is said of the requests with these tags (empty: of all); none when nothing counts them.
fn samples<'a>(
    metric: &impl Fn(&str) -> Option<Metric<'a>>,
    tags: &str,
) -> Result<Option<DeclaredSamples>, ReportError> {
    let (reqs, failed) = (format!("http_reqs{tags}"), format!("http_req_failed{tags}"));
    let counted = match metric(&reqs) {
        Some(reqs_metric) => reqs_metric.count("count", &reqs)?,
        None => None,
    };
    let outcome = match metric(&failed) {
        Some(rate) => outcome(&rate, &failed)?,
        None => None,
    };
    let total = match (counted, outcome) {
        (Some(total), Some((failures, others))) if failures + others != total => {
            return Err(ReportError::at(
                format!("/metrics/{}", kept(&failed)),
                format!("{failures} failed and {others} other requests are not the {total} of `http_reqs`"),
            ));
        }
        (Some(total), _) => total,
        (None, Some((failures, others))) => failures + others,
        (None, None) => return Ok(None),
    };
    if total == 0 {
        return Ok(None);
    }
    let duration = metric(&format!("http_req_duration{tags}"));
    let figure = |name: &str| duration.as_ref().and_then(|metric| metric.figure(name));
    let figures = duration.as_ref().map(Metric::figures).unwrap_or_default();
    let percentiles = figures.into_iter().filter_map(|(name, figure)| Some((percent(name)?, figure)));
    Ok(Some(DeclaredSamples {
        total,
        failed: outcome.map(|(failures, _)| failures),
        mean: figure("avg"),
        max: figure("max"),
        percentiles: percentiles.collect(),
        per_second: metric(&reqs).and_then(|metric| metric.figure("rate")),
    }))
}

/// Failed requests and others: `passes` and `fails` of the rate, in this order.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn outcome(rate: &Metric<'_>, name: &str) -> Result<Option<(u64, u64)>, ReportError> {
    let (Some(failures), Some(others)) = (rate.count("passes", name)?, rate.count("fails", name)?) else {
        return Ok(None);
    };
    let declared = rate.figure("rate").or_else(|| rate.figure("value"));
    let counted = failures as f64 / (failures + others).max(1) as f64;
    match declared {
        Some(declared) if (declared - counted).abs() > 1e-6 => Err(ReportError::at(
            format!("/metrics/{}", kept(name)),
            format!("a rate of {declared} is not {failures} failed requests of {}", failures + others),
        )),
        Some(_) | None => Ok(Some((failures, others))),
    }
}

/// `med` and `p(95)`; none for `p(99.9)`, which no metric asks for.
fn percent(name: &str) -> Option<u8> {
    if name == "med" {
        return Some(50);
    }
    name.strip_prefix("p(")?.strip_suffix(')')?.parse().ok().filter(|percent| *percent <= 100)
}

fn note(summary: &Summary, about: &mut About) -> Result<(), ReportError> {
    for (name, members) in &summary.metrics {
        for threshold in Metric(members).crossed() {
            let (threshold, name) = (kept(threshold).replace('`', "'"), kept(name).replace('`', "'"));
            about.odd(format!("k6's own threshold `{threshold}` of `{name}` was crossed"));
        }
    }
    let checks = summary.metrics.get("checks").map(Metric);
    if let Some(failed) = checks.map(|checks| checks.count("fails", "checks")).transpose()?.flatten()
        && failed > 0
    {
        about.odd(format!("{failed} of k6's own checks failed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
