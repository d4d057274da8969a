//! Shared by the two forms of ZAP's traditional report (<https://www.zaproxy.org/docs/desktop/addons/report-generation/>): what an alert is.
//!
//! `riskcode` is 0 to 3; anything else is of unknown severity. `confidence` 0 marks a false positive, which is kept as suppressed. `count` is
//! what ZAP met, which may be more than it lists. Must not: keep the HTML of descriptions.

use super::ReportError;
use super::advisory::{moment, tool};
use super::facts::{About, Facts, Finding, FindingFacts, Parsed, Severity, kept};

/// An alert, as it is written.
#[derive(Default)]
pub(super) struct Alert<'a> {
    pub(super) plugin: &'a str,
    pub(super) reference: &'a str,
    pub(super) title: &'a str,
    pub(super) risk: &'a str,
    pub(super) confidence: &'a str,
    pub(super) count: &'a str,
    pub(super) instances: u64,
}

/// All sites.
#[derive(Default)]
pub(super) struct Scan {
    facts: FindingFacts,
    about: About,
    sites: u64,
    declared: u64,
    listed: u64,
}

impl Scan {
    /// A site was looked at.
    pub(super) fn site(&mut self) {
        self.sites += 1;
    }

    /// An alert of a site.
    pub(super) fn alert(&mut self, site: &str, alert: &Alert<'_>) {
        let severity = match alert.risk.trim() {
            "0" => Severity::Info,
            "1" => Severity::Low,
            "2" => Severity::Medium,
            "3" => Severity::High,
            _ => Severity::Unknown,
        };
        let count = alert.count.trim().parse().unwrap_or(alert.instances);
        self.declared = self.declared.saturating_add(count);
        self.listed += alert.instances;
        let ids = [alert.reference, alert.plugin].map(str::trim);
        let id = ids.into_iter().find(|id| !id.is_empty()).unwrap_or("alert without id");
        self.facts.add(Finding {
            title: kept(alert.title),
            suppressed: (alert.confidence.trim() == "0")
                .then(|| "a false positive, as ZAP was told".to_owned()),
            occurrences: count.max(alert.instances).max(1),
            ..Finding::new(id, site, severity)
        });
    }

    /// What the report says about itself; `generated` is in the words of a locale, `created` is not and is newer.
    pub(super) fn about(&mut self, program: &str, version: &str, created: &str) {
        let program = if program.trim().is_empty() { "ZAP" } else { program };
        self.about.tool = tool(program, version);
        self.about.created = moment(created);
    }

    /// As a report.
    pub(super) fn finish(mut self, path: &str) -> Result<Parsed, ReportError> {
        if self.sites == 0 {
            return Err(ReportError::nothing(path, "the report has no site: nothing was scanned"));
        }
        self.about.compare("instances", Some(self.declared), self.listed);
        Ok(Parsed { facts: Facts::Findings(self.facts), about: self.about })
    }
}
