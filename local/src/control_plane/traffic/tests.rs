use super::*;

fn share(group: &str, percent: f64, error_ratio: f64, slow_ratio: f64) -> Share {
    let behaviour = Behaviour { error_ratio, slow_ratio };
    Share { target_group: group.to_owned(), percent, behaviour, green: group == "green" }
}

/// Requests, errors and slow requests of minutes in `[from, to)`.
fn sum(traffic: &Traffic, group: &str, from: Millis, to: Millis) -> (f64, f64, f64) {
    let minutes = traffic.minutes(group, from * MINUTE, to * MINUTE);
    minutes.iter().fold((0.0, 0.0, 0.0), |(r, e, s), (_, counts)| {
        (r + counts.requests as f64, e + counts.errors as f64, s + counts.slow as f64)
    })
}

fn canary(load: Load) -> Traffic {
    let traffic = Traffic::default();
    traffic.set_load("api", load, 1);
    traffic.route("api", vec![share("blue", 90.0, 1.0, 1.0), share("green", 10.0, 1.0, 1.0)], 1);
    traffic.accrue(100 * MINUTE);
    traffic
}

#[test]
fn requests_follow_the_weights_and_errors_what_runs_behind_them() {
    let traffic = Traffic::default();
    traffic.route("api", vec![share("blue", 90.0, 1.0, 1.0), share("green", 10.0, 5.0, 3.0)], 1);
    traffic.accrue(100 * MINUTE);
    let (blue, blue_errors, blue_slow) = sum(&traffic, "blue", 0, 100);
    let (green, green_errors, green_slow) = sum(&traffic, "green", 0, 100);
    assert!((blue / green - 9.0).abs() < 0.2, "{blue} {green}");
    assert!((blue_errors / blue - 0.005).abs() < 0.0005, "{blue_errors}");
    assert!((green_errors / green - 0.025).abs() < 0.003, "{green_errors}");
    assert!((blue_slow / blue - 0.02).abs() < 0.001, "{blue_slow}");
    assert!((green_slow / green - 0.06).abs() < 0.004, "{green_slow}");
}

#[test]
fn a_minute_that_is_not_over_has_no_counts() {
    let traffic = Traffic::default();
    traffic.route("api", vec![share("blue", 100.0, 1.0, 1.0)], MINUTE);
    traffic.accrue(2 * MINUTE + 1);
    assert_eq!(traffic.minutes("blue", 0, 10 * MINUTE).len(), 1);
}

#[test]
fn an_outage_hits_both_versions_and_ends() {
    let outages = vec![Outage { from: 10 * MINUTE, to: 12 * MINUTE, ratio: 10.0 }];
    let traffic = canary(Load { outages, ..Load::default() });
    for group in ["blue", "green"] {
        let (requests, errors, _) = sum(&traffic, group, 10, 12);
        assert!((errors / requests - 0.05).abs() < 0.012, "{group}: {errors} of {requests}");
        let (requests, errors, _) = sum(&traffic, group, 12, 100);
        assert!(errors / requests < 0.007, "{group}: {errors} of {requests}");
    }
}

#[test]
fn a_cold_start_is_greens_first_minutes_only() {
    let load = Load { green_ratio: Some(8.0), green_for: Some(3 * MINUTE), ..Load::default() };
    let traffic = canary(load);
    let (requests, errors, _) = sum(&traffic, "green", 0, 3);
    assert!(errors / requests > 0.025, "{errors} of {requests}");
    let (requests, errors, _) = sum(&traffic, "green", 3, 100);
    assert!(errors / requests < 0.007, "{errors} of {requests}");
}

#[test]
fn noise_moves_the_arms_apart_and_nobody_means_no_minutes() {
    let per_minute = |noise: f64| {
        let traffic = canary(Load { noise, ..Load::default() });
        let minutes = traffic.minutes("blue", 0, 100 * MINUTE);
        minutes.iter().map(|(_, counts)| counts.errors as f64).collect::<Vec<f64>>()
    };
    let spread = |counts: &[f64]| {
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / counts.len() as f64 / mean
    };
    assert!(spread(&per_minute(0.0)) < 2.0);
    assert!(spread(&per_minute(0.5)) > 5.0);
    assert_eq!(per_minute(0.5), per_minute(0.5), "a run can be repeated");
    assert!(canary(Load { per_minute: 0.0, ..Load::default() }).minutes("blue", 0, 100 * MINUTE).is_empty());
}

#[test]
fn trimmed_counts_add_up_to_all_requests() {
    let counts = Counts { requests: 1000, errors: 0, slow: 20, objective: 0.4 };
    assert_eq!(counts.between(Some(0.4), None), 20);
    assert_eq!(counts.between(None, Some(0.4)), 980);
    assert_eq!(counts.between(None, None), 1000);
    assert_eq!(counts.between(Some(0.2), Some(0.4)), 490);
}
