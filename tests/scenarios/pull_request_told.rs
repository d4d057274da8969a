//! What developers see of a pull request: that its build waits, that it is built, what its gate says; one comment, whatever comes twice.

use anyhow::{Context, Result, ensure};
use scenarios::{World, text};
use serde_json::{Value, json};
use std::path::Path;

/// A pull request that no other story writes about.
const PULL: u64 = 4711;
const PROJECT: &str = "b2b-checks-gateway";
const UUID: &str = "4b1c9d2e-0000-4000-8000-000000000001";
/// What a gate judges here: the recorded reports of a build with too little coverage.
const RECORDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../local/platform/artifacts/b2b-api-gateway-build/low-coverage/output"
);

#[test]
fn a_pull_request_has_its_checks_and_one_comment_whatever_comes_twice() -> Result<()> {
    let world = World::take();
    let sha = head_of_main(&world)?;
    let since = world.next_event()?;

    world.send(&json!({"detail-type": "Tidegate Build Withheld", "detail": {"repositoryId": 1001,
        "repository": "acme/b2b-ecommerce-platform", "ref": format!("refs/pull/{PULL}/head"), "sha": sha,
        "project": PROJECT, "releaseId": "story-of-a-pull-request", "sequence": 1}}))?;
    world.wait_for_feedback()?;
    let told = world.repository()?;
    ensure!(checks(&told) == ["build action_required: waits for a review of this commit"], "{told:#}");
    ensure!(comment(&told)?.contains("| waits for a review |"), "{told:#}");

    started(&world, &sha)?;
    event(&world, "IN_PROGRESS")?;
    world.wait_for_feedback()?;
    ensure!(checks(&world.repository()?).last().is_some_and(|check| check == "build : is being built"));

    let reports = local::archive::of_folder(Path::new(RECORDED), |bytes| bytes)?;
    let bucket = world.output("ArtifactBucketName");
    world.emulator.put_object(bucket, &format!("builds/1001/{UUID}/reports.zip"), &reports)?;
    event(&world, "SUCCEEDED")?;
    world.wait_for_feedback()?;
    let told = world.repository()?;
    let expected = [
        "build action_required: waits for a review of this commit",
        "build success: built in 1 min 1 s",
        "gate failure: fail, 3 of 4 conditions hold",
    ];
    ensure!(checks(&told) == expected, "{:#?} {:#?}", checks(&told), comment(&told));
    let shown = comment(&told)?;
    for words in
        ["succeeded](http", "| line-coverage | 78.40 % | &gt;= 80 % | **fail** |", "2 more would pass"]
    {
        ensure!(shown.contains(words), "{words}: {shown}");
    }

    for (seed, queue) in [("friday", "FeedbackQueueUrl"), ("leap-day", "")] {
        world.replay_events(seed, since, queue)?;
        world.wait_for_feedback()?;
        let again = world.repository()?;
        ensure!(again.get("checkRuns") == told.get("checkRuns"), "order `{seed}`: {again:#}");
        ensure!(again.get("comments") == told.get("comments"), "order `{seed}`: {again:#}");
    }
    Ok(())
}

fn head_of_main(world: &World) -> Result<String> {
    let repository = world.repository()?;
    let heads = repository.get("heads").and_then(Value::as_array).context("a repository has heads")?;
    let main = heads.iter().find(|head| text(head, "branch") == "main").context("there is a main")?;
    Ok(text(main, "sha").to_owned())
}

/// As the source function leaves it: where the build came from.
fn started(world: &World, sha: &str) -> Result<()> {
    let item = json!({"pk": {"S": format!("O#{PROJECT}:{UUID}")}, "sk": {"S": "ORIGIN"}, "repository_id": {"N": "1001"},
        "repository": {"S": "acme/b2b-ecommerce-platform"}, "sha": {"S": sha},
        "reference": {"S": format!("refs/pull/{PULL}/head")}, "runner": {"S": "build"}, "pipeline": {"S": PROJECT},
        "environment": {"S": "pull-request"}, "release_id": {"S": "story-of-a-pull-request"}, "sequence": {"N": "1"}});
    let body = json!({"TableName": world.output("TableName"), "Item": item});
    world.emulator.json("dynamodb", "DynamoDB_20120810.PutItem", "1.0", &body).map(|_| ())
}

/// As CodeBuild tells it.
fn event(world: &World, status: &str) -> Result<()> {
    let arn = format!("arn:aws:codebuild:us-east-1:000000000000:build/{PROJECT}:{UUID}");
    let phases = match status {
        "IN_PROGRESS" => json!([]),
        _ => {
            json!([{"phase-type": "BUILD", "phase-status": status, "duration-in-seconds": 61.0, "phase-context": [": "]},
            {"phase-type": "COMPLETED"}])
        }
    };
    let location =
        format!("arn:aws:s3:::{}/builds/1001/{UUID}/reports.zip", world.output("ArtifactBucketName"));
    let detail = json!({"build-status": status, "project-name": PROJECT, "build-id": arn,
        "additional-information": {"artifact": {"location": location}, "phases": phases, "build-complete": status != "IN_PROGRESS"}});
    let body = json!({"service": "codebuild", "detailType": "CodeBuild Build State Change", "resources": [arn], "detail": detail});
    world.control("/_local/events", &body).map(|_| ())
}

/// The check runs of the story's project, oldest first.
fn checks(told: &Value) -> Vec<String> {
    let all = told.get("checkRuns").and_then(Value::as_array);
    let ours = all.into_iter().flatten().filter_map(|run| {
        let (kind, project) = text(run, "name").split_once('/')?;
        let title = run.pointer("/output/title").and_then(Value::as_str).unwrap_or_default();
        (project == PROJECT).then(|| format!("{kind} {}: {title}", text(run, "conclusion")))
    });
    ours.collect()
}

/// The one comment on the pull request.
fn comment(told: &Value) -> Result<String> {
    let all = told.get("comments").and_then(Value::as_array).context("GitHub shows no comments")?;
    let ours: Vec<&Value> = all.iter().filter(|one| text(one, "issue") == PULL.to_string()).collect();
    let [one] = ours.as_slice() else { anyhow::bail!("{} comments: {ours:#?}", ours.len()) };
    let body = one.pointer("/comment/body").and_then(Value::as_str);
    Ok(body.context("a comment has a body")?.to_owned())
}
