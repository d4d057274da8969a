use super::super::{Direction, EffectMeasure, Nan, Thresholds, import};
use super::{config, with};
use serde_json::{Value, json};

/// The mistakes, one in a line.
fn mistakes(value: &Value) -> String {
    import(&value.to_string()).unwrap_err().0.join("\n")
}

/// With one member changed.
fn changed(pointer: &str, to: Value) -> Value {
    let mut value = with(&json!({}));
    *value.pointer_mut(pointer).unwrap() = to;
    value
}

#[test]
fn a_whole_configuration_is_read_and_the_query_is_kept_as_it_is() {
    let config = config(&json!({
        "direction": "increase", "nanStrategy": "replace", "critical": true, "mustHaveData": true, "muted": false,
        "effectSize": {"allowedIncrease": 1.2, "criticalIncrease": 5, "measure": "meanRatio"},
        "outliers": {"strategy": "remove", "outlierFactor": 2.5}
    }));
    let metric = &config.metrics[0];
    assert_eq!(
        (metric.direction, metric.nan, metric.outlier_factor),
        (Direction::Increase, Nan::Replace, Some(2.5))
    );
    assert!(metric.critical && metric.must_have_data && !metric.muted);
    assert_eq!(metric.query["metricName"], "errors");
    assert_eq!([metric.effect.allowed_increase, metric.effect.critical_increase], [1.2, 5.0]);
    assert_eq!([metric.effect.allowed_decrease, metric.effect.critical_decrease], [1.0, 1.0]);
    assert_eq!(config.thresholds, Some(Thresholds { pass: 95.0, marginal: 75.0 }));
    assert_eq!(config.templates["host"], "host=${scope}");
}

#[test]
fn what_is_not_said_is_kayentas_default() {
    let metric = &config(&json!({"outliers": {"strategy": "keep", "outlierFactor": 2}})).metrics[0];
    assert_eq!((metric.direction, metric.nan, metric.outlier_factor), (Direction::Either, Nan::Remove, None));
    assert!(!metric.critical && !metric.must_have_data && !metric.muted);
    let cles = config(&json!({"effectSize": {"measure": "cles"}, "outliers": {"strategy": "remove"}}));
    assert_eq!(cles.metrics[0].outlier_factor, Some(3.0));
    assert_eq!(cles.metrics[0].effect.measure, EffectMeasure::Cles);
    assert_eq!(cles.metrics[0].effect.allowed_increase, 0.5);
    // A version may be a number, what Kayenta writes for nothing is nothing, and thresholds may stand elsewhere.
    let mut value = changed("/configVersion", json!(1.0));
    value["classifier"]["scoreThresholds"] = Value::Null;
    value["id"] = Value::Null;
    value["createdTimestamp"] = json!(1_569_534_009_252_i64);
    assert_eq!(import(&value.to_string()).unwrap().thresholds, None);
}

#[test]
fn every_mistake_is_named_at_once_with_its_place_and_the_nearest_word() {
    let mut value = with(&json!({
        "direction": "increases", "nanStrategy": "none", "Critical": true, "mustHaveData": "yes",
        "effectSize": {"allowedIncreas": 1.2, "measure": "cohen"},
        "outliers": {"strategy": "drop", "outlierFactor": 0}
    }));
    value["metrics"][0]["serviceName"] = json!("atlas");
    value["judge"]["name"] = json!("dredd-v1.0");
    value["judge"]["judgeConfigurations"] = json!({"tolerance": 0.1});
    value["classifier"]["groupWeights"] = json!({"Error": 50});
    value["clasifier"] = json!({});
    insta::assert_snapshot!(mistakes(&value), @"
    `clasifier`: no such key is known here; the nearest is `classifier`
    `judge.name`: `dredd-v1.0` is no word that is known here; known are `NetflixACAJudge-v1.0`
    `judge.judgeConfigurations.tolerance`: no such key is known here
    `metrics[0].serviceName`: no such key is known here; known are `analysisConfigurations`, `groups`, `name`, `query`, `scopeName`
    `metrics[0].analysisConfigurations.canary.Critical`: no such key is known here; the nearest is `critical`
    `metrics[0].analysisConfigurations.canary.direction`: `increases` is no word that is known here; the nearest is `increase`
    `metrics[0].analysisConfigurations.canary.nanStrategy`: `none` is no word that is known here; known are `remove`, `replace`
    `metrics[0].analysisConfigurations.canary.outliers.strategy`: `drop` is no word that is known here; known are `keep`, `remove`
    `metrics[0].analysisConfigurations.canary.outliers.outlierFactor`: is 0; it must be above 0
    `metrics[0].analysisConfigurations.canary.mustHaveData`: a text stands where `true` or `false` belongs
    `metrics[0].analysisConfigurations.canary.effectSize.allowedIncreas`: no such key is known here; the nearest is `allowedIncrease`
    `metrics[0].analysisConfigurations.canary.effectSize.measure`: `cohen` is no word that is known here; known are `meanRatio`, `cles`
    `classifier.groupWeights.Error`: no metric is in the group `Error`; the nearest is `Errors`
    ");
}

#[test]
fn what_has_the_wrong_form_or_is_missing_is_named() {
    insta::assert_snapshot!(mistakes(&json!({"name": 7, "metrics": [{}, 1], "judge": [], "classifier": {}})), @"
    `judge`: a list stands where an object belongs
    `metrics[0].analysisConfigurations`: is missing
    `metrics[0].name`: is missing
    `metrics[0].query`: is missing
    `metrics[0].groups`: is missing
    `metrics[1]`: the number 1 stands where an object belongs
    `name`: the number 7 stands where a text belongs
    ");
    insta::assert_snapshot!(mistakes(&json!([])), @"a list stands where an object belongs");
    insta::assert_snapshot!(import("{").unwrap_err(), @"this is no JSON: EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(mistakes(&changed("/metrics", json!([]))), @"
    `metrics`: there is no metric, so nothing would be judged
    `classifier.groupWeights.Errors`: no metric is in the group `Errors`
    ");
}

#[test]
fn a_score_that_could_not_be_reached_or_would_always_pass_is_refused() {
    insta::assert_snapshot!(mistakes(&changed("/classifier/groupWeights", json!({"Errors": 90}))), @"`classifier.groupWeights`: the weights add up to 90; they must add up to 100, because every group has one");
    insta::assert_snapshot!(mistakes(&changed("/classifier/groupWeights", json!({"Errors": 101}))), @"`classifier.groupWeights.Errors`: is 101; it must be at least 0 and at most 100");
    insta::assert_snapshot!(mistakes(&changed("/classifier/scoreThresholds", json!({"pass": 0, "marginal": 0}))), @"`classifier.scoreThresholds.pass`: is 0; it must be above 0 and at most 100");
    insta::assert_snapshot!(mistakes(&changed("/classifier/scoreThresholds", json!({"pass": 70, "marginal": 80}))), @"`classifier.scoreThresholds.marginal`: is 80, more than the 70 that pass");
    insta::assert_snapshot!(mistakes(&changed("/metrics/0/groups", json!([]))), @"
    `metrics[0].groups`: the metric is in no group and not critical, so it would count for nothing
    `classifier.groupWeights.Errors`: no metric is in the group `Errors`
    ");
    insta::assert_snapshot!(mistakes(&with(&json!({"muted": true}))), @"`metrics`: every metric is muted, so nothing would be judged");
    let mut twice = with(&json!({}));
    twice["metrics"].as_array_mut().unwrap().push(with(&json!({}))["metrics"][0].clone());
    insta::assert_snapshot!(mistakes(&twice), @"`metrics[1].name`: there is another metric `errors`");
    insta::assert_snapshot!(mistakes(&with(&json!({"effectSize": {"measure": "cles", "allowedIncrease": 1.2}}))), @"`metrics[0].analysisConfigurations.canary.effectSize.allowedIncrease`: is 1.2; it must be at least 0 and at most 1");
}
