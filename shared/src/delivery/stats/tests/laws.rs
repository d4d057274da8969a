//! What holds for all values.

use super::super::Alternative::{Greater, Less, TwoSided};
use super::super::{Method, RankSum, Sample, Unfit, mean_ratio, percentile, shift};
use super::sample;
use proptest::collection::vec;
use proptest::prelude::*;

const METHODS: [Method; 3] =
    [Method::Auto, Method::Approximate { continuity: true }, Method::Approximate { continuity: false }];

/// Measurements with ties: whole numbers.
fn whole() -> impl Strategy<Value = Vec<f64>> {
    vec((-30_i32..60).prop_map(f64::from), 1..20)
}

/// Anything that is a number.
fn any_number() -> impl Strategy<Value = Vec<f64>> {
    let number = prop_oneof![
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        (-5_i32..5).prop_map(f64::from),
        Just(1e300),
        Just(-1e300),
    ];
    vec(number.prop_filter("in range", |value| value.abs() <= super::super::LARGEST), 1..20)
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

proptest! {
    #[test]
    fn units_change_neither_p_nor_the_sign_of_the_interval(x in whole(), y in whole(), power in -40_i32..40) {
        // Powers of ten are not exact in binary; so the shift is compared, not its last digit.
        let factor = 10_f64.powi(power);
        let scaled = |values: &[f64]| values.iter().map(|value| value * factor).collect::<Vec<_>>();
        let (x, y, sx, sy) = (sample(&x), sample(&y), sample(&scaled(&x)), sample(&scaled(&y)));
        for method in METHODS {
            let (one, other) = (RankSum::of(&x, &y), RankSum::of(&sx, &sy));
            prop_assert_eq!(one.test(TwoSided, method).unwrap(), other.test(TwoSided, method).unwrap());
        }
        let (one, other) = (shift(&x, &y, 0.98).unwrap(), shift(&sx, &sy, 0.98).unwrap());
        let near = |a: f64, b: f64| (a * factor - b).abs() <= 1e-13 * 100.0 * factor;
        prop_assert!(near(one.estimate, other.estimate), "{one:?} {other:?}");
        prop_assert!(near(one.lower, other.lower) && near(one.upper, other.upper));
    }

    #[test]
    fn moving_one_sample_moves_the_shift_by_as_much(x in whole(), y in whole(), by in -50_i32..50) {
        let moved: Vec<f64> = x.iter().map(|value| value + f64::from(by)).collect();
        let (one, other) = (shift(&sample(&x), &sample(&y), 0.98), shift(&sample(&moved), &sample(&y), 0.98));
        prop_assert!(same(one.unwrap().estimate + f64::from(by), other.unwrap().estimate));
    }

    #[test]
    fn swapping_the_samples_swaps_less_and_greater(x in whole(), y in whole()) {
        let (x, y) = (sample(&x), sample(&y));
        let (one, other) = (RankSum::of(&x, &y), RankSum::of(&y, &x));
        for method in METHODS {
            let (less, greater) = (one.test(Less, method).unwrap(), other.test(Greater, method).unwrap());
            prop_assert!(same(less.p, greater.p));
            prop_assert!(same(one.test(TwoSided, method).unwrap().p, other.test(TwoSided, method).unwrap().p));
        }
        prop_assert!(same(one.superiority() + other.superiority(), 1.0));
        let (one, other) = (shift(&x, &y, 0.98).unwrap(), shift(&y, &x, 0.98).unwrap());
        prop_assert!(same(one.estimate, -other.estimate));
        prop_assert!(same(one.lower, -other.upper) && same(one.upper, -other.lower));
    }

    #[test]
    fn numbers_never_give_what_is_no_number(x in any_number(), y in any_number(), share in 0.0..=1.0) {
        let (x, y) = (sample(&x), sample(&y));
        let ranked = RankSum::of(&x, &y);
        for method in METHODS {
            for alternative in [TwoSided, Less, Greater] {
                let p = ranked.test(alternative, method).unwrap().p;
                prop_assert!((0.0..=1.0).contains(&p));
            }
        }
        let shift = shift(&x, &y, share).unwrap();
        prop_assert!(shift.lower <= shift.estimate && shift.estimate <= shift.upper, "{shift:?}");
        prop_assert!((0.0..=1.0).contains(&ranked.superiority()) && !percentile(&x, share).is_nan());
        prop_assert!(mean_ratio(&x, &y).is_none_or(f64::is_finite));
    }

    #[test]
    fn a_value_that_is_no_number_is_always_refused(mut x in any_number(), place in any::<prop::sample::Index>()) {
        let place = place.index(x.len());
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            x[place] = bad;
            let refused = matches!(Sample::new(x.clone()), Err(Unfit::Value { place: at, .. }) if at == place + 1);
            prop_assert!(refused);
        }
    }
}
