//! SciPy, NumPy and mpmath, asked through a Python environment of its own, at pinned versions.
//!
//! Skips only where there is no Python to ask, and says so; an installation that fails is a failure.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// What is installed.
const PINS: [&str; 3] = ["mpmath==1.3.0", "numpy==2.4.6", "scipy==1.17.1"];
/// Tests run side by side; one of them installs.
static INSTALLING: Mutex<()> = Mutex::new(());
const SCRIPT: &str = include_str!("oracle.py");

/// What SciPy says to `questions`, one answer each; none when there is no Python on this machine. `folder` keeps the environment.
///
/// # Errors
/// When the environment cannot be made, or SciPy fails.
pub fn ask(folder: &Path, questions: &Value) -> Result<Option<Value>> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let python = ready(folder)?;
    let mut child = Command::new(&python)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("Python cannot be started")?;
    child.stdin.take().context("no input")?.write_all(questions.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "SciPy failed");
    Ok(Some(serde_json::from_slice(&output.stdout)?))
}

/// The environment's Python, with everything installed.
fn ready(folder: &Path) -> Result<PathBuf> {
    let _one = INSTALLING.lock();
    let environment = folder.join(format!("venv-{}", PINS.join("-").replace("==", "-")));
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
        run(Command::new(&python).args(pip).args(PINS))?;
        std::fs::write(&ready, "")?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}
