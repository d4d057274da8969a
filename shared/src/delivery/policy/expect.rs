//! What an answer must be like.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What must hold of an answer; everything that is written must.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// One of these.
    pub status: Vec<u16>,
    /// Regular expression for each header.
    pub headers: BTreeMap<String, String>,
    /// Members of a JSON body.
    pub json: Vec<Member>,
    /// Regular expression that the body has a match of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_matches: Option<String>,
    /// SHA-256 of the body, 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_sha256: Option<String>,
    /// Header that names the commit which the task definition names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_header: Option<String>,
}

impl Default for Expect {
    fn default() -> Self {
        Self {
            status: vec![200],
            headers: BTreeMap::new(),
            json: Vec::new(),
            body_matches: None,
            body_sha256: None,
            version_header: None,
        }
    }
}

/// What a member of a JSON body must be like: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// The value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Value>,
    /// A regular expression for a text, or for the JSON of anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Whether it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
}
