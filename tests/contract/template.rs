//! Numbers of the template that only make sense together, or with a constant of the code (the ledger's lease is compared with the time-out by
//! `shared::source::reconcile`'s model). The template is read line by line.

use anyhow::{Context, Result, ensure};
use shared::source::sweep::EVERY_MS;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// The lines of a resource.
fn resource(name: &str) -> Result<Vec<&'static str>> {
    let begin = format!("  {name}:");
    let lines = TEMPLATE.lines().skip_while(|line| *line != begin).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| line.is_empty() || line.starts_with("   ")).collect();
    ensure!(!lines.is_empty(), "the template has no resource `{name}`");
    Ok(lines)
}

/// The seconds at `key` of a resource.
fn seconds(name: &str, key: &str) -> Result<i64> {
    let lines = resource(name)?;
    let value = lines.iter().find_map(|line| line.trim_start().strip_prefix(key)?.strip_prefix(": "));
    Ok(value.with_context(|| format!("`{name}` has no `{key}`"))?.parse()?)
}

/// The functions that a queue invokes, with the queue.
fn fed_by_a_queue() -> Vec<(&'static str, &'static str)> {
    let mut function = "";
    let mut found = Vec::new();
    for line in TEMPLATE.lines() {
        if let Some(name) = line.strip_prefix("  ").and_then(|line| line.strip_suffix(':'))
            && !name.starts_with(' ')
        {
            function = name;
        }
        let queue = line.trim_start().strip_prefix("Properties: {Queue: !GetAtt ");
        if let Some((queue, _)) = queue.and_then(|rest| rest.split_once(".Arn")) {
            found.push((function, queue));
        }
    }
    found
}

/// A message that shows up again while its function is still at work is handled twice at once; Lambda refuses such a source outright.
#[test]
fn a_message_is_hidden_for_longer_than_its_function_may_take() -> Result<()> {
    let fed = fed_by_a_queue();
    assert_eq!(fed.len(), TEMPLATE.matches("Type: SQS\n").count(), "{fed:?}");
    for (function, queue) in fed {
        let (timeout, hidden) = (seconds(function, "Timeout")?, seconds(queue, "VisibilityTimeout")?);
        ensure!(
            hidden > timeout,
            "`{queue}` hides a message for {hidden} s, `{function}` may take {timeout} s"
        );
    }
    Ok(())
}

#[test]
fn sweeps_do_not_overlap_and_come_as_often_as_the_code_takes_for_granted() -> Result<()> {
    let schedule = resource("SweepSchedule")?;
    let minutes = EVERY_MS / 60_000;
    let rate = format!("ScheduleExpression: rate({minutes} minutes)");
    ensure!(schedule.iter().any(|line| line.trim() == rate), "{schedule:?}");
    ensure!(seconds("DeliverySweepFunction", "Timeout")? * 1000 < EVERY_MS);
    Ok(())
}
