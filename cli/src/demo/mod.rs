//! The tour: three releases on a fresh stack, each with its expected end, then what was measured. Orchestration only.

pub(crate) mod figures;
pub(crate) mod scenarios;

use crate::args::Demo;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::interrupt;
use crate::progress::{Step, note, say};
use crate::release::follow::{Follower, Release};
use crate::release::line::{Line, Look, Mood};
use crate::stack::record::{Ports, Record};
use crate::{stack, tail};
use anyhow::{Context, Result, bail};
use scenarios::{SCENARIOS, Scenario, named};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Real time until every event is folded.
const FOLDING: Duration = Duration::from_secs(60);
/// Logs that tell why a tour broke off.
const LOGS: [&str; 2] = ["control-plane", "emulator"];

/// Runs the tour; `false` when a release did not end as its scenario says.
pub(crate) fn run(home: &Home, demo: &Demo) -> Result<bool> {
    let tour: Vec<&Scenario> = match &demo.scenario {
        Some(name) => vec![named(name).map_err(anyhow::Error::msg)?],
        None => SCENARIOS.iter().collect(),
    };
    let outcome = fresh(home, demo).and_then(|record| told(home, demo, &tour, &record));
    if !demo.keep {
        let step = Step::begin("stop", "local stack");
        stack::down(home, false)?;
        step.end("local stack");
    }
    outcome
}

/// The scenarios there are.
pub(crate) fn list(json: bool) {
    if json {
        let all = SCENARIOS.iter().map(|s| json!({"name": s.name, "story": s.story, "change": s.change}));
        say(&Value::from_iter(all).to_string());
        return;
    }
    SCENARIOS.iter().for_each(|scenario| say(&format!("{:<20} {}", scenario.name, scenario.story)));
}

fn fresh(home: &Home, demo: &Demo) -> Result<Record> {
    if !stack::down(home, false)?.is_empty() {
        note("stopped the local stack that was running: the tour needs a fresh one");
    }
    stack::up(home, Ports::new(demo.start.ports_from), demo.start.release)
}

/// The tour with the ends of the logs when it breaks off.
fn told(home: &Home, demo: &Demo, tour: &[&Scenario], record: &Record) -> Result<bool> {
    let outcome = stories(home, demo, tour, record);
    if outcome.is_err() && interrupt::check().is_ok() {
        for name in LOGS {
            let log = home.log(name)?;
            note(&format!("the end of `{}`:\n{}", home.shown(&log), tail::end(&log)));
        }
    }
    outcome
}

fn stories(home: &Home, demo: &Demo, tour: &[&Scenario], record: &Record) -> Result<bool> {
    let mut unmet = 0;
    for scenario in tour {
        unmet += usize::from(!story(demo, scenario, record)?);
    }
    let (report, path) = measured(home, record)?;
    if demo.output.json {
        let stories = tour.len();
        say(&json!({"stories": stories, "unmet": unmet, "report": path, "dora": report.get("dora")})
            .to_string());
        return Ok(unmet == 0);
    }
    say("\nmeasured in production");
    figures::lines(&report).iter().for_each(|line| say(&format!("  {line}")));
    say(&format!("  report: {}", home.shown(&path)));
    say(&format!("\n{}", closing(tour.len(), unmet, demo.keep)));
    Ok(unmet == 0)
}

/// One release; `false` when it did not end as its scenario says.
fn story(demo: &Demo, scenario: &Scenario, record: &Record) -> Result<bool> {
    let (json, look) = (demo.output.json, Look::of_stdout());
    if !json {
        say(&format!("\n{}: {}", scenario.name, scenario.story));
    }
    let tell = |line: &Line| {
        if json {
            let mut line = json!(line);
            if let Some(members) = line.as_object_mut() {
                members.insert("scenario".to_owned(), json!(scenario.name));
            }
            say(&line.to_string());
        } else {
            say(&format!("  {}", line.text(look).replace('\n', "\n  ")));
        }
    };
    let release = Follower::new(record, demo.pace.speed, &tell)?.release(scenario.push())?;
    let unmet = (scenario.check)(&release);
    end(scenario, &release, &unmet, json, look);
    Ok(unmet.is_empty())
}

fn end(scenario: &Scenario, release: &Release, unmet: &[String], json: bool, look: Look) {
    if json {
        let holds = unmet.is_empty();
        let end = json!({"scenario": scenario.name, "sha": release.sha, "asExpected": holds, "unmet": unmet});
        say(&end.to_string());
    } else if unmet.is_empty() {
        say(&format!("  {}", look.paint("as expected", Mood::Good)));
    } else {
        unmet.iter().for_each(|words| {
            say(&format!("  {}", look.paint(&format!("not as expected: {words}"), Mood::Bad)))
        });
    }
}

/// Waits until everything is folded, publishes the report and fetches it.
fn measured(home: &Home, record: &Record) -> Result<(Value, PathBuf)> {
    let step = Step::begin("measure", "events become facts");
    let emulator = Emulator::new(&record.emulator_url);
    let queue = record.output("EventsQueueUrl")?;
    let begun = Instant::now();
    while emulator.depth(queue)? > 0 {
        interrupt::check()?;
        if begun.elapsed() > FOLDING {
            bail!(
                "{} message(s) are left in the events queue after {} s",
                emulator.depth(queue)?,
                FOLDING.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let report = emulator.invoke(record.output("DashboardFunctionName")?, &json!({"action": "publish"}))?;
    let html = emulator.object(record.output("ReportBucketName")?, "reports/index.html")?;
    let path = home.folder("report")?.join("index.html");
    fs::write(&path, html).with_context(|| format!("cannot write `{}`", path.display()))?;
    step.end("report published");
    Ok((report, path))
}

fn closing(stories: usize, unmet: usize, kept: bool) -> String {
    let next = if kept {
        "`cargo tidegate push acme/b2b-ecommerce-platform develop --watch` releases to staging, `cargo tidegate down` stops everything"
    } else {
        "`cargo tidegate up`, then `cargo tidegate push acme/b2b-ecommerce-platform develop --watch` releases to staging"
    };
    match unmet {
        0 => format!("{stories} of {stories} release(s) ended as expected; next: {next}"),
        unmet => {
            format!("{unmet} of {stories} release(s) did not end as expected; logs are in `.tidegate/log/`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_closes_with_what_to_try_next() {
        insta::assert_snapshot!(closing(3, 0, false), @"3 of 3 release(s) ended as expected; next: `cargo tidegate up`, then `cargo tidegate push acme/b2b-ecommerce-platform develop --watch` releases to staging");
        insta::assert_snapshot!(closing(3, 0, true), @"3 of 3 release(s) ended as expected; next: `cargo tidegate push acme/b2b-ecommerce-platform develop --watch` releases to staging, `cargo tidegate down` stops everything");
        insta::assert_snapshot!(closing(3, 1, true), @"1 of 3 release(s) did not end as expected; logs are in `.tidegate/log/`");
    }

    #[test]
    fn a_scenario_that_does_not_exist_is_answered_with_those_that_do() {
        insta::assert_snapshot!(named("x").err().unwrap(), @"there is no scenario `x`, there are: good-release, gate-failure, canary-rolled-back");
        assert_eq!(named("gate-failure").unwrap().change, "low-coverage");
    }
}
