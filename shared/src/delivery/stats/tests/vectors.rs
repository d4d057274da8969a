//! Vectors computed with SciPy 1.17.1 (`mannwhitneyu`, `numpy.median` of the differences), and closed forms.

use super::super::Alternative::{Greater, Less, TwoSided};
use super::super::gamma::{log_beta, log_beta_binomial, log_gamma, log_rising};
use super::super::{
    Alternative, Method, RankSum, Sample, Unfit, mean, mean_ratio, normal, percentile, shift, sum,
};
use super::{assert_close, sample};

const CORRECTED: Method = Method::Approximate { continuity: true };
const PLAIN: Method = Method::Approximate { continuity: false };

const A: [f64; 5] = [19.0, 22.0, 16.0, 29.0, 24.0];
const B: [f64; 4] = [20.0, 11.0, 17.0, 12.0];
const C: [f64; 7] = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0];
const D: [f64; 8] = [2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 5.0];
const F: [f64; 8] = [0.0021, 0.0019, 0.0024, 0.0030, 0.0022, 0.0027, 0.0025, 0.0026];
const G: [f64; 8] = [0.0018, 0.0020, 0.0017, 0.0021, 0.0016, 0.0019, 0.0022, 0.0015];
/// The same in millionths, not multiplied, so that the ties are the same.
const F_PPM: [f64; 8] = [2100.0, 1900.0, 2400.0, 3000.0, 2200.0, 2700.0, 2500.0, 2600.0];
const G_PPM: [f64; 8] = [1800.0, 2000.0, 1700.0, 2100.0, 1600.0, 1900.0, 2200.0, 1500.0];
const SLOW: [f64; 15] =
    [125.3, 172.4, 128.9, 110.7, 139.0, 121.4, 112.7, 147.5, 137.5, 121.4, 100.9, 121.6, 121.2, 142.3, 128.5];
const QUICK: [f64; 15] =
    [127.8, 111.9, 113.6, 113.1, 96.7, 76.4, 104.3, 94.7, 74.4, 89.8, 83.9, 59.0, 108.4, 101.9, 88.8];
const MANY: [f64; 20] =
    [1.0, 0.0, 3.0, 6.0, 3.0, 2.0, 1.0, 2.0, 2.0, 1.0, 5.0, 3.0, 6.0, 3.0, 2.0, 5.0, 3.0, 3.0, 5.0, 2.0];
const FEW: [f64; 20] =
    [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 3.0, 2.0, 2.0, 3.0, 1.0, 2.0];
const RARE: [f64; 15] = [0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 3.0, 1.0, 0.0, 0.0, 0.0, 1.0, 2.0];
const RARER: [f64; 15] = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
const SHORT: [f64; 12] = [2.0, 6.0, 4.0, 3.0, 5.0, 4.0, 0.0, 3.0, 5.0, 1.0, 1.0, 0.0];
const LONG: [f64; 48] = [
    4.0, 4.0, 3.0, 4.0, 2.0, 1.0, 2.0, 0.0, 0.0, 2.0, 1.0, 4.0, 2.0, 8.0, 3.0, 1.0, 1.0, 4.0, 1.0, 1.0, 2.0,
    1.0, 3.0, 3.0, 4.0, 3.0, 2.0, 5.0, 2.0, 3.0, 3.0, 3.0, 6.0, 3.0, 2.0, 3.0, 3.0, 3.0, 7.0, 2.0, 4.0, 5.0,
    1.0, 4.0, 5.0, 7.0, 5.0, 3.0,
];

/// One row: samples, what is asked, U, p, shift, and the ends of the 98 % interval where the table has them.
struct Row<'a>(&'a [f64], &'a [f64], Alternative, Method, f64, f64, f64, Option<(f64, f64)>);

fn check(rows: &[Row<'_>]) {
    for (row, Row(x, y, alternative, method, u, p, estimate, ends)) in rows.iter().enumerate() {
        let (x, y) = (sample(x), sample(y));
        let test = RankSum::of(&x, &y).test(*alternative, *method).unwrap();
        assert!((test.u - u).abs() < f64::EPSILON, "row {row}: U {} is not {u}", test.u);
        assert_close(test.p, *p, 1e-9, &format!("row {row}: p"));
        assert_eq!(test.exact, *method == Method::Exact);
        let shift = shift(&x, &y, 0.98).unwrap();
        let close = |actual, expected: f64, what: &str| {
            let allowed = 1e-12 * expected.abs().max(1e-6);
            assert!(f64::abs(actual - expected) <= allowed, "row {row}: {what} {actual} is not {expected}");
        };
        close(shift.estimate, *estimate, "shift");
        if let Some((lower, upper)) = ends {
            close(shift.lower, *lower, "lower end");
            close(shift.upper, *upper, "upper end");
        }
    }
}

#[test]
fn small_samples_give_the_p_of_scipy_exactly_and_approximately() {
    let one_to_ten: Vec<f64> = (1..=10).map(f64::from).collect();
    check(&[
        Row(&A, &B, TwoSided, CORRECTED, 17.0, 0.111_346_886_5, 7.0, Some((-4.0, 18.0))),
        Row(&A, &B, TwoSided, Method::Exact, 17.0, 1.0 / 9.0, 7.0, None),
        Row(&A, &B, Greater, CORRECTED, 17.0, 0.055_673_443_27, 7.0, None),
        Row(&A, &B, Greater, Method::Exact, 17.0, 1.0 / 18.0, 7.0, None),
        Row(&A, &B, Less, CORRECTED, 17.0, 0.966_903_710_1, 7.0, None),
        Row(&A, &B, Less, Method::Exact, 17.0, 0.968_253_968_253_968_2, 7.0, None),
        Row(&A, &B, TwoSided, PLAIN, 17.0, 0.086_410_732_97, 7.0, None),
        Row(&[9.5], &one_to_ten, Greater, CORRECTED, 9.0, 0.134_190_813_6, 4.0, Some((-0.5, 8.5))),
        Row(&[9.5], &one_to_ten, Greater, Method::Exact, 9.0, 2.0 / 11.0, 4.0, None),
        Row(&[1.0], &[2.0], TwoSided, CORRECTED, 0.0, 1.0, -1.0, Some((-1.0, -1.0))),
    ]);
}

#[test]
fn equal_values_are_corrected_for_as_scipy_does() {
    let (low, high) = ([1.0, 2.0, 3.0, 4.0, 5.0], [10.0, 11.0, 12.0, 13.0, 14.0]);
    check(&[
        Row(&C, &D, TwoSided, CORRECTED, 11.0, 0.049_238_967_84, -1.0, Some((-3.0, 0.0))),
        Row(&C, &D, Greater, CORRECTED, 11.0, 0.981_497_070_2, -1.0, None),
        Row(&C, &D, Less, CORRECTED, 11.0, 0.024_619_483_92, -1.0, None),
        Row(&C, &D, TwoSided, PLAIN, 11.0, 0.042_753_718_26, -1.0, None),
        Row(&[5.0; 5], &[5.0; 6], TwoSided, CORRECTED, 15.0, 1.0, 0.0, Some((0.0, 0.0))),
        Row(&high, &low, TwoSided, CORRECTED, 25.0, 0.012_185_780_36, 9.0, Some((6.0, 12.0))),
        Row(&low, &high, Less, CORRECTED, 0.0, 0.006_092_890_178, -9.0, Some((-12.0, -6.0))),
        Row(&[10.0; 5], &[1.0; 5], TwoSided, CORRECTED, 25.0, 0.003_976_751_71, 9.0, Some((9.0, 9.0))),
    ]);
}

#[test]
fn measured_series_give_the_p_of_scipy_and_the_interval_of_order_statistics() {
    let (below, above) = ([-4.0, -2.0, -2.0, 0.0, 1.0, 1.0], [-3.0, -1.0, 0.0, 2.0, 5.0, 7.0]);
    let (huge, half) = ([1e15, 2e15, 3e15, 4e15], [1e15, 1e15, 2e15, 0.5e15]);
    check(&[
        Row(&RARE, &RARER, Greater, CORRECTED, 151.5, 0.015_439_763_45, 0.0, Some((0.0, 1.0))),
        Row(&F, &G, Greater, CORRECTED, 58.5, 0.003_103_985_924, 0.0006, Some((0.0001, 0.001))),
        Row(&F_PPM, &G_PPM, Greater, CORRECTED, 58.5, 0.003_103_985_924, 600.0, Some((100.0, 1000.0))),
        Row(&above, &below, TwoSided, CORRECTED, 25.5, 0.259_817_508, 2.0, Some((-2.0, 9.0))),
        Row(&huge, &half, TwoSided, CORRECTED, 13.5, 0.136_658_247_7, 1.25e15, Some((-1e15, 3.5e15))),
        Row(&SLOW, &QUICK, Greater, CORRECTED, 206.0, 5.718_517_453e-5, 31.4, Some((15.3, 47.2))),
        Row(&MANY, &FEW, Greater, CORRECTED, 305.5, 0.001_682_864_76, 1.0, Some((0.0, 2.0))),
        Row(&MANY, &FEW, TwoSided, CORRECTED, 305.5, 0.003_365_729_52, 1.0, None),
        Row(&SHORT, &LONG, TwoSided, CORRECTED, 280.0, 0.888_046_905_3, 0.0, Some((-2.0, 1.0))),
    ]);
}

#[test]
fn automatic_counts_orders_only_for_small_samples_without_equal_values() {
    let auto = |x: &[f64], y: &[f64]| {
        RankSum::of(&sample(x), &sample(y)).test(TwoSided, Method::Auto).unwrap().exact
    };
    let row = |from: u32, count: u32| (from..from + count).map(f64::from).collect::<Vec<_>>();
    assert!(auto(&A, &B));
    assert!(!auto(&C, &D), "equal values");
    assert!(auto(&row(0, 8), &row(100, 60)), "one of them is small");
    assert!(!auto(&row(0, 9), &row(100, 9)));
    assert!(!auto(&row(0, 8), &row(100, 5000)), "too many to count");
}

#[test]
fn an_exact_p_that_cannot_be_counted_is_an_error_and_not_a_guess() {
    let exact = |x: &Sample, y: &Sample| RankSum::of(x, y).test(TwoSided, Method::Exact).unwrap_err();
    let long = sample(&(0..500).map(f64::from).collect::<Vec<_>>());
    let longer = sample(&(1000..2000).map(f64::from).collect::<Vec<_>>());
    insta::assert_snapshot!(exact(&sample(&C), &sample(&D)), @"the exact distribution holds only where no two values are equal; take the normal approximation");
    insta::assert_snapshot!(exact(&long, &longer), @"500 and 1000 values are too many for the exact distribution; take the normal approximation");
    let day = sample(&vec![0.0; 1440]);
    let week = sample(&vec![0.0; 10_080]);
    insta::assert_snapshot!(shift(&day, &week, 0.98).unwrap_err(), @"14515200 pairs of values are more than the 8388608 that are compared");
}

#[test]
fn what_is_no_number_is_refused_with_its_place() {
    insta::assert_snapshot!(Sample::new([]).unwrap_err(), @"there are no values");
    insta::assert_snapshot!(Sample::new([1.0, f64::NAN]).unwrap_err(), @"value 2 of 2 is `NaN`, which is not between -1e300 and 1e300");
    insta::assert_snapshot!(Sample::new([f64::NEG_INFINITY]).unwrap_err(), @"value 1 of 1 is `-inf`, which is not between -1e300 and 1e300");
    assert_eq!(Sample::new([1e301]).unwrap_err(), Unfit::Value { place: 1, count: 1, value: 1e301 });
    assert!(sample(&[-0.0, 0.0]).is_constant());
}

#[test]
fn the_interval_says_when_there_are_too_few_values_for_its_confidence() {
    assert!(!shift(&sample(&[1.0]), &sample(&[2.0]), 0.98).unwrap().reached);
    assert!(shift(&sample(&A), &sample(&B), 0.98).unwrap().reached);
    assert!(!shift(&sample(&A), &sample(&B), 0.999).unwrap().reached);
}

#[test]
fn the_normal_distribution_has_twelve_digits_in_the_middle_and_in_the_tails() {
    // mpmath, 50 digits.
    for (z, p) in [
        (0.0, 0.5),
        (0.5, 0.308_537_538_725_986_9),
        (1.0, 0.158_655_253_931_457_05),
        (2.0, 0.022_750_131_948_179_21),
        (2.9, 0.001_865_813_300_384_037_8),
        (5.0, 2.866_515_718_791_939e-7),
        (10.0, 7.619_853_024_160_526e-24),
        (30.0, 4.906_713_927_148_188e-198),
    ] {
        assert_close(normal::above(z), p, 1e-12, &format!("above({z})"));
        assert_close(normal::below(-z), p, 1e-12, &format!("below(-{z})"));
        assert!((normal::quantile(p) + z).abs() < 1e-12, "quantile({p})");
    }
    assert_close(normal::quantile(0.99), 2.326_347_874_040_841, 1e-14, "z of 98 %");
    assert!(normal::quantile(0.0) == f64::NEG_INFINITY && normal::quantile(1.0) == f64::INFINITY);
}

#[test]
fn both_ways_to_the_error_function_meet() {
    let mut z: f64 = 1.0;
    while z < 4.0 {
        let step = (normal::erfc(z) - normal::erfc(z + 1e-6)) / 1e-6;
        let slope = 2.0 / std::f64::consts::PI.sqrt() * (-(z + 5e-7).powi(2)).exp();
        assert!((step / slope - 1.0).abs() < 1e-7, "at {z}: {step} is not {slope}");
        z += 0.01;
    }
}

#[test]
fn log_gamma_and_log_beta_equal_factorials_and_stay_precise_where_they_are_large() {
    let mut factorial = 1.0_f64;
    for n in 1..=20_u32 {
        factorial *= f64::from(n);
        assert!((log_gamma(f64::from(n) + 1.0) - factorial.ln()).abs() < 1e-13, "{n}!");
    }
    assert_close(log_gamma(0.5), std::f64::consts::PI.ln() / 2.0, 1e-14, "ln Γ(1/2)");
    // mpmath, 50 digits.
    assert_close(log_gamma(1e6), 12_815_504.569_147_61, 1e-15, "ln Γ(1e6)");
    assert_close(log_beta(1e8, 1e8), -138_629_444.056_817_3, 1e-15, "ln B(1e8, 1e8)");
    assert_close(log_beta(2.0, 1e9), -41.446_531_674_892_82, 1e-14, "ln B(2, 1e9)");
    assert_close(log_rising(1e8, 2.0), 1e8_f64.ln() + (1e8_f64 + 1.0).ln(), 1e-15, "two steps from 1e8");
    assert_close(log_rising(3.0, 2.0), 12.0_f64.ln(), 1e-14, "3 · 4");
    assert_close(log_beta(0.5, 0.5), std::f64::consts::PI.ln(), 1e-13, "ln B(1/2, 1/2)");
}

#[test]
fn the_beta_binomial_distribution_adds_up_to_one() {
    let total: f64 = (0..=40).map(|k| log_beta_binomial(f64::from(k), 40.0, 3.5, 11.0).exp()).sum();
    assert_close(total, 1.0, 1e-12, "sum");
    // Beta(1, 1): every count is as likely as the other.
    assert_close(log_beta_binomial(7.0, 20.0, 1.0, 1.0), -(21.0_f64.ln()), 1e-12, "uniform");
}

#[test]
fn percentiles_lie_between_two_values_as_in_numpy() {
    let values = sample(&[15.0, 20.0, 35.0, 40.0, 50.0]);
    for (share, expected) in [(0.0, 15.0), (0.05, 16.0), (0.25, 20.0), (0.4, 29.0), (0.99, 49.6), (1.0, 50.0)]
    {
        assert_close(percentile(&values, share), expected, 1e-12, &format!("share {share}"));
    }
    assert_close(percentile(&sample(&[3.0]), 0.7), 3.0, 0.0, "one value");
}

#[test]
fn sums_keep_what_a_large_value_would_swallow() {
    assert_close(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0, 0.0, "sum");
    assert_close(sum(&[0.1; 10]), 1.0, 0.0, "ten tenths");
    assert_close(mean(&sample(&[1.0, 2.0, 6.0])), 3.0, 0.0, "mean");
    assert_eq!(mean_ratio(&sample(&[0.0]), &sample(&[1.0])), None);
    assert_eq!(mean_ratio(&sample(&[3.0]), &sample(&[1.0, 2.0])), Some(2.0));
}
