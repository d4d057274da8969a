//! What each kind of action does when it starts, and how one sees that it is done.

use super::Held;
use super::definition::Action;
use super::engine::Start;
use super::execution::{Artifact, Execution, Revision, Waits};
use super::jobs::Job;
use crate::archive;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::control_plane::codebuild::{Order, Progress, image_definitions};
use crate::control_plane::{ACCOUNT, Stack, arn};
use crate::values::{at, hex_id, sha256, text, uuid};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Time that a source action takes.
const FETCHING: Millis = 3 * SECOND;
/// Time to an ECS deployment's end if the action does not say.
const ECS_PATIENCE: Millis = 60 * MINUTE;

/// A failed start: error code and words.
type Failure = (&'static str, String);

/// What starting an action came to.
#[derive(Default)]
pub(super) struct Started {
    waits: Option<Waits>,
    external: String,
    summary: String,
    artifacts: Vec<(String, Artifact)>,
    revision: Option<Revision>,
    variables: BTreeMap<String, String>,
    job: Option<Job>,
}

/// The action with its configuration filled in, and the execution it belongs to.
struct Task<'a> {
    stack: &'a Arc<Stack>,
    execution: Execution,
    action: Action,
    start: &'a Start,
}

fn configuration(words: impl Into<String>) -> Failure {
    ("ConfigurationError", words.into())
}

fn unavailable(words: impl Into<String>) -> Failure {
    ("SystemUnavailable", words.into())
}

/// Starts an action.
///
/// # Errors
/// An error code of the API and words.
pub(super) async fn start(
    stack: &Arc<Stack>,
    execution: Execution,
    start: &Start,
) -> Result<Started, Failure> {
    let mut action = execution
        .action_def(start.stage, start.action)
        .cloned()
        .ok_or_else(|| configuration("the pipeline has no such action"))?;
    for value in action.configuration.values_mut() {
        *value = execution.resolve(value);
    }
    let order = Task { stack, execution, action, start };
    match (order.action.category.as_str(), order.action.provider.as_str()) {
        ("Source", "S3") => order.source().await,
        ("Build" | "Test", "CodeBuild") => order.build().await,
        ("Invoke", "Lambda") => order.invoke().await,
        ("Approval", "Manual") => Ok(Started { waits: Some(Waits::Approval(uuid())), ..Started::default() }),
        ("Deploy", "ECS") => order.deploy_ecs().await,
        ("Deploy", "CodeDeployToECS") => order.deploy_blue_green().await,
        (category, provider) => {
            Err(configuration(format!("a {category} action by {provider} is not imitated here")))
        }
    }
}

impl Task<'_> {
    fn place(&self, name: &str) -> Result<Artifact, Failure> {
        self.execution
            .artifacts
            .get(name)
            .cloned()
            .ok_or_else(|| configuration(format!("there is no artifact `{name}`")))
    }

    async fn fetch(&self, name: &str) -> Result<Bytes, Failure> {
        let place = self.place(name)?;
        let found =
            self.stack.emulator.get_object(&place.bucket, &place.key, "").await.map_err(unavailable)?;
        let found =
            found.ok_or_else(|| unavailable(format!("artifact `{name}` is gone from {}", place.key)))?;
        Ok(found.bytes)
    }

    /// A fresh place in the artifact bucket, named as CodePipeline names them: pipeline and artifact cut to 20 characters.
    fn new_place(&self, name: &str) -> Artifact {
        let cut = |text: &str| text.chars().take(20).collect::<String>();
        let key = format!("{}/{}/{}", cut(&self.execution.definition.name), cut(name), hex_id(7));
        Artifact { bucket: self.execution.definition.bucket.clone(), key }
    }

    fn input(&self, index: usize) -> Result<&String, Failure> {
        let words = || configuration(format!("`{}` has no input artifact {index}", self.action.name));
        self.action.inputs.get(index).ok_or_else(words)
    }

    async fn source(&self) -> Result<Started, Failure> {
        let overridden = |kind: &str| {
            let found =
                self.execution.overrides.iter().find(|o| o.action == self.action.name && o.kind == kind);
            found.map(|found| found.value.clone())
        };
        let key = overridden("S3_OBJECT_KEY").unwrap_or_else(|| self.action.config("S3ObjectKey"));
        let version = overridden("S3_OBJECT_VERSION_ID").unwrap_or_default();
        let bucket = self.action.config("S3Bucket");
        let object = self.stack.emulator.get_object(&bucket, &key, &version).await.map_err(unavailable)?;
        let object = object
            .ok_or_else(|| ("RevisionUnavailable", format!("no object {key} {version} in {bucket}")))?;
        let name = self
            .action
            .outputs
            .first()
            .cloned()
            .ok_or_else(|| configuration("the source has no output artifact"))?;
        let place = self.new_place(&name);
        self.stack.emulator.put_object(&place.bucket, &place.key, object.bytes).await.map_err(unavailable)?;
        let summary =
            object.metadata.get("codepipeline-artifact-revision-summary").cloned().unwrap_or_default();
        let revision = Revision {
            artifact: name.clone(),
            action: self.action.name.clone(),
            id: object.version.clone(),
            summary: summary.clone(),
        };
        let variables = [
            ("BucketName", bucket),
            ("ObjectKey", key),
            ("VersionId", object.version.clone()),
            ("ETag", object.etag),
        ];
        Ok(Started {
            waits: Some(Waits::Until(self.stack.now() + FETCHING)),
            external: object.version,
            summary,
            artifacts: vec![(name, place)],
            revision: Some(revision),
            variables: variables.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            job: None,
        })
    }

    async fn build(&self) -> Result<Started, Failure> {
        let source = self.action.configuration.get("PrimarySource").cloned();
        let source = match source {
            Some(name) => name,
            None => self.input(0)?.clone(),
        };
        let place = self.place(&source)?;
        let outputs = self.action.outputs.iter().map(|name| (name.clone(), self.new_place(name)));
        let outputs: Vec<(String, Artifact)> = outputs.collect();
        let order = Order {
            project: self.action.config("ProjectName"),
            initiator: format!("codepipeline/{}", self.execution.definition.name),
            variables: Vec::new(),
            token: String::new(),
            source: self.fetch(&source).await?,
            source_version: format!("arn:aws:s3:::{}/{}", place.bucket, place.key),
            commit: self.execution.variables.get("commitId").cloned().unwrap_or_default(),
            outputs: outputs
                .iter()
                .map(|(name, place)| (name.clone(), place.bucket.clone(), place.key.clone()))
                .collect(),
        };
        let id = self.stack.codebuild.start(self.stack, order).map_err(configuration)?;
        Ok(Started {
            waits: Some(Waits::Build(id.clone())),
            external: id,
            artifacts: outputs,
            ..Started::default()
        })
    }

    async fn invoke(&self) -> Result<Started, Failure> {
        let id = uuid();
        let credentials = self.stack.credentials.fresh(self.stack).await.map_err(unavailable)?;
        let artifact = |name: &String| {
            let place = self.execution.artifacts.get(name)?;
            Some(json!({"name": name, "revision": null,
                "location": {"type": "S3", "s3Location": {"bucketName": place.bucket, "objectKey": place.key}}}))
        };
        let function = self.action.config("FunctionName");
        let event = json!({"CodePipeline.job": {"id": id, "accountId": ACCOUNT, "data": {
            "actionConfiguration": {"configuration": {
                "FunctionName": function, "UserParameters": self.action.config("UserParameters")}},
            "inputArtifacts": self.action.inputs.iter().filter_map(artifact).collect::<Vec<_>>(),
            "outputArtifacts": [],
            "artifactCredentials": credentials,
        }}});
        self.stack.lambda.invoke(&function, event.clone());
        let now = self.stack.now();
        let job = Job {
            id,
            pipeline: self.start.pipeline.clone(),
            execution: self.start.execution.clone(),
            stage: self.start.stage,
            action: self.start.action,
            function,
            event,
            first: now,
            since: now,
            again_at: None,
            is_open: true,
        };
        Ok(Started { waits: Some(Waits::Job), job: Some(job), ..Started::default() })
    }

    async fn call(&self, service: &str, operation: &str, input: &Value) -> Result<Value, Failure> {
        let result = self.stack.checked_call(service, operation, input).await;
        result.map_err(|error| configuration(format!("{operation}: {}: {}", error.code, error.message)))
    }

    /// Registers the service's task definition again with new images.
    async fn deploy_ecs(&self) -> Result<Started, Failure> {
        let (cluster, service) = (self.action.config("ClusterName"), self.action.config("ServiceName"));
        let file = Some(self.action.config("FileName")).filter(|file| !file.is_empty());
        let file = file.unwrap_or_else(|| "imagedefinitions.json".to_owned());
        let images = image_definitions(&self.fetch(self.input(0)?).await?, &file).map_err(configuration)?;
        let view = self.stack.ecs.view(&cluster, &service);
        let view =
            view.ok_or_else(|| configuration(format!("no service `{service}` in cluster `{cluster}`")))?;
        let asked = json!({"taskDefinition": view.blue.task_definition});
        let current = self.call("ecs", "DescribeTaskDefinition", &asked).await?;
        let mut definition = current.get("taskDefinition").cloned().unwrap_or_default();
        for made_by_ecs in ["taskDefinitionArn", "revision", "status"] {
            if let Some(members) = definition.as_object_mut() {
                members.remove(made_by_ecs);
            }
        }
        for container in
            definition.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
        {
            let name = text(container, "name");
            if let (Some((_, image)), Some(members)) =
                (images.iter().find(|(n, _)| *n == name), container.as_object_mut())
            {
                members.insert("image".into(), json!(image));
            }
        }
        let registered = self.call("ecs", "RegisterTaskDefinition", &definition).await?;
        let task_definition = at(&registered, "/taskDefinition/taskDefinitionArn");
        let update = json!({"cluster": cluster, "service": service, "taskDefinition": task_definition});
        self.call("ecs", "UpdateService", &update).await?;
        Ok(Started {
            external: task_definition.clone(),
            waits: Some(Waits::Service { cluster, service, task_definition }),
            ..Started::default()
        })
    }

    async fn deploy_blue_green(&self) -> Result<Started, Failure> {
        let file = |key: &str, default: &str| {
            Some(self.action.config(key)).filter(|p| !p.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let taskdef = self.fetch(&self.action.config("TaskDefinitionTemplateArtifact")).await?;
        let mut taskdef = archive::text(&taskdef, &file("TaskDefinitionTemplatePath", "taskdef.json"))
            .map_err(configuration)?;
        let appspec = self.fetch(&self.action.config("AppSpecTemplateArtifact")).await?;
        let appspec =
            archive::text(&appspec, &file("AppSpecTemplatePath", "appspec.yaml")).map_err(configuration)?;
        for number in 1..=4 {
            let artifact = self.action.config(&format!("Image{number}ArtifactName"));
            if artifact.is_empty() {
                continue;
            }
            let detail =
                archive::text(&self.fetch(&artifact).await?, "imageDetail.json").map_err(configuration)?;
            let detail: Value = serde_json::from_str(&detail)
                .map_err(|error| configuration(format!("imageDetail.json: {error}")))?;
            let container = self.action.config(&format!("Image{number}ContainerName"));
            taskdef = taskdef.replace(&format!("<{container}>"), &text(&detail, "ImageURI"));
        }
        let taskdef: Value = serde_json::from_str(&taskdef)
            .map_err(|error| configuration(format!("taskdef.json: {error}")))?;
        let registered = self.call("ecs", "RegisterTaskDefinition", &taskdef).await?;
        let content =
            appspec.replace("<TASK_DEFINITION>", &at(&registered, "/taskDefinition/taskDefinitionArn"));
        let deployment = json!({
            "applicationName": self.action.config("ApplicationName"),
            "deploymentGroupName": self.action.config("DeploymentGroupName"),
            "revision": {"revisionType": "AppSpecContent",
                "appSpecContent": {"sha256": sha256(content.as_bytes()), "content": content}},
        });
        let made = self.call("codedeploy", "CreateDeployment", &deployment).await?;
        let id = text(&made, "deploymentId");
        Ok(Started { waits: Some(Waits::Deployment(id.clone())), external: id, ..Started::default() })
    }
}

impl Held {
    /// Writes down what a start came to.
    pub(super) fn started(&mut self, stack: &Stack, start: &Start, result: Result<Started, Failure>) {
        let job = result.as_ref().ok().and_then(|started| started.job.clone());
        let Some(execution) = self.execution_mut(&start.pipeline, &start.execution) else { return };
        match result {
            Ok(started) => {
                execution.artifacts.extend(started.artifacts);
                execution.revisions.extend(started.revision);
                if let Some(run) = execution.action_run(start.stage, start.action) {
                    run.waits = started.waits.unwrap_or(Waits::Nothing);
                    run.external = started.external;
                    run.summary = started.summary;
                    run.variables.extend(started.variables);
                }
            }
            Err((code, words)) => execution.end_action(stack, start.stage, start.action, code, &words),
        }
        self.jobs.extend(job);
    }

    /// Ends the actions whose work is done; whether there was one.
    pub(super) fn poll(&mut self, stack: &Stack) -> bool {
        let mut any = false;
        for execution in self.pipelines.values_mut().flat_map(|pipeline| &mut pipeline.executions) {
            if !execution.state.is_live() {
                continue;
            }
            let stage = execution.stage;
            let actions = execution.stages.get(stage).map_or(0, |run| run.actions.len());
            for action in 0..actions {
                if let Some((code, words)) = outcome(stack, execution, stage, action) {
                    execution.end_action(stack, stage, action, code, &words);
                    any = true;
                }
            }
        }
        any
    }
}

/// The outcome of an action that waits; none while it goes on. An empty code is success.
fn outcome(
    stack: &Stack,
    execution: &Execution,
    stage: usize,
    action: usize,
) -> Option<(&'static str, String)> {
    let def = execution.action_def(stage, action)?;
    let run = execution.stages.get(stage)?.actions.get(action)?;
    if run.state != super::execution::State::InProgress {
        return None;
    }
    let now = stack.now();
    let age = now - run.started?;
    let found = match &run.waits {
        Waits::Nothing | Waits::Job | Waits::Approval(_) => None,
        Waits::Until(at) => (now >= *at).then(|| ("", String::new())),
        Waits::Build(id) => match stack.codebuild.progress(id) {
            Progress::Running => None,
            Progress::Succeeded => Some(("", String::new())),
            Progress::Failed(words) => Some(("JobFailed", words)),
        },
        Waits::Service { cluster, service, task_definition } => {
            match stack.ecs.outcome(cluster, service, task_definition) {
                Some(Ok(())) => Some(("", String::new())),
                // What the live action says of a rollback is not documented; that it fails is.
                Some(Err(words)) => Some(("JobFailed", format!("service `{service}`: {words}"))),
                None => (age >= ECS_PATIENCE)
                    .then(|| ("JobFailed", format!("service `{service}` did not become steady"))),
            }
        }
        Waits::Deployment(id) => {
            stack.codedeploy.outcome(id).and_then(|(status, words)| match status.as_str() {
                "Succeeded" => Some(("", "Deployment Succeeded".to_owned())),
                "Failed" | "Stopped" => {
                    Some(("JobFailed", format!("Deployment {id} {}: {words}", status.to_lowercase())))
                }
                _ => None,
            })
        }
    };
    let late = || def.timeout.filter(|timeout| age >= *timeout);
    found.or_else(|| {
        late()
            .map(|timeout| ("JobFailed", format!("the action took longer than {} minutes", timeout / MINUTE)))
    })
}

/// ARN of a pipeline, as the API and the events write it.
pub(super) fn pipeline_arn(name: &str) -> String {
    arn("codepipeline", name)
}
