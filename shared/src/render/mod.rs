//! HTML and SVG out of facts: one renderer for the static report and the CloudWatch widget. Everything from outside is escaped by the
//! template library; no script, no outside resource.

pub mod page;
pub mod report;

pub use report::{Gate, Report, Rows};
