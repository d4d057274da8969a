//! Short reads of JSON documents, locks that survive a panic, and identifiers in AWS's shapes. No decisions.

use crate::clock::Millis;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock; what a panicking holder left behind is used as it is.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A text member; empty when it is absent or no text.
#[must_use]
pub fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A list member; empty when it is absent.
#[must_use]
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text behind a JSON pointer; empty when absent.
#[must_use]
pub fn at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Texts of a list member.
#[must_use]
pub fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// Epoch seconds with milliseconds, as the JSON protocols carry a timestamp.
#[must_use]
pub fn seconds(at: Millis) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are far below 2^52")]
    let millis = at as f64;
    millis / 1000.0
}

/// An optional timestamp; null when absent.
#[must_use]
pub fn moment(at: Option<Millis>) -> Value {
    at.map_or(Value::Null, |at| seconds(at).into())
}

/// RFC 3339 in UTC with seconds, as EventBridge writes `time`.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    let at = jiff::Timestamp::from_second(at.div_euclid(1000)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// RFC 3339 in UTC with milliseconds, as `start-time` of pipeline events.
#[must_use]
pub fn rfc3339_millis(at: Millis) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Hexadecimal SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn fresh() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    static SEED: std::sync::OnceLock<u128> = std::sync::OnceLock::new();
    let seed = SEED.get_or_init(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        since.as_nanos() ^ (u128::from(std::process::id()) << 64)
    });
    sha256(format!("{seed}/{}", COUNT.fetch_add(1, Ordering::Relaxed)).as_bytes())
}

/// A fresh UUID in the shape of version 4.
#[must_use]
pub fn uuid() -> String {
    let hex = fresh();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// A fresh CodeDeploy deployment id: `d-` and nine capitals or digits.
#[must_use]
pub fn deployment_id() -> String {
    format!("d-{}", fresh().get(..9).unwrap_or_default().to_uppercase())
}

/// `length` fresh hexadecimal digits, at most 64.
#[must_use]
pub fn hex_id(length: usize) -> String {
    fresh().get(..length).unwrap_or_default().to_owned()
}
