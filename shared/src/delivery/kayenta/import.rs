//! A Kayenta canary configuration, read strictly: Kayenta takes an unknown word for its default, here it is a mistake with its place.
//!
//! Form: <https://github.com/spinnaker/kayenta/blob/master/docs/canary-config.md>, `CanaryConfig` and `NetflixACAJudge` in its source.

use super::config::{Config, Direction, Effect, EffectMeasure, Metric, Nan, Thresholds};
use super::reader::{At, Object, Reader, nearest};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The one judge whose rules are known.
const JUDGE: &str = "NetflixACAJudge-v1.0";
/// Kayenta's outlier factor when none is given.
const OUTLIER_FACTOR: f64 = 3.0;

const ROOT: [&str; 13] = [
    "applications",
    "classifier",
    "configVersion",
    "createdTimestamp",
    "createdTimestampIso",
    "description",
    "id",
    "judge",
    "metrics",
    "name",
    "templates",
    "updatedTimestamp",
    "updatedTimestampIso",
];
const METRIC: [&str; 5] = ["analysisConfigurations", "groups", "name", "query", "scopeName"];
const CANARY: [&str; 7] =
    ["critical", "direction", "effectSize", "muted", "mustHaveData", "nanStrategy", "outliers"];
const EFFECT: [&str; 5] =
    ["allowedDecrease", "allowedIncrease", "criticalDecrease", "criticalIncrease", "measure"];

/// Why a configuration is refused: every mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Refused(pub Vec<String>);

/// Reads a configuration.
///
/// # Errors
/// [`Refused`] with every mistake at once.
pub fn import(json: &str) -> Result<Config, Refused> {
    let value: Value =
        serde_json::from_str(json).map_err(|error| Refused(vec![format!("this is no JSON: {error}")]))?;
    let mut reader = Reader::default();
    let root = reader.object(&At { path: String::new(), value: &value }, &ROOT);
    judge_of(&mut reader, &root);
    let metrics = metrics(&mut reader, &root);
    let (weights, thresholds) = classifier(&mut reader, &root, &metrics);
    let config = Config {
        name: reader.required(&root, "name").and_then(|at| reader.text(&at)).unwrap_or_default(),
        description: root.get("description").and_then(|at| reader.text(&at)),
        version: root
            .get("configVersion")
            .map(|at| at.value.as_str().map_or_else(|| at.value.to_string(), ToOwned::to_owned)),
        applications: root.get("applications").map(|at| texts(&mut reader, &at)).unwrap_or_default(),
        templates: templates(&mut reader, &root),
        metrics,
        weights,
        thresholds,
    };
    if reader.mistakes.is_empty() { Ok(config) } else { Err(Refused(reader.mistakes)) }
}

fn judge_of(reader: &mut Reader, root: &Object<'_>) {
    let Some(at) = reader.required(root, "judge") else { return };
    let judge = reader.object(&at, &["judgeConfigurations", "name"]);
    if let Some(name) = reader.required(&judge, "name") {
        reader.word(&name, &[(JUDGE, ())]);
    }
    if let Some(settings) = judge.get("judgeConfigurations") {
        // The judge reads none, so any is a hope that is not fulfilled.
        reader.object(&settings, &[]);
    }
}

fn texts(reader: &mut Reader, at: &At<'_>) -> Vec<String> {
    let elements = reader.list(at);
    elements.iter().filter_map(|element| reader.text(element)).collect()
}

fn templates(reader: &mut Reader, root: &Object<'_>) -> BTreeMap<String, String> {
    let Some(at) = root.get("templates") else { return BTreeMap::new() };
    let members = reader.map(&at).members();
    members.into_iter().filter_map(|(name, at)| Some((name, reader.text(&at)?))).collect()
}

fn metrics(reader: &mut Reader, root: &Object<'_>) -> Vec<Metric> {
    let Some(at) = reader.required(root, "metrics") else { return Vec::new() };
    let elements = reader.list(&at);
    if elements.is_empty() && at.value.is_array() {
        reader.wrong("metrics", "there is no metric, so nothing would be judged");
    }
    let metrics: Vec<Metric> = elements.iter().map(|element| metric(reader, element)).collect();
    if !metrics.is_empty() && metrics.iter().all(|metric| metric.muted) {
        reader.wrong("metrics", "every metric is muted, so nothing would be judged");
    }
    let mut names = BTreeSet::new();
    for (metric, element) in metrics.iter().zip(&elements) {
        if !metric.name.is_empty() && !names.insert(&metric.name) {
            reader.wrong(
                &format!("{}.name", element.path),
                &format!("there is another metric `{}`", metric.name),
            );
        }
    }
    metrics
}

fn metric(reader: &mut Reader, at: &At<'_>) -> Metric {
    let object = reader.object(at, &METRIC);
    let analysis = reader.required(&object, "analysisConfigurations");
    let analysis = analysis.map(|at| reader.object(&at, &["canary"]));
    let canary = analysis.and_then(|analysis| analysis.get("canary")).map(|at| reader.object(&at, &CANARY));
    let part = |key: &str| canary.as_ref().and_then(|canary| canary.get(key));
    let directions =
        [("increase", Direction::Increase), ("decrease", Direction::Decrease), ("either", Direction::Either)];
    let strategies = [("remove", Nan::Remove), ("replace", Nan::Replace)];
    let flag = |reader: &mut Reader, key| part(key).and_then(|at| reader.flag(&at)).unwrap_or(false);
    let metric = Metric {
        name: reader.required(&object, "name").and_then(|at| reader.text(&at)).unwrap_or_default(),
        query: reader.required(&object, "query").map(|at| at.value.clone()).unwrap_or_default(),
        groups: reader.required(&object, "groups").map(|at| texts(reader, &at)).unwrap_or_default(),
        scope: object.get("scopeName").and_then(|at| reader.text(&at)),
        direction: part("direction")
            .and_then(|at| reader.word(&at, &directions))
            .unwrap_or(Direction::Either),
        nan: part("nanStrategy").and_then(|at| reader.word(&at, &strategies)).unwrap_or(Nan::Remove),
        outlier_factor: part("outliers").and_then(|at| outliers(reader, &at)),
        critical: flag(reader, "critical"),
        must_have_data: flag(reader, "mustHaveData"),
        muted: flag(reader, "muted"),
        effect: effect(reader, part("effectSize")),
    };
    if metric.groups.is_empty()
        && !metric.critical
        && object.get("groups").is_some_and(|at| at.value.is_array())
    {
        reader.wrong(
            &object.path("groups"),
            "the metric is in no group and not critical, so it would count for nothing",
        );
    }
    metric
}

fn outliers(reader: &mut Reader, at: &At<'_>) -> Option<f64> {
    let outliers = reader.object(at, &["outlierFactor", "strategy"]);
    let remove =
        outliers.get("strategy").and_then(|at| reader.word(&at, &[("keep", false), ("remove", true)]));
    let factor = outliers.get("outlierFactor").and_then(|at| reader.number(&at, f64::MIN_POSITIVE, f64::MAX));
    (remove == Some(true)).then_some(factor.unwrap_or(OUTLIER_FACTOR))
}

fn effect(reader: &mut Reader, at: Option<At<'_>>) -> Effect {
    let object = at.map(|at| reader.object(&at, &EFFECT));
    let part = |key: &str| object.as_ref().and_then(|object| object.get(key));
    let measures = [("meanRatio", EffectMeasure::MeanRatio), ("cles", EffectMeasure::Cles)];
    let measure =
        part("measure").and_then(|at| reader.word(&at, &measures)).unwrap_or(EffectMeasure::MeanRatio);
    let most = match measure {
        EffectMeasure::MeanRatio => f64::MAX,
        EffectMeasure::Cles => 1.0,
    };
    let mut limit =
        |key: &str| part(key).and_then(|at| reader.number(&at, 0.0, most)).unwrap_or(measure.neutral());
    Effect {
        measure,
        allowed_increase: limit("allowedIncrease"),
        allowed_decrease: limit("allowedDecrease"),
        critical_increase: limit("criticalIncrease"),
        critical_decrease: limit("criticalDecrease"),
    }
}

fn classifier(
    reader: &mut Reader,
    root: &Object<'_>,
    metrics: &[Metric],
) -> (BTreeMap<String, f64>, Option<Thresholds>) {
    let Some(at) = reader.required(root, "classifier") else { return (BTreeMap::new(), None) };
    let classifier = reader.object(&at, &["groupWeights", "scoreThresholds"]);
    let weights = classifier.get("groupWeights").map(|at| weights(reader, &at, metrics)).unwrap_or_default();
    let thresholds = classifier.get("scoreThresholds").and_then(|at| thresholds(reader, &at));
    (weights, thresholds)
}

/// Weights by group. What Kayenta lets through here makes a score that can never reach its threshold, or can pass it without evidence.
fn weights(reader: &mut Reader, at: &At<'_>, metrics: &[Metric]) -> BTreeMap<String, f64> {
    let members = reader.map(at).members();
    let groups: BTreeSet<&str> =
        metrics.iter().flat_map(|metric| &metric.groups).map(String::as_str).collect();
    let known: Vec<&str> = groups.iter().copied().collect();
    let mut weights = BTreeMap::new();
    let mistakes = reader.mistakes.len();
    for (group, at) in members {
        if !groups.contains(group.as_str()) {
            reader
                .wrong(&at.path, &format!("no metric is in the group `{group}`{}", nearest(&group, &known)));
        }
        if let Some(weight) = reader.number(&at, 0.0, 100.0) {
            weights.insert(group, weight);
        }
    }
    let sum: f64 = weights.values().sum();
    let shared = groups.iter().any(|group| !weights.contains_key(*group));
    let fits = if shared || weights.is_empty() { sum <= 100.0 + 1e-9 } else { (sum - 100.0).abs() <= 1e-9 };
    if !fits && reader.mistakes.len() == mistakes {
        let rest = if shared { "at most 100" } else { "100, because every group has one" };
        reader.wrong(&at.path, &format!("the weights add up to {sum}; they must add up to {rest}"));
    }
    weights
}

fn thresholds(reader: &mut Reader, at: &At<'_>) -> Option<Thresholds> {
    let object = reader.object(at, &["marginal", "pass"]);
    // A score of 0 is a failed canary: no threshold lets that pass.
    let pass = reader.required(&object, "pass").and_then(|at| reader.number(&at, f64::MIN_POSITIVE, 100.0));
    let marginal = reader.required(&object, "marginal").and_then(|at| reader.number(&at, 0.0, 100.0));
    let (pass, marginal) = (pass?, marginal?);
    if marginal > pass {
        reader.wrong(&object.path("marginal"), &format!("is {marginal}, more than the {pass} that pass"));
    }
    Some(Thresholds { pass, marginal })
}
