//! `.tidegate/stack.json`: what runs, where, and what the deployed stack is called. Scenarios read it too.

use crate::emulator::Outputs;
use crate::home::Home;
use crate::process::Process;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs;

/// Three ports on the loopback interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    /// Data plane.
    pub(crate) emulator: u16,
    /// Control plane.
    pub(crate) control_plane: u16,
    /// GitHub.
    pub(crate) github: u16,
}

impl Ports {
    /// The usual ones, or three in a row.
    pub(crate) fn new(from: Option<u16>) -> Self {
        match from {
            Some(from) => {
                Self { emulator: from, control_plane: from.saturating_add(1), github: from.saturating_add(2) }
            }
            None => Self { emulator: 14_566, control_plane: 17_100, github: 17_200 },
        }
    }

    /// All three with their names.
    pub(crate) fn named(self) -> [(&'static str, u16); 3] {
        [("emulator", self.emulator), ("control plane", self.control_plane), ("GitHub", self.github)]
    }
}

/// The address of a port.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// A stack that runs or has begun to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// Data plane: everything but the services of the control plane.
    pub(crate) emulator_url: String,
    /// CodePipeline, CodeDeploy, CodeBuild, ECS, ECR, ELB, CloudWatch and the clock.
    pub(crate) control_plane_url: String,
    /// GitHub.
    pub(crate) github_url: String,
    /// Whether everything was deployed and connected.
    pub(crate) ready: bool,
    /// Whether the functions were built by `sam build`.
    pub(crate) release: bool,
    /// Outputs of the deployed stack.
    pub(crate) outputs: Outputs,
    /// What was started.
    pub(crate) processes: Vec<Process>,
}

impl Record {
    /// A stack that is about to start.
    pub(crate) fn new(ports: Ports, release: bool) -> Self {
        Self {
            emulator_url: url(ports.emulator),
            control_plane_url: url(ports.control_plane),
            github_url: url(ports.github),
            ready: false,
            release,
            outputs: Outputs::new(),
            processes: Vec::new(),
        }
    }

    /// The stack that was written down, if there is one.
    pub(crate) fn read(home: &Home) -> Result<Option<Self>> {
        let path = home.path("stack.json");
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let record = serde_json::from_str(&text);
        record
            .map(Some)
            .with_context(|| format!("`{}` is not what `cargo tidegate up` writes", home.shown(&path)))
    }

    /// The stack that runs.
    pub(crate) fn running(home: &Home) -> Result<Self> {
        match Self::read(home)? {
            Some(record) if record.ready && record.is_running() => Ok(record),
            Some(_) => bail!(
                "the local stack is not running properly: `cargo tidegate down`, then `cargo tidegate up`"
            ),
            None => bail!("no local stack is running: `cargo tidegate up` starts it"),
        }
    }

    /// Writes it down; a reader never sees half of it.
    pub(crate) fn write(&self, home: &Home) -> Result<()> {
        let path = home.folder("")?.join("stack.json");
        let half = path.with_extension("json.new");
        fs::write(&half, serde_json::to_string_pretty(self)? + "\n")?;
        fs::rename(&half, &path).with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Forgets it.
    pub(crate) fn remove(home: &Home) -> Result<()> {
        Ok(fs::remove_file(home.path("stack.json"))?)
    }

    /// Whether every process of it runs.
    pub(crate) fn is_running(&self) -> bool {
        !self.processes.is_empty() && self.processes.iter().all(Process::is_running)
    }

    /// An output of the stack.
    pub(crate) fn output(&self, name: &str) -> Result<&str> {
        let found = self.outputs.get(name).map(String::as_str);
        found.with_context(|| format!("the deployed stack has no output `{name}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_has_the_members_that_scenarios_read() {
        let record = Record::new(Ports::new(Some(20_000)), false);
        insta::assert_snapshot!(serde_json::to_string(&record).unwrap(), @r#"{"emulatorUrl":"http://127.0.0.1:20000","controlPlaneUrl":"http://127.0.0.1:20001","githubUrl":"http://127.0.0.1:20002","ready":false,"release":false,"outputs":{},"processes":[]}"#);
    }

    #[test]
    fn an_output_that_is_missing_is_named() {
        let record = Record::new(Ports::new(None), false);
        insta::assert_snapshot!(record.output("TableName").unwrap_err(), @"the deployed stack has no output `TableName`");
    }
}
