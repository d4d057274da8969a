//! What the new version does, by CodeDeploy: 10 % for 10 minutes, then all.

use super::{Shift, usual};
use anyhow::Result;
use scenarios::World;
use serde_json::json;

const API: &str = "api-gateway";

#[test]
fn a_healthy_version_is_promoted_on_evidence() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Succeeded promote none", "2 times that rate is excluded");
    assert_eq!(end.exposure(), 100);
    Ok(())
}

#[test]
fn twice_the_errors_are_stopped_at_ten_percent() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "2"}))?.run()?;
    end.is("Stopped harm stopped", "passes the bound 100:1");
    assert_eq!(end.exposure(), 10);
    assert_ne!(end.member("/rollback"), "none", "the record names what took it back");
    Ok(())
}

#[test]
fn five_times_the_errors_are_stopped_within_minutes() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let shift = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?;
    let mut minutes = 0;
    let end = shift.run_with(|minute, _| {
        minutes = minute;
        Ok(())
    })?;
    end.is("Stopped harm stopped", "passes the bound 100:1");
    assert!(minutes <= 10, "{minutes} minutes");
    Ok(())
}

#[test]
fn a_slow_version_is_stopped_by_its_slow_answers() -> Result<()> {
    let world = World::take();
    let settings = "metrics: [{id: errors, kind: errors}, {id: slow, kind: latency, objective_ms: 400}]";
    let _settings =
        usual(&world, API, &json!({"baselineSlowRate": 0.02, "slowAboveSeconds": 0.4}), settings)?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/slow-ratio": "3"}))?.run()?;
    end.is("Stopped harm stopped", "slower than 400 ms");
    assert_eq!(end.exposure(), 10);
    Ok(())
}

#[test]
fn a_cold_start_is_forgiven() -> Result<()> {
    let world = World::take();
    // The shift begins within a minute, so one minute of cold start is in two of CloudWatch's: all of the warm-up.
    let _settings = usual(&world, API, &json!({"greenErrorRatio": 3.0, "greenForMinutes": 1}), "")?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn an_outage_of_both_versions_rolls_nothing_back() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({"outage": {"inMinutes": 6, "minutes": 3, "ratio": 20}}), "")?;
    let end = Shift::blue_green(&world, &json!({}))?.run()?;
    end.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn the_documents_fifteen_minute_shift_is_watched_from_its_first_quarter() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "")?;
    let hooks = json!({"BeforeAllowTraffic": world.output("PreTrafficFunctionName"),
        "AfterAllowTraffic": world.output("PostTrafficFunctionName")});
    let config = "Tidegate.Linear25PercentEvery5Minutes";
    let bad =
        Shift::with_hooks(&world, &json!({"tidegate.local/error-ratio": "3"}), &hooks, config)?.run()?;
    bad.is("Stopped harm stopped", "passes the bound 100:1");
    assert!(bad.exposure() <= 50, "{}", bad.exposure());
    let good = Shift::with_hooks(&world, &json!({}), &hooks, config)?.run()?;
    good.is("Succeeded promote none", "is excluded");
    Ok(())
}

#[test]
fn settings_on_trial_tell_and_stop_nothing() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, API, &json!({}), "dry_run: true")?;
    let end = Shift::blue_green(&world, &json!({"tidegate.local/error-ratio": "5"}))?.run()?;
    end.is("Succeeded harm advised", "passes the bound 100:1");
    // What was let through is taken back, so that the next story has a sound version to compare with.
    let _settings = usual(&world, API, &json!({}), "dry_run: true")?;
    Shift::blue_green(&world, &json!({}))?.run()?;
    Ok(())
}
