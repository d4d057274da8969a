//! What others use, at fixed versions: Python packages in a virtual environment, npm packages, Debian's lcov.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PYTHON_PACKAGES: [&str; 5] =
    ["junitparser==5.0.3", "lxml==6.1.3", "polars==2.1.0", "duckdb==2.0.1", "bzt==1.17.2"];
const NODE_PACKAGES: [&str; 3] = ["fast-xml-parser@5.12.1", "lcov-total@2.1.1", "lcov-parse@1.0.0"];

/// How a peer is started.
#[derive(Clone, Copy)]
enum How {
    /// `peer.py <name> <file>`, where this module can be imported.
    Python(&'static str),
    /// `peer.cjs <name> <file>`, where this package is installed.
    Node(&'static str),
    /// A program with these arguments before the file.
    Program(&'static str, &'static [&'static str]),
}

/// A tool that reads a format.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    format: &'static str,
    /// Largest file it is given, in MB before JTL's five times: some take minutes, or all of the memory.
    pub(crate) most_mb: u64,
    how: How,
}

const fn peer(format: &'static str, name: &'static str, most_mb: u64, how: How) -> Peer {
    Peer { name, format, most_mb, how }
}

static PEERS: [Peer; 15] = [
    peer("junit", "lxml iterparse", u64::MAX, How::Python("lxml")),
    peer("junit", "junitparser", u64::MAX, How::Python("junitparser")),
    peer("junit", "fast-xml-parser", u64::MAX, How::Node("fast-xml-parser")),
    peer("lcov", "lcov-parse", u64::MAX, How::Node("lcov-parse")),
    peer("lcov", "lcov-total", 50, How::Node("lcov-total")),
    peer("lcov", "lcov --summary (Debian)", 50, How::Program("lcov", &["--quiet", "--summary"])),
    peer("cobertura", "lxml iterparse", u64::MAX, How::Python("lxml")),
    peer("jacoco", "lxml iterparse", u64::MAX, How::Python("lxml")),
    peer("jtl-csv", "polars, one thread", u64::MAX, How::Python("polars")),
    peer("jtl-csv", "duckdb, one thread", u64::MAX, How::Python("duckdb")),
    peer("jtl-csv", "Taurus JTLReader", 10, How::Python("bzt")),
    peer("sarif", "Python json", u64::MAX, How::Python("json")),
    peer("npm-audit", "Python json", u64::MAX, How::Python("json")),
    peer("trivy", "Python json", u64::MAX, How::Python("json")),
    peer("grype", "Python json", u64::MAX, How::Python("json")),
];

/// The tools that read a format.
pub(crate) fn of(format: &str) -> impl Iterator<Item = &'static Peer> {
    PEERS.iter().filter(move |peer| peer.format == format)
}

/// Where the tools are.
pub(crate) struct Tools {
    python: PathBuf,
    modules: PathBuf,
}

impl Tools {
    /// Finds them, and installs them first when asked to.
    pub(crate) fn ready(folder: &Path, install: bool) -> Result<Self> {
        let environment = folder.join("venv");
        let python = environment.join("bin/python");
        if install {
            if !python.exists() {
                run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
            }
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
            run(Command::new(&python).args(pip).args(PYTHON_PACKAGES))?;
            let npm = [
                "install",
                "--silent",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--no-save",
                "--prefix",
            ];
            run(Command::new("npm").args(npm).arg(folder).args(NODE_PACKAGES))?;
        }
        // Node looks for modules beside the file.
        std::fs::write(folder.join("peer.cjs"), include_str!("../peers/peer.cjs"))?;
        std::fs::write(folder.join("peer.py"), include_str!("../peers/peer.py"))?;
        let python = if python.exists() { python } else { "python3".into() };
        Ok(Self { python, modules: folder.to_owned() })
    }

    /// The command without the file; none when the tool is not installed.
    pub(crate) fn command(&self, peer: &Peer) -> Option<Vec<String>> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let command = match peer.how {
            How::Python(module) => {
                let import = format!("import {module}");
                is_there(Command::new(&self.python).args(["-c", &import]))?;
                vec![
                    text(&self.python),
                    text(&self.modules.join("peer.py")),
                    format!("{}:{module}", peer.format),
                ]
            }
            How::Node(package) => {
                self.modules.join("node_modules").join(package).exists().then_some(())?;
                vec![
                    "node".to_owned(),
                    "--max-old-space-size=8192".to_owned(),
                    text(&self.modules.join("peer.cjs")),
                    package.to_owned(),
                ]
            }
            How::Program(program, arguments) => {
                is_there(Command::new(program).arg("--version"))?;
                std::iter::once(program).chain(arguments.iter().copied()).map(ToOwned::to_owned).collect()
            }
        };
        Some(command)
    }
}

fn is_there(command: &mut Command) -> Option<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success()).then_some(())
}

fn run(command: &mut Command) -> Result<()> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("`{shown}` cannot be started"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}
