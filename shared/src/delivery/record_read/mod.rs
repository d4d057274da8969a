//! Records of past watches: read from a file, computed again, and tried under another policy.
//!
//! Must not: believe a record. What cannot be read or computed is said; nothing is filled in.

pub mod calibrate;
pub mod replay;

use super::watch::{RECORD_VERSION, Watch};
use serde_json::Value;

/// A record that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// No JSON, or not of a watch.
    #[error("this is no record of a watch: {0}")]
    Unreadable(String),
    /// Of another release.
    #[error("the record has version {0}, this release reads {RECORD_VERSION}")]
    Version(u64),
}

/// Reads a record: the JSON body of the table's item, or the whole item as `aws dynamodb get-item` prints it.
///
/// # Errors
/// [`RecordError`], with line and column for syntax.
pub fn read(text: &str) -> Result<Watch, RecordError> {
    let unreadable = |error: serde_json::Error| RecordError::Unreadable(error.to_string());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(unreadable)?;
    let body = value.pointer("/Item/body/S").or_else(|| value.pointer("/body/S")).and_then(Value::as_str);
    let value = match body {
        Some(body) => serde_json::from_str(body).map_err(unreadable)?,
        None => value,
    };
    match value.get("record").and_then(Value::as_u64) {
        Some(version) if version == u64::from(RECORD_VERSION) => {}
        Some(version) => return Err(RecordError::Version(version)),
        None => {
            return Err(RecordError::Unreadable("it has no `record`, the version of its format".to_owned()));
        }
    }
    serde_json::from_value(value).map_err(unreadable)
}

#[cfg(test)]
#[cfg(feature = "watch-report")]
mod tests;
