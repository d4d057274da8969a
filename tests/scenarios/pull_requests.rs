//! Pull requests, forks and the merge queue: each head is built once by a project without secrets, whatever happens on the way.

use crate::source_killed::{end_the_lease, fault_of};
use anyhow::{Context, Result, ensure};
use scenarios::{World, text};
use serde_json::{Value, json};

pub(crate) const PROJECT: &str = "b2b-pull-request-checks";
/// Virtual minutes with a poll in them.
const A_POLL: u32 = 6;
/// Attempts of one call by the SDK (its standard retry mode).
const ATTEMPTS: u64 = 3;

/// Opens a pull request into `main`, told `deliveries` times; its number and head.
pub(crate) fn open(
    world: &World,
    branch: &str,
    fork: Option<&str>,
    deliveries: u32,
) -> Result<(u64, String)> {
    open_with(world, "good", branch, fork, deliveries)
}

/// The same with another change than the good one.
pub(crate) fn open_with(
    world: &World,
    change: &str,
    branch: &str,
    fork: Option<&str>,
    deliveries: u32,
) -> Result<(u64, String)> {
    // A name of its own, so that a story can be told again on the same stack.
    let branch = format!("{branch}-{}", world.next_event()?);
    let order = json!({"action": "opened", "branch": branch, "base": "main", "change": change, "fork": fork, "deliveries": deliveries});
    let answer = world.github("/_github/pull-request", &order)?;
    let number = answer.get("number").and_then(Value::as_u64).context("it has a number")?;
    Ok((number, text(&answer, "sha").to_owned()))
}

pub(crate) fn order(world: &World, action: &str, number: u64) -> Result<String> {
    let order = match action {
        "synchronize" => json!({"action": action, "number": number, "change": "low-coverage"}),
        _ => json!({"action": action, "number": number}),
    };
    Ok(text(&world.github("/_github/pull-request", &order)?, "sha").to_owned())
}

/// A build's variables, by name.
fn variables(build: &Value) -> Vec<(&str, &str)> {
    let all = build.get("variables").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    all.iter().map(|variable| (text(variable, "name"), text(variable, "value"))).collect()
}

/// Builds of `sha` as pull request `number`, or as none, oldest first. Pull requests that are opened at one moment have one commit.
fn builds(world: &World, sha: &str, number: Option<u64>) -> Result<Vec<Value>> {
    let state = world.state()?;
    let all = state.get("builds").and_then(Value::as_array).context("the state has builds")?;
    let ours = |build: &&Value| {
        let told = variables(build)
            .iter()
            .find(|(name, _)| *name == "TIDEGATE_PULL_REQUEST")
            .map(|told| told.1.to_owned());
        text(build, "project") == PROJECT
            && text(build, "commit") == sha
            && told == number.map(|number| number.to_string())
    };
    Ok(all.iter().filter(ours).cloned().collect())
}

fn statuses(world: &World, sha: &str, number: Option<u64>) -> Result<Vec<String>> {
    Ok(builds(world, sha, number)?.iter().map(|build| text(build, "status").to_owned()).collect())
}

#[test]
fn a_pull_request_is_built_on_its_head_and_its_builds_end_with_it() -> Result<()> {
    let world = World::take();
    let (number, first) = open(&world, "story/build", None, 1)?;
    world.wait_for_empty("SourceQueueUrl")?;
    assert_eq!(statuses(&world, &first, Some(number))?, ["IN_PROGRESS"]);
    let second = order(&world, "synchronize", number)?;
    world.wait_for_empty("SourceQueueUrl")?;
    assert_eq!(statuses(&world, &first, Some(number))?, ["STOPPED"], "the push overtook it");
    world.advance(3)?;
    assert_eq!(statuses(&world, &second, Some(number))?, ["SUCCEEDED"]);
    let third = order(&world, "synchronize", number)?;
    world.wait_for_empty("SourceQueueUrl")?;
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")?;
    assert_eq!(statuses(&world, &third, Some(number))?, ["STOPPED"], "it was closed");
    world.advance(A_POLL)?;
    assert_eq!(
        (statuses(&world, &second, Some(number))?.len(), statuses(&world, &third, Some(number))?.len()),
        (1, 1)
    );
    Ok(())
}

#[test]
fn a_build_is_told_generated_ids_and_its_number_and_nothing_else() -> Result<()> {
    let world = World::take();
    let (number, sha) = open(&world, "story/$(id)-x", None, 1)?;
    world.wait_for_empty("SourceQueueUrl")?;
    let build = builds(&world, &sha, Some(number))?.pop().context("it is built")?;
    let told = variables(&build);
    let release = told.first().context("the first is the release")?.1;
    ensure!(release.len() == 32 && release.bytes().all(|byte| byte.is_ascii_hexdigit()), "{told:?}");
    let shown = number.to_string();
    let expected = [
        ("TIDEGATE_RELEASE_ID", release),
        ("TIDEGATE_COMMIT_ID", sha.as_str()),
        ("TIDEGATE_PULL_REQUEST", shown.as_str()),
    ];
    assert_eq!(told, expected);
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

#[test]
fn the_head_of_a_fork_is_built_after_a_review_of_that_very_commit_and_not_after_the_next_push() -> Result<()>
{
    let world = World::take();
    world.github("/_github/permission", &json!({"account": "maintainer", "permission": "write"}))?;
    let (number, first) = open(&world, "main", Some("mallory/shop"), 1)?;
    world.wait_for_empty("SourceQueueUrl")?;
    let review = |reviewer: &str| {
        let review = json!({"number": number, "reviewer": reviewer, "state": "COMMENTED", "body": "/build"});
        world.github("/_github/review", &review)?;
        world.wait_for_empty("SourceQueueUrl")
    };
    review("mallory")?;
    ensure!(builds(&world, &first, Some(number))?.is_empty(), "its own author may not write");
    review("maintainer")?;
    assert_eq!(statuses(&world, &first, Some(number))?.len(), 1);
    let second = order(&world, "synchronize", number)?;
    world.wait_for_empty("SourceQueueUrl")?;
    world.advance(A_POLL)?;
    ensure!(builds(&world, &second, Some(number))?.is_empty(), "nobody has seen this commit");
    review("maintainer")?;
    assert_eq!(statuses(&world, &second, Some(number))?.len(), 1);
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

#[test]
fn a_pull_request_that_no_webhook_told_of_is_built_by_the_next_poll() -> Result<()> {
    let world = World::take();
    let (number, sha) = open(&world, "story/lost", None, 0)?;
    world.advance(A_POLL)?;
    assert_eq!(statuses(&world, &sha, Some(number))?.len(), 1);
    world.advance(A_POLL)?;
    assert_eq!(statuses(&world, &sha, Some(number))?.len(), 1, "and by no other");
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

#[test]
fn a_build_whose_answer_was_lost_is_found_again_and_not_started_twice() -> Result<()> {
    let world = World::take();
    fault_of(&world, "codebuild", "StartBuild", "lost-answer", ATTEMPTS)?;
    let (number, sha) = open(&world, "story/answer", None, 0)?;
    world.advance(A_POLL)?;
    world.control("/_local/faults/reset", &json!({}))?;
    // Longer than CodeBuild remembers a token.
    world.advance(2 * A_POLL)?;
    let built = builds(&world, &sha, Some(number))?;
    assert_eq!(built.len(), 1, "{built:#?}");
    let short: String = sha.chars().take(12).collect();
    let id = text(built.first().context("one")?, "id").to_owned();
    world.emulator.wait_for_log(&[&format!("found started {short} as execution {id}")])?;
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

#[test]
fn a_source_killed_at_its_calls_to_a_project_still_builds_the_head_once() -> Result<()> {
    let world = World::take();
    let (number, sha) = open(&world, "story/killed", None, 0)?;
    let entry = format!("L#{PROJECT}#pull:{number}");
    fault_of(&world, "codebuild", "StartBuild", "kill-function", 1)?;
    world.advance(A_POLL)?;
    assert!(world.killed()? >= 1, "it was killed when it began to start");
    assert!(builds(&world, &sha, Some(number))?.is_empty(), "nothing was started");
    end_the_lease(&world, &entry, &sha)?;
    fault_of(&world, "codebuild", "ListBuildsForProject", "kill-function", 1)?;
    world.advance(A_POLL)?;
    assert!(world.killed()? >= 2, "its successor was killed when it looked for the build");
    assert!(builds(&world, &sha, Some(number))?.is_empty(), "nothing was started");
    end_the_lease(&world, &entry, &sha)?;
    world.advance(A_POLL)?;
    assert_eq!(statuses(&world, &sha, Some(number))?.len(), 1);
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

#[test]
fn a_merge_group_is_built_and_its_build_stopped_when_the_queue_gives_it_up() -> Result<()> {
    let world = World::take();
    let (number, sha) = open(&world, "story/queue", None, 0)?;
    let group = |action: &str| {
        world.github("/_github/merge-group", &json!({"action": action, "number": number}))?;
        world.wait_for_empty("SourceQueueUrl")
    };
    group("checks_requested")?;
    assert_eq!(statuses(&world, &sha, None)?, ["IN_PROGRESS"]);
    group("destroyed")?;
    assert_eq!(statuses(&world, &sha, None)?, ["STOPPED"]);
    order(&world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}
