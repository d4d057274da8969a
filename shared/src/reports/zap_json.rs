//! ZAP's traditional JSON report, with or without requests and responses
//! (<https://www.zaproxy.org/docs/desktop/addons/report-generation/report-traditional-json/>).

use super::facts::{Kind, Parsed};
use super::json::{self, Gather, List, OneOrList, Text};
use super::zap::{Alert, Scan};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The format.
pub static FORMAT: Format = Format {
    name: "zap-json",
    title: "ZAP JSON",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| {
        let is_report = head.has("/@programName") || head.has("/@generated") || head.has("/@version");
        head.has("/site/[]/alerts") || head.has("/site/alerts") || (head.has("/site") && is_report)
    },
    read,
};

#[derive(Deserialize)]
struct Report<'a> {
    #[serde(borrow, rename = "@programName", default)]
    program: Text<'a>,
    #[serde(rename = "@version", default)]
    version: Text<'a>,
    #[serde(default)]
    created: Text<'a>,
    #[serde(rename = "@created", default)]
    created_attribute: Text<'a>,
    site: Option<OneOrList<Sites>>,
}

#[derive(Deserialize)]
struct Site<'a> {
    #[serde(borrow, rename = "@name", default)]
    name: Text<'a>,
    alerts: Option<List<Alerts>>,
}

#[derive(Deserialize)]
struct AlertItem<'a> {
    #[serde(borrow, rename = "pluginid", default)]
    plugin: Text<'a>,
    #[serde(rename = "alertRef", default)]
    reference: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
    #[serde(default)]
    alert: Text<'a>,
    #[serde(rename = "riskcode", default)]
    risk: Text<'a>,
    #[serde(default)]
    confidence: Text<'a>,
    #[serde(default)]
    count: Text<'a>,
    instances: Option<List<Instances>>,
}

/// Only how many there are.
#[derive(Default)]
struct Instances;

impl<'de> Gather<'de> for Instances {
    type Element = IgnoredAny;

    fn gather(&mut self, _: &str, _: IgnoredAny) -> Result<(), ReportError> {
        Ok(())
    }
}

/// Alerts of a site whose name may come later.
#[derive(Default)]
struct Alerts(Vec<[String; 6]>, Vec<u64>);

impl<'de> Gather<'de> for Alerts {
    type Element = AlertItem<'de>;

    fn gather(&mut self, _: &str, item: AlertItem<'de>) -> Result<(), ReportError> {
        let title = item.name.some().unwrap_or(&item.alert);
        let words = [&item.plugin, &item.reference, title, &item.risk, &item.confidence, &item.count];
        self.0.push(words.map(super::facts::kept));
        self.1.push(item.instances.map_or(0, |instances| instances.0.len() as u64));
        Ok(())
    }
}

#[derive(Default)]
struct Sites(Scan);

impl<'de> Gather<'de> for Sites {
    type Element = Site<'de>;

    fn gather(&mut self, _: &str, site: Site<'de>) -> Result<(), ReportError> {
        self.0.site();
        let alerts = site.alerts.ok_or_else(|| ReportError::at("/alerts", "the site has no `alerts`"))?;
        let alerts = alerts.0.done("/alerts")?;
        for ([plugin, reference, title, risk, confidence, count], instances) in alerts.0.iter().zip(alerts.1)
        {
            let alert = Alert { plugin, reference, title, risk, confidence, count, instances };
            self.0.alert(&site.name, &alert);
        }
        Ok(())
    }
}

/// Reads a report.
///
/// # Errors
/// When it is not JSON, or has no site.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let report: Report<'_> = json::parse(&bytes)?;
    let mut scan = report.site.map_or(Ok(Sites::default()), |sites| sites.0.done("/site"))?.0;
    let created = report.created.some().unwrap_or(&report.created_attribute);
    scan.about(&report.program, &report.version, created);
    scan.finish("/site")
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Facts, FindingFacts};
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn site(name: &str, alerts: &str) -> String {
        format!(r#"{{"@name":"{name}","@host":"h","@port":"80","@ssl":"false","alerts":[{alerts}]}}"#)
    }

    fn report(sites: &str) -> String {
        format!(
            r#"{{"@programName":"ZAP","@version":"2.16.1","@generated":"Sat, 31 Jan 2026 10:00:00","created":"2026-01-31T10:00:00Z","site":{sites}}}"#
        )
    }

    const ALERT: &str = r#"{"pluginid":"10202","alertRef":"10202-1","name":"No Anti-CSRF Tokens","riskcode":"2","confidence":"1","desc":"<p>long</p>","instances":[{"uri":"http://a/"},{"uri":"http://a/b"}],"count":"7"}"#;

    fn short(parsed: &Parsed) -> String {
        let Facts::Findings(FindingFacts { findings, suppressed, .. }) = &parsed.facts else {
            panic!("no findings")
        };
        let all = findings.iter().chain(suppressed);
        let lines = all.map(|f| {
            format!("{} {} {} x{} {:?}", f.id, f.component, f.severity.word(), f.occurrences, f.suppressed)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_alert_counts_once_for_each_site_and_a_false_positive_does_not() {
        let others = r#"{"pluginid":"1","riskcode":"3","confidence":"0","instances":[],"count":"1"},{"pluginid":"2","riskcode":"0","confidence":"4"},{"pluginid":"3","riskcode":"?"}"#;
        let parsed = read(&report(&format!(
            "[{},{}]",
            site("http://a", ALERT),
            site("http://b", &format!("{ALERT},{others}"))
        )))
        .unwrap();
        insta::assert_snapshot!(short(&parsed), @r#"
        10202-1 http://a medium x7 None
        10202-1 http://b medium x7 None
        2 http://b info x1 None
        3 http://b unknown x1 None
        1 http://b high x1 Some("a false positive, as ZAP was told")
        "#);
        insta::assert_snapshot!(serde_json::to_string(&parsed.about).unwrap(), @r#"{"tool":"ZAP 2.16.1","created":"2026-01-31T10:00:00Z","declared":[{"what":"instances","declared":15,"counted":4}]}"#);
    }

    #[test]
    fn a_site_that_stands_alone_is_read() {
        assert_eq!(
            short(&read(&report(&site("http://a", ALERT))).unwrap()),
            "10202-1 http://a medium x7 None"
        );
    }

    #[test]
    fn a_report_without_a_site_is_not_clean() {
        assert_eq!(short(&read(&report(&site("http://a", ""))).unwrap()), "");
        insta::assert_snapshot!(read(&report("[]")).unwrap_err(), @"the report has no site: nothing was scanned, at `/site`");
        insta::assert_snapshot!(read(r#"{"@version":"1"}"#).unwrap_err(), @"the report has no site: nothing was scanned, at `/site`");
        insta::assert_snapshot!(read(&report(r#"[{"@name":"a"}]"#)).unwrap_err(), @"the site has no `alerts`, at `/site/0/alerts`");
        insta::assert_snapshot!(read(r#"{"site":[{"alerts":[{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 21`");
    }
}
