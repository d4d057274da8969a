//! What is simulated, and what it has to come to (DESIGN §4).

use crate::method::Method;
use crate::tally::Count;
use crate::world::{Share, World};

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At most so many per cent.
    AtMost(f64),
    /// At least so many per cent, and half of them by this minute.
    AtLeast(f64, usize),
}

impl Target {
    /// Whether `count` meets it, when so many standard errors are left to chance.
    pub(crate) fn is_met(self, count: &Count, errors: f64) -> bool {
        match self {
            Self::AtMost(most) => count.percent() <= most + errors * count.error(most),
            Self::AtLeast(least, by) => {
                count.percent() >= least - errors * count.error(least)
                    && count.median().is_some_and(|minute| minute <= by)
            }
        }
    }

    pub(crate) fn words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most}"),
            Self::AtLeast(least, by) => format!("≥ {least} ({by})"),
        }
    }
}

/// One row of the table.
pub(crate) struct Cell {
    pub(crate) name: &'static str,
    pub(crate) world: World,
    /// Whose figure has to be what.
    pub(crate) targets: &'static [(Method, Target)],
}

const FALSE: &[(Method, Target)] = &[
    (Method::Default, Target::AtMost(0.3)),
    (Method::Judged, Target::AtMost(0.3)),
    (Method::NoWarmUp, Target::AtMost(0.3)),
];
const DOUBLED: &[(Method, Target)] = &[
    (Method::Default, Target::AtLeast(97.0, 6)),
    (Method::Judged, Target::AtLeast(97.0, 6)),
    (Method::NoWarmUp, Target::AtLeast(97.0, 6)),
];
const COLD: &[(Method, Target)] =
    &[(Method::Default, Target::AtMost(0.5)), (Method::Judged, Target::AtMost(0.5))];
const NOISY: &[(Method, Target)] =
    &[(Method::Default, Target::AtMost(1.5)), (Method::Judged, Target::AtMost(1.5))];

/// Requests per minute of a small and of an ordinary service.
const SMALL: f64 = 600.0;
const ORDINARY: f64 = 6_000.0;

/// All rows.
pub(crate) fn cells() -> Vec<Cell> {
    let cell = |name, world, targets| Cell { name, world, targets };
    let (small, ordinary) = (|ratio| World::new(SMALL, ratio), |ratio| World::new(ORDINARY, ratio));
    let noisy = |ratio| World { noise: 0.5, ..ordinary(ratio) };
    let linear = |rpm, ratio| World { share: Share::Linear(0.1), ..World::new(rpm, ratio) };
    let many = |metrics, ratio| World { metrics, ..ordinary(ratio) };
    vec![
        cell("600 rpm, ×1", small(1.0), FALSE),
        cell("600 rpm, ×2", small(2.0), &[]),
        cell("600 rpm, ×5", small(5.0), &[]),
        cell("6,000 rpm, ×1", ordinary(1.0), FALSE),
        cell("6,000 rpm, ×1.5", ordinary(1.5), &[]),
        cell("6,000 rpm, ×2", ordinary(2.0), DOUBLED),
        cell("6,000 rpm, ×5", ordinary(5.0), &[]),
        cell("shared outages, ×1", World { outages: true, ..ordinary(1.0) }, FALSE),
        cell("noisy arms, ×1", noisy(1.0), NOISY),
        cell("noisy arms, ×2", noisy(2.0), &[]),
        cell("noisy arms, ×3", noisy(3.0), &[]),
        cell("cold start, ×1", World { is_cold: true, ..ordinary(1.0) }, COLD),
        cell("linear shift, 600 rpm, ×1", linear(SMALL, 1.0), FALSE),
        cell("linear shift, 600 rpm, ×2", linear(SMALL, 2.0), &[]),
        cell("linear shift, 6,000 rpm, ×1", linear(ORDINARY, 1.0), FALSE),
        cell("linear shift, 6,000 rpm, ×2", linear(ORDINARY, 2.0), &[]),
        cell("3 metrics, all ×1", many(3, 1.0), FALSE),
        cell("3 metrics, one ×2", many(3, 2.0), &[]),
        cell("6 metrics, all ×1", many(6, 1.0), FALSE),
        cell("6 metrics, one ×2", many(6, 2.0), &[]),
    ]
}

/// Expected bad events of green in 15 minutes if it were as good as blue, for the table of what can be seen.
pub(crate) const EXPECTED: [f64; 7] = [2.0, 5.0, 10.0, 20.0, 30.0, 45.0, 90.0];
/// And how bad it is.
pub(crate) const RATIOS: [f64; 4] = [1.5, 2.0, 3.0, 5.0];

/// What the prototype of the method found (without noise, 20,000 runs), in the order of [`EXPECTED`] and [`RATIOS`].
pub(crate) const FOUND: [[u32; 4]; 7] = [
    [1, 4, 19, 66],
    [3, 12, 55, 98],
    [5, 30, 90, 100],
    [12, 65, 100, 100],
    [21, 86, 100, 100],
    [37, 97, 100, 100],
    [76, 100, 100, 100],
];

/// A shift in which so many bad events are expected of green: 10 % canary, 0.5 %.
pub(crate) fn expecting(events: f64, ratio: f64) -> World {
    let minutes = f64::from(u32::try_from(crate::world::HORIZON).unwrap_or(15));
    World::new(events / minutes / 0.005 / 0.1, ratio)
}

/// Most of the releases that are twice, or three times, as bad as blue that may be promoted; β promises 5 %.
pub(crate) const WRONGLY: [Target; 2] = [Target::AtMost(2.7), Target::AtMost(0.06)];
/// Traffic of the table of promotions.
pub(crate) const PROMOTED: [f64; 4] = [600.0, 2_000.0, 6_000.0, 12_000.0];
