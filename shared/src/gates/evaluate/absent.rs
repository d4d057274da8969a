//! What is said where there is nothing to judge.

use super::KEPT_NAMES;
use crate::gates::evidence::{Absent, Evidence};
use crate::gates::judge::blank;
use crate::gates::policy::{Condition, Measure, Missing, On};
use crate::gates::verdict::{Judged, Outcome};
use crate::reports::Facts;

/// Why a figure cannot be measured.
pub(super) fn unmeasured(condition: &Condition, measure: Measure<'_>, facts: &Facts) -> String {
    let label =
        condition.label.as_ref().map(|label| format!(" for label `{}`", crate::gates::render::plain(label)));
    let label = label.unwrap_or_default();
    let mut words =
        format!("`{}` cannot be measured{label} in a {} report", measure.metric, facts.kind().word());
    if let (Facts::Performance(performance), Some(label)) = (facts, &condition.label) {
        let known: Vec<&str> = performance.labels.keys().map(String::as_str).take(KEPT_NAMES).collect();
        words.push_str(&crate::gates::policy::nearest(label, &known));
    }
    words
}

/// A condition without evidence.
pub(super) fn absent(condition: &Condition, absent: &Absent) -> Judged {
    let outcome = match (absent, condition.missing, condition.on) {
        (Absent::Pending(_), ..) => Outcome::Pending,
        (Absent::Missing(_), Missing::Warn, _) => Outcome::Warn,
        (Absent::Missing(_), Missing::Fail, On::Fail | On::Warn) | (Absent::Broken(_), ..) => Outcome::Error,
    };
    let waits = if outcome == Outcome::Pending { "waits" } else { "cannot be judged" };
    Judged { message: format!("`{}` {waits}: {}", condition.id, absent.words()), ..blank(condition, outcome) }
}

/// Something about a source itself.
pub(super) fn of_source(part: &Evidence<'_>) -> Judged {
    Judged {
        id: format!("source {}", part.source),
        source: part.source.to_owned(),
        artifact: part.artifact.map(ToOwned::to_owned),
        ..Judged::default()
    }
}

/// A source without evidence that there must be.
pub(super) fn without_evidence(part: &Evidence<'_>, why: &str) -> Judged {
    let artifact = part.artifact.map(|artifact| format!("{artifact}: ")).unwrap_or_default();
    let outcome = match part.parts {
        Err(Absent::Pending(_)) => Outcome::Pending,
        Err(Absent::Missing(_) | Absent::Broken(_)) | Ok(_) => Outcome::Error,
    };
    Judged {
        message: format!("{artifact}source `{}` has no evidence: {why}", part.source),
        outcome,
        ..of_source(part)
    }
}
