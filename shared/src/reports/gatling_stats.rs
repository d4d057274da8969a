//! Gatling's `js/stats.json`, written up to 3.13.4 (`io.gatling.charts.template.StatsJsTemplate`,
//! <https://github.com/gatling/gatling/tree/v3.13.4/gatling-charts/src/main/scala/io/gatling/charts/template>).
//!
//! A tree: the root and each `GROUP` have `contents`, a `REQUEST` has figures only. The figures of the root are those of all requests; the ones of a
//! group are of its cumulated times, and no requests. Percentiles are numbered: the file does not say which ones `percentiles1` to `4` are, so
//! they are taken for Gatling's default (50, 75, 95, 99 %) and that is said. Must not: work out a figure that the tool did not write.

use super::facts::{About, DeclaredSamples, Facts, Kind, Parsed, PerformanceFacts, Samples, kept};
use super::slots::too_many_labels;
use super::{Format, Input, ReportError, Sniff, json};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `percentiles1` to `percentiles4` by default (`gatling.conf`, `charting.indicators`).
const PERCENTILES: [u8; 4] = [50, 75, 95, 99];
/// Deepest groups taken.
const MAX_DEPTH: usize = 32;

/// The format.
pub static FORMAT: Format =
    Format { name: "gatling-stats", title: "Gatling stats.json", kind: Kind::Performance, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    head.has("/type") && head.has("/stats/numberOfRequests/ko")
}

#[derive(Deserialize)]
struct Node {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    stats: Stats,
    contents: Option<BTreeMap<String, Node>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    number_of_requests: Count,
    mean_response_time: Option<Times>,
    max_response_time: Option<Times>,
    percentiles1: Option<Times>,
    percentiles2: Option<Times>,
    percentiles3: Option<Times>,
    percentiles4: Option<Times>,
    mean_number_of_requests_per_second: Option<Times>,
}

#[derive(Deserialize)]
struct Count {
    total: u64,
    ok: u64,
    ko: u64,
}

/// Of all requests, good ones and failed ones.
#[derive(Deserialize)]
struct Times {
    total: f64,
}

/// Reads the statistics.
///
/// # Errors
/// When the JSON has another shape, counts contradict each other, or there was no request.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let root: Node = json::read(input)?;
    let (mut facts, mut about) = (PerformanceFacts::default(), About::default());
    let mut found = Found::default();
    collect(&root, "", "", 0, &mut facts, &mut found)?;
    let declared = declared(&root.stats, "/stats")?;
    if found.total == 0 {
        let at = "/stats/numberOfRequests";
        return Err(match declared.total {
            0 => ReportError::nothing(at, "there was no request"),
            total => ReportError::at(at, format!("it tells of {total} requests, and none is in the file")),
        });
    }
    about.tool = Some("Gatling".to_owned());
    about.compare("requests.total", Some(declared.total), found.total);
    about.compare("requests.failed", declared.failed, found.failed);
    if declared.total == found.total && declared.failed == Some(found.failed) {
        facts.all = Some(Samples::Declared(declared));
    } else {
        about.odd("the figures of all requests are left out: they are not those of the requests in the file");
    }
    if !root.is_without_percentiles() {
        about.odd("the percentiles are taken for the 50th, 75th, 95th and 99th, Gatling's default: the file does not say which they are");
    }
    if found.shared > 0 {
        about.odd(too_many_labels(found.shared));
    }
    Ok(Parsed { facts: Facts::Performance(facts), about })
}

/// Sums over the requests.
#[derive(Default)]
struct Found {
    total: u64,
    failed: u64,
    shared: u64,
}

fn collect(
    node: &Node,
    path: &str,
    before: &str,
    depth: usize,
    facts: &mut PerformanceFacts,
    found: &mut Found,
) -> Result<(), ReportError> {
    let name = kept(&node.name);
    let is_request = match node.kind.as_str() {
        "REQUEST" => true,
        "GROUP" => false,
        other => {
            let other = kept(other).replace('`', "'");
            return Err(ReportError::at(
                format!("{path}/type"),
                format!("`{other}` is neither `GROUP` nor `REQUEST`"),
            ));
        }
    };
    if is_request {
        let samples = declared(&node.stats, &format!("{path}/stats"))?;
        found.total = found.total.saturating_add(samples.total);
        found.failed = found.failed.saturating_add(samples.failed.unwrap_or(0));
        let total = samples.total;
        if total > 0 && !facts.declare(&format!("{before}{name}"), samples) {
            found.shared = found.shared.saturating_add(total);
        }
    }
    if depth >= MAX_DEPTH {
        return Err(ReportError::at(path, format!("groups are nested deeper than {MAX_DEPTH}")));
    }
    let before = if depth == 0 { String::new() } else { format!("{before}{name} / ") };
    for (key, child) in node.contents.iter().flatten() {
        collect(child, &format!("{path}/contents/{}", kept(key)), &before, depth + 1, facts, found)?;
    }
    Ok(())
}

impl Node {
    fn is_without_percentiles(&self) -> bool {
        self.stats.percentiles().all(|times| times.is_none())
    }
}

impl Stats {
    fn percentiles(&self) -> impl Iterator<Item = Option<&Times>> {
        [&self.percentiles1, &self.percentiles2, &self.percentiles3, &self.percentiles4]
            .into_iter()
            .map(Option::as_ref)
    }
}

fn declared(stats: &Stats, path: &str) -> Result<DeclaredSamples, ReportError> {
    let Count { total, ok, ko } = stats.number_of_requests;
    if ok.checked_add(ko) != Some(total) {
        let at = format!("{path}/numberOfRequests");
        return Err(ReportError::at(at, format!("{ok} good and {ko} failed requests are not {total}")));
    }
    let some = |times: Option<&Times>| times.map(|times| times.total).filter(|_| total > 0);
    let percentiles = PERCENTILES.into_iter().zip(stats.percentiles());
    Ok(DeclaredSamples {
        total,
        failed: Some(ko),
        mean: some(stats.mean_response_time.as_ref()),
        max: some(stats.max_response_time.as_ref()),
        percentiles: percentiles.filter_map(|(percent, times)| Some((percent, some(times)?))).collect(),
        per_second: some(stats.mean_number_of_requests_per_second.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::Problem;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn stats(ok: u64, ko: u64, p95: u64) -> String {
        let total = ok + ko;
        format!(
            r#"{{"name":"x","numberOfRequests":{{"total":{total},"ok":{ok},"ko":{ko}}},"maxResponseTime":{{"total":{p95}9,"ok":1,"ko":1}},"percentiles3":{{"total":{p95},"ok":1,"ko":1}}}}"#
        )
    }

    fn node(kind: &str, name: &str, stats: &str, contents: &str) -> String {
        format!(r#"{{"type":"{kind}","name":"{name}","path":"","stats":{stats},"contents":{{{contents}}}}}"#)
    }

    #[test]
    fn requests_count_and_groups_do_not() {
        let request = node("REQUEST", "POST /", &stats(2, 1, 40), "");
        let group = node("GROUP", "buy", &stats(3, 0, 90), &format!("\"a\":{request}"));
        let text = node("GROUP", "All Requests", &stats(2, 1, 41), &format!("\"g\":{group}"));
        let parsed = read(&text).unwrap();
        let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
        let all = facts.samples(None).unwrap();
        assert_eq!(
            (all.total(), all.failed(), all.percentile(95), all.percentile(50)),
            (3, Some(1), Some(41.0), None)
        );
        assert_eq!(facts.samples(Some("buy / POST /")).unwrap().max(), Some(409.0));
        assert_eq!(facts.labels.len(), 1);
        insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"the percentiles are taken for the 50th, 75th, 95th and 99th, Gatling's default: the file does not say which they are");
        assert!(recognise(&Sniff::new(text.as_bytes(), &text)));
    }

    #[test]
    fn totals_that_are_not_those_of_the_requests_are_left_out() {
        let request = node("REQUEST", "a", &stats(2, 1, 40), "");
        let parsed =
            read(&node("GROUP", "All Requests", &stats(9, 0, 1), &format!("\"a\":{request}"))).unwrap();
        let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
        assert_eq!(facts.samples(None).and_then(|all| all.failed()), Some(1));
        insta::assert_snapshot!(parsed.about.oddities.join("\n"), @"
        the figures of all requests are left out: they are not those of the requests in the file
        the percentiles are taken for the 50th, 75th, 95th and 99th, Gatling's default: the file does not say which they are
        ");
    }

    #[test]
    fn what_cannot_be_judged_is_an_error() {
        insta::assert_snapshot!(read(&node("GROUP", "All Requests", &stats(0, 0, 1), "")).unwrap_err(), @"there was no request, at `/stats/numberOfRequests`");
        insta::assert_snapshot!(read(&node("GROUP", "All Requests", &stats(5, 0, 1), "")).unwrap_err(), @"it tells of 5 requests, and none is in the file, at `/stats/numberOfRequests`");
        insta::assert_snapshot!(read(&node("PAGE", "All Requests", &stats(1, 0, 1), "")).unwrap_err(), @"`PAGE` is neither `GROUP` nor `REQUEST`, at `/type`");
        let wrong = r#"{"numberOfRequests":{"total":5,"ok":5,"ko":5}}"#;
        insta::assert_snapshot!(read(&node("REQUEST", "a", wrong, "")).unwrap_err(), @"5 good and 5 failed requests are not 5, at `/stats/numberOfRequests`");
        insta::assert_snapshot!(read(r#"{"type":"GROUP","name":"a"}"#).unwrap_err(), @"the JSON has another shape than the format: missing field 'stats', at `line 1 column 27`");
        let cut = node("GROUP", "All Requests", &stats(1, 0, 1), "");
        assert_eq!(read(&cut[..cut.len() - 1]).unwrap_err().problem, Problem::Truncated);
    }
}
