//! Traffic moves only on evidence: hooks, the watch over a shift, the statistics and the decision.
//!
//! CodeDeploy runs no hook while traffic shifts, so a watch outside decides, and the hook after the shift demands its verdict. Missing
//! data never promotes.

pub mod checks;
pub mod config;
pub mod decide;
pub mod eprocess;
pub mod hooks;
pub mod kayenta;
pub mod ports;
pub mod stats;
pub mod tick;
pub mod watch;
