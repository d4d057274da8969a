//! CodeBuild with recorded artifacts: a build takes the time that a recorded one took and yields the files it yielded.
//!
//! Which recording is played stands in the source zip's `.recorded.json` (`{"variant": "good"}`); recordings lie under
//! `<platform>/artifacts/<project>/<variant>/`. What a build computes anew is filled in (`@COMMIT@`, `@DIGEST@`, hook functions). Not imitated:
//! running anything, logs, caches, reports, batch builds.

use super::{ApiError, Stack, arn};
use crate::archive;
use crate::clock::{Millis, SECOND};
use crate::values::{at, list, lock, moment, rfc3339, seconds, sha256, text, texts, uuid};
use bytes::Bytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Phases of a build without a recording: it fails while its source is read.
const FAILED_PHASES: [(&str, i64); 3] = [("SUBMITTED", 1), ("QUEUED", 1), ("DOWNLOAD_SOURCE", 2)];

/// An order from a pipeline action.
#[derive(Debug, Clone)]
pub struct Order {
    /// Project.
    pub project: String,
    /// Pipeline's name.
    pub pipeline: String,
    /// The source artifact.
    pub source: Bytes,
    /// Its place, as an S3 ARN.
    pub source_version: String,
    /// The commit it holds.
    pub commit: String,
    /// Where output artifacts go: artifact name, bucket and key.
    pub outputs: Vec<(String, String, String)>,
}

#[derive(Debug, Clone)]
struct Phase {
    name: String,
    length: Millis,
}

#[derive(Debug, Clone)]
struct Build {
    id: String,
    number: u64,
    order: Order,
    variant: String,
    failure: Option<String>,
    phases: Vec<Phase>,
    started: Millis,
    status: String,
    ended: Option<Millis>,
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
    pub(crate) fn call(&self, _: &Stack, operation: &str, input: &Value) -> Result<Value, ApiError> {
        let mut state = lock(&self.state);
        match operation {
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
            json!({"id": build.id, "project": build.order.project, "variant": build.variant, "status": build.status,
                   "started": rfc3339(build.started), "ended": build.ended.map(rfc3339), "message": build.failure})
        };
        json!(lock(&self.state).builds.iter().map(one).collect::<Vec<_>>())
    }
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

impl Build {
    fn due(&self) -> Millis {
        self.started + self.phases.iter().map(|phase| phase.length).sum::<Millis>()
    }

    fn arn(&self) -> String {
        arn("codebuild", &format!("build/{}", self.id))
    }

    /// Phases with their times, as far as the build is over.
    fn phase_list(&self, time: impl Fn(Millis) -> Value, names: [&str; 5]) -> Vec<Value> {
        let [name, status, length, start, end] = names;
        let mut from = self.started;
        let mut phases = Vec::new();
        for phase in &self.phases {
            let to = from + phase.length;
            let failed =
                self.failure.is_some() && self.phases.last().is_some_and(|last| last.name == phase.name);
            let word = if failed { "FAILED" } else { "SUCCEEDED" };
            phases.push(json!({name: phase.name, status: word, length: seconds(phase.length), start: time(from), end: time(to)}));
            from = to;
        }
        phases.push(json!({name: "COMPLETED", start: time(from)}));
        phases
    }

    fn describe(&self) -> Value {
        let names = ["phaseType", "phaseStatus", "durationInSeconds", "startTime", "endTime"];
        let mut phases = self.phase_list(|at| json!(seconds(at)), names);
        for phase in &mut phases {
            if let Some(length) = phase.get_mut("durationInSeconds") {
                *length = json!(length.as_f64().unwrap_or(0.0).round());
            }
        }
        json!({"id": self.id, "arn": self.arn(), "buildNumber": self.number, "projectName": self.order.project,
               "buildStatus": self.status, "buildComplete": self.ended.is_some(), "startTime": seconds(self.started),
               "endTime": moment(self.ended), "initiator": format!("codepipeline/{}", self.order.pipeline),
               "sourceVersion": self.order.source_version, "resolvedSourceVersion": self.order.commit,
               "phases": if self.ended.is_some() { json!(phases) } else { json!([]) }})
    }

    /// The build's state on the bus, in the words of its live captures: numbers as floats, times as text without a zone.
    fn tell(&self, stack: &Stack, at: Millis) {
        let words = |at: Millis| {
            let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            json!(at.strftime("%b %-d, %Y %-I:%M:%S %p").to_string())
        };
        let mut additional = json!({
            "artifact": {"location": self.order.outputs.first().map(|(_, bucket, key)| format!("arn:aws:s3:::{bucket}/{key}"))},
            "environment": {"image": "aws/codebuild/amazonlinux-x86_64-standard:5.0", "compute-type": "BUILD_GENERAL1_MEDIUM",
                "type": "LINUX_CONTAINER", "privileged-mode": true, "image-pull-credentials-type": "CODEBUILD",
                "environment-variables": [{"name": "NPM_TOKEN", "type": "PLAINTEXT", "value": "planted-secret-of-a-build"}]},
            "timeout-in-minutes": 60.0, "queued-timeout-in-minutes": 480.0, "build-complete": self.ended.is_some(),
            "build-number": seconds(i64::try_from(self.number).unwrap_or(0) * SECOND),
            "initiator": format!("codepipeline/{}", self.order.pipeline), "build-start-time": words(self.started),
            "source": {"type": "CODEPIPELINE"}, "source-version": self.order.source_version,
        });
        if let (Some(_), Some(members)) = (self.ended, additional.as_object_mut()) {
            let names = ["phase-type", "phase-status", "duration-in-seconds", "start-time", "end-time"];
            members.insert("phases".into(), json!(self.phase_list(words, names)));
        }
        let phase = if self.ended.is_some() { "COMPLETED" } else { "SUBMITTED" };
        let detail = json!({"build-status": self.status, "project-name": self.order.project, "build-id": self.arn(),
            "current-phase": phase, "current-phase-context": "[]", "version": "1", "additional-information": additional});
        stack.events.put("codebuild", "CodeBuild Build State Change", &[self.arn()], &detail, at);
    }
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
