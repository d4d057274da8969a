//! The Python tools of the local stack, in their own environments under `.tidegate/tools/`, at pinned versions.
//! Must not use or change anything that is installed on the machine but `python3` itself.

use crate::home::{Home, TOOLS_VARIABLE};
use crate::progress::Step;
use crate::tail;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One Python environment.
struct Environment {
    name: &'static str,
    /// The program that it is there for.
    program: &'static str,
    pins: &'static [&'static str],
}

/// The emulator of the data plane; the translator is what its `AWS::Serverless` transform needs.
const EMULATOR: Environment = Environment {
    name: "emulator",
    program: "ministack",
    pins: &["ministack==1.5.33", "aws-sam-translator==1.115.0", "cryptography==50.0.2"],
};
/// What deploys; its `botocore` holds the service models that the control plane checks requests with.
const SAM: Environment =
    Environment { name: "sam", program: "sam", pins: &["aws-sam-cli==1.170.0", "cargo-lambda==1.9.2"] };
/// File with the pins of a finished environment.
const STAMP: &str = "tidegate-pins.txt";

/// Where the tools are.
pub(crate) struct Tools {
    /// The emulator.
    pub(crate) emulator: PathBuf,
    /// The SAM CLI.
    pub(crate) sam: PathBuf,
    /// Service models of botocore.
    pub(crate) models: PathBuf,
}

/// Installs what is missing.
pub(crate) fn install(home: &Home) -> Result<Tools> {
    for environment in [&EMULATOR, &SAM] {
        prepare(home, environment)?;
    }
    let program = |environment: &Environment| bin(home, environment).join(environment.program);
    Ok(Tools { emulator: program(&EMULATOR), sam: program(&SAM), models: models(home)? })
}

fn bin(home: &Home, environment: &Environment) -> PathBuf {
    home.environment(environment.name).join("bin")
}

fn prepare(home: &Home, environment: &Environment) -> Result<()> {
    let folder = home.environment(environment.name);
    let program = bin(home, environment).join(environment.program);
    if home.prepared_tools().is_some() {
        if program.is_file() {
            return Ok(());
        }
        bail!("`{TOOLS_VARIABLE}` is set, but there is no `{}`", program.display());
    }
    let wanted = environment.pins.join("\n");
    if program.is_file() && fs::read_to_string(folder.join(STAMP)).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    let step = Step::begin("tools", &format!("installing {}", environment.pins.join(", ")));
    home.folder("tools")?;
    create(home, environment, &folder)?;
    fs::write(folder.join(STAMP), wanted)?;
    step.end(&format!("installed {}", environment.pins.join(", ")));
    Ok(())
}

fn create(home: &Home, environment: &Environment, folder: &Path) -> Result<()> {
    let log = home.log("tools")?;
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(folder);
    tail::run(home, "making a Python environment (python3 with `venv` is needed)", &mut venv, &log)?;
    let mut pip = Command::new(folder.join("bin").join("python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input"]).args(environment.pins);
    tail::run(home, "installing Python packages", &mut pip, &log)
}

/// `lib/python3.<n>/site-packages/botocore/data` of the SAM CLI's environment.
fn models(home: &Home) -> Result<PathBuf> {
    let lib = home.environment(SAM.name).join("lib");
    let versions = fs::read_dir(&lib).with_context(|| format!("cannot read `{}`", lib.display()))?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages/botocore/data"))
        .find(|data| data.is_dir())
        .with_context(|| format!("no `botocore/data` under `{}`", lib.display()))
}
