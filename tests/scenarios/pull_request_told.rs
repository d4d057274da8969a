//! What developers see of a pull request: that its build waits, that it is built, what its gate says; one comment, whatever comes twice.

use anyhow::{Context, Result, ensure};
use scenarios::{World, text};
use serde_json::{Value, json};
use std::path::Path;

const PROJECT: &str = "b2b-checks-gateway";
/// What a gate judges here: the recorded reports of a build with too little coverage.
const RECORDED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../local/platform/artifacts/b2b-api-gateway-build/low-coverage/output"
);

/// A pull request that no other story writes about, nor this one when it is run again on the same stack.
struct Story {
    world: World,
    sha: String,
    pull: String,
    uuid: String,
    release: String,
}

#[test]
fn a_pull_request_has_its_checks_and_one_comment_whatever_comes_twice() -> Result<()> {
    let story = Story::begin()?;
    let (world, since) = (&story.world, story.world.next_event()?);

    world.send(&json!({"detail-type": "Tidegate Build Withheld", "detail": {"repositoryId": 1001,
        "repository": "acme/b2b-ecommerce-platform", "ref": story.reference(), "sha": story.sha,
        "project": PROJECT, "releaseId": story.release, "sequence": 1}}))?;
    world.wait_for_feedback()?;
    let told = world.repository()?;
    ensure!(story.checks(&told) == ["build action_required: waits for a review of this commit"], "{told:#}");
    ensure!(story.comment(&told)?.contains("| waits for a review |"), "{told:#}");

    story.started()?;
    story.event("IN_PROGRESS")?;
    world.wait_for_feedback()?;
    let checks = story.checks(&world.repository()?);
    ensure!(checks.last().is_some_and(|check| check == "build : is being built"), "{checks:#?}");

    let reports = local::archive::of_folder(Path::new(RECORDED), |bytes| bytes)?;
    world.emulator.put_object(world.output("ArtifactBucketName"), &story.key(), &reports)?;
    story.event("SUCCEEDED")?;
    world.wait_for_feedback()?;
    let told = world.repository()?;
    let expected = [
        "build action_required: waits for a review of this commit",
        "build success: built in 1 min 1 s",
        "gate failure: fail, 3 of 4 conditions hold",
    ];
    ensure!(story.checks(&told) == expected, "{:#?} {:#?}", story.checks(&told), story.comment(&told));
    let shown = story.comment(&told)?;
    for words in [
        "succeeded](http",
        "), gate **fail** | 1 min 1 s |",
        "| line-coverage | 78.40 % | &gt;= 80 % | **fail** |",
        "2 more would pass",
    ] {
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

impl Story {
    fn begin() -> Result<Self> {
        let world = World::take();
        let number = world.next_event()?;
        let repository = world.repository()?;
        let heads = repository.get("heads").and_then(Value::as_array).context("a repository has heads")?;
        let main = heads.iter().find(|head| text(head, "branch") == "main").context("there is a main")?;
        Ok(Self {
            sha: text(main, "sha").to_owned(),
            pull: (1_000_000 + number).to_string(),
            uuid: format!("4b1c9d2e-0000-4000-8000-{number:012}"),
            release: format!("story-{number}"),
            world,
        })
    }

    fn reference(&self) -> String {
        format!("refs/pull/{}/head", self.pull)
    }

    fn key(&self) -> String {
        format!("builds/1001/{}/reports.zip", self.uuid)
    }

    /// As the source function leaves it: where the build came from.
    fn started(&self) -> Result<()> {
        let item = json!({"pk": {"S": format!("O#{PROJECT}:{}", self.uuid)}, "sk": {"S": "ORIGIN"}, "repository_id": {"N": "1001"},
            "repository": {"S": "acme/b2b-ecommerce-platform"}, "sha": {"S": self.sha},
            "reference": {"S": self.reference()}, "runner": {"S": "build"}, "pipeline": {"S": PROJECT},
            "environment": {"S": "pull-request"}, "release_id": {"S": self.release}, "sequence": {"N": "1"}});
        let body = json!({"TableName": self.world.output("TableName"), "Item": item});
        self.world.emulator.json("dynamodb", "DynamoDB_20120810.PutItem", "1.0", &body).map(|_| ())
    }

    /// As CodeBuild tells it.
    fn event(&self, status: &str) -> Result<()> {
        let arn = format!("arn:aws:codebuild:us-east-1:000000000000:build/{PROJECT}:{}", self.uuid);
        let phases = match status {
            "IN_PROGRESS" => json!([]),
            _ => {
                json!([{"phase-type": "BUILD", "phase-status": status, "duration-in-seconds": 61.0, "phase-context": [": "]},
                {"phase-type": "COMPLETED"}])
            }
        };
        let location = format!("arn:aws:s3:::{}/{}", self.world.output("ArtifactBucketName"), self.key());
        let detail = json!({"build-status": status, "project-name": PROJECT, "build-id": arn, "additional-information":
            {"artifact": {"location": location}, "phases": phases, "build-complete": status != "IN_PROGRESS"}});
        let body = json!({"service": "codebuild", "detailType": "CodeBuild Build State Change", "resources": [arn], "detail": detail});
        self.world.control("/_local/events", &body).map(|_| ())
    }

    /// The story's check runs, oldest first.
    fn checks(&self, told: &Value) -> Vec<String> {
        let all = told.get("checkRuns").and_then(Value::as_array);
        let ours =
            all.into_iter().flatten().filter(|run| text(run, "external_id").ends_with(&self.reference()));
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
        let ours: Vec<&Value> = all.iter().filter(|one| text(one, "issue") == self.pull).collect();
        let [one] = ours.as_slice() else { anyhow::bail!("{} comments: {ours:#?}", ours.len()) };
        let body = one.pointer("/comment/body").and_then(Value::as_str);
        Ok(body.context("a comment has a body")?.to_owned())
    }
}
