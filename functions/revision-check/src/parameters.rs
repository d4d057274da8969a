//! What the action is told: `UserParameters`, JSON.

use serde::Deserialize;
use shared::errors::Rejection;

/// Longest that a service may take to settle, in minutes: an action may be continued for 24 hours.
const MOST_MINUTES: u32 = 1200;

/// `{"cluster": …, "service": …, "deadlineMinutes": 15}`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Parameters {
    /// ECS cluster.
    pub(crate) cluster: String,
    /// ECS service.
    pub(crate) service: String,
    /// Minutes that the service may take to settle.
    #[serde(default = "fifteen")]
    pub(crate) deadline_minutes: u32,
}

fn fifteen() -> u32 {
    15
}

impl Parameters {
    pub(crate) fn read(text: &str) -> Result<Self, Rejection> {
        let parameters: Self = serde_json::from_str(text)
            .map_err(|error| Rejection::new(format!("`UserParameters` cannot be used: {error}")))?;
        let plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 255
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        for (key, value) in [("cluster", &parameters.cluster), ("service", &parameters.service)] {
            if !plain(value) {
                let words = format!("`UserParameters.{key}` must be 1 to 255 letters, digits, `-` and `_`");
                return Err(Rejection::new(words));
            }
        }
        if !(1..=MOST_MINUTES).contains(&parameters.deadline_minutes) {
            let given = parameters.deadline_minutes;
            let words =
                format!("`UserParameters.deadlineMinutes` is {given}, it must be 1 to {MOST_MINUTES}");
            return Err(Rejection::new(words));
        }
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_and_a_service_are_needed_and_nothing_unknown_is_taken() {
        let refused = |text: &str| Parameters::read(text).unwrap_err().to_string();
        insta::assert_snapshot!(refused(r#"{"cluster":"b2b"}"#), @"`UserParameters` cannot be used: missing field `service` at line 1 column 17");
        insta::assert_snapshot!(refused(r#"{"cluster":"b2b","service":"a/b"}"#), @"`UserParameters.service` must be 1 to 255 letters, digits, `-` and `_`");
        insta::assert_snapshot!(refused(r#"{"cluster":"b2b","service":"a","deadlineMinutes":0}"#), @"`UserParameters.deadlineMinutes` is 0, it must be 1 to 1200");
        assert!(refused(r#"{"cluster":"b2b","service":"a","image":"x"}"#).contains("image"));
        assert_eq!(Parameters::read(r#"{"cluster":"b2b","service":"a"}"#).unwrap().deadline_minutes, 15);
    }
}
