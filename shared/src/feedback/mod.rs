//! What developers see of a release on GitHub: a check run, deployments and their statuses, or a commit status.
//!
//! `event` reads, `progress` folds, `plan` compares with what was written, `render` words it, `run` is the use-case. Everything rests
//! on the fold: marks only grow, so any order and any duplication of events ends in the same state, and no write goes back.
//! Must not: call anything, read a clock, or show pipeline text as it came ([`text`]). The comment on a pull request is not here yet.
//! Specification: <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/deployments/deployments>,
//! <https://docs.github.com/en/rest/commits/statuses>

pub mod event;
pub mod plan;
pub mod ports;
pub mod progress;
pub mod render;
pub mod run;
pub mod text;
