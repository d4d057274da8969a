//! What real tools write, read as a stream of bytes and turned into typed facts. One file per format.
//!
//! Counted from the leaves; totals that a file declares are kept only to be compared. An error carries the path of the element. Must
//! not: decide whether a figure is good enough, or take a missing figure for a good one.

mod advisory;
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
mod scan_event;
mod slots;
mod sniff;
mod totals;
mod xml;
mod zap;

pub mod cargo_audit;
pub mod clover;
pub mod cobertura;
pub mod ctrf;
pub mod cyclonedx_vex;
pub mod ecr_findings;
pub mod ecr_scan_event;
pub mod gatling_log;
pub mod gatling_stats;
pub mod gatling_text;
pub mod go_cover;
pub mod grype;
pub mod inspector_scan_event;
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
pub mod npm_audit_6;
pub mod openvex;
pub mod pip_audit;
pub mod sarif;
pub mod snyk;
pub mod sonar_gate;
pub mod sonar_issues;
pub mod trivy;
pub mod unified_diff;
pub mod yarn_audit;
pub mod yarn_npm_audit;
pub mod zap_json;
pub mod zap_xml;

pub use error::{Problem, ReportError};
pub use facts::{About, Facts, Kind, Parsed};
pub use input::Input;
pub use registry::{FORMATS, Format, Report, read, recognise};
pub use sniff::Sniff;
