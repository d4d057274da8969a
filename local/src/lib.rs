//! Everything that stands in for the cloud on one machine, as real processes on loopback. It stores, replays and breaks things; it never
//! decides, and knows nothing of `shared`.

pub mod admin;
pub mod archive;
pub mod caller;
pub mod clock;
pub mod control_plane;
pub mod emulator;
pub mod events;
pub mod faults;
pub mod github;
pub mod journal;
pub mod platform;
pub mod protocol;
pub mod recorder;
pub mod responder;
pub mod rules;
pub mod runtime_api;
pub mod under_test;
pub mod values;
