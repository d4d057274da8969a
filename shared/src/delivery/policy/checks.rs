//! What is checked of a new version before traffic, and with what limits.
//!
//! Targets of requests come from here only, never from a deployment. Must not: check (`delivery::checks`), or be written down with a header's or
//! a body's value: what may hold a secret is read and never serialized.

use super::expect::Expect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The checks of a service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checks {
    /// The set-up itself.
    pub preflight: Preflight,
    /// Container images.
    pub images: Images,
    /// Changes of data that cannot be taken back.
    pub migration: Migration,
    /// Requests through the test listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoke: Option<Smoke>,
    /// How long green takes to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// `CloudWatch` alarms, beside the deployment group's or the service's own.
    pub alarms: Alarms,
    /// Feature flags.
    pub flags: Vec<Flags>,
    /// Canaries of `CloudWatch` Synthetics.
    pub synthetics: Vec<Synthetic>,
    /// Patterns in green's logs.
    pub logs: Vec<LogPattern>,
}

/// How hard a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// What does not hold fails.
    Required,
    /// What does not hold is told.
    Warn,
    /// Nothing is looked at.
    Off,
}

/// The set-up itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preflight {
    /// The pipeline whose deploy action is compared with the service's controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
}

/// Which images may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Images {
    /// Whether every image must be one that a quality gate let through.
    pub approved: Rule,
    /// Whether every image must be named by its digest.
    pub pinned: Rule,
    /// Repositories that images may come from, with registry, `*` at the end for anything that begins so; empty for all.
    pub repositories: Vec<String>,
}

impl Default for Images {
    fn default() -> Self {
        Self { approved: Rule::Off, pinned: Rule::Warn, repositories: Vec::new() }
    }
}

/// Changes of data that the old version may not survive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Migration {
    /// Docker label or tag of the task definition: `none`, `expand` or `contract`.
    pub label: String,
    /// Docker label or tag that names who approved a `contract`.
    pub approved_by_label: String,
    /// Task definitions (`family:revision`) whose `contract` is approved here, and by whom.
    pub approved: BTreeMap<String, String>,
}

impl Default for Migration {
    fn default() -> Self {
        Self {
            label: "tidegate.migration".to_owned(),
            approved_by_label: "tidegate.migration-approved-by".to_owned(),
            approved: BTreeMap::new(),
        }
    }
}

/// Where requests go, and what TLS is checked against.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Certificates (PEM) that are trusted instead of the public authorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_pem: Option<String>,
    /// Name that the certificate must be for, when it is not the host of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// Requests through the test listener.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoke {
    /// `http(s)://<host>[:port][/path]` of the test listener.
    pub base_url: String,
    /// TLS.
    #[serde(default)]
    pub tls: Tls,
    /// Headers of every request: `x-amzn-ecs-blue-green-test`, `host`, … Not written down.
    #[serde(default, skip_serializing)]
    pub headers: BTreeMap<String, Private>,
    /// The requests, in order.
    pub requests: Vec<Request>,
    /// Most tries of each.
    #[serde(default = "three")]
    pub attempts: u32,
    /// Pause between two tries.
    #[serde(default = "two_seconds")]
    pub pause_ms: u32,
    /// Longest time of one try.
    #[serde(default = "five_seconds")]
    pub timeout_ms: u32,
    /// Docker label or tag of the task definition with the commit that a version header must name.
    #[serde(default = "revision_label")]
    pub version_label: String,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`.
    #[serde(default = "get")]
    pub method: String,
    /// Path and query, from `/` on.
    pub path: String,
    /// Headers of this request. Not written down.
    #[serde(default, skip_serializing)]
    pub headers: BTreeMap<String, Private>,
    /// Body. Not written down.
    #[serde(default, skip_serializing)]
    pub body: Option<Private>,
    /// What must hold.
    #[serde(default)]
    pub expect: Expect,
}

/// A text that may be a secret: sent where it belongs, never shown and never written down.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Private(pub String);

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(not shown)")
    }
}

/// How long green takes to answer one request after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// As of [`Smoke`]; its own where this is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Path and query.
    pub path: String,
    /// How many.
    #[serde(default = "twenty")]
    pub requests: u32,
    /// Longest 95th percentile; without it the figure is only told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95_ms: Option<u32>,
    /// Longest time of one request.
    #[serde(default = "five_seconds")]
    pub timeout_ms: u32,
}

/// `CloudWatch` alarms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Names.
    pub names: Vec<String>,
    /// All whose name begins so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What one that rings means.
    pub ringing: Rule,
}

impl Default for Alarms {
    fn default() -> Self {
        Self { names: Vec::new(), prefix: None, ringing: Rule::Required }
    }
}

/// Feature flags of one document: of AWS `AppConfig`, or a JSON text in Parameter Store.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Flags {
    /// `AppConfig` application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// `AppConfig` environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// `AppConfig` configuration profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Instead of the three: a parameter's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What must hold.
    pub expect: Vec<Flag>,
}

/// One flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// Name of a feature flag (its `enabled` is looked at), or a JSON pointer from `/` on.
    pub flag: String,
    /// `true`, `false`, a number or a text.
    pub equals: serde_json::Value,
}

/// A canary of `CloudWatch` Synthetics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthetic {
    /// Name.
    pub canary: String,
    /// Whether it is started; otherwise its last run is read.
    #[serde(default)]
    pub start: bool,
    /// How old the last run may be when it is not started, counted back from the moment's beginning.
    #[serde(default = "fifteen")]
    pub max_age_minutes: u32,
}

/// A pattern in green's logs (`awslogs`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogPattern {
    /// `CloudWatch` Logs filter pattern.
    pub pattern: String,
    /// The container; all of the task definition without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Most events that say nothing.
    #[serde(default)]
    pub limit: u32,
}

fn get() -> String {
    "GET".to_owned()
}
/// OCI image annotation for the source's commit.
fn revision_label() -> String {
    "org.opencontainers.image.revision".to_owned()
}
const fn three() -> u32 {
    3
}
const fn two_seconds() -> u32 {
    2_000
}
const fn five_seconds() -> u32 {
    5_000
}
const fn twenty() -> u32 {
    20
}
const fn fifteen() -> u32 {
    15
}
