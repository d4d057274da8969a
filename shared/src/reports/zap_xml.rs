//! ZAP's traditional XML report, with (`XML-plus`) or without requests and responses
//! (<https://www.zaproxy.org/docs/desktop/addons/report-generation/report-traditional-xml/>).

use super::facts::{Kind, Parsed};
use super::xml::{Element, Path, Visitor, walk};
use super::zap::{Alert, Scan};
use super::{Format, Input, ReportError, Sniff};

/// The format.
pub static FORMAT: Format = Format {
    name: "zap-xml",
    title: "ZAP XML",
    kind: Kind::Findings,
    recognise: |head: &Sniff<'_>| head.root() == Some("OWASPZAPReport"),
    read,
};

/// Longest text kept of one member of an alert, in bytes: ids, codes and titles are shorter.
const MAX_MEMBER: usize = 1024;

/// Members of an alert that are read, by their place in [`Item`].
const MEMBERS: [&str; 7] = ["pluginid", "alertRef", "name", "riskcode", "confidence", "count", "alert"];

/// The alert that is open.
#[derive(Default)]
struct Item {
    members: [String; 7],
    instances: u64,
}

#[derive(Default)]
struct Report {
    root: bool,
    scan: Scan,
    site: String,
    item: Option<Item>,
    /// Which member's text comes now.
    member: Option<usize>,
}

/// Reads a report.
///
/// # Errors
/// When the XML is broken or truncated, is no report of ZAP, or has no site.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut report = Report::default();
    walk(input, &mut report)?;
    if !report.root {
        return Err(ReportError::at("/", "the file holds no `OWASPZAPReport`"));
    }
    report.scan.finish("OWASPZAPReport[0]")
}

impl Visitor for Report {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        let text = |name: &str| element.attribute(name).unwrap_or_default();
        // Requests and responses of `XML-plus` may hold elements of the same names: only an alert's own members count.
        self.member = None;
        match (element.name, path.parent()) {
            ("OWASPZAPReport", None) => {
                self.root = true;
                self.scan.about(&text("programName"), &text("version"), &text("created"));
            }
            ("site", Some("OWASPZAPReport")) => {
                self.scan.site();
                self.site = text("name").into_owned();
            }
            ("alertitem", _) => self.item = Some(Item::default()),
            ("instance", Some("instances")) => {
                if let Some(item) = &mut self.item {
                    item.instances += 1;
                }
            }
            (name, Some("alertitem")) => self.member = MEMBERS.iter().position(|member| *member == name),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        self.member = None;
        if name == "alertitem"
            && let Some(item) = self.item.take()
        {
            let [plugin, reference, title, risk, confidence, count, alert] = &item.members;
            let title = if title.is_empty() { alert } else { title };
            let instances = item.instances;
            self.scan
                .alert(&self.site, &Alert { plugin, reference, title, risk, confidence, count, instances });
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let member = self.member.and_then(|member| self.item.as_mut()?.members.get_mut(member));
        if let Some(member) = member.filter(|member| member.len() < MAX_MEMBER) {
            member.push_str(text);
        }
    }

    fn wants_text(&self) -> bool {
        self.member.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::{Facts, FindingFacts};
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn report(sites: &str) -> String {
        format!(
            r#"<?xml version="1.0"?><OWASPZAPReport programName="ZAP" version="2.16.1" generated="Sat, 31 Jan 2026 10:00:00" created="2026-01-31T10:00:00Z">{sites}</OWASPZAPReport>"#
        )
    }

    fn site(name: &str, alerts: &str) -> String {
        format!(r#"<site name="{name}" host="h" port="80" ssl="false"><alerts>{alerts}</alerts></site>"#)
    }

    const ALERT: &str = "<alertitem><pluginid>10202</pluginid><alertRef>10202-1</alertRef><alert>a</alert><name>No &amp; Tokens</name><riskcode>2</riskcode>\
        <confidence>1</confidence><desc>&lt;p&gt;long&lt;/p&gt;</desc><instances><instance><uri>http://a/</uri><name>x</name></instance><instance/></instances><count>7</count>\
        <requestresponse><count>9</count></requestresponse></alertitem>";

    fn short(parsed: &Parsed) -> String {
        let Facts::Findings(FindingFacts { findings, suppressed, .. }) = &parsed.facts else {
            panic!("no findings")
        };
        let all = findings.iter().chain(suppressed);
        let lines = all.map(|f| {
            format!(
                "{} {} {} {} x{} {:?}",
                f.id,
                f.component,
                f.title,
                f.severity.word(),
                f.occurrences,
                f.suppressed
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn an_alert_counts_once_for_each_site_and_a_false_positive_does_not() {
        let others = "<alertitem><pluginid>1</pluginid><riskcode>3</riskcode><confidence>0</confidence></alertitem><alertitem><riskcode>9</riskcode></alertitem>";
        let parsed = read(&report(&format!(
            "{}{}",
            site("http://a", ALERT),
            site("http://b", &format!("{ALERT}{others}"))
        )))
        .unwrap();
        insta::assert_snapshot!(short(&parsed), @r#"
        10202-1 http://a No & Tokens medium x7 None
        10202-1 http://b No & Tokens medium x7 None
        alert without id http://b  unknown x1 None
        1 http://b  high x1 Some("a false positive, as ZAP was told")
        "#);
        insta::assert_snapshot!(serde_json::to_string(&parsed.about).unwrap(), @r#"{"tool":"ZAP 2.16.1","created":"2026-01-31T10:00:00Z","declared":[{"what":"instances","declared":14,"counted":4}]}"#);
    }

    #[test]
    fn a_report_without_a_site_is_not_clean() {
        assert_eq!(short(&read(&report(&site("http://a", ""))).unwrap()), "");
        insta::assert_snapshot!(read(&report("")).unwrap_err(), @"the report has no site: nothing was scanned, at `OWASPZAPReport[0]`");
        insta::assert_snapshot!(read("<a/>").unwrap_err(), @"the file holds no `OWASPZAPReport`, at `/`");
        insta::assert_snapshot!(read("<OWASPZAPReport><site name=\"a\"><alerts>").unwrap_err(), @"the file ends inside an element: it is truncated, at `OWASPZAPReport[0]/site[0]/alerts[0]`");
        insta::assert_snapshot!(read("<OWASPZAPReport><site></OWASPZAPReport>").unwrap_err(), @"the XML is broken: ill-formed document: expected `</site>`, but `</OWASPZAPReport>` was found, at `OWASPZAPReport[0]/site[0]`");
    }
}
