//! Everything that stands in for the cloud on one machine, as real processes on loopback. It stores, replays and breaks things; it never
//! decides, and knows nothing of `shared`.

pub mod github;
pub mod runtime_api;
