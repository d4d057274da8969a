//! Coverage of changed lines: which lines of a change can be covered, and which of them were hit.

use crate::reports::facts::{ChangeFacts, CoverageFacts, Lines, Ratio};

/// The coverable lines of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Patch {
    /// Changed lines with a hit, of all that can be covered.
    pub(super) lines: Ratio,
    /// Changed lines without a hit: `path:line`.
    pub(super) missed: Vec<String>,
    /// Changed files of which only counts are known.
    pub(super) unknown: Vec<String>,
}

/// Lines that a message names.
const MOST_NAMED: usize = 20;

/// Compares a change with the coverage of the code after it.
pub(super) fn patch(changes: &ChangeFacts, coverage: &CoverageFacts) -> Patch {
    let mut patch = Patch::default();
    for (path, ranges) in &changes.files {
        let Some(file) = coverage.files.iter().find(|file| is_same(path, &file.path)) else { continue };
        let Lines::Exact(lines) = &file.lines else {
            patch.unknown.push(path.clone());
            continue;
        };
        for number in ranges.iter().cloned().flatten() {
            let Some(hit) = lines.state(number) else { continue };
            patch.lines.add(hit);
            if !hit && patch.missed.len() < MOST_NAMED {
                patch.missed.push(format!("{path}:{number}"));
            }
        }
    }
    patch
}

/// Whether the path of a report means a path of the repository: the same, or one ends with the other at a `/` (absolute paths of a build
/// container, paths from a service's own folder).
fn is_same(changed: &str, covered: &str) -> bool {
    let covered = covered.replace('\\', "/");
    let covered = covered.trim_start_matches("./");
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    ends(covered, changed) || (covered.contains('/') && ends(changed, covered))
}

/// How many lines a change touches at least, from counts by file alone: lines that came or went, or that are hit now and were not.
pub(super) fn at_least_changed(
    before: &std::collections::BTreeMap<String, Ratio>,
    now: &std::collections::BTreeMap<String, Ratio>,
) -> u64 {
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let of = |path: &String| {
        let (then, today) =
            (before.get(path).copied().unwrap_or_default(), now.get(path).copied().unwrap_or_default());
        then.total.abs_diff(today.total).max(then.hit.abs_diff(today.hit))
    };
    paths.into_iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::facts::{FileCoverage, LineSet};
    use std::collections::BTreeMap;

    fn coverage(path: &str) -> CoverageFacts {
        let mut lines = LineSet::default();
        for (number, hit) in [(1, true), (2, false), (3, true), (9, false)] {
            lines.add(number, hit);
        }
        let file = FileCoverage {
            path: path.to_owned(),
            lines: Lines::Exact(lines),
            branches: Ratio::default(),
            functions: Ratio::default(),
        };
        CoverageFacts { files: vec![file] }
    }

    #[test]
    fn only_changed_lines_that_can_be_covered_count() {
        let changes =
            ChangeFacts { files: BTreeMap::from([("services/api/src/a.js".to_owned(), vec![2..=5])]) };
        for path in ["services/api/src/a.js", "/build/services/api/src/a.js", "src/a.js", "api\\src\\a.js"] {
            let patch = patch(&changes, &coverage(path));
            assert_eq!(
                (patch.lines, patch.missed),
                (Ratio { hit: 1, total: 2 }, vec!["services/api/src/a.js:2".to_owned()]),
                "{path}"
            );
        }
        for path in ["a.js", "other/a.js", "xsrc/a.js"] {
            assert_eq!(patch(&changes, &coverage(path)), Patch::default(), "{path}");
        }
    }
}
