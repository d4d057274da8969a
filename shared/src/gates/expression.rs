//! Conditions in CEL, where the gate was built with the cargo feature `cel` (ADR 0014). Any error of the evaluation fails the condition.

use super::evidence::{Asked, Evidence};
use super::judge::blank;
use super::policy::Condition;
use super::verdict::{Judged, Outcome};

/// Judges an expression.
#[cfg(not(feature = "cel"))]
pub(super) fn judge(condition: &Condition, _: &str, _: &str, _: &[Evidence<'_>], _: &Asked<'_>) -> Judged {
    let message = format!("`{}` cannot be judged: `expr` is not built into this gate", condition.id);
    Judged { message, ..blank(condition, Outcome::Error) }
}
