//! The members of a SARIF result that are read, and the finding that one becomes before its rule is known.

use super::super::ReportError;
use super::super::facts::{Finding, Severity, kept};
use super::super::json::{Few, Gather, List, Text};
use super::log::{Message, Properties};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultOf<'a> {
    #[serde(borrow, default)]
    rule_id: Text<'a>,
    rule_index: Option<i64>,
    rule: Option<Reference<'a>>,
    #[serde(default)]
    kind: Text<'a>,
    #[serde(default)]
    level: Text<'a>,
    message: Option<Message<'a>>,
    locations: Option<List<Locations>>,
    suppressions: Option<Few<Suppression<'a>>>,
    #[serde(default)]
    baseline_state: Text<'a>,
    occurrence_count: Option<i64>,
    properties: Option<Properties<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    index: Option<i64>,
    #[serde(default)]
    guid: Text<'a>,
    tool_component: Option<ComponentReference<'a>>,
}

#[derive(Deserialize)]
struct ComponentReference<'a> {
    index: Option<i64>,
    #[serde(borrow, default)]
    guid: Text<'a>,
}

#[derive(Deserialize)]
struct Suppression<'a> {
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default)]
    status: Text<'a>,
    #[serde(default)]
    justification: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(borrow)]
    physical_location: Option<Physical<'a>>,
    logical_locations: Option<Few<Logical<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Physical<'a> {
    #[serde(borrow)]
    artifact_location: Option<ArtifactLocation<'a>>,
    region: Option<Region>,
}

#[derive(Deserialize)]
struct ArtifactLocation<'a> {
    #[serde(borrow, default)]
    uri: Text<'a>,
    index: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    #[serde(borrow, default)]
    fully_qualified_name: Text<'a>,
    #[serde(default)]
    name: Text<'a>,
}

/// Paths of the run's artifacts, which results name by index.
#[derive(Default)]
pub(super) struct Artifacts(pub(super) Vec<String>);

#[derive(Deserialize)]
pub(super) struct Artifact<'a> {
    #[serde(borrow)]
    location: Option<ArtifactLocation<'a>>,
}

impl<'de> Gather<'de> for Artifacts {
    type Element = Artifact<'de>;

    fn gather(&mut self, _: &str, artifact: Artifact<'de>) -> Result<(), ReportError> {
        self.0.push(artifact.location.map(|location| path(&location.uri)).unwrap_or_default());
        Ok(())
    }
}

/// The first location of a result; the others are only counted.
#[derive(Default)]
struct Locations {
    component: String,
    location: String,
    artifact: Option<usize>,
    known: bool,
}

impl<'de> Gather<'de> for Locations {
    type Element = Location<'de>;

    fn gather(&mut self, _: &str, location: Location<'de>) -> Result<(), ReportError> {
        if self.known {
            return Ok(());
        }
        self.known = true;
        if let Some(physical) = &location.physical_location {
            if let Some(line) = physical.region.as_ref().and_then(|region| region.start_line) {
                self.location = format!("line {line}");
            }
            if let Some(artifact) = &physical.artifact_location {
                self.component = path(&artifact.uri);
                self.artifact = artifact.index.and_then(|index| usize::try_from(index).ok());
            }
        }
        if self.component.is_empty() && self.artifact.is_none() {
            let logical = location.logical_locations.iter().flatten();
            let mut names = logical.filter_map(|l| l.fully_qualified_name.some().or_else(|| l.name.some()));
            self.component = names.next().map(kept).unwrap_or_default();
        }
        Ok(())
    }
}

/// A file's path without `file://` and a leading `./`.
fn path(uri: &str) -> String {
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    kept(path.strip_prefix("./").unwrap_or(path))
}

/// A result whose rule is not known yet.
pub(super) struct Found<'a> {
    pub(super) finding: Finding,
    pub(super) rule_id: Text<'a>,
    pub(super) rule_index: Option<usize>,
    pub(super) rule_guid: Text<'a>,
    pub(super) component_index: Option<usize>,
    pub(super) component_guid: Text<'a>,
    pub(super) level: Text<'a>,
    pub(super) scored: Text<'a>,
    pub(super) artifact: Option<usize>,
}

/// Results that are findings, suppressed ones included.
#[derive(Default)]
pub(super) struct Results<'a>(pub(super) Vec<Found<'a>>);

impl<'de: 'a, 'a> Gather<'de> for Results<'a> {
    type Element = ResultOf<'a>;

    fn gather(&mut self, _: &str, result: ResultOf<'a>) -> Result<(), ReportError> {
        let harmless = matches!(&*result.kind, "pass" | "informational" | "notApplicable");
        if !harmless && &*result.baseline_state != "absent" {
            self.0.push(found(result)?);
        }
        Ok(())
    }
}

fn found(result: ResultOf<'_>) -> Result<Found<'_>, ReportError> {
    let (reference, component) = match result.rule {
        Some(mut rule) => {
            let component = rule.tool_component.take();
            (Some(rule), component)
        }
        None => (None, None),
    };
    let small = |number: Option<i64>| number.and_then(|number| usize::try_from(number).ok());
    let rule_index = small(result.rule_index).or_else(|| small(reference.as_ref()?.index));
    let (own, rule_guid) = reference.map(|rule| (rule.id, rule.guid)).unwrap_or_default();
    let rule_id = if result.rule_id.is_empty() { own } else { result.rule_id };
    let (mut locations, mut places) = (Locations::default(), 1);
    if let Some(list) = result.locations {
        places = list.0.len().max(1) as u64;
        locations = list.0.done("/locations")?;
    }
    let occurrences = result.occurrence_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let words = result.message.as_ref().map(|message| message.text.some().unwrap_or(&message.markdown));
    // Its severity comes from its rule, which may be read later.
    let mut finding = Finding::new(&rule_id, "", Severity::Unknown);
    finding.component = locations.component;
    finding.location = locations.location;
    finding.title = words.map(kept).unwrap_or_default();
    finding.occurrences = occurrences.max(places);
    finding.suppressed = suppressed(&result.suppressions.unwrap_or_default());
    let component_index = component.as_ref().and_then(|component| small(component.index));
    Ok(Found {
        finding,
        rule_id,
        rule_index,
        rule_guid,
        component_index,
        component_guid: component.map(|component| component.guid).unwrap_or_default(),
        level: result.level,
        scored: result.properties.map(|properties| properties.security_severity).unwrap_or_default(),
        artifact: locations.artifact,
    })
}

/// Why a result is suppressed: when every suppression is accepted, which one without a status is (§3.35.3).
fn suppressed(suppressions: &Few<Suppression<'_>>) -> Option<String> {
    let first = suppressions.first()?;
    let all_are_known = suppressions.count() == suppressions.len();
    let accepted = all_are_known && suppressions.iter().all(|s| matches!(&*s.status, "" | "accepted"));
    accepted.then(|| kept(first.justification.some().or_else(|| first.kind.some()).unwrap_or("suppressed")))
}
