//! What developers see of a pull request: that its build waits, that it is built, what its gate says; one comment, whatever comes twice.

use crate::pull_requests::{open_with, order};
use anyhow::{Context, Result, ensure};
use scenarios::{World, text};
use serde_json::{Value, json};

/// A pull request from a fork whose change has too little coverage.
struct Story {
    world: World,
    number: u64,
    sha: String,
}

#[test]
fn a_pull_request_has_its_checks_and_one_comment_whatever_comes_twice() -> Result<()> {
    let world = World::take();
    world.github("/_github/permission", &json!({"account": "maintainer", "permission": "write"}))?;
    let since = world.next_event()?;
    let (number, sha) = open_with(&world, "low-coverage", "told", Some("ann/shop"), 1)?;
    let story = Story { world, number, sha };
    let world = &story.world;

    let told = story.told()?;
    ensure!(story.checks(&told) == ["build action_required: waits for a review of this commit"], "{told:#}");
    ensure!(story.comment(&told)?.contains("| waits for a review |"), "{told:#}");

    let review = json!({"number": number, "reviewer": "maintainer", "state": "APPROVED"});
    world.github("/_github/review", &review)?;
    let checks = story.checks(&story.told()?);
    ensure!(checks.last().is_some_and(|check| check == "build : is being built"), "{checks:#?}");

    world.advance(3)?;
    let told = story.told()?;
    let expected = [
        "build action_required: waits for a review of this commit",
        "build success: built in 1 min 5 s",
        "gate failure: fail, 3 of 4 conditions hold",
    ];
    ensure!(story.checks(&told) == expected, "{:#?} {:#?}", story.checks(&told), story.comment(&told));
    let shown = story.comment(&told)?;
    for words in [
        "succeeded](http",
        "), gate **fail** | 1 min 5 s |",
        "| line-coverage | 78.40 % | &gt;= 80 % | **fail** |",
        "2 more covered lines would pass",
    ] {
        ensure!(shown.contains(words), "{words}: {shown}");
    }

    for (seed, queue) in [("friday", "FeedbackQueueUrl"), ("leap-day", "")] {
        world.replay_events(seed, since, queue)?;
        let again = story.told()?;
        ensure!(again.get("checkRuns") == told.get("checkRuns"), "order `{seed}`: {again:#}");
        ensure!(again.get("comments") == told.get("comments"), "order `{seed}`: {again:#}");
    }
    order(world, "closed", number)?;
    world.wait_for_empty("SourceQueueUrl")
}

impl Story {
    /// What GitHub shows once everybody has done what there was to do.
    fn told(&self) -> Result<Value> {
        self.world.wait_for_empty("SourceQueueUrl")?;
        // Events are handed on by the clock.
        self.world.advance(0)?;
        self.world.wait_for_feedback()?;
        self.world.repository()
    }

    /// The story's check runs, oldest first.
    fn checks(&self, told: &Value) -> Vec<String> {
        let all = told.get("checkRuns").and_then(Value::as_array);
        let reference = format!("refs/pull/{}/head", self.number);
        let is_ours = |run: &&Value| {
            text(run, "head_sha") == self.sha && text(run, "external_id").ends_with(&reference)
        };
        let ours = all.into_iter().flatten().filter(is_ours);
        ours.map(|run| {
            let kind = text(run, "name").split('/').next().unwrap_or_default();
            let title = run.pointer("/output/title").and_then(Value::as_str).unwrap_or_default();
            format!("{kind} {}: {title}", text(run, "conclusion"))
        })
        .collect()
    }

    /// The one comment on the pull request.
    fn comment(&self, told: &Value) -> Result<String> {
        let all = told.get("comments").and_then(Value::as_array).context("GitHub shows no comments")?;
        let ours: Vec<&Value> =
            all.iter().filter(|one| text(one, "issue") == self.number.to_string()).collect();
        let [one] = ours.as_slice() else { anyhow::bail!("{} comments: {ours:#?}", ours.len()) };
        let body = one.pointer("/comment/body").and_then(Value::as_str);
        Ok(body.context("a comment has a body")?.to_owned())
    }
}
