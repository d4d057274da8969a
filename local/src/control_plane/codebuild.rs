//! CodeBuild with recorded artifacts: a build takes the time that a recorded one took and yields the files it yielded.
//!
//! A build is ordered by a pipeline action, or by `StartBuild` with a source in S3; its token is honoured for five minutes, as documented.
//! Which recording is played stands in the source zip's `.recorded.json` (`{"variant": "good"}`); recordings lie under
//! `<platform>/artifacts/<project>/<variant>/`. What a build computes anew is filled in (`@COMMIT@`, `@DIGEST@`, hook functions). Not imitated:
//! running anything, logs, caches, reports, batch builds, sources elsewhere than in S3, overrides beside source and variables.

mod build;

use super::{ApiError, Stack};
use crate::archive;
use crate::clock::{Millis, SECOND};
use crate::values::{at, list, lock, rfc3339, sha256, text, texts, uuid};
use build::{Build, Phase};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Phases of a build without a recording: it fails while its source is read.
const FAILED_PHASES: [(&str, i64); 3] = [("SUBMITTED", 1), ("QUEUED", 1), ("DOWNLOAD_SOURCE", 2)];

/// What an idempotency token is remembered for (API reference, `StartBuild`).
const TOKEN_LIFE: Millis = 5 * 60 * SECOND;

/// An order from a pipeline action, or from `StartBuild`.
#[derive(Debug, Clone)]
pub struct Order {
    /// Project.
    pub project: String,
    /// Who ordered it: `codepipeline/<name>`, or a role.
    pub initiator: String,
    /// The source artifact.
    pub source: Bytes,
    /// Its place, as an S3 ARN; of `StartBuild` the version of the object.
    pub source_version: String,
    /// The commit it holds.
    pub commit: String,
    /// Where output artifacts go: artifact name, bucket and key.
    pub outputs: Vec<(String, String, String)>,
    /// `environmentVariablesOverride`.
    pub variables: Vec<Value>,
    /// Idempotency token; empty when there is none.
    pub token: String,
}

#[derive(Default)]
struct State {
    projects: BTreeMap<String, Value>,
    builds: Vec<Build>,
    fill_ins: BTreeMap<String, String>,
}

/// The account's builds.
#[derive(Default)]
pub struct CodeBuild {
    state: Mutex<State>,
}

/// What became of a build.
#[derive(Debug, Clone)]
pub enum Progress {
    /// Not over.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed, with words.
    Failed(String),
}

impl CodeBuild {
    pub(crate) async fn call(
        &self,
        stack: &Stack,
        operation: &str,
        input: &Value,
    ) -> Result<Value, ApiError> {
        match operation {
            "StartBuild" => self.start_build(stack, input).await,
            "StopBuild" => self.stop_build(stack, &text(input, "id")),
            other => self.look_up(other, input),
        }
    }

    fn look_up(&self, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
            "ListBuildsForProject" => {
                let project = text(input, "projectName");
                if !state.projects.contains_key(&project) {
                    return Err(no_project(&project));
                }
                let ours = state.builds.iter().filter(|build| build.order.project == project);
                let mut ids: Vec<&str> = ours.map(|build| build.id.as_str()).collect();
                if text(input, "sortOrder") != "ASCENDING" {
                    ids.reverse();
                }
                ids.truncate(100);
                Ok(json!({"ids": ids}))
            }
            "CreateProject" => {
                state.projects.insert(text(input, "name"), input.clone());
                Ok(json!({"project": input}))
            }
            "BatchGetProjects" => {
                let (found, missing): (Vec<String>, Vec<String>) =
                    texts(input, "names").into_iter().partition(|name| state.projects.contains_key(name));
                let found: Vec<&Value> = found.iter().filter_map(|name| state.projects.get(name)).collect();
                Ok(json!({"projects": found, "projectsNotFound": missing}))
            }
            "BatchGetBuilds" => {
                let ids = texts(input, "ids");
                let found: Vec<Value> = state
                    .builds
                    .iter()
                    .filter(|build| ids.contains(&build.id))
                    .map(Build::describe)
                    .collect();
                let missing: Vec<&String> =
                    ids.iter().filter(|id| !state.builds.iter().any(|build| build.id == **id)).collect();
                Ok(json!({"builds": found, "buildsNotFound": missing}))
            }
            other => Err(ApiError::not_imitated(other)),
        }
    }

    async fn start_build(&self, stack: &Stack, input: &Value) -> Result<Value, ApiError> {
        let token = text(input, "idempotencyToken");
        let project = text(input, "projectName");
        let description = {
            let state = lock(&self.state);
            let known = |build: &&Build| {
                !token.is_empty() && build.order.token == token && build.started + TOKEN_LIFE > stack.now()
            };
            if let Some(build) = state.builds.iter().find(known) {
                return Ok(json!({"build": build.describe()}));
            }
            state.projects.get(&project).cloned().ok_or_else(|| no_project(&project))?
        };
        let source = stored_source(stack, &description, input).await?;
        let variables = list(input, "environmentVariablesOverride").to_vec();
        let named = |name: &str| {
            let found = variables.iter().find(|variable| text(variable, "name") == name);
            found.map(|variable| text(variable, "value")).unwrap_or_default()
        };
        let order = Order {
            commit: named("TIDEGATE_COMMIT_ID"),
            initiator: "tidegate-source".to_owned(),
            source,
            source_version: text(input, "sourceVersion"),
            outputs: Vec::new(),
            project,
            variables,
            token,
        };
        let id = self.start(stack, order).map_err(|words| ApiError::new("InvalidInputException", &words))?;
        let mut state = lock(&self.state);
        let build = state.builds.iter_mut().find(|build| build.id == id);
        let build = build.ok_or_else(|| ApiError::internal("the build is gone"))?;
        build.order.outputs = own_output(&description, &id);
        Ok(json!({"build": build.describe()}))
    }

    fn stop_build(&self, stack: &Stack, id: &str) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        let Some(build) = state.builds.iter_mut().find(|build| build.id == id) else {
            return Err(ApiError::new("ResourceNotFoundException", &format!("there is no build `{id}`")));
        };
        if build.ended.is_none() {
            build.status = "STOPPED".to_owned();
            build.ended = Some(stack.now());
            build.tell(stack, stack.now());
        }
        Ok(json!({"build": build.describe()}))
    }

    /// What recordings leave open: token and value.
    pub(crate) fn fill_in(&self, token: &str, value: &str) {
        lock(&self.state).fill_ins.insert(token.to_owned(), value.to_owned());
    }

    /// Starts a build; its id.
    ///
    /// # Errors
    /// When the project does not exist.
    pub(crate) fn start(&self, stack: &Stack, order: Order) -> Result<String, String> {
        let mut state = lock(&self.state);
        if !state.projects.contains_key(&order.project) {
            return Err(format!("CodeBuild has no project `{}`", order.project));
        }
        let id = format!("{}:{}", order.project, uuid());
        let number =
            state.builds.iter().filter(|build| build.order.project == order.project).count() as u64 + 1;
        let played = recording(stack, &order);
        let (variant, failure, phases) = match played {
            Ok((variant, recorded)) => {
                let failure = Some(text(&recorded, "status")).filter(|status| status != "SUCCEEDED");
                (
                    variant,
                    failure.map(|status| format!("the recorded build ended {status}")),
                    phases(&recorded),
                )
            }
            Err(words) => {
                let length =
                    |(name, seconds): (&str, i64)| Phase { name: name.to_owned(), length: seconds * SECOND };
                (String::new(), Some(words), FAILED_PHASES.map(length).to_vec())
            }
        };
        let build = Build {
            id: id.clone(),
            number,
            order,
            variant,
            failure,
            phases,
            started: stack.now(),
            status: "IN_PROGRESS".to_owned(),
            ended: None,
        };
        build.tell(stack, stack.now());
        state.builds.push(build);
        Ok(id)
    }

    /// What became of a build.
    #[must_use]
    pub fn progress(&self, id: &str) -> Progress {
        let state = lock(&self.state);
        match state.builds.iter().find(|build| build.id == id) {
            Some(build) if build.ended.is_none() => Progress::Running,
            Some(build) if build.status == "SUCCEEDED" => Progress::Succeeded,
            Some(build) => Progress::Failed(build.failure.clone().unwrap_or_default()),
            None => Progress::Failed(format!("no build `{id}`")),
        }
    }

    pub(crate) fn next_due(&self) -> Option<Millis> {
        lock(&self.state).builds.iter().filter(|build| build.ended.is_none()).map(Build::due).min()
    }

    /// Ends the builds whose time has come; whether there was one.
    pub(crate) async fn step(&self, stack: &Arc<Stack>) -> bool {
        let now = stack.now();
        let due = |build: &&Build| build.ended.is_none() && build.due() <= now;
        let over: Vec<Build> = lock(&self.state).builds.iter().filter(due).cloned().collect();
        let any = !over.is_empty();
        for mut build in over {
            if build.failure.is_none() {
                build.failure = self.upload(stack, &build).await.err();
            }
            build.status = if build.failure.is_some() { "FAILED" } else { "SUCCEEDED" }.to_owned();
            build.ended = Some(now);
            build.tell(stack, now);
            if let Some(held) = lock(&self.state).builds.iter_mut().find(|held| held.id == build.id) {
                *held = build;
            }
        }
        any
    }

    async fn upload(&self, stack: &Stack, build: &Build) -> Result<(), String> {
        let folder = stack.options.platform.join("artifacts").join(&build.order.project).join(&build.variant);
        let mut fill_ins = lock(&self.state).fill_ins.clone();
        fill_ins.insert("@COMMIT@".to_owned(), build.order.commit.clone());
        let digest = sha256(format!("{}/{}", build.order.project, build.order.commit).as_bytes());
        fill_ins.insert("@DIGEST@".to_owned(), format!("sha256:{digest}"));
        let change = |content: Vec<u8>| match String::from_utf8(content) {
            Ok(text) => {
                fill_ins.iter().fold(text, |text, (token, value)| text.replace(token, value)).into_bytes()
            }
            Err(binary) => binary.into_bytes(),
        };
        let zip = archive::of_folder(&folder.join("output"), change)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        for (_, bucket, key) in &build.order.outputs {
            stack.emulator.put_object(bucket, key, Bytes::from(zip.clone())).await?;
        }
        Ok(())
    }

    /// All builds, for the admin interface.
    #[must_use]
    pub fn all(&self) -> Value {
        let one = |build: &Build| {
            json!({"id": build.id, "project": build.order.project, "variant": build.variant, "commit": build.order.commit,
                   "variables": build.order.variables, "status": build.status,
                   "started": rfc3339(build.started), "ended": build.ended.map(rfc3339), "message": build.failure})
        };
        json!(lock(&self.state).builds.iter().map(one).collect::<Vec<_>>())
    }
}

fn no_project(name: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", &format!("CodeBuild has no project `{name}`"))
}

/// The object that a `StartBuild` names, in the version that it names.
async fn stored_source(stack: &Stack, project: &Value, input: &Value) -> Result<Bytes, ApiError> {
    let invalid = |words: &str| ApiError::new("InvalidInputException", words);
    let kind = text(input, "sourceTypeOverride");
    let kind = if kind.is_empty() { at(project, "/source/type") } else { kind };
    if kind != "S3" {
        return Err(invalid(&format!("a source of type `{kind}` is not imitated here")));
    }
    let place = text(input, "sourceLocationOverride");
    let place = if place.is_empty() { at(project, "/source/location") } else { place };
    let (bucket, key) = place.split_once('/').ok_or_else(|| invalid("the source is no `bucket/key`"))?;
    let found = stack.emulator.get_object(bucket, key, &text(input, "sourceVersion")).await;
    match found.map_err(|words| ApiError::internal(&words))? {
        Some(object) => Ok(object.bytes),
        None => Err(invalid(&format!("there is no object `{place}` in that version"))),
    }
}

/// Where a project's own settings put its output: `<path>/<build uuid>/<name>` in S3, or nowhere.
fn own_output(project: &Value, id: &str) -> Vec<(String, String, String)> {
    if at(project, "/artifacts/type") != "S3" {
        return Vec::new();
    }
    let uuid = id.rsplit(':').next().unwrap_or_default();
    let parts = [at(project, "/artifacts/path"), uuid.to_owned(), at(project, "/artifacts/name")];
    let key = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join("/");
    vec![(at(project, "/artifacts/name"), at(project, "/artifacts/location"), key)]
}

/// The recording that the source asks for: its variant and `build.json`.
fn recording(stack: &Stack, order: &Order) -> Result<(String, Value), String> {
    let read = |text: &str, what: &str| -> Result<Value, String> {
        serde_json::from_str(text).map_err(|error| format!("{what}: {error}"))
    };
    let wanted = read(&archive::text(&order.source, ".recorded.json")?, ".recorded.json")?;
    let wanted = text(&wanted, "variant");
    let project = stack.options.platform.join("artifacts").join(&order.project);
    let variant = if project.join(&wanted).is_dir() { wanted } else { "good".to_owned() };
    let path = project.join(&variant).join("build.json");
    let recorded = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((variant, read(&recorded, "build.json")?))
}

fn phases(recorded: &Value) -> Vec<Phase> {
    let one = |phase: &Value| Phase {
        name: text(phase, "name"),
        length: phase.get("seconds").and_then(Value::as_i64).unwrap_or(0) * SECOND,
    };
    list(recorded, "phases").iter().map(one).collect()
}

/// What a build says of its images, by service: read out of an artifact of the build.
///
/// # Errors
/// When the artifact has no readable `imagedefinitions.json`.
pub(crate) fn image_definitions(artifact: &[u8], file: &str) -> Result<Vec<(String, String)>, String> {
    let document: Value =
        serde_json::from_str(&archive::text(artifact, file)?).map_err(|error| format!("{file}: {error}"))?;
    let images = document.as_array().ok_or_else(|| format!("`{file}` is no list"))?;
    Ok(images.iter().map(|image| (at(image, "/name"), at(image, "/imageUri"))).collect())
}
