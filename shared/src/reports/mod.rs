//! What real tools write, read as a stream of bytes and turned into typed facts. One file per format.
//!
//! Counted from the leaves; totals that a file declares are kept only to be compared. An error carries the path of the element. Must
//! not: decide whether a figure is good enough, or take a missing figure for a good one.

mod advisory;
mod error;
pub mod facts;
pub mod input;
mod json;
mod registry;
mod scan_event;
mod sniff;
mod xml;
mod zap;

pub mod cargo_audit;
pub mod cobertura;
pub mod cyclonedx_vex;
pub mod ecr_findings;
pub mod ecr_scan_event;
pub mod grype;
pub mod inspector_scan_event;
pub mod istanbul_summary;
pub mod jtl_csv;
pub mod junit;
pub mod lcov;
pub mod npm_audit;
pub mod npm_audit_6;
pub mod openvex;
pub mod pip_audit;
pub mod sarif;
pub mod snyk;
pub mod sonar_gate;
pub mod sonar_issues;
pub mod trivy;
pub mod yarn_audit;
pub mod yarn_npm_audit;
pub mod zap_json;
pub mod zap_xml;

pub use error::{Problem, ReportError};
pub use facts::{About, Facts, Kind, Parsed};
pub use input::Input;
pub use registry::{FORMATS, Format, Report, read, recognise};
pub use sniff::Sniff;
