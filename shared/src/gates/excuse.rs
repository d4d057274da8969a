//! What is excused, and for how long: waivers and VEX for findings, grace by severity, quarantine for tests. Nothing that is excused
//! disappears: it is listed beside the conditions.

use super::history::History;
use super::policy::{Condition, FixFilter, Globs, Limits, Policy, Span};
use super::verdict::{InGrace, Quarantined, Waived};
use crate::model::Timestamp;
use crate::reports::facts::{Finding, FindingFacts, Fix, Statement, TestFacts, VexFacts};
use std::collections::{BTreeMap, BTreeSet};

/// An excuse for findings, wherever it comes from.
struct Excuse {
    /// Finding ids that it names.
    ids: Vec<String>,
    component: Option<Globs>,
    /// Package URLs and names, of a VEX statement.
    products: Vec<String>,
    reason: String,
    expires: String,
    end: Timestamp,
    /// How it is called in sentences.
    name: String,
    /// Why it does not hold although it is not over.
    refused: Option<String>,
    /// Unused statements of a VEX document are no news.
    is_listed: bool,
}

/// All excuses of a policy, and what became of them.
pub(super) struct Excuses<'a> {
    policy: &'a Policy,
    now: Timestamp,
    excuses: Vec<Excuse>,
    used: BTreeSet<usize>,
    quarantine_used: BTreeSet<usize>,
    /// Findings let through.
    pub(super) waived: BTreeSet<Waived>,
    /// Findings that do not count yet.
    pub(super) in_grace: BTreeSet<InGrace>,
    /// Failed tests that do not count.
    pub(super) quarantined: BTreeSet<Quarantined>,
    /// Findings that a waiver would have let through, and why it does not.
    refused: BTreeMap<(String, String), String>,
    notes: BTreeSet<String>,
}

impl<'a> Excuses<'a> {
    /// Of a policy, and of VEX documents with who answers for them.
    pub(super) fn new(policy: &'a Policy, vex: &[(usize, VexFacts)], now: Timestamp) -> Self {
        let mut excuses: Vec<Excuse> =
            policy.waivers.iter().map(|waiver| of_waiver(waiver, &policy.limits, now)).collect();
        for (index, facts) in vex {
            let Some(used) = policy.vex.get(*index) else { continue };
            excuses.extend(latest(facts).into_iter().map(|statement| Excuse {
                ids: statement.ids.clone(),
                component: None,
                products: statement.products.clone(),
                reason: format!("VEX: {} ({})", statement.reason, used.owner),
                expires: used.expires.to_string(),
                end: used.expires.end(),
                name: format!("the VEX statement on `{}`", statement.ids.first().map_or("", String::as_str)),
                refused: None,
                is_listed: false,
            }));
        }
        Self {
            policy,
            now,
            excuses,
            used: BTreeSet::new(),
            quarantine_used: BTreeSet::new(),
            waived: BTreeSet::new(),
            in_grace: BTreeSet::new(),
            quarantined: BTreeSet::new(),
            refused: BTreeMap::new(),
            notes: BTreeSet::new(),
        }
    }

    /// The findings that count for a condition.
    pub(super) fn findings(
        &mut self,
        facts: &FindingFacts,
        condition: &Condition,
        history: &History,
    ) -> FindingFacts {
        let mut left = facts.without_findings();
        for finding in &facts.findings {
            let is_asked_for = match condition.fix {
                None => true,
                Some(FixFilter::Available) => finding.fix != Fix::None,
            };
            if is_asked_for && !self.waive(finding) && !self.grace(finding, condition, history) {
                left.add(finding.clone());
            }
        }
        left
    }

    fn waive(&mut self, finding: &Finding) -> bool {
        let named = (0..self.excuses.len())
            .filter(|index| self.excuses.get(*index).is_some_and(|e| e.names(finding)));
        let mut refused = None;
        for index in named.collect::<Vec<_>>() {
            let Some(excuse) = self.excuses.get(index) else { continue };
            self.used.insert(index);
            let over =
                (self.now >= excuse.end).then(|| format!("{} expired on {}", excuse.name, excuse.expires));
            match over.or_else(|| excuse.refused.clone()) {
                None => {
                    self.waived.insert(Waived {
                        finding: finding.id.clone(),
                        component: finding.component.clone(),
                        reason: excuse.reason.clone(),
                        expires: excuse.expires.clone(),
                    });
                    return true;
                }
                Some(words) => refused = Some(words),
            }
        }
        if let Some(words) = refused {
            self.refused.insert((finding.id.clone(), finding.component.clone()), words.clone());
            self.notes.insert(words);
        }
        false
    }

    fn grace(&mut self, finding: &Finding, condition: &Condition, history: &History) -> bool {
        let Some(span) = condition.grace.get(&finding.severity) else { return false };
        let until = history.first_seen(&finding.fingerprint(), self.now).plus(span.millis());
        let counts_later = self.now < until;
        if counts_later {
            self.in_grace.insert(InGrace {
                finding: finding.id.clone(),
                component: finding.component.clone(),
                severity: finding.severity.word().to_owned(),
                until,
            });
        }
        counts_later
    }

    /// The tests without those whose failure does not count.
    pub(super) fn tests(&mut self, facts: &TestFacts) -> TestFacts {
        let mut left = facts.clone();
        for (index, entry) in self.policy.quarantine.iter().enumerate() {
            let named: Vec<String> = left
                .broken
                .iter()
                .filter(|case| entry.names(&case.name))
                .map(|case| case.name.clone())
                .collect();
            if named.is_empty() {
                continue;
            }
            self.quarantine_used.insert(index);
            let name = format!("the quarantine of `{}`", entry.test);
            let over =
                (self.now >= entry.expires.end()).then(|| format!("{name} expired on {}", entry.expires));
            let too_long = || too_long(&name, self.policy.limits.quarantine, entry.expires.end(), self.now);
            if let Some(words) = over.or_else(too_long) {
                self.notes.insert(words);
                continue;
            }
            left.excuse(|case| entry.names(&case.name));
            self.quarantined.extend(named.into_iter().map(|test| Quarantined {
                test,
                reason: format!("{} ({})", entry.reason, entry.owner),
                expires: entry.expires.to_string(),
            }));
        }
        left
    }

    /// Why a finding counts although a waiver names it.
    pub(super) fn refusal(&self, finding: &Finding) -> Option<&str> {
        self.refused.get(&(finding.id.clone(), finding.component.clone())).map(String::as_str)
    }

    /// What is to be said about the excuses.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.notes.iter().cloned().collect();
        let unused =
            self.excuses.iter().enumerate().filter(|(index, e)| e.is_listed && !self.used.contains(index));
        notes.extend(unused.map(|(_, excuse)| format!("{} is not used", excuse.name)));
        let idle = self
            .policy
            .quarantine
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.quarantine_used.contains(index));
        notes.extend(idle.map(|(_, entry)| format!("the quarantine of `{}` is not used", entry.test)));
        notes
    }
}

impl Excuse {
    fn names(&self, finding: &Finding) -> bool {
        let product = |product: &String| {
            let name = purl_name(product);
            name == finding.component || *product == finding.component
        };
        self.ids.iter().any(|id| finding.is(id))
            && self.component.as_ref().is_none_or(|globs| globs.fit(&finding.component))
            && (self.products.is_empty() || self.products.iter().any(product))
    }
}

/// `pkg:npm/%40scope/name@1.0?x#y` as `@scope/name`.
fn purl_name(purl: &str) -> String {
    let path = purl.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map_or(purl, |(_, path)| path);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit_once('@').map_or(path, |(name, _)| if name.is_empty() { path } else { name });
    name.replace("%40", "@")
}

fn of_waiver(waiver: &super::policy::Waiver, limits: &Limits, now: Timestamp) -> Excuse {
    let name = format!("the waiver of `{}`", waiver.finding);
    let ticket = waiver.ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
    Excuse {
        ids: vec![waiver.finding.clone()],
        component: waiver.component.clone(),
        products: Vec::new(),
        reason: format!("{} ({}{ticket})", waiver.reason, waiver.owner),
        expires: waiver.expires.to_string(),
        end: waiver.expires.end(),
        refused: too_long(&name, limits.waiver, waiver.expires.end(), now),
        name,
        is_listed: true,
    }
}

fn too_long(name: &str, most: Option<Span>, end: Timestamp, now: Timestamp) -> Option<String> {
    let most = most.filter(|most| end.since(now) > most.millis())?;
    Some(format!("{name} lasts longer than the {most} that `limits` allows"))
}

/// The statements that excuse something: of those on one vulnerability and product the latest, and only with a reason.
fn latest(facts: &VexFacts) -> Vec<&Statement> {
    let overridden = |statement: &Statement| {
        facts.statements.iter().any(|other| {
            other.made > statement.made
                && other.products == statement.products
                && other.ids.iter().any(|id| statement.ids.contains(id))
        })
    };
    let holds = |s: &&Statement| s.status.excuses() && !s.reason.trim().is_empty() && !overridden(s);
    facts.statements.iter().filter(holds).collect()
}

#[cfg(test)]
mod tests {
    use super::purl_name;

    #[test]
    fn the_name_of_a_package_is_taken_out_of_its_url() {
        assert_eq!(purl_name("pkg:npm/%40scope/name@1.0?arch=x#sub"), "@scope/name");
        assert_eq!(purl_name("pkg:maven/org.apache/log4j@2.1"), "org.apache/log4j");
        assert_eq!(purl_name("lodash"), "lodash");
    }
}
