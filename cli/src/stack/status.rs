//! What runs, where, in how much memory, at what virtual time.

use super::record::Record;
use crate::control::ControlPlane;
use serde::Serialize;

/// A running process for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Part {
    name: String,
    pid: u32,
    running: bool,
    /// With everything that it started.
    processes: usize,
    /// Resident memory of all of them, in kilobytes.
    memory_kb: u64,
}

/// The whole stack for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    ready: bool,
    release: bool,
    emulator_url: String,
    control_plane_url: String,
    github_url: String,
    /// None when the control plane does not answer.
    virtual_time: Option<String>,
    parts: Vec<Part>,
    memory_kb: u64,
}

impl Status {
    /// Looks at the processes of `record`.
    pub(crate) fn of(record: &Record) -> Self {
        let part = |process: &crate::process::Process| {
            let (memory_kb, processes) = process.memory();
            let (name, running) = (process.name.clone(), process.is_running());
            Part { name, pid: process.pid, running, processes, memory_kb }
        };
        let parts: Vec<Part> = record.processes.iter().map(part).collect();
        Self {
            ready: record.ready,
            release: record.release,
            emulator_url: record.emulator_url.clone(),
            control_plane_url: record.control_plane_url.clone(),
            github_url: record.github_url.clone(),
            virtual_time: ControlPlane::new(record).now().ok(),
            memory_kb: parts.iter().map(|part| part.memory_kb).sum(),
            parts,
        }
    }

    /// As aligned lines.
    pub(crate) fn lines(&self) -> String {
        let state = match (self.ready, self.release) {
            (true, false) => "ready, functions built with the `local` profile",
            (true, true) => "ready, functions built by `sam build`",
            (false, _) => "not ready: `cargo tidegate up` did not come to its end",
        };
        let mut lines = vec![
            row("stack", state),
            row("emulator", &self.emulator_url),
            row("control plane", &self.control_plane_url),
            row("GitHub", &self.github_url),
            row("virtual time", self.virtual_time.as_deref().unwrap_or("the control plane does not answer")),
            row("memory", &format!("{} MB", self.memory_kb / 1024)),
        ];
        lines.extend(self.parts.iter().map(part_row));
        lines.join("\n")
    }
}

fn part_row(part: &Part) -> String {
    let state = if part.running {
        format!("process {}, {} in all, {} MB", part.pid, part.processes, part.memory_kb / 1024)
    } else {
        "does not run".to_owned()
    };
    row(&format!("  {}", part.name), &state)
}

/// A name and its value, aligned.
pub(crate) fn row(name: &str, value: &str) -> String {
    format!("{name:<16} {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_few_aligned_lines() {
        let part = |name: &str, running| Part {
            name: name.to_owned(),
            pid: 4711,
            running,
            processes: 3,
            memory_kb: 120_000,
        };
        let status = Status {
            ready: true,
            release: false,
            emulator_url: "http://127.0.0.1:14566".to_owned(),
            control_plane_url: "http://127.0.0.1:17100".to_owned(),
            github_url: "http://127.0.0.1:17200".to_owned(),
            virtual_time: Some("2026-11-24T10:03:00Z".to_owned()),
            parts: vec![part("emulator", true), part("control-plane", false)],
            memory_kb: 120_000,
        };
        insta::assert_snapshot!(status.lines(), @r"
        stack            ready, functions built with the `local` profile
        emulator         http://127.0.0.1:14566
        control plane    http://127.0.0.1:17100
        GitHub           http://127.0.0.1:17200
        virtual time     2026-11-24T10:03:00Z
        memory           117 MB
          emulator       process 4711, 3 in all, 117 MB
          control-plane  does not run
        ");
    }
}
