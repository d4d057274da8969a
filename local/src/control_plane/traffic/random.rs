//! Draws from seeded generators: the same seed gives the same run.

use crate::clock::Millis;

/// `SplitMix64` (Steele, Lea, Flood 2014), seeded by what is drawn.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(group: &str, minute: Millis) -> Self {
        let seed = group.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed ^ minute.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let unit = (z >> 11) as f64 / (1_u64 << 53) as f64;
        unit.max(f64::MIN_POSITIVE)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped at zero, far below 2^52"
    )]
    /// A count with this mean.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let limit = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0;
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// A factor around 1 with coefficient of variation `cv`: gamma, after Marsaglia and Tsang (2000).
    pub(super) fn factor(&mut self, cv: f64) -> f64 {
        if cv <= 0.0 {
            return 1.0;
        }
        let shape = 1.0 / (cv * cv);
        // Below a shape of one the method draws one above and scales.
        let (raised, scale) =
            if shape < 1.0 { (shape + 1.0, self.uniform().powf(1.0 / shape)) } else { (shape, 1.0) };
        let d = raised - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v * scale / shape;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_has_mean_one_and_the_variation_that_was_asked_for() {
        let mut random = Random::of("green", 1);
        for cv in [0.3, 0.5, 1.5] {
            let draws: Vec<f64> = (0..20_000).map(|_| random.factor(cv)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 1.0).abs() < 0.05, "{cv}: {mean}");
            assert!((variance.sqrt() - cv).abs() < 0.1, "{cv}: {}", variance.sqrt());
        }
        assert_eq!(random.factor(0.0), 1.0);
    }
}
