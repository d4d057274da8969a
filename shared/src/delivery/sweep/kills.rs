//! The sweep: in every story, the process is killed at every call to the outside world, before the call has its effect and after it; and
//! each call fails once. The end is the stated one.
//!
//! A run begins again at the last half minute before the blow, and ends as soon as the world has come back to that of the unbroken run:
//! from equal states follow equal ends.

use super::state::State;
use super::stories::all;
use super::story::Story;
use super::world::{Blow, End, Snapshot, Strike, World};
use std::collections::BTreeMap;

/// Pairs of kills that are drawn for each story.
const PAIRS: usize = 60;

/// The unbroken run of a story: where it stood at every half minute.
struct Whole {
    snapshots: Vec<Snapshot>,
    calls: usize,
    end: End,
}

fn whole(story: &Story) -> Whole {
    let world = World::new(story, Vec::new());
    let mut snapshots = vec![world.snapshot()];
    while !world.is_at_rest() && !world.is_too_long() {
        world.step();
        snapshots.push(world.snapshot());
    }
    Whole { snapshots, calls: world.calls.get(), end: world.end() }
}

/// The end of a run with blows, and what it was a blow to; `true` when it was a hook that was struck.
fn broken(story: &Story, whole: &Whole, strikes: &[Strike]) -> (End, Vec<&'static str>, bool) {
    let first = strikes.iter().map(|strike| strike.call).min().unwrap_or(0);
    let from = whole.snapshots.iter().rposition(|snapshot| snapshot.calls < first).unwrap_or(0);
    let world = World::again(story, strikes.to_vec(), whole.snapshots[from].clone());
    let mut index = from;
    while !world.is_at_rest() && !world.is_too_long() {
        world.step();
        index += 1;
        let is_back = |known: &State| world.state.borrow().has_come_back_to(known);
        let is_struck = world.struck.borrow().len() == strikes.len();
        if is_struck && whole.snapshots.get(index).is_some_and(|known| is_back(&known.state)) {
            return (whole.end.clone(), world.struck.take(), world.hook_struck.get());
        }
    }
    (world.end(), world.struck.take(), world.hook_struck.get())
}

/// What may differ from the stated end, and why. Never does green keep all the traffic that it was not meant to have.
fn is_allowed(story: &Story, end: &End, strikes: &[Strike], is_hook: bool) -> bool {
    let is_back = end.green == 0 && end.is_clean();
    // ECS takes a deployment back when a function that it asked dies: that is its rule, not ours to mend.
    let died = end.hook_died && is_back && end.status.starts_with("ROLLBACK");
    // Lambda invokes three times; a hook that died each time is failed by its hour.
    let deaths = usize::try_from(story.hooks_killed).unwrap() + strikes.len();
    let is_lost = deaths > 2 && is_hook && is_back && end.patience.is_some();
    // A hook of CodeDeploy that may not look at its deployment says so and fails, on a rollback too, which it cannot know to be one: the
    // operator has to act.
    let is_denied = is_hook && strikes.iter().any(|strike| strike.blow == Blow::Denied);
    let refused = is_denied && is_back && end.status == "Failed";
    let refused_back = is_denied
        && end.back == Some("Failed")
        && (end.status, end.verdict, end.action.clone())
            == (story.end.status, story.end.verdict, story.end.action.clone())
        && end.is_closed
        && end.is_at_rest
        && end.broken.is_empty();
    died || is_lost || refused || refused_back
}

/// Every call of every story with one blow; how many runs, and how many of them ended otherwise, as is allowed.
fn sweep(blow: Blow) {
    let (mut runs, mut otherwise) = (0, 0);
    let mut struck: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for story in all() {
        let whole = whole(&story);
        assert!(whole.end.is(&story.end), "`{}` does not reach its own end", story.name);
        for call in 1..=whole.calls {
            let strikes = [Strike { call, blow }];
            let (end, names, is_hook) = broken(&story, &whole, &strikes);
            runs += 1;
            names.iter().for_each(|name| *struck.entry(name).or_default() += 1);
            if end.is(&story.end) {
                continue;
            }
            if is_allowed(&story, &end, &strikes, is_hook) {
                otherwise += 1;
            } else {
                wrong.push(format!("`{}`, {blow:?} at call {call} ({names:?}): {end:?}", story.name));
            }
        }
    }
    println!("{blow:?}: {runs} runs, {otherwise} ended otherwise as is allowed; {struck:?}");
    assert!(wrong.is_empty(), "{} of {runs} runs ended wrongly:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(struck.values().sum::<usize>(), runs, "every blow fell");
}

#[test]
fn killed_before_any_call_the_end_is_the_same() {
    sweep(Blow::KillBefore);
}

#[test]
fn killed_after_any_call_the_end_is_the_same() {
    sweep(Blow::KillAfter);
}

#[test]
fn throttled_at_any_call_the_end_is_the_same() {
    sweep(Blow::Transient);
}

#[test]
fn without_the_answer_of_any_call_the_end_is_the_same() {
    sweep(Blow::LostAnswer);
}

#[test]
fn denied_at_any_call_nothing_more_is_promoted() {
    sweep(Blow::Denied);
}

#[test]
fn killed_twice_in_one_run_the_end_is_the_same() {
    let (mut runs, mut otherwise, mut wrong) = (0, 0, Vec::new());
    let mut seed = 5_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    for story in all() {
        let whole = whole(&story);
        for _ in 0..PAIRS {
            let blow = |bit: usize| if bit == 0 { Blow::KillBefore } else { Blow::KillAfter };
            let first = Strike { call: 1 + draw(whole.calls), blow: blow(draw(2)) };
            // The second falls soon after the first: what has healed by then is the sweep of single kills.
            let second = Strike { call: first.call + 1 + draw(12), blow: blow(draw(2)) };
            let (end, names, is_hook) = broken(&story, &whole, &[first, second]);
            runs += 1;
            if end.is(&story.end) {
                continue;
            }
            if is_allowed(&story, &end, &[first, second], is_hook) {
                otherwise += 1;
            } else {
                wrong.push(format!("`{}`, {first:?} and {second:?} ({names:?}): {end:?}", story.name));
            }
        }
    }
    println!("two kills: {runs} pairs drawn, {otherwise} ended otherwise as is allowed");
    assert!(wrong.is_empty(), "{} of {runs} runs ended wrongly:\n{}", wrong.len(), wrong.join("\n"));
}
