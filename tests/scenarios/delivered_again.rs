//! A delivery that never got through is asked for again by the sweep, under the same GUID, and the pipeline is started once.

use anyhow::{Context, Result, ensure};
use scenarios::{World, executions_of, text};
use serde_json::{Value, json};

const PIPELINE: &str = "b2b-staging";
/// Nothing listens on the discard port of loopback.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// A commit on the branch that the pipeline follows, and its delivery.
struct Pushed {
    sha: String,
    guid: String,
    status: u64,
}

fn push(world: &World) -> Result<Pushed> {
    let order = json!({"repo": "acme/b2b-ecommerce-platform", "branch": "develop", "change": "good"});
    let answer = world.github("/_github/push", &order)?;
    let delivery = answer.pointer("/deliveries/0").context("the push was delivered")?;
    Ok(Pushed {
        sha: text(&answer, "sha").to_owned(),
        guid: text(delivery, "guid").to_owned(),
        status: delivery.get("status").and_then(Value::as_u64).context("the delivery has a status")?,
    })
}

/// Lets time pass until poll and sweep have just run.
fn until_a_poll(world: &World) -> Result<()> {
    while !world.now()?.ends_with("0:00Z") {
        world.advance(1)?;
    }
    Ok(())
}

/// The attempts of a delivery, oldest first: whether it is a redelivery, and the receiver's answer.
fn attempts(world: &World, guid: &str) -> Result<Vec<(bool, u64)>> {
    let mut log = world.deliveries()?;
    log.reverse();
    let of = log.iter().filter(|attempt| text(attempt, "guid") == guid);
    let outcome = |attempt: &Value| {
        let status = attempt.get("status_code").and_then(Value::as_u64);
        Some((attempt.get("redelivery")?.as_bool()?, status?))
    };
    of.map(outcome).collect::<Option<_>>().context("an attempt says what came of it")
}

#[test]
fn a_delivery_that_met_a_queue_that_was_down_is_delivered_again_and_the_poll_finds_nothing_missed()
-> Result<()> {
    let world = World::take();
    until_a_poll(&world)?;
    let receiver = world.output("WebhookFunctionName");
    let queue = world.emulator.configure(receiver, "SOURCE_QUEUE_URL", "http://127.0.0.1:9/queue")?;
    let pushed = push(&world);
    world.emulator.configure(receiver, "SOURCE_QUEUE_URL", &queue)?;
    let Pushed { sha, guid, status } = pushed?;
    ensure!(status == 503, "the receiver answered {status}");
    world.advance(2)?;
    ensure!(executions_of(&world.state()?, PIPELINE, &sha).is_empty(), "nothing told Tidegate");
    // The schedule's next tick would come together with the poll, which would find the head by itself.
    let tick =
        json!({"detail-type": "Scheduled Event", "source": "aws.events", "time": world.now()?, "detail": {}});
    let swept = world.emulator.invoke(world.output("DeliverySweepFunctionName"), &tick)?;
    ensure!(swept.get("redelivered") == Some(&json!(1)), "{swept:#}");
    world.started(PIPELINE, &sha)?;
    // The line that the template's metric filter counts.
    world.emulator.wait_for_log(&["delivery-sweep", "\"redelivered\":1", &guid])?;
    world.advance(6)?;
    let missed =
        world.emulator.logs()?.into_iter().find(|line| line.contains("missed_heads") && line.contains(&sha));
    ensure!(missed.is_none(), "{missed:?}");
    assert_eq!(attempts(&world, &guid)?, [(false, 503), (true, 202)], "the sweeps since then left it alone");
    world.run_to_end(PIPELINE, &sha)?;
    Ok(())
}

#[test]
fn a_receiver_that_was_down_for_a_while_gets_what_it_missed_from_the_scheduled_sweeps() -> Result<()> {
    let world = World::take();
    let state = world.github_state()?;
    let receiver = state.pointer("/repositories/0/hooks/0/url").context("the webhook has an address")?;
    until_a_poll(&world)?;
    world.configure_webhook(&json!({"url": NOWHERE}))?;
    let pushed = push(&world);
    // Two sweeps, at the fifth and the tenth minute.
    world.advance(11)?;
    world.configure_webhook(&json!({"url": receiver}))?;
    let Pushed { sha, guid, status } = pushed?;
    assert_eq!((status, attempts(&world, &guid)?), (0, vec![(false, 0), (true, 0), (true, 0)]));
    // The poll found the head meanwhile; what the delivery says is known already.
    let execution = world.started(PIPELINE, &sha)?;
    world.advance(10)?;
    assert_eq!(attempts(&world, &guid)?, [(false, 0), (true, 0), (true, 0), (true, 202)]);
    world.wait_for_empty("SourceQueueUrl")?;
    assert_eq!(world.started(PIPELINE, &sha)?, execution, "it was started once");
    world.run_to_end(PIPELINE, &sha)?;
    Ok(())
}
