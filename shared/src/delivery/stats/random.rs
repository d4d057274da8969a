//! Seeded draws for simulations: the same seed gives the same run on every machine.
//!
//! Not cryptographic: whoever sees a few draws knows the next ones. Must not: make ids, tokens or anything that nobody may guess.
//! Generator: xoshiro256++, filled by SplitMix64 (Blackman and Vigna, <https://prng.di.unimi.it/>). The distributions are exact, not
//! approximated, so that a simulated rate has no other error than its sampling error.

use super::number;

/// A generator.
#[derive(Debug, Clone)]
pub struct Random {
    pub(super) state: [u64; 4],
}

/// Below this mean, counts are drawn by adding up their distribution from 0.
const ADD_UP_BELOW: f64 = 20.0;

impl Random {
    /// Starts from a seed; any will do, 0 too.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut filler = seed;
        Self { state: std::array::from_fn(|_| split_mix(&mut filler)) }
    }

    /// The generator of one of many runs: independent of how the runs are spread over threads.
    #[must_use]
    pub fn of_run(seed: u64, run: u64) -> Self {
        let mut mixed = seed;
        Self::new(split_mix(&mut mixed) ^ run.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// Uniform, at least 0 and below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a double holds")]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform, above 0 and at most 1: for logarithms.
    fn positive(&mut self) -> f64 {
        1.0 - self.uniform()
    }

    /// A whole number from 0 and below `limit`; 0 when that is 0. The bias is below `limit` / 2⁶⁴.
    pub fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// Whether something of chance `p` happens.
    pub fn happens(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Normal, mean 0 and standard deviation 1 (Marsaglia's polar method: <https://doi.org/10.1137/1006063>).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square > 0.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Gamma with shape > 0 and scale 1, so mean = variance = `shape` (Marsaglia and Tsang: <https://doi.org/10.1145/358407.358414>).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.positive().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && self.positive().ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// A factor of mean 1 whose coefficient of variation is `cv`; 1 when that is 0.
    pub fn noise(&mut self, cv: f64) -> f64 {
        if cv <= 0.0 {
            return 1.0;
        }
        let shape = 1.0 / (cv * cv);
        self.gamma(shape) / shape
    }

    /// Poisson with the given mean; 0 for a mean of 0 or less. Large means are halved by arrival times (Ahrens and Dieter:
    /// <https://doi.org/10.1007/BF02293108>).
    pub fn poisson(&mut self, mean: f64) -> u64 {
        let (mut mean, mut counted) = (mean, 0);
        while mean >= ADD_UP_BELOW {
            // The time of the arrival with this number is a gamma draw.
            let arrivals = super::place(mean * 0.875).max(1);
            let time = self.gamma(number(arrivals));
            if time > mean {
                return counted + self.binomial(arrivals as u64 - 1, mean / time);
            }
            counted += arrivals as u64;
            mean -= time;
        }
        if mean <= 0.0 || mean.is_nan() {
            return counted;
        }
        let (end, mut product) = ((-mean).exp(), self.positive());
        while product > end {
            product *= self.positive();
            counted += 1;
        }
        counted
    }

    /// How many of `n` happen, each with chance `p`. Large means are halved at the middle of `n` sorted uniform draws, which is a beta draw
    /// (Ahrens and Dieter, as above).
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        let (mut n, mut p, mut counted) = (n, p.clamp(0.0, 1.0), 0);
        while double(n) * p.min(1.0 - p) >= ADD_UP_BELOW {
            let middle = n / 2 + 1;
            let (left, right) = (self.gamma(double(middle)), self.gamma(double(n + 1 - middle)));
            let at = left / (left + right);
            if at <= p {
                counted += middle;
                n -= middle;
                p = ((p - at) / (1.0 - at)).clamp(0.0, 1.0);
            } else {
                n = middle - 1;
                p = (p / at).clamp(0.0, 1.0);
            }
        }
        counted + if p > 0.5 { n - self.added_up(n, 1.0 - p) } else { self.added_up(n, p) }
    }

    /// Binomial by inversion; the mean is small, so (1 − p)ⁿ is no underflow.
    fn added_up(&mut self, n: u64, p: f64) -> u64 {
        let (mut rest, mut k) = (self.uniform(), 0);
        let mut chance = (double(n) * (-p).ln_1p()).exp();
        while rest >= chance && k < n {
            rest -= chance;
            chance *= double(n - k) / double(k + 1) * p / (1.0 - p);
            k += 1;
        }
        k
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn double(count: u64) -> f64 {
    count as f64
}
