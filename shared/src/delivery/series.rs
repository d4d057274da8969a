//! What was seen: counts of green and blue in the same settled minutes.
//!
//! A minute that is not in a [`Series`], or a metric that is not in a [`Minute`], was not measured. It is never taken as zero: only whoever
//! reads a metric knows when a missing datapoint is a zero (`aws::minutes`). Must not: judge.

use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One arm in one minute: how many events, and how many of them were bad. Written as `[total, bad]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Arm {
    /// All events: requests, samples.
    pub total: u64,
    /// Of those, bad ones; never more than `total` where a reader can see to it.
    pub bad: u64,
}

impl From<(u64, u64)> for Arm {
    fn from((total, bad): (u64, u64)) -> Self {
        Self { total, bad }
    }
}

impl From<Arm> for (u64, u64) {
    fn from(arm: Arm) -> Self {
        (arm.total, arm.bad)
    }
}

impl Arm {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { total: self.total.saturating_add(other.total), bad: self.bad.saturating_add(other.bad) }
    }

    /// Share of bad events, 0..=1; none without events.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.total > 0).then(|| number(self.bad) / number(self.total))
    }
}

/// Green and blue in the same minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pair {
    /// The new version.
    pub green: Arm,
    /// The running version.
    pub blue: Arm,
}

impl Pair {
    /// Total and bad events of green, then of blue.
    #[must_use]
    pub const fn of(green: (u64, u64), blue: (u64, u64)) -> Self {
        Self { green: Arm { total: green.0, bad: green.1 }, blue: Arm { total: blue.0, bad: blue.1 } }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { green: self.green.plus(other.green), blue: self.blue.plus(other.blue) }
    }

    /// Whether the split of bad events in this minute says anything: both arms had events.
    #[must_use]
    pub const fn compares(self) -> bool {
        self.green.total > 0 && self.blue.total > 0
    }

    /// The arms exchanged: for events of which fewer are worse.
    #[must_use]
    pub const fn swapped(self) -> Self {
        Self { green: self.blue, blue: self.green }
    }
}

/// A value of each arm in one minute, for thresholds on what cannot be counted.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Values {
    /// The new version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub green: Option<f64>,
    /// The running version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blue: Option<f64>,
}

/// One settled minute.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Minute {
    /// Counts by metric id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, Pair>,
    /// Values by metric id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Values>,
}

impl Minute {
    /// A minute of one metric.
    #[must_use]
    pub fn of(metric: &str, pair: Pair) -> Self {
        Self { counts: BTreeMap::from([(metric.to_owned(), pair)]), values: BTreeMap::new() }
    }

    /// Whether green did anything that was counted.
    #[must_use]
    pub fn has_green(&self) -> bool {
        self.counts.values().any(|pair| pair.green.total > 0)
    }

    /// Whether blue did anything that was counted.
    #[must_use]
    pub fn has_blue(&self) -> bool {
        self.counts.values().any(|pair| pair.blue.total > 0)
    }
}

/// Settled minutes by their start.
pub type Series = BTreeMap<Timestamp, Minute>;

/// Minutes from the first one in which green had traffic.
pub fn shifted(series: &Series) -> impl Iterator<Item = (Timestamp, &Minute)> {
    series.iter().map(|(at, minute)| (*at, minute)).skip_while(|(_, minute)| !minute.has_green())
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_written_in_few_characters_and_read_again() {
        let minute = Minute::of("errors", Pair::of((600, 3), (5400, 27)));
        let text = serde_json::to_string(&minute).unwrap();
        insta::assert_snapshot!(text, @r#"{"counts":{"errors":{"green":[600,3],"blue":[5400,27]}}}"#);
        assert_eq!(serde_json::from_str::<Minute>(&text).unwrap(), minute);
    }

    #[test]
    fn what_came_before_greens_first_event_is_no_part_of_the_shift() {
        let at = |minute: i64| Timestamp::from_millis(minute * crate::model::MINUTE);
        let pairs = [Pair::of((0, 0), (10, 0)), Pair::of((1, 0), (9, 0)), Pair::of((0, 0), (10, 0))];
        let series: Series = (0..).map(at).zip(pairs.map(|pair| Minute::of("errors", pair))).collect();
        assert_eq!(shifted(&series).map(|(minute, _)| minute).collect::<Vec<_>>(), [at(1), at(2)]);
        assert_eq!(Arm::default().rate(), None, "nothing happened is no rate");
    }
}
