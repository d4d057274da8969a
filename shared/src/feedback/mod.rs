//! What developers see of a release or a build on GitHub: a check run, deployments and their statuses, or a commit status; and one comment on
//! the pull request.
//!
//! `event` reads, `progress` folds, `plan` compares with what was written, `render` words it, `run` is the use-case; `build` and `comment`
//! are the same for a build and for a pull request. Everything rests on the fold: marks only grow, so any order and any duplication of events
//! ends in the same state, and no write goes back.
//! Must not: call anything, read a clock, or show text of a pipeline, a build, a report or a pull request as it came ([`crate::text`]).
//! Specification: <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/deployments/deployments>,
//! <https://docs.github.com/en/rest/commits/statuses>, <https://docs.github.com/en/rest/issues/comments>

pub mod build;
pub mod comment;
pub mod event;
pub mod plan;
pub mod ports;
pub mod progress;
pub mod render;
pub mod run;
