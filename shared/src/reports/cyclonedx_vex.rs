//! Statements of a `CycloneDX` document (<https://cyclonedx.org/docs/1.6/json/#vulnerabilities>): what its `vulnerabilities` say in `analysis`.
//!
//! `affects` names components by reference; what counts is their package URL. A list of components without vulnerabilities says nothing
//! about any: it is no evidence here. A state that nobody knows excuses nothing, and neither does a statement that names no product.

use super::advisory::{moment, tool};
use super::facts::{About, Facts, Kind, Parsed, Statement, VexFacts, VexStatus, kept};
use super::input::HEAD;
use super::json::{self, Few, Gather, List, Text};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;
use std::collections::HashMap;

/// The format.
pub static FORMAT: Format = Format {
    name: "cyclonedx-vex",
    title: "CycloneDX VEX",
    kind: Kind::Vex,
    recognise: |head: &Sniff<'_>| {
        // Vulnerabilities may stand behind a long list of components.
        let may_come = head.bytes.len() >= HEAD;
        head.value("/bomFormat") == Some("CycloneDX") && (head.has("/vulnerabilities") || may_come)
    },
    read,
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    metadata: Option<Metadata<'a>>,
    components: Option<List<Components>>,
    vulnerabilities: Option<List<Vulnerabilities>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    component: Option<Component<'a>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow, rename = "bom-ref", default)]
    reference: Text<'a>,
    #[serde(default)]
    purl: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
    components: Option<List<Components>>,
}

/// What a reference stands for.
#[derive(Default)]
struct Components(HashMap<String, String>);

impl Components {
    fn add(&mut self, component: &Component<'_>) -> Option<String> {
        let product = component.purl.some().or_else(|| component.name.some()).map(kept)?;
        if let Some(reference) = component.reference.some() {
            self.0.insert(kept(reference), product.clone());
        }
        Some(product)
    }
}

impl<'de> Gather<'de> for Components {
    type Element = Component<'de>;

    fn gather(&mut self, _: &str, component: Component<'de>) -> Result<(), ReportError> {
        self.add(&component);
        if let Some(inside) = component.components {
            self.0.extend(inside.0.done("/components")?.0);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    references: Option<Few<Reference<'a>>>,
    analysis: Option<Analysis<'a>>,
    affects: Option<Few<Affected<'a>>>,
    #[serde(default)]
    updated: Text<'a>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
}

#[derive(Deserialize)]
struct Affected<'a> {
    #[serde(borrow, default, rename = "ref")]
    reference: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis<'a> {
    #[serde(borrow, default)]
    state: Text<'a>,
    #[serde(default)]
    justification: Text<'a>,
    #[serde(default)]
    detail: Text<'a>,
    #[serde(default)]
    first_issued: Text<'a>,
    #[serde(default)]
    last_updated: Text<'a>,
}

#[derive(Default)]
struct Vulnerabilities {
    /// Products are references still.
    statements: Vec<Statement>,
    count: u64,
    oddities: About,
}

impl<'de> Gather<'de> for Vulnerabilities {
    type Element = Vulnerability<'de>;

    fn gather(&mut self, _: &str, vulnerability: Vulnerability<'de>) -> Result<(), ReportError> {
        self.count += 1;
        let Some(analysis) = vulnerability.analysis.filter(|analysis| analysis.state.some().is_some()) else {
            return Ok(());
        };
        let id =
            vulnerability.id.some().ok_or_else(|| ReportError::at("/id", "the vulnerability has no id"))?;
        let status = self.status(id, &analysis.state);
        let mut ids = vec![kept(id)];
        for reference in vulnerability.references.iter().flatten().filter_map(|reference| reference.id.some())
        {
            if !ids.iter().any(|known| known == reference) {
                ids.push(kept(reference));
            }
        }
        let dates = [&analysis.last_updated, &analysis.first_issued, &vulnerability.updated];
        self.statements.push(Statement {
            ids,
            products: vulnerability
                .affects
                .iter()
                .flatten()
                .map(|product| kept(&product.reference))
                .collect(),
            status,
            reason: reason(&analysis),
            made: dates.into_iter().find_map(|date| moment(date)),
        });
        Ok(())
    }
}

impl Vulnerabilities {
    /// The word for a state; one that nobody knows excuses nothing.
    fn status(&mut self, id: &str, state: &str) -> VexStatus {
        match state {
            "not_affected" => VexStatus::NotAffected,
            "false_positive" => VexStatus::FalsePositive,
            "resolved" | "resolved_with_pedigree" => VexStatus::Fixed,
            "in_triage" => VexStatus::UnderInvestigation,
            "exploitable" => VexStatus::Affected,
            other => {
                let (id, other) = (kept(id), kept(other));
                self.oddities
                    .odd(format!("`{id}` is `{other}`, which nobody knows: it is taken for affected"));
                VexStatus::Affected
            }
        }
    }
}

/// The justification, a word of the format's, and the author's own words. That something is resolved is its own reason.
fn reason(analysis: &Analysis<'_>) -> String {
    let words: Vec<&str> =
        [&analysis.justification, &analysis.detail].into_iter().filter_map(|words| words.some()).collect();
    match (&words[..], &*analysis.state) {
        ([], state @ ("resolved" | "resolved_with_pedigree")) => state.to_owned(),
        (words, _) => kept(&words.join(": ")),
    }
}

/// Reads a document.
///
/// # Errors
/// When it is not JSON, or no vulnerability in it has an analysis.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let document: Document<'_> = json::parse(&bytes)?;
    let nothing = |words: &str| ReportError::nothing("/vulnerabilities", words);
    let none = || nothing("the document has no vulnerabilities: it is a list of components, and no VEX");
    let found = document.vulnerabilities.ok_or_else(none)?.0.done("/vulnerabilities")?;
    if found.statements.is_empty() {
        return Err(nothing(if found.count == 0 {
            "the list of vulnerabilities is empty: nothing is stated"
        } else {
            "no vulnerability has an analysis: nothing is stated"
        }));
    }
    let mut components =
        document.components.map_or(Ok(Components::default()), |list| list.0.done("/components"))?;
    let mut about = About { tool: tool("CycloneDX", ""), ..found.oddities };
    let mut subject = None;
    if let Some(metadata) = &document.metadata {
        about.created = moment(&metadata.timestamp);
        subject = metadata.component.as_ref().and_then(|component| components.add(component));
    }
    let mut statements = found.statements;
    for statement in &mut statements {
        statement.made = statement.made.or(about.created);
        resolve(statement, &components, subject.as_deref(), &mut about);
    }
    let silent = found.count.saturating_sub(statements.len() as u64);
    if silent > 0 {
        about.odd(format!("{silent} vulnerabilities have no analysis: nothing is stated about them"));
    }
    Ok(Parsed { facts: Facts::Vex(VexFacts { statements }), about })
}

/// References become package URLs; a reference into another document stays what it is. Without any, the statement is about the document's
/// own subject.
fn resolve(statement: &mut Statement, components: &Components, subject: Option<&str>, about: &mut About) {
    for product in &mut statement.products {
        if let Some(known) = components.0.get(product) {
            product.clone_from(known);
        }
    }
    statement.products.retain(|product| !product.is_empty());
    if !statement.products.is_empty() {
        return;
    }
    match subject {
        Some(subject) => statement.products.push(subject.to_owned()),
        None => {
            // Without products a statement would be about everything.
            let id = statement.ids.first().map_or("", String::as_str);
            about.odd(format!("the statement on `{id}` names no product: it excuses nothing"));
            statement.reason.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn document(vulnerabilities: &str) -> String {
        format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{{"timestamp":"2026-01-31T10:00:00Z"}},"vulnerabilities":[{vulnerabilities}],
                "components":[{{"bom-ref":"a","purl":"pkg:npm/qs@1.0.0","name":"qs","components":[{{"bom-ref":"b","name":"inner"}}]}}]}}"#
        )
    }

    fn short(text: &str) -> String {
        let parsed = read(text).unwrap();
        let Facts::Vex(facts) = parsed.facts else { panic!("no statements") };
        let lines = facts.statements.iter().map(|s| {
            format!(
                "{:?} {:?} {:?} {:?} {:?}",
                s.ids,
                s.products,
                s.status,
                s.reason,
                s.made.map(|made| made.to_string())
            )
        });
        lines.chain(parsed.about.oddities).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn states_become_statuses_and_references_become_package_urls() {
        insta::assert_snapshot!(short(&document(
            r#"{"id":"CVE-2026-1","references":[{"id":"GHSA-aaaa-bbbb-cccc"}],"analysis":{"state":"not_affected","justification":"code_not_reachable","detail":"never called","lastUpdated":"2026-01-30T00:00:00Z"},"affects":[{"ref":"a"},{"ref":"b"}]},
            {"id":"CVE-2026-2","analysis":{"state":"exploitable"},"affects":[{"ref":"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#c"}]},
            {"id":"CVE-2026-3","analysis":{"state":"resolved"},"affects":[{"ref":"a"}]},
            {"id":"CVE-2026-4","analysis":{"state":"not_affected"},"affects":[{"ref":"a"}]},
            {"id":"CVE-2026-5","analysis":{"state":"false_positive","detail":"another package"}},
            {"id":"CVE-2026-6","analysis":{"state":"in_triage"},"affects":[{"ref":"a"}]},
            {"id":"CVE-2026-7","analysis":{"state":"fine"},"affects":[{"ref":"a"}]},{"id":"CVE-2026-8"}"#
        )), @r#"
        ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"] ["pkg:npm/qs@1.0.0", "inner"] NotAffected "code_not_reachable: never called" Some("2026-01-30T00:00:00Z")
        ["CVE-2026-2"] ["urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#c"] Affected "" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-3"] ["pkg:npm/qs@1.0.0"] Fixed "resolved" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-4"] ["pkg:npm/qs@1.0.0"] NotAffected "" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-5"] [] FalsePositive "" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-6"] ["pkg:npm/qs@1.0.0"] UnderInvestigation "" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-7"] ["pkg:npm/qs@1.0.0"] Affected "" Some("2026-01-31T10:00:00Z")
        `CVE-2026-7` is `fine`, which nobody knows: it is taken for affected
        the statement on `CVE-2026-5` names no product: it excuses nothing
        1 vulnerabilities have no analysis: nothing is stated about them
        "#);
    }

    #[test]
    fn without_affected_components_the_subject_of_the_document_is_meant() {
        let text = r#"{"bomFormat":"CycloneDX","metadata":{"component":{"bom-ref":"root","purl":"pkg:oci/web"}},"vulnerabilities":[{"id":"CVE-2026-1","analysis":{"state":"false_positive","detail":"d"}}]}"#;
        insta::assert_snapshot!(short(text), @r#"["CVE-2026-1"] ["pkg:oci/web"] FalsePositive "d" None"#);
    }

    #[test]
    fn a_list_of_components_is_no_statement() {
        let sbom = r#"{"bomFormat":"CycloneDX","components":[]}"#;
        assert!(!(FORMAT.recognise)(&Sniff::new(sbom.as_bytes(), sbom)));
        insta::assert_snapshot!(read(sbom).unwrap_err(), @"the document has no vulnerabilities: it is a list of components, and no VEX, at `/vulnerabilities`");
        insta::assert_snapshot!(read(&document("")).unwrap_err(), @"the list of vulnerabilities is empty: nothing is stated, at `/vulnerabilities`");
        insta::assert_snapshot!(read(&document(r#"{"id":"CVE-2026-1"}"#)).unwrap_err(), @"no vulnerability has an analysis: nothing is stated, at `/vulnerabilities`");
        insta::assert_snapshot!(read(&document(r#"{"analysis":{"state":"exploitable"}}"#)).unwrap_err(), @"the vulnerability has no id, at `/vulnerabilities/0/id`");
        insta::assert_snapshot!(read(r#"{"bomFormat":"CycloneDX","vulnerabilities":[{"id"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 48`");
    }
}
