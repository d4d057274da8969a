//! Checks of the new version before traffic, each with evidence, how long it took and a sentence.
//!
//! One file for each check: a pure judgement of what was seen. [`runner`] knows which is made at which moment, [`ports`] what they need from
//! outside, [`table`] what people are told of them (docs/CHECKS.md).

pub mod alarms;
pub mod app_spec;
pub mod describe;
mod facts;
pub mod flags;
pub mod forecast;
pub mod green;
pub mod image;
pub mod latency;
pub mod logs;
pub mod migration;
pub mod none;
pub mod observe;
pub mod pattern;
pub mod ports;
pub mod preflight;
mod preflight_code_deploy;
mod preflight_ecs;
pub mod probe;
pub mod runner;
mod set_up;
pub mod smoke;
pub mod synthetics;
pub mod table;
pub mod target;

/// The end of an ARN: `family:revision` of a task definition.
#[must_use]
pub(crate) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}
