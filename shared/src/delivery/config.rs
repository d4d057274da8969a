//! Settings of the watch: typed YAML out of Parameter Store.

use serde::Deserialize;

/// How a shift is judged.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Version of this format: 1.
    pub version: u32,
    /// Chance that a good release is rolled back, 0 to 0.5.
    #[serde(default = "alpha")]
    pub alpha: f64,
    /// Ratio of error rates that is accepted, at least 1.
    #[serde(default = "tolerated")]
    pub tolerated_ratio: f64,
    /// Minutes after the first shifted one that are not judged but for a catastrophe.
    #[serde(default = "warm_up")]
    pub warm_up_minutes: u32,
    /// Coefficient of variation of an arm's error rate from minute to minute.
    #[serde(default = "noise")]
    pub noise_cv: f64,
    /// What an inconclusive watch means.
    #[serde(default)]
    pub on_inconclusive: OnInconclusive,
}

/// What an inconclusive watch means for the hook that demands a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// The deployment goes on, and people are told.
    PassWithWarning,
    /// The deployment is rolled back.
    #[default]
    Fail,
}

fn alpha() -> f64 {
    0.01
}
fn tolerated() -> f64 {
    1.0
}
fn warm_up() -> u32 {
    2
}
fn noise() -> f64 {
    0.1
}

/// Settings that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the watch settings cannot be used: {0}")]
pub struct WatchConfigError(String);

impl WatchConfig {
    /// Reads the YAML text.
    ///
    /// # Errors
    /// With line and column for syntax and unknown keys, with both numbers for a value out of range.
    pub fn parse(yaml: &str) -> Result<Self, WatchConfigError> {
        let config: Self = serde_saphyr::from_str(yaml).map_err(|error| {
            WatchConfigError(
                error.to_string().lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned(),
            )
        })?;
        let out_of_range = |name: &str, value: f64, range: &str| {
            Err(WatchConfigError(format!("`{name}` is {value}, it must be {range}")))
        };
        match config {
            Self { version, .. } if version != 1 => {
                Err(WatchConfigError(format!("`version` is {version}, this release reads 1")))
            }
            Self { alpha, .. } if !(alpha > 0.0 && alpha <= 0.5) => {
                out_of_range("alpha", alpha, "above 0 and at most 0.5")
            }
            Self { tolerated_ratio, .. } if !(1.0..10.0).contains(&tolerated_ratio) => {
                out_of_range("tolerated_ratio", tolerated_ratio, "from 1 to below 10")
            }
            Self { noise_cv, .. } if !(0.0..=2.0).contains(&noise_cv) => {
                out_of_range("noise_cv", noise_cv, "from 0 to 2")
            }
            config => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_refused_with_both_numbers() {
        insta::assert_snapshot!(WatchConfig::parse("version: 1\nalpha: 0.7").unwrap_err(), @"the watch settings cannot be used: `alpha` is 0.7, it must be above 0 and at most 0.5");
        insta::assert_snapshot!(WatchConfig::parse("version: 1\ntolerated_ratio: 0.5").unwrap_err(), @"the watch settings cannot be used: `tolerated_ratio` is 0.5, it must be from 1 to below 10");
        assert!(WatchConfig::parse("version: 1\nalfa: 1").unwrap_err().to_string().contains("alfa"));
        assert_eq!(WatchConfig::parse("version: 1").unwrap().on_inconclusive, OnInconclusive::Fail);
    }
}
