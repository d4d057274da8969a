//! What a gate will remember of a verdict.

use crate::gates::evidence::{Asked, Evidence};
use crate::gates::history::{History, Snapshot, key};
use crate::gates::policy::Policy;
use crate::gates::verdict::Verdict;
use crate::reports::Facts;
use crate::reports::facts::Finding;

/// What is remembered: findings always, figures only of a pass of the protected branch.
pub(super) fn remember(
    policy: &Policy,
    asked: &Asked<'_>,
    verdict: &Verdict,
    evidence: &[Evidence<'_>],
    before: &History,
    marks: Vec<(String, Snapshot, bool)>,
) -> History {
    let mut history = before.clone();
    let is_pass = verdict.outcome.lets_through() && asked.branch == Some(policy.protected.as_str());
    for part in evidence {
        let Ok(facts) = part.facts(None) else { continue };
        let key = key(part.source, part.artifact);
        if let Facts::Findings(findings) = &facts {
            let fingerprints = || findings.findings.iter().map(Finding::fingerprint);
            history.saw(fingerprints(), asked.now);
            if is_pass {
                history.known.insert(key.clone(), fingerprints().collect());
            }
        }
        if is_pass && let Ok(parts) = &part.parts {
            history.files.insert(key, parts.iter().map(|(path, _)| path.clone()).collect());
        }
    }
    if is_pass {
        marks
            .into_iter()
            .for_each(|(key, snapshot, more_is_better)| history.mark(key, snapshot, more_is_better));
    }
    history
}
