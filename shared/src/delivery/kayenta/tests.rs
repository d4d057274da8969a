//! The configuration's mistakes, the judge's rules, and the published score vectors.

mod importing;
mod judging;
mod scoring;

use super::{Config, import};
use serde_json::{Value, json};

/// A configuration with one metric, whose canary part is given.
pub(super) fn with(canary: &Value) -> Value {
    json!({
        "name": "orders",
        "description": "orders, golden signals",
        "configVersion": "1",
        "applications": ["orders"],
        "judge": {"name": "NetflixACAJudge-v1.0", "judgeConfigurations": {}},
        "metrics": [{
            "name": "errors",
            "query": {"type": "prometheus", "metricName": "errors", "serviceType": "prometheus"},
            "groups": ["Errors"],
            "analysisConfigurations": {"canary": canary},
            "scopeName": "default"
        }],
        "templates": {"host": "host=${scope}"},
        "classifier": {"groupWeights": {"Errors": 100}, "scoreThresholds": {"pass": 95, "marginal": 75}}
    })
}

pub(super) fn config(canary: &Value) -> Config {
    import(&with(canary).to_string()).unwrap()
}
