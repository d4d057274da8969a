//! The decision core against whole deployments in memory: every story to its stated end, and to the same end with the process killed at any
//! call to the outside world.
//!
//! [`world`] stands behind the ports: engines that move traffic and ask hooks, minutes of metrics, a table with version conditions, and
//! Lambda's retries. It stores, replays and breaks things; it never decides about a release.

mod code_deploy;
mod ecs;
mod kills;
mod laws;
mod ports;
mod state;
mod stories;
mod story;
mod world;
