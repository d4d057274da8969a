//! Processes that outlive the command: started in their own process group, found again, measured, stopped.
//! A process is only ever touched when `/proc` shows the program and the start time that were written down, so that no stranger
//! is stopped. (<https://docs.kernel.org/filesystems/proc.html>)

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a program may take to appear under its own name.
const SETTLED: Duration = Duration::from_secs(2);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// A process of the stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Process {
    /// Name for people.
    pub(crate) name: String,
    /// Process id, and the id of its group.
    pub(crate) pid: u32,
    /// Start time in clock ticks since boot.
    started: u64,
    /// A part of its command line.
    program: String,
}

/// A line of `/proc/<pid>/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    pid: u32,
    dead: bool,
    parent: u32,
    group: u32,
    started: u64,
}

impl Process {
    /// Starts `command` in its own group; everything it prints goes to `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("cannot write `{}`", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
        let pid = command.spawn().with_context(|| format!("cannot start {name} (`{program}`)"))?.id();
        let entry = entry(pid).with_context(|| format!("{name} ended at once, see `{}`", log.display()))?;
        let process = Self { name: name.to_owned(), pid, started: entry.started, program };
        // The kernel shows the new command line a moment after it has told us that the program was started.
        wait_until(SETTLED, || process.is_running());
        Ok(process)
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&self) -> bool {
        let same = entry(self.pid).is_some_and(|entry| !entry.dead && entry.started == self.started);
        let line = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        same && String::from_utf8_lossy(&line).split('\0').any(|argument| argument == self.program)
    }

    /// It and everything that it started.
    fn family(&self) -> Vec<Entry> {
        if self.is_running() { family(&entries(), self.pid) } else { Vec::new() }
    }

    /// Resident memory of it and everything that it started: kilobytes and number of processes.
    pub(crate) fn memory(&self) -> (u64, usize) {
        let family = self.family();
        (family.iter().map(|entry| resident(entry.pid)).sum(), family.len())
    }

    /// Asks it and everything that it started to end, and ends what does not; `false` when it did not run.
    pub(crate) fn stop(&self) -> Result<bool> {
        let family = self.family();
        if family.is_empty() {
            return Ok(false);
        }
        let group = Pid::from_raw(i32::try_from(self.pid)?).context("process id 0")?;
        let _ = kill_process_group(group, Signal::TERM);
        if wait_until(PATIENCE, || living(&family).is_empty()) {
            return Ok(true);
        }
        let _ = kill_process_group(group, Signal::KILL);
        for entry in living(&family) {
            if let Some(pid) = i32::try_from(entry.pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        if wait_until(PATIENCE, || living(&family).is_empty()) {
            return Ok(true);
        }
        bail!("{} (process {}) does not end", self.name, self.pid)
    }
}

/// Waits until `done` holds; `false` when it does not within `time`.
pub(crate) fn wait_until(time: Duration, done: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < time {
        if done() {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    done()
}

fn living(family: &[Entry]) -> Vec<Entry> {
    let alive = |known: &&Entry| entry(known.pid).is_some_and(|e| !e.dead && e.started == known.started);
    family.iter().filter(alive).copied().collect()
}

/// Processes of the group and descendants of its leader.
fn family(all: &[Entry], leader: u32) -> Vec<Entry> {
    let mut ids: BTreeSet<u32> =
        all.iter().filter(|e| e.pid == leader || e.group == leader).map(|e| e.pid).collect();
    loop {
        let before = ids.len();
        ids.extend(all.iter().filter(|e| ids.contains(&e.parent)).map(|e| e.pid).collect::<Vec<_>>());
        if ids.len() == before {
            return all.iter().filter(|e| ids.contains(&e.pid) && !e.dead).copied().collect();
        }
    }
}

fn entries() -> Vec<Entry> {
    let folders = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| entry(folder.file_name().to_str()?.parse().ok()?)).collect()
}

fn entry(pid: u32) -> Option<Entry> {
    parse(pid, &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3, 4, 5 and 22; the name before them is in parentheses and may hold anything.
fn parse(pid: u32, stat: &str) -> Option<Entry> {
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Entry {
        pid,
        dead: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        started: fields.get(19)?.parse().ok()?,
    })
}

/// `VmRSS` in kilobytes.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pid: u32, parent: u32, group: u32) -> Entry {
        Entry { pid, dead: false, parent, group, started: 7 }
    }

    #[test]
    fn a_program_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) b (c)) S 1 42 40 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 9001 0 0";
        let expected = Entry { pid: 42, dead: false, parent: 1, group: 42, started: 9001 };
        assert_eq!(parse(42, stat), Some(expected));
    }

    #[test]
    fn a_family_is_the_group_and_its_descendants_and_nobody_else() {
        let all = [one(10, 1, 10), one(11, 10, 10), one(12, 11, 12), one(13, 1, 10), one(14, 1, 14)];
        let ids: Vec<u32> = family(&all, 10).iter().map(|entry| entry.pid).collect();
        assert_eq!(ids, [10, 11, 12, 13]);
    }

    #[test]
    fn a_process_is_stopped_with_its_children_and_a_stranger_is_not_touched() {
        let log = std::env::temp_dir().join(format!("tidegate-process-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & wait"]);
        let process = Process::start("sleeper", &mut command, &log).unwrap();
        assert!(wait_until(PATIENCE, || process.memory().1 == 2));
        let stranger = Process { started: process.started + 1, ..process.clone() };
        assert!(!stranger.stop().unwrap());
        assert!(process.is_running());
        assert!(process.stop().unwrap());
        assert!(!process.is_running());
        assert!(!process.stop().unwrap());
        std::fs::remove_file(log).unwrap();
    }
}
