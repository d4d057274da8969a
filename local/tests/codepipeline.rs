//! Executions move as CodePipeline's documentation says: sources, jobs and their time, approvals, stages that are taken, retry, rollback, stop.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where its world is not as expected"
)]

mod support;

use serde_json::{Value, json};
use support::World;

fn action(name: &str, category: &str, provider: &str, configuration: &Value) -> Value {
    let mut action = json!({"name": name, "configuration": configuration, "runOrder": 1,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"}});
    let key = if category == "Source" { "outputArtifacts" } else { "inputArtifacts" };
    if category != "Approval" {
        action[key] = json!([{"name": "App"}]);
    }
    action
}

/// Source → Gate (a function) → Approval.
async fn pipeline(world: &World, mode: &str) {
    let source =
        json!({"S3Bucket": "sources", "S3ObjectKey": "app.zip", "AllowOverrideForS3ObjectKey": "true"});
    let gate = json!({"FunctionName": "gate", "UserParameters": "#{codepipeline.PipelineExecutionId} #{variables.commitId}"});
    let document = json!({"name": "p", "roleArn": "r", "executionMode": mode, "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "variables": [{"name": "commitId", "defaultValue": "none"}],
        "stages": [
            {"name": "Source", "actions": [action("Source", "Source", "S3", &source)]},
            {"name": "Gate", "actions": [action("Gate", "Invoke", "Lambda", &gate)]},
            {"name": "Approval", "actions": [action("Approval", "Approval", "Manual", &json!({}))]}]});
    world.ok("codepipeline", "CreatePipeline", json!({"pipeline": document})).await;
    world.plane.objects.lock().unwrap().insert("sources/app.zip".to_owned(), "zip".into());
    world.plane.objects.lock().unwrap().insert("sources/other.zip".to_owned(), "zip".into());
}

async fn start(world: &World, input: Value) -> String {
    let mut request = json!({"name": "p"});
    request.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    let started = world.ok("codepipeline", "StartPipelineExecution", request).await;
    started["pipelineExecutionId"].as_str().unwrap().to_owned()
}

async fn status(world: &World, id: &str) -> String {
    let found = world
        .ok("codepipeline", "GetPipelineExecution", json!({"pipelineName": "p", "pipelineExecutionId": id}))
        .await;
    found["pipelineExecution"]["status"].as_str().unwrap().to_owned()
}

fn job(world: &World) -> Value {
    world.invoked("gate").unwrap()["CodePipeline.job"].clone()
}

async fn answer(world: &World) {
    world.ok("codepipeline", "PutJobSuccessResult", json!({"jobId": job(world)["id"]})).await;
    world.stack.settle().await;
}

async fn token(world: &World) -> Value {
    let state = world.ok("codepipeline", "GetPipelineState", json!({"name": "p"})).await;
    state["stageStates"][2]["actionStates"][0]["latestExecution"]["token"].clone()
}

fn approval(token: &Value, status: &str) -> Value {
    json!({"pipelineName": "p", "stageName": "Approval", "actionName": "Approval", "token": token,
           "result": {"status": status, "summary": "looked at it"}})
}

#[tokio::test]
async fn a_job_carries_what_the_action_says_and_its_answer_goes_on() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let revisions =
        json!([{"actionName": "Source", "revisionType": "S3_OBJECT_KEY", "revisionValue": "other.zip"}]);
    let id = start(
        &world,
        json!({"sourceRevisions": revisions, "variables": [{"name": "commitId", "value": "abc"}]}),
    )
    .await;
    world.minutes(1).await;
    let job = job(&world);
    assert_eq!(
        job["data"]["actionConfiguration"]["configuration"]["UserParameters"],
        json!(format!("{id} abc"))
    );
    assert_eq!(job["data"]["inputArtifacts"][0]["location"]["s3Location"]["bucketName"], "artifacts");
    answer(&world).await;
    let again = world.error("codepipeline", "PutJobSuccessResult", json!({"jobId": job["id"]})).await;
    assert_eq!(again.code, "InvalidJobStateException");
    let token = token(&world).await;
    world.ok("codepipeline", "PutApprovalResult", approval(&token, "Approved")).await;
    let used = world.error("codepipeline", "PutApprovalResult", approval(&token, "Approved")).await;
    assert_eq!(used.code, "InvalidApprovalTokenException");
    world.stack.settle().await;
    assert_eq!(status(&world, &id).await, "Succeeded");
}

#[tokio::test]
async fn a_job_has_twenty_minutes_and_a_continuation_starts_them_again() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let id = start(&world, json!({})).await;
    world.minutes(15).await;
    let first = job(&world)["id"].clone();
    let with_variables = json!({"jobId": first, "continuationToken": "later", "outputVariables": {"a": "b"}});
    assert_eq!(
        world.error("codepipeline", "PutJobSuccessResult", with_variables).await.code,
        "ValidationException"
    );
    let continued = json!({"jobId": first, "continuationToken": "later"});
    world.ok("codepipeline", "PutJobSuccessResult", continued.clone()).await;
    let twice = world.error("codepipeline", "PutJobSuccessResult", continued).await;
    assert_eq!(twice.code, "InvalidJobStateException");
    world.minutes(15).await;
    assert_eq!(world.count("gate"), 2);
    assert_eq!(job(&world)["data"]["continuationToken"], "later");
    assert_ne!(job(&world)["id"], first, "what goes on is a job of its own");
    assert_eq!(status(&world, &id).await, "InProgress");
    world.minutes(10).await;
    assert_eq!(status(&world, &id).await, "Failed");
    let late = world.error("codepipeline", "PutJobSuccessResult", json!({"jobId": job(&world)["id"]})).await;
    assert_eq!(late.code, "InvalidJobStateException");
}

#[tokio::test]
async fn a_failed_stage_is_retried_with_a_new_job_in_the_same_execution() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let id = start(&world, json!({})).await;
    world.minutes(1).await;
    let first = job(&world)["id"].clone();
    let failure = json!({"jobId": first, "failureDetails": {"type": "JobFailed", "message": "coverage"}});
    world.ok("codepipeline", "PutJobFailureResult", failure).await;
    world.stack.settle().await;
    assert_eq!(status(&world, &id).await, "Failed");
    let retry = json!({"pipelineName": "p", "stageName": "Gate", "pipelineExecutionId": id, "retryMode": "FAILED_ACTIONS"});
    world.ok("codepipeline", "RetryStageExecution", retry.clone()).await;
    world.stack.settle().await;
    assert_ne!(job(&world)["id"], first);
    answer(&world).await;
    assert_eq!(
        world.error("codepipeline", "RetryStageExecution", retry).await.code,
        "StageNotRetryableException"
    );
    assert_eq!(status(&world, &id).await, "InProgress");
}

#[tokio::test]
async fn queued_executions_wait_and_superseded_ones_make_room() {
    for (mode, middle) in [("QUEUED", "InProgress"), ("SUPERSEDED", "Superseded")] {
        let world = World::new().await;
        pipeline(&world, mode).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(start(&world, json!({})).await);
            world.minutes(1).await;
        }
        assert_eq!(world.count("gate"), 1, "{mode}: the stage is taken");
        assert_eq!(status(&world, &ids[1]).await, middle);
        assert_eq!(status(&world, &ids[2]).await, "InProgress");
    }
}

#[tokio::test]
async fn the_same_token_starts_once_and_an_unknown_variable_is_refused() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let first = start(&world, json!({"clientRequestToken": "t"})).await;
    assert_eq!(start(&world, json!({"clientRequestToken": "t"})).await, first);
    let wrong = json!({"name": "p", "variables": [{"name": "comitId", "value": "x"}]});
    let refused = world.error("codepipeline", "StartPipelineExecution", wrong).await;
    insta::assert_snapshot!(format!("{}: {}", refused.code, refused.message), @"ValidationException: pipeline `p` has no variable `comitId`");
}

#[tokio::test]
async fn a_missing_source_fails_the_execution_with_its_key() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let revisions =
        json!([{"actionName": "Source", "revisionType": "S3_OBJECT_KEY", "revisionValue": "nothing.zip"}]);
    let id = start(&world, json!({"sourceRevisions": revisions})).await;
    world.minutes(1).await;
    assert_eq!(status(&world, &id).await, "Failed");
    let history = world.ok("codepipeline", "ListActionExecutions", json!({"pipelineName": "p"})).await;
    let error = &history["actionExecutionDetails"][0]["output"]["executionResult"]["errorDetails"];
    insta::assert_snapshot!(format!("{}: {}", error["code"], error["message"]), @r#""RevisionUnavailable": "no object nothing.zip  in sources""#);
}

#[tokio::test]
async fn an_execution_is_stopped_and_its_late_answer_changes_nothing() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let id = start(&world, json!({})).await;
    world.minutes(1).await;
    let stop = json!({"pipelineName": "p", "pipelineExecutionId": id, "abandon": true});
    world.ok("codepipeline", "StopPipelineExecution", stop).await;
    world.stack.settle().await;
    assert_eq!(status(&world, &id).await, "Stopped");
    answer(&world).await;
    assert_eq!(status(&world, &id).await, "Stopped");
}

#[tokio::test]
async fn a_rejected_approval_fails_and_a_rollback_runs_only_its_stage() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let good = start(&world, json!({})).await;
    world.minutes(1).await;
    answer(&world).await;
    world.ok("codepipeline", "PutApprovalResult", approval(&token(&world).await, "Approved")).await;
    let bad = start(&world, json!({})).await;
    world.minutes(1).await;
    answer(&world).await;
    world.ok("codepipeline", "PutApprovalResult", approval(&token(&world).await, "Rejected")).await;
    world.stack.settle().await;
    assert_eq!(status(&world, &bad).await, "Failed");
    let back = json!({"pipelineName": "p", "stageName": "Approval", "targetPipelineExecutionId": good});
    let made = world.ok("codepipeline", "RollbackStage", back).await;
    world.stack.settle().await;
    assert_eq!(world.count("gate"), 2, "earlier stages do not run again");
    world.ok("codepipeline", "PutApprovalResult", approval(&token(&world).await, "Approved")).await;
    world.stack.settle().await;
    assert_eq!(status(&world, made["pipelineExecutionId"].as_str().unwrap()).await, "Succeeded");
    let refused = world
        .error(
            "codepipeline",
            "RollbackStage",
            json!({"pipelineName": "p", "stageName": "Approval", "targetPipelineExecutionId": bad}),
        )
        .await;
    assert_eq!(refused.code, "UnableToRollbackStageException");
}

#[tokio::test]
async fn a_closed_transition_holds_executions_until_it_is_opened() {
    let world = World::new().await;
    pipeline(&world, "QUEUED").await;
    let gate =
        json!({"pipelineName": "p", "stageName": "Gate", "transitionType": "Inbound", "reason": "freeze"});
    world.ok("codepipeline", "DisableStageTransition", gate.clone()).await;
    start(&world, json!({})).await;
    world.minutes(2).await;
    assert_eq!(world.count("gate"), 0);
    world.ok("codepipeline", "EnableStageTransition", gate).await;
    world.minutes(1).await;
    assert_eq!(world.count("gate"), 1);
}

/// Source → Deploy of a blue/green service with these hooks; the execution after 90 minutes, and what its action says.
async fn deployed(hooks: Value) -> (String, Value) {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("imagedefinitions.json"), r#"[{"name": "api", "imageUri": "api:2"}]"#)
        .unwrap();
    let zip = local::archive::of_folder(folder.path(), |content| content).unwrap();
    world.plane.objects.lock().unwrap().insert("sources/app.zip".to_owned(), zip.into());
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    let container = json!([{"name": "api", "image": "api:1"}]);
    world
        .ok("ecs", "RegisterTaskDefinition", json!({"family": "api", "containerDefinitions": container}))
        .await;
    world
        .ok("ecs", "CreateService", json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api"}))
        .await;
    let native = json!({"strategy": "BLUE_GREEN", "lifecycleHooks": hooks});
    let update = json!({"cluster": "c", "service": "api", "deploymentConfiguration": native});
    world.ok("ecs", "UpdateService", update).await;
    let source = json!({"S3Bucket": "sources", "S3ObjectKey": "app.zip"});
    let deploy = json!({"ClusterName": "c", "ServiceName": "api"});
    let document = json!({"name": "p", "roleArn": "r", "executionMode": "QUEUED", "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": "artifacts"}, "stages": [
            {"name": "Source", "actions": [action("Source", "Source", "S3", &source)]},
            {"name": "Deploy", "actions": [action("Deploy", "Deploy", "ECS", &deploy)]}]});
    world.ok("codepipeline", "CreatePipeline", json!({"pipeline": document})).await;
    let id = start(&world, json!({})).await;
    world.minutes(90).await;
    let history = world.ok("codepipeline", "ListActionExecutions", json!({"pipelineName": "p"})).await;
    let details = history["actionExecutionDetails"].as_array().unwrap();
    let found = details.iter().find(|detail| detail["actionName"] == "Deploy").unwrap();
    (status(&world, &id).await, found["output"]["executionResult"]["errorDetails"]["message"].clone())
}

#[tokio::test]
async fn an_ecs_action_follows_the_services_own_strategy_to_its_end() {
    let (status, words) = deployed(json!([])).await;
    assert_eq!(status, "Succeeded", "{words}");
    let hook = json!([{"hookTargetArn": "arn:aws:lambda:us-east-1:0:function:says-nothing", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    let (status, words) = deployed(hook).await;
    assert_eq!(status, "Failed");
    assert!(words.as_str().unwrap().contains("ROLLBACK_SUCCESSFUL"), "{words}");
    let pause = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    let (status, words) = deployed(pause).await;
    assert_eq!(status, "Failed");
    insta::assert_snapshot!(words.as_str().unwrap(), @"service `api` did not become steady");
}
