//! What the probe function is asked, and what it answers: the whole language between the function that decides and the one that only sends
//! requests.
//!
//! The body of an answer never leaves the probe. Must not: derive `Debug` where a header or a body may hold a secret.

use super::observe::Answer;
use crate::delivery::policy::Expect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Requests to send, one after the other.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Job {
    /// The requests.
    pub asks: Vec<Ask>,
    /// Most tries of each, until its expectation holds.
    pub attempts: u32,
    /// Pause between two tries.
    pub pause_ms: u32,
    /// Longest time of one try.
    pub timeout_ms: u32,
    /// Certificates (PEM) that are trusted instead of the public authorities.
    pub ca_pem: Option<String>,
    /// Name that the certificate must be for.
    pub server_name: Option<String>,
}

/// One request.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ask {
    /// Method.
    pub method: String,
    /// URL.
    pub url: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Option<String>,
    /// What must hold.
    pub expect: Expect,
    /// The commit that the version header must name.
    pub version: Option<String>,
}

/// What came of a job: one for each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// In the order of the requests.
    pub shots: Vec<Shot>,
}

/// What came of one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shot {
    /// Tries that were made.
    pub attempts: u32,
    /// Of the last one.
    pub outcome: Outcome,
    /// Of the last one.
    pub times: Times,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Outcome {
    /// There was an answer.
    Answered {
        /// What it was like.
        answer: Answer,
    },
    /// There was none.
    Unanswered {
        /// Where it ended.
        layer: Layer,
        /// In words.
        words: String,
    },
    /// The request was not sent, because it may not be.
    Refused {
        /// Why.
        words: String,
    },
    /// There was no time left for it.
    NotTried,
}

/// Where a request can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Layer {
    /// The name has no address.
    Dns,
    /// Nobody takes the connection.
    Tcp,
    /// The certificate does not hold, or there is no TLS.
    Tls,
    /// The connection ended without a whole answer.
    Http,
    /// The answer took too long; the connection stood.
    TimeOut,
}

impl Layer {
    /// For people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Http => "HTTP",
            Self::TimeOut => "time-out",
        }
    }

    /// Whether green itself was reached: what ended before that says something of the way, not of green.
    #[must_use]
    pub const fn is_of_green(self) -> bool {
        match self {
            Self::Http | Self::TimeOut => true,
            Self::Dns | Self::Tcp | Self::Tls => false,
        }
    }
}

/// How long each layer took, in milliseconds; none where it was not come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Times {
    /// Name to address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<u64>,
    /// Connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<u64>,
    /// Handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<u64>,
    /// From the request to the answer's head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Everything.
    pub total: u64,
}
