//! Events become facts, facts become releases, releases become figures. Pure.
//!
//! Facts commute: each has a natural key that holds its own time, so any order and any duplication of a release's events gives the
//! same records. Nothing is ever counted up.

pub mod dora;
pub mod event;
pub mod fact;
pub mod fold;
pub(crate) mod lenient;
pub mod ports;
pub mod releases;
pub mod services;
