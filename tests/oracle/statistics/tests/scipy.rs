//! The statistics of the canary analysis against SciPy and NumPy, on generated samples: with and without ties, whole and broken numbers,
//! of sizes 1 to 60, tiny and huge, constant.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use shared::delivery::stats::gamma::{log_beta, log_beta_binomial, log_gamma};
use shared::delivery::stats::random::Random;
use shared::delivery::stats::{
    Alternative, Method, RankSum, Sample, mean, mean_ratio, normal, percentile, shift,
};
use std::path::Path;

const CASES: u64 = 2_400;
const SEED: u64 = 20_261_128;

fn asked(questions: &[Value]) -> Result<Option<Vec<Value>>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let Some(answers) = statistics_oracle::ask(folder, &json!(questions))? else {
        eprintln!("SKIPPED: there is no python3 on this machine, so nothing was compared with SciPy");
        return Ok(None);
    };
    let answers = answers.as_array().context("no list of answers")?.clone();
    ensure!(answers.len() == questions.len(), "{} answers to {} questions", answers.len(), questions.len());
    Ok(Some(answers))
}

/// A sample of one of eight kinds; both arms of a case are of the same kind.
fn drawn(random: &mut Random, kind: u64, largest: u64) -> Vec<f64> {
    let count = 1 + random.below(largest);
    let constant = random.below(3);
    let whole = |value: u64| u32::try_from(value).map_or(0.0, f64::from);
    let mut one = || match kind {
        0 => whole(random.below(4)),
        1 => whole(random.below(60)) - 20.0,
        2 => random.normal(),
        3 => random.gamma(0.5) * 1e-9,
        4 => (random.normal() * 10.0).round() / 1000.0,
        5 => whole(random.poisson(0.3)),
        6 => random.uniform() * 1e15,
        _ => whole(constant) / 7.0,
    };
    (0..count).map(|_| one()).collect()
}

fn cases() -> Vec<(Vec<f64>, Vec<f64>)> {
    let case = |n| {
        let mut random = Random::of_run(SEED, n);
        // A third of them small, where orders are counted.
        let largest = if n % 3 == 0 { 9 } else { 60 };
        (drawn(&mut random, n % 8, largest), drawn(&mut random, n % 8, largest))
    };
    (0..CASES).map(case).collect()
}

fn close(ours: f64, theirs: f64, tolerance: f64) -> bool {
    ours == theirs || (ours - theirs).abs() <= tolerance * theirs.abs()
}

fn number(value: &Value) -> Result<f64> {
    let text = value.as_str().with_context(|| format!("`{value}` is no number"))?;
    Ok(text.parse()?)
}

/// One test of a case. Where SciPy has no p, all values are equal and nothing can differ.
fn compare(ranked: &RankSum, theirs: &Value) -> Result<bool> {
    let alternative = match theirs["alternative"].as_str() {
        Some("less") => Alternative::Less,
        Some("greater") => Alternative::Greater,
        _ => Alternative::TwoSided,
    };
    let method = match (theirs["method"].as_str(), theirs["continuity"].as_bool()) {
        (Some("auto"), _) => Method::Auto,
        (Some("exact"), _) => Method::Exact,
        (_, continuity) => Method::Approximate { continuity: continuity == Some(true) },
    };
    let ours = ranked.test(alternative, method)?;
    ensure!(ours.u == number(&theirs["u"])?, "U: {} and {}", ours.u, theirs["u"]);
    match number(&theirs["p"]) {
        Ok(p) => {
            ensure!(close(ours.p, p, 1e-9), "p of {alternative:?}, {method:?}: {:e} and {p:e}", ours.p)
        }
        Err(_) => ensure!(
            theirs["p"].is_null() && ours.p == 1.0 && ranked.sigma() == 0.0,
            "p: {} where SciPy has none",
            ours.p
        ),
    }
    Ok(ours.exact)
}

fn compare_case(x: &[f64], y: &[f64], theirs: &Value) -> Result<(usize, usize)> {
    let (x, y) = (Sample::new(x)?, Sample::new(y)?);
    let (ranked, moved) = (RankSum::of(&x, &y), shift(&x, &y, 0.98)?);
    ensure!(moved.estimate == number(&theirs["shift"])?, "shift: {} and {}", moved.estimate, theirs["shift"]);
    let (lower, upper) = (number(&theirs["interval"][0])?, number(&theirs["interval"][1])?);
    let reached = theirs["interval"][2].as_bool();
    ensure!(
        (moved.lower, moved.upper, Some(moved.reached)) == (lower, upper, reached),
        "interval: {moved:?} and {}",
        theirs["interval"]
    );
    for (share, theirs) in
        [0.01, 0.25, 0.4, 0.75, 0.99].iter().zip(theirs["percentiles"].as_array().context("no list")?)
    {
        let ours = percentile(&x, *share);
        let scale = x.values().iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        ensure!((ours - number(theirs)?).abs() <= 1e-14 * scale, "percentile {share}: {ours} and {theirs}");
    }
    // A mean that is what rounding left of larger numbers has no digits to compare.
    let settled = [&x, &y].iter().all(|arm| {
        mean(arm).abs() > 1e-6 * arm.values().iter().fold(0.0, |most, value| value.abs().max(most))
    });
    if settled {
        let (ours, theirs) = (mean_ratio(&x, &y).context("no ratio")?, number(&theirs["ratio"])?);
        ensure!(close(ours, theirs, 1e-9), "ratio of means: {ours} and {theirs}");
    }
    let tests = theirs["tests"].as_array().context("no tests")?;
    let exact = tests.iter().map(|test| compare(&ranked, test)).collect::<Result<Vec<bool>>>()?;
    Ok((tests.len(), exact.iter().filter(|exact| **exact).count()))
}

#[test]
fn mann_whitney_and_the_shift_are_those_of_scipy_and_numpy() -> Result<()> {
    let cases = cases();
    let questions: Vec<Value> =
        cases.iter().map(|(x, y)| json!({"ask": "samples", "x": x, "y": y})).collect();
    let Some(answers) = asked(&questions)? else { return Ok(()) };
    let (mut compared, mut exact) = (0, 0);
    for (number, ((x, y), theirs)) in cases.iter().zip(&answers).enumerate() {
        let counts =
            compare_case(x, y, theirs).with_context(|| format!("case {number}: {x:?} against {y:?}"))?;
        compared += counts.0;
        exact += counts.1;
    }
    ensure!(compared > 20_000 && exact > 2_000, "too little was compared: {compared}, {exact} of them exact");
    println!("{CASES} cases, {compared} values of p, {exact} of them exact");
    Ok(())
}

#[test]
fn the_normal_distribution_is_that_of_scipy() -> Result<()> {
    let mut random = Random::new(SEED);
    let mut zs: Vec<f64> = (0..600).map(|_| (random.uniform() - 0.5) * 20.0).collect();
    zs.extend([0.0, 1e-300, 2.0, 2.0_f64.sqrt() * 2.0, 30.0, -30.0, 37.0]);
    let questions: Vec<Value> = zs.iter().map(|z| json!({"ask": "normal", "z": z})).collect();
    let Some(answers) = asked(&questions)? else { return Ok(()) };
    for (z, theirs) in zs.iter().zip(&answers) {
        let ours = [normal::above(*z), normal::below(*z), normal::erfc(*z)];
        for (ours, theirs) in ours.iter().zip(theirs.as_array().context("no list")?) {
            ensure!(close(*ours, number(theirs)?, 1e-12), "at {z}: {ours:e} and {theirs}");
        }
        let (ours, theirs) = (normal::quantile(normal::below(-z.abs())), number(&theirs[3])?);
        ensure!(
            (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0),
            "quantile at {z}: {ours} and {theirs}"
        );
    }
    Ok(())
}

#[test]
fn log_gamma_log_beta_and_the_beta_binomial_are_those_of_scipy_and_mpmath() -> Result<()> {
    let mut random = Random::new(SEED);
    let question = |_| {
        // Over twelve powers of ten.
        let (a, b) = (10_f64.powf(random.uniform() * 12.0 - 4.0), 10_f64.powf(random.uniform() * 12.0 - 4.0));
        let n = random.below(6000);
        json!({"ask": "gamma", "a": a, "b": b, "n": n, "k": random.below(n + 1)})
    };
    let questions: Vec<Value> = (0..800).map(question).collect();
    let Some(answers) = asked(&questions)? else { return Ok(()) };
    for (question, theirs) in questions.iter().zip(&answers) {
        let [a, b, n, k] = ["a", "b", "n", "k"].map(|name| question[name].as_f64().unwrap_or(f64::NAN));
        let ours = [log_gamma(a), log_beta(a, b), log_beta_binomial(k, n, a, b)];
        for (place, ours) in ours.iter().enumerate() {
            let (scipy, mpmath) = (number(&theirs[place])?, number(&theirs[place + 3])?);
            let off = |theirs: f64| (ours - theirs).abs() / theirs.abs().max(1.0);
            // SciPy's log-beta, and what rests on it, is a difference of numbers up to 1e9.
            ensure!(off(scipy) <= 1e-7, "{question}, {place}: {ours} and SciPy's {scipy}");
            // Of thousands of draws, each with a logarithm of up to 20, more digits are not left.
            let allowed = if place == 2 { 1e-10 } else { 1e-12 };
            ensure!(off(mpmath) <= allowed, "{question}, {place}: {ours} and {mpmath} in fifty digits");
        }
    }
    Ok(())
}
