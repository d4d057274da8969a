//! What is measured, built or installed: the webhook by cargo, its peers from npm and `PyPI` at fixed versions.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const NODE_PACKAGES: [&str; 4] = [
    "@octokit/webhooks@14.2.0",
    "@aws-sdk/client-sqs@3.1175.0",
    "@aws-sdk/client-secrets-manager@3.1164.0",
    "@octokit/webhooks-examples@7.6.1",
];
const PYTHON_PACKAGES: [&str; 2] = ["awslambdaric==4.2.2", "boto3==1.44.8"];

/// One receiver.
pub(crate) struct Peer {
    /// Its name in the table.
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// Builds and installs what is missing; the first one is ours.
pub(crate) fn ready(root: &Path, profile: &str) -> Result<Vec<Peer>> {
    let tools = tools(root);
    std::fs::create_dir_all(&tools)?;
    let own = build(root, profile)?;
    install_node(&tools)?;
    let python = install_python(&tools)?;
    // Node looks for modules beside the file.
    let script = tools.join("receiver.mjs");
    std::fs::copy(root.join("tests/bench/peers/receiver.mjs"), &script)?;
    let peers = root.join("tests/bench/peers");
    Ok(vec![
        Peer { name: "Tidegate", program: own, arguments: Vec::new(), environment: Vec::new() },
        Peer {
            name: "Node: @octokit/webhooks, AWS SDK v3",
            program: "node".into(),
            arguments: vec![script.to_string_lossy().into_owned()],
            environment: Vec::new(),
        },
        Peer {
            name: "Python: hmac, boto3, awslambdaric",
            program: python,
            arguments: ["-m", "awslambdaric", "receiver.handler"].map(ToOwned::to_owned).to_vec(),
            environment: vec![
                ("PYTHONPATH", peers.to_string_lossy().into_owned()),
                ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ],
        },
    ])
}

/// The published examples of github.com.
pub(crate) fn examples(root: &Path) -> Result<Vec<u8>> {
    let file = tools(root).join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    std::fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))
}

/// Where the peers are installed.
pub(crate) fn tools(root: &Path) -> PathBuf {
    root.join(".tidegate/tools/bench")
}

fn build(root: &Path, profile: &str) -> Result<PathBuf> {
    let mut command = Command::new(env!("CARGO"));
    run(command.current_dir(root).args(["build", "--profile", profile, "--package", "webhook"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join(profile).join("webhook"))
}

/// npm does nothing when all of it is there.
fn install_node(tools: &Path) -> Result<()> {
    let mut command = Command::new("npm");
    command.args([
        "install",
        "--silent",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-save",
        "--prefix",
    ]);
    run(command.arg(tools).args(NODE_PACKAGES))
}

/// A virtual environment with the packages; its Python.
fn install_python(tools: &Path) -> Result<PathBuf> {
    let environment = tools.join("venv");
    let python = environment.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut command = Command::new(&python);
    run(command
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(PYTHON_PACKAGES))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("`{shown}` cannot be started"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}
