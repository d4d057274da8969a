//! How published minutes come: what CloudWatch allows itself to do.

use crate::clock::{MINUTE, Millis};
use crate::values::text;
use serde_json::Value;

/// How metrics come. The default is a good day.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Knobs {
    /// No datapoints of these target groups, or of all when one is empty.
    pub(super) missing: Vec<String>,
    /// Minutes are published so much later.
    pub(super) late: Millis,
    /// So many calls answer `PartialData`, with the older half of the values.
    pub(super) partial: u64,
    /// For so long after it is published a minute shows only a part of its counts.
    pub(super) correction: Option<(Millis, f64)>,
    /// Datapoints of a page.
    pub(super) page: Option<usize>,
}

impl Knobs {
    /// Takes `{"mode", …}`; modes add up, `normal` takes all back.
    ///
    /// # Errors
    /// When the mode is unknown.
    pub(super) fn set(&mut self, request: &Value) -> Result<(), String> {
        let number = |key: &str, default: u64| request.get(key).and_then(Value::as_u64).unwrap_or(default);
        let minutes = Millis::try_from(number("minutes", 5)).unwrap_or(5) * MINUTE;
        match text(request, "mode").as_str() {
            "normal" => *self = Self::default(),
            "missing" => self.missing.push(text(request, "targetGroup")),
            "late" => self.late = minutes,
            "partial" => self.partial = number("calls", 1),
            "corrected" => {
                let factor = request.get("factor").and_then(Value::as_f64).unwrap_or(0.5);
                self.correction = Some((minutes, factor.clamp(0.0, 1.0)));
            }
            "paged" => self.page = usize::try_from(number("datapoints", 2).max(1)).ok(),
            other => {
                return Err(format!(
                    "mode `{other}` is none of normal, missing, late, partial, corrected, paged"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn is_missing(&self, group: &str) -> bool {
        self.missing.iter().any(|name| name.is_empty() || name == group)
    }
}
