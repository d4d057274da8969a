//! The draws have the distributions that they are named for: mean, variance and the chance of single values, within five standard errors.

use super::super::random::Random;

const DRAWS: u32 = 100_000;

/// Mean and variance of many draws against what they should be; `fourth` is the fourth central moment over the variance's square.
fn assert_moments(
    what: &str,
    mean: f64,
    variance: f64,
    fourth: f64,
    mut draw: impl FnMut(&mut Random) -> f64,
) {
    let mut random = Random::new(20_261_128);
    let draws: Vec<f64> = (0..DRAWS).map(|_| draw(&mut random)).collect();
    let n = f64::from(DRAWS);
    let found = draws.iter().sum::<f64>() / n;
    let spread = draws.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    let allowed = 5.0 * (variance / n).sqrt();
    assert!((found - mean).abs() < allowed, "{what}: mean {found} is not {mean} within {allowed}");
    let allowed = 5.0 * variance * ((fourth - 1.0) / n).sqrt();
    assert!(
        (spread - variance).abs() < allowed,
        "{what}: variance {spread} is not {variance} within {allowed}"
    );
}

#[test]
fn the_same_seed_gives_the_same_draws_and_another_one_others() {
    let draws = |seed| {
        let mut random = Random::new(seed);
        [random.bits(), random.bits(), random.bits()]
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
    assert_ne!(Random::of_run(1, 1).bits(), Random::of_run(1, 2).bits());
    // xoshiro256++ from the state 1, 2, 3, 4, as its authors' C program gives it, is what `bits` computes.
    let mut reference = Random { state: [1, 2, 3, 4] };
    assert_eq!(
        [reference.bits(), reference.bits(), reference.bits()],
        [41_943_041, 58_720_359, 3_588_806_011_781_223]
    );
}

#[test]
fn continuous_draws_have_their_mean_and_variance() {
    assert_moments("uniform", 0.5, 1.0 / 12.0, 1.8, Random::uniform);
    assert_moments("normal", 0.0, 1.0, 3.0, Random::normal);
    for shape in [0.3, 1.0, 4.0, 400.0] {
        let name = format!("gamma {shape}");
        assert_moments(&name, shape, shape, 3.0 + 6.0 / shape, |random| random.gamma(shape));
    }
    assert_moments("noise", 1.0, 0.25, 4.5, |random| random.noise(0.5));
    assert!((Random::new(1).noise(0.0) - 1.0).abs() < f64::EPSILON);
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn counts_have_their_mean_and_variance_also_where_they_are_large() {
    for mean in [0.2, 3.0, 19.0, 27.0, 270.0, 5_400.0] {
        let fourth = 3.0 + 1.0 / mean;
        assert_moments(&format!("Poisson {mean}"), mean, mean, fourth, |random| random.poisson(mean) as f64);
    }
    for (n, p) in [(600, 0.005), (5_400, 0.005), (5_400, 0.5), (5_400, 0.97), (3, 0.5), (54_000, 0.05)] {
        let (mean, variance) = (n as f64 * p, n as f64 * p * (1.0 - p));
        let fourth = 3.0 + (1.0 - 6.0 * p * (1.0 - p)) / variance;
        assert_moments(&format!("binomial {n}, {p}"), mean, variance, fourth, |random| {
            random.binomial(n, p) as f64
        });
    }
    let mut random = Random::new(1);
    assert_eq!([random.poisson(0.0), random.binomial(0, 0.5), random.binomial(9, 0.0)], [0, 0, 0]);
    assert_eq!([random.binomial(9, 1.0), random.below(0)], [9, 0]);
}

#[test]
fn single_counts_come_as_often_as_they_should() {
    let mut random = Random::new(3);
    let mut seen = [0_u32; 5];
    for _ in 0..DRAWS {
        // Halved at the middle on the way: 400 of 10 % have the mean 40.
        let drawn = random.binomial(400, 0.1);
        if let Some(count) =
            usize::try_from(drawn).ok().and_then(|drawn| seen.get_mut(drawn.checked_sub(38)?))
        {
            *count += 1;
        }
    }
    // C(400, k) · 0.1^k · 0.9^(400−k), for k from 38.
    for (count, chance) in seen.iter().zip([0.064_16, 0.066_17, 0.066_35, 0.064_73, 0.061_48]) {
        let expected: f64 = chance * f64::from(DRAWS);
        let off = (f64::from(*count) - expected).abs();
        assert!(off < 5.0 * expected.sqrt() + 10.0, "{count} is not {expected}");
    }
}

#[test]
fn whole_numbers_below_a_limit_are_spread_evenly() {
    let mut random = Random::new(5);
    let mut seen = [0_u32; 7];
    (0..70_000).for_each(|_| seen[usize::try_from(random.below(7)).unwrap()] += 1);
    assert!(seen.iter().all(|count| count.abs_diff(10_000) < 500), "{seen:?}");
    assert_eq!((0..1000).filter(|_| random.happens(0.0)).count(), 0);
}
