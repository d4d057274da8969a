//! Everything that a gate decided, as it is kept: the record, its keys, and as much of it as an item of a table holds.

use super::render::{html, markdown};
use super::verdict::Verdict;
use crate::model::{Approval, Timestamp};
use serde::Serialize;

/// Most bytes of the record in the table; an item of DynamoDB holds 400 KB.
const MAX_BRIEF: usize = 300 * 1024;
/// Conditions and notes that are left when the record is too large for the table.
const LEFT: usize = 100;

/// Everything a gate decided, as it is stored.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Job; for a build the part of its id that is its own.
    pub job_id: String,
    /// Execution, or build (`<project>:<uuid>`).
    pub execution_id: String,
    /// Pipeline, or project of a build.
    pub pipeline: String,
    /// Stage; `build` for a build.
    pub stage: String,
    /// Branch; empty when the gate was not told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// Commit; empty when the gate was not told.
    pub commit_id: String,
    /// Policy name.
    pub policy: String,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Report paths that were read.
    pub reports: Vec<String>,
    /// Digests of the images whose scans were asked for; none for a build, which lets nothing through.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
}

/// The full report as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// A page.
    pub html: String,
    /// A text.
    pub markdown: String,
}

impl Record {
    /// Key of the record without its ending: `.json` for the record, `.html` and `.md` for its pages.
    #[must_use]
    pub fn stem(&self) -> String {
        // The colon in a build's id would have to be escaped wherever the key is a path.
        format!("gates/{}/{}", self.execution_id.replace(':', "/"), self.job_id)
    }

    /// Key of the record.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}.json", self.stem())
    }

    /// What is decided of each of its images.
    #[must_use]
    pub fn approval(&self) -> Approval {
        Approval {
            execution_id: self.execution_id.clone(),
            stage: self.stage.clone(),
            outcome: self.verdict.outcome.word().to_owned(),
            lets_through: self.verdict.outcome.lets_through(),
            decided_at: self.decided_at,
        }
    }

    /// The pages.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages { html: html(self), markdown: markdown(self) }
    }

    /// The record as JSON, without its lists when it is too large for an item of a table; the object in S3 has them.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn brief(&self) -> Result<String, serde_json::Error> {
        let whole = serde_json::to_string(self)?;
        if whole.len() <= MAX_BRIEF {
            return Ok(whole);
        }
        let mut short = self.clone();
        let verdict = &mut short.verdict;
        short.reports.clear();
        verdict.reports.clear();
        verdict.waived.clear();
        verdict.in_grace.clear();
        verdict.quarantined.clear();
        verdict.not_judged.clear();
        verdict.conditions.iter_mut().for_each(|judged| judged.offenders.clear());
        verdict.conditions.sort_by_key(|judged| judged.outcome.lets_through());
        verdict.conditions.truncate(LEFT);
        verdict.notes.truncate(LEFT);
        verdict.notes.push("lists are left out here: the full report has them".to_owned());
        serde_json::to_string(&short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gates::verdict::{Judged, Outcome, Waived};

    fn record(waived: usize) -> Record {
        let one = Waived {
            finding: "GHSA-1".to_owned(),
            component: "<img src=x>".to_owned(),
            reason: "not reachable, by ann".to_owned(),
            expires: "2026-12-24".to_owned(),
        };
        let judged = Judged { id: "a".to_owned(), outcome: Outcome::Fail, ..Judged::default() };
        let verdict = Verdict {
            outcome: Outcome::Fail,
            conditions: vec![judged],
            waived: vec![one; waived],
            ..Verdict::default()
        };
        Record {
            job_id: "j".to_owned(),
            execution_id: "shop-checks:4".to_owned(),
            pipeline: "shop-checks".to_owned(),
            stage: "build".to_owned(),
            branch: String::new(),
            commit_id: String::new(),
            policy: "build".to_owned(),
            decided_at: Timestamp::from_millis(0),
            reports: Vec::new(),
            images: Vec::new(),
            verdict,
        }
    }

    #[test]
    fn a_record_too_large_for_the_table_loses_its_lists_there_and_says_so() {
        assert_eq!(record(1).key(), "gates/shop-checks/4/j.json");
        let small = record(1);
        assert_eq!(small.brief().unwrap(), serde_json::to_string(&small).unwrap());
        let brief = record(10_000).brief().unwrap();
        assert!(brief.len() < 2_000 && brief.contains("the full report has them"), "{brief}");
        assert!(brief.contains(r#""id":"a","outcome":"fail""#), "{brief}");
    }
}
