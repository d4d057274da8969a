//! `OpenVEX` (<https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>, versions 0.0.1 to 0.2.0).
//!
//! Later statements override earlier ones: all are kept with the time at which they were made. `not_affected` needs a justification or an
//! impact statement, and excuses nothing without one. A statement that names no product excuses nothing either. Where a product has
//! subcomponents, the statement is about these.

use super::advisory::{moment, tool};
use super::facts::{About, Facts, Kind, Parsed, Statement, VexFacts, VexStatus, kept};
use super::json::{self, Few, Gather, List, Text, TextOr};
use super::{Format, Input, ReportError, Sniff};
use serde::Deserialize;

/// The format.
pub static FORMAT: Format = Format {
    name: "openvex",
    title: "OpenVEX",
    kind: Kind::Vex,
    recognise: |head: &Sniff<'_>| {
        head.value("/@context").is_some_and(|context| context.contains("openvex.dev"))
    },
    read,
};

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(default)]
    last_updated: Text<'a>,
    #[serde(default)]
    tooling: Text<'a>,
    statements: Option<List<Statements>>,
}

#[derive(Deserialize)]
struct Stated<'a> {
    #[serde(borrow)]
    vulnerability: Option<TextOr<'a, Vulnerability<'a>>>,
    #[serde(default)]
    timestamp: Text<'a>,
    #[serde(default)]
    last_updated: Text<'a>,
    products: Option<Few<TextOr<'a, Product<'a>>>>,
    #[serde(default)]
    status: Text<'a>,
    #[serde(default)]
    status_notes: Text<'a>,
    #[serde(default)]
    justification: Text<'a>,
    #[serde(default)]
    impact_statement: Text<'a>,
    #[serde(default)]
    action_statement: Text<'a>,
}

#[derive(Deserialize)]
struct Vulnerability<'a> {
    #[serde(borrow, rename = "@id", default)]
    iri: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
    aliases: Option<Few<Text<'a>>>,
}

#[derive(Deserialize)]
struct Product<'a> {
    #[serde(borrow, rename = "@id", default)]
    id: Text<'a>,
    identifiers: Option<Identifiers<'a>>,
    subcomponents: Option<Few<TextOr<'a, Subcomponent<'a>>>>,
}

#[derive(Deserialize)]
struct Subcomponent<'a> {
    #[serde(borrow, rename = "@id", default)]
    id: Text<'a>,
    identifiers: Option<Identifiers<'a>>,
}

#[derive(Deserialize)]
struct Identifiers<'a> {
    #[serde(borrow, default)]
    purl: Text<'a>,
}

/// The package URL, or else the id.
fn named(id: &Text<'_>, identifiers: Option<&Identifiers<'_>>) -> String {
    kept(identifiers.and_then(|identifiers| identifiers.purl.some()).unwrap_or(id))
}

fn products(product: &TextOr<'_, Product<'_>>, to: &mut Vec<String>) {
    match product {
        TextOr::Text(id) => to.push(kept(id)),
        TextOr::Value(product) => {
            let inside = product.subcomponents.as_deref().unwrap_or_default();
            to.extend(inside.iter().map(|part| match part {
                TextOr::Text(id) => kept(id),
                TextOr::Value(part) => named(&part.id, part.identifiers.as_ref()),
            }));
            if inside.is_empty() {
                to.push(named(&product.id, product.identifiers.as_ref()));
            }
        }
    }
}

#[derive(Default)]
struct Statements {
    list: Vec<Statement>,
    about: About,
}

impl<'de> Gather<'de> for Statements {
    type Element = Stated<'de>;

    fn gather(&mut self, _: &str, stated: Stated<'de>) -> Result<(), ReportError> {
        let ids = ids(stated.vulnerability.as_ref());
        let Some(id) = ids.first().cloned() else {
            return Err(ReportError::at("/vulnerability", "the statement names no vulnerability"));
        };
        let status = match &*stated.status {
            "not_affected" => VexStatus::NotAffected,
            "fixed" => VexStatus::Fixed,
            "affected" => VexStatus::Affected,
            "under_investigation" => VexStatus::UnderInvestigation,
            other => {
                let words = format!("`{}` is no status of a statement", kept(other).replace('`', "'"));
                return Err(ReportError::at("/status", words));
            }
        };
        let mut all = Vec::new();
        stated.products.iter().flatten().for_each(|product| products(product, &mut all));
        all.retain(|product| !product.is_empty());
        let mut reason = reason(status, &stated);
        if all.is_empty() {
            // Without products a statement would be about everything.
            self.about.odd(format!("the statement on `{id}` names no product: it excuses nothing"));
            reason.clear();
        } else if reason.is_empty() && status.excuses() {
            self.about.odd(format!("the statement on `{id}` gives no reason: it excuses nothing"));
        }
        let made = moment(&stated.last_updated).or_else(|| moment(&stated.timestamp));
        self.list.push(Statement { ids, products: all, status, reason, made });
        Ok(())
    }
}

/// The name of the vulnerability and its aliases.
fn ids(vulnerability: Option<&TextOr<'_, Vulnerability<'_>>>) -> Vec<String> {
    match vulnerability {
        None => Vec::new(),
        Some(TextOr::Text(id)) => id.some().map(kept).into_iter().collect(),
        Some(TextOr::Value(vulnerability)) => {
            let iri = vulnerability.iri.some().and_then(|iri| iri.rsplit('/').next());
            let name = vulnerability.name.some().or(iri);
            let aliases = vulnerability.aliases.iter().flatten().filter_map(Text::some);
            name.into_iter().chain(aliases).map(kept).collect()
        }
    }
}

/// `not_affected` needs one of two members; that something is fixed is its own reason.
fn reason(status: VexStatus, stated: &Stated<'_>) -> String {
    let words = match status {
        VexStatus::NotAffected | VexStatus::FalsePositive => {
            [&stated.justification, &stated.impact_statement]
        }
        VexStatus::Fixed | VexStatus::Affected | VexStatus::UnderInvestigation => {
            [&stated.status_notes, &stated.action_statement]
        }
    };
    let words: Vec<&str> = words.into_iter().filter_map(|words| words.some()).collect();
    if words.is_empty() && status == VexStatus::Fixed { "fixed".to_owned() } else { kept(&words.join(": ")) }
}

/// Reads a document.
///
/// # Errors
/// When it is not JSON, states nothing, or a statement has no vulnerability or an unknown status.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let bytes = input.into_bytes()?;
    let document: Document<'_> = json::parse(&bytes)?;
    let missing = || ReportError::at("/statements", "the document has no `statements`");
    let stated = document.statements.ok_or_else(missing)?.0.done("/statements")?;
    if stated.list.is_empty() {
        return Err(ReportError::nothing(
            "/statements",
            "the list of statements is empty: nothing is stated",
        ));
    }
    let of_document = moment(&document.last_updated).or_else(|| moment(&document.timestamp));
    let mut statements = stated.list;
    for statement in &mut statements {
        // A statement without a time of its own was made with the document.
        statement.made = statement.made.or(of_document);
    }
    let words = document.tooling.some().unwrap_or("OpenVEX");
    let about = About { tool: tool(words, ""), created: of_document, ..stated.about };
    Ok(Parsed { facts: Facts::Vex(VexFacts { statements }), about })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn document(statements: &str) -> String {
        format!(
            r#"{{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1","author":"a","timestamp":"2026-01-31T10:00:00Z","version":1,"statements":[{statements}]}}"#
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
    fn all_statements_are_kept_with_their_time() {
        insta::assert_snapshot!(short(&document(
            r#"{"vulnerability":{"name":"CVE-2026-1","aliases":["GHSA-aaaa-bbbb-cccc"]},"products":[{"@id":"pkg:oci/web","subcomponents":[{"@id":"pkg:npm/qs@1.0.0"}]}],"status":"under_investigation","timestamp":"2026-01-29T00:00:00Z"},
            {"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:oci/web","subcomponents":[{"@id":"x","identifiers":{"purl":"pkg:npm/qs@1.0.0"}}]}],"status":"not_affected","justification":"vulnerable_code_not_in_execute_path","impact_statement":"never called","timestamp":"2026-01-30T00:00:00Z"},
            {"vulnerability":"CVE-2026-2","products":["pkg:npm/ms@1.0.0"],"status":"fixed"},
            {"vulnerability":{"@id":"https://nvd.nist.gov/vuln/detail/CVE-2026-3"},"products":[{"@id":"pkg:npm/ms@1.0.0"}],"status":"affected","action_statement":"upgrade"}"#
        )), @r#"
        ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"] ["pkg:npm/qs@1.0.0"] UnderInvestigation "" Some("2026-01-29T00:00:00Z")
        ["CVE-2026-1"] ["pkg:npm/qs@1.0.0"] NotAffected "vulnerable_code_not_in_execute_path: never called" Some("2026-01-30T00:00:00Z")
        ["CVE-2026-2"] ["pkg:npm/ms@1.0.0"] Fixed "fixed" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-3"] ["pkg:npm/ms@1.0.0"] Affected "upgrade" Some("2026-01-31T10:00:00Z")
        "#);
    }

    #[test]
    fn a_statement_without_a_reason_or_a_product_excuses_nothing() {
        insta::assert_snapshot!(short(&document(
            r#"{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:npm/ms"}],"status":"not_affected","status_notes":"trust me"},
            {"vulnerability":{"name":"CVE-2026-2"},"status":"not_affected","justification":"component_not_present"}"#
        )), @r#"
        ["CVE-2026-1"] ["pkg:npm/ms"] NotAffected "" Some("2026-01-31T10:00:00Z")
        ["CVE-2026-2"] [] NotAffected "" Some("2026-01-31T10:00:00Z")
        the statement on `CVE-2026-1` gives no reason: it excuses nothing
        the statement on `CVE-2026-2` names no product: it excuses nothing
        "#);
    }

    #[test]
    fn what_states_nothing_is_no_evidence() {
        insta::assert_snapshot!(read(&document("")).unwrap_err(), @"the list of statements is empty: nothing is stated, at `/statements`");
        insta::assert_snapshot!(read(r#"{"@context":"https://openvex.dev/ns"}"#).unwrap_err(), @"the document has no `statements`, at `/statements`");
        insta::assert_snapshot!(read(&document(r#"{"vulnerability":{"name":"CVE-2026-1"},"status":"harmless"}"#)).unwrap_err(), @"`harmless` is no status of a statement, at `/statements/0/status`");
        insta::assert_snapshot!(read(&document(r#"{"status":"fixed"}"#)).unwrap_err(), @"the statement names no vulnerability, at `/statements/0/vulnerability`");
        insta::assert_snapshot!(read(r#"{"@context":"https://openvex.dev/ns","statements":[{"#).unwrap_err(), @"the JSON ends too early: it is truncated, at `line 1 column 52`");
    }
}
