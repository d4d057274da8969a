//! What real tools write, read as a stream of bytes and turned into typed facts. One file per format.
//!
//! Counted from the leaves; totals that a file declares are kept only to be compared. An error carries the path of the element. Must
//! not: decide whether a figure is good enough, or take a missing figure for a good one.

mod covered;
mod error;
pub mod facts;
pub mod input;
mod jmeter;
mod json;
mod lines;
mod marks;
mod registry;
mod rows;
mod slots;
mod sniff;
mod totals;
mod xml;

pub mod clover;
pub mod cobertura;
pub mod ctrf;
pub mod gatling_log;
pub mod gatling_stats;
pub mod gatling_text;
pub mod go_cover;
pub mod istanbul_final;
pub mod istanbul_summary;
pub mod jacoco;
pub mod jtl_csv;
pub mod jtl_xml;
pub mod junit;
pub mod k6_summary;
pub mod lcov;
pub mod locust_csv;
pub mod npm_audit;
pub mod sarif;
pub mod unified_diff;

pub use error::{Problem, ReportError};
pub use facts::{About, Facts, Kind, Parsed};
pub use input::Input;
pub use registry::{FORMATS, Format, Report, read, recognise};
pub use sniff::Sniff;
