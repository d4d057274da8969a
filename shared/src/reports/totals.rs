//! Shared by the coverage formats: totals that a file declares, added up and compared with what was counted.

use super::ReportError;
use super::facts::{About, CoverageFacts, Facts, Parsed, Ratio};

/// One declared total; none until the file declares one.
pub(crate) type Total = Option<u64>;

/// Everything that coverage reports declare.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) lines: Total,
    pub(crate) lines_hit: Total,
    pub(crate) branches: Total,
    pub(crate) branches_hit: Total,
    pub(crate) functions: Total,
    pub(crate) functions_hit: Total,
}

/// Adds to a total; nothing when the file does not say.
pub(crate) fn add(total: &mut Total, more: Option<u64>) {
    if let Some(more) = more {
        *total = Some(total.unwrap_or(0).saturating_add(more));
    }
}

impl Totals {
    /// The facts with these totals beside them; an error when nothing was measured.
    pub(crate) fn beside(
        self,
        facts: CoverageFacts,
        mut about: About,
        place: &str,
    ) -> Result<Parsed, ReportError> {
        let (lines, branches, functions) = (facts.lines(), facts.branches(), facts.functions());
        if lines.total == 0 {
            return Err(ReportError::nothing(place, "no line of code is in the report"));
        }
        for (what, declared, counted) in [
            ("coverage.lines, all", self.lines, lines.total),
            ("coverage.lines, hit", self.lines_hit, lines.hit),
            ("coverage.branches, all", self.branches, branches.total),
            ("coverage.branches, hit", self.branches_hit, branches.hit),
            ("coverage.functions, all", self.functions, functions.total),
            ("coverage.functions, hit", self.functions_hit, functions.hit),
        ] {
            about.compare(what, declared, counted);
        }
        for (what, hit, total, counted) in [
            ("lines", self.lines_hit, self.lines, lines),
            ("branches", self.branches_hit, self.branches, branches),
            ("functions", self.functions_hit, self.functions, functions),
        ] {
            if let (Some(hit), Some(total)) = (hit, total)
                && is_apart(Ratio { hit, total }, counted)
            {
                about.odd(format!(
                    "{hit} of {total} {what} are declared hit and {} of {} counted",
                    counted.hit, counted.total
                ));
            }
        }
        Ok(Parsed { facts: Facts::Coverage(facts), about })
    }
}

/// Whether two shares are more than half a percentage point apart.
fn is_apart(a: Ratio, b: Ratio) -> bool {
    if a.total == 0 || b.total == 0 {
        return a.total != b.total;
    }
    let (left, right) = (u128::from(a.hit) * u128::from(b.total), u128::from(b.hit) * u128::from(a.total));
    left.abs_diff(right) * 200 > u128::from(a.total) * u128::from(b.total)
}

/// Whether a hit count is positive. Counts beyond 64 bit, in powers of ten and negative ones are written by real tools; `-` is never
/// reached. None when it is no count.
#[inline]
pub(crate) fn is_hit(count: &[u8]) -> Option<bool> {
    let (mut plain, mut any) = (!count.is_empty(), 0);
    for byte in count {
        plain &= byte.is_ascii_digit();
        any |= byte ^ b'0';
    }
    if plain { Some(any != 0) } else { is_odd_hit(count) }
}

fn is_odd_hit(count: &[u8]) -> Option<bool> {
    let count = count.trim_ascii();
    if count == b"-" {
        return Some(false);
    }
    let (negative, digits) = count.strip_prefix(b"-").map_or((false, count), |digits| (true, digits));
    let mantissa = digits.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let is_number = digits.first().is_some_and(u8::is_ascii_digit)
        && digits
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    is_number.then(|| !negative && mantissa.iter().any(|byte| matches!(byte, b'1'..=b'9')))
}

/// Coverage facts of bytes, for the tests of the formats.
#[cfg(test)]
pub(crate) fn of_bytes(
    read: fn(super::Input<'_>) -> Result<Parsed, ReportError>,
    bytes: &[u8],
) -> (CoverageFacts, About) {
    match super::Input::of_bytes(bytes).and_then(read) {
        Ok(Parsed { facts: Facts::Coverage(facts), about }) => (facts, about),
        other => panic!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_every_kind_are_read() {
        let positive = ["1", "20", "99999999999999999999999999", "1.84467440737096e+19"];
        assert!(positive.iter().all(|count| is_hit(count.as_bytes()) == Some(true)));
        let never = ["0", "-1", "-", "000", "0.0", "0e5"];
        assert!(never.iter().all(|count| is_hit(count.as_bytes()) == Some(false)));
        assert!(["", "x", "1x", "--", "e1"].iter().all(|count| is_hit(count.as_bytes()).is_none()));
    }

    #[test]
    fn half_a_point_is_not_apart_and_more_is() {
        let ratio = |hit, total| Ratio { hit, total };
        assert!(!is_apart(ratio(795, 1000), ratio(800, 1000)));
        assert!(is_apart(ratio(794, 1000), ratio(800, 1000)));
        assert!(is_apart(ratio(0, 0), ratio(1, 2)) && !is_apart(ratio(0, 0), ratio(0, 0)));
    }
}
