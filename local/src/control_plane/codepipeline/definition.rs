//! A pipeline's structure, read out of the declaration of `CreatePipeline`.

use crate::clock::{MINUTE, Millis};
use crate::control_plane::ApiError;
use crate::values::{at, list, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// How executions share a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Queued,
    Superseded,
    Parallel,
}

impl Mode {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Superseded => "SUPERSEDED",
            Self::Parallel => "PARALLEL",
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Action {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) owner: String,
    pub(super) provider: String,
    pub(super) configuration: BTreeMap<String, String>,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) run_order: i64,
    pub(super) namespace: String,
    pub(super) timeout: Option<Millis>,
}

impl Action {
    pub(super) fn config(&self, key: &str) -> String {
        self.configuration.get(key).cloned().unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) actions: Vec<Action>,
}

#[derive(Debug, Clone)]
pub(super) struct Definition {
    /// The declaration as it came.
    pub(super) document: Value,
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) mode: Mode,
    pub(super) bucket: String,
    /// Variables with their defaults.
    pub(super) variables: Vec<(String, Option<String>)>,
    pub(super) stages: Vec<Stage>,
}

fn invalid(words: &str) -> ApiError {
    ApiError::new("InvalidStructureException", words)
}

impl Definition {
    /// Reads a declaration.
    ///
    /// # Errors
    /// `InvalidStructureException`: one stage only, names used twice, artifacts nobody makes.
    pub(super) fn read(document: &Value, version: u32) -> Result<Self, ApiError> {
        let mode = match text(document, "executionMode").as_str() {
            "QUEUED" => Mode::Queued,
            "PARALLEL" => Mode::Parallel,
            _ => Mode::Superseded,
        };
        let variables = list(document, "variables").iter().map(|variable| {
            (
                text(variable, "name"),
                variable.get("defaultValue").and_then(Value::as_str).map(ToOwned::to_owned),
            )
        });
        let definition = Self {
            name: text(document, "name"),
            version,
            mode,
            bucket: at(document, "/artifactStore/location"),
            variables: variables.collect(),
            stages: list(document, "stages").iter().map(stage).collect(),
            document: document.clone(),
        };
        definition.check()?;
        Ok(definition)
    }

    fn check(&self) -> Result<(), ApiError> {
        if self.stages.len() < 2 {
            return Err(invalid(&format!(
                "pipeline `{}` has {} stage(s), at least 2 are needed",
                self.name,
                self.stages.len()
            )));
        }
        let mut made: Vec<&String> = Vec::new();
        let mut names: Vec<(&String, &String)> = Vec::new();
        for (index, stage) in self.stages.iter().enumerate() {
            for action in &stage.actions {
                if (action.category == "Source") != (index == 0) {
                    return Err(invalid(&format!(
                        "source actions belong in the first stage and nowhere else: `{}`",
                        action.name
                    )));
                }
                if names.contains(&(&stage.name, &action.name)) {
                    return Err(invalid(&format!(
                        "two actions of `{}` are called `{}`",
                        stage.name, action.name
                    )));
                }
                names.push((&stage.name, &action.name));
                if let Some(input) = action.inputs.iter().find(|input| !made.contains(input)) {
                    return Err(invalid(&format!(
                        "nobody makes the artifact `{input}` that `{}` takes",
                        action.name
                    )));
                }
            }
            made.extend(stage.actions.iter().flat_map(|action| &action.outputs));
        }
        Ok(())
    }
}

fn stage(document: &Value) -> Stage {
    Stage { name: text(document, "name"), actions: list(document, "actions").iter().map(action).collect() }
}

fn action(document: &Value) -> Action {
    let names = |key: &str| list(document, key).iter().map(|artifact| text(artifact, "name")).collect();
    let configuration = document.get("configuration").and_then(Value::as_object).into_iter().flatten();
    Action {
        name: text(document, "name"),
        category: at(document, "/actionTypeId/category"),
        owner: at(document, "/actionTypeId/owner"),
        provider: at(document, "/actionTypeId/provider"),
        configuration: configuration
            .map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect(),
        inputs: names("inputArtifacts"),
        outputs: names("outputArtifacts"),
        run_order: document.get("runOrder").and_then(Value::as_i64).unwrap_or(1),
        namespace: text(document, "namespace"),
        timeout: document.get("timeoutInMinutes").and_then(Value::as_i64).map(|minutes| minutes * MINUTE),
    }
}
