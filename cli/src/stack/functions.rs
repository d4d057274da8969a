//! From sources to packages: the functions' binaries, built by cargo for this machine or by `sam build` as users install them.
//! Must not deploy anything.

use super::template;
use crate::home::Home;
use crate::progress::Step;
use crate::tail;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Packages of the functions; each has a binary of the same name.
pub(crate) const FUNCTIONS: [&str; 13] = [
    "webhook",
    "secret-rotation",
    "delivery-sweep",
    "source",
    "quality-gate",
    "pre-traffic",
    "probe",
    "post-traffic",
    "traffic-watch",
    "revision-check",
    "metrics-collector",
    "feedback",
    "dashboard",
];
/// Package and binary of the control plane.
const CONTROL_PLANE: (&str, &str) = ("local", "tidegate-local");

/// What was built.
pub(crate) struct Built {
    /// The template to deploy; its functions point to finished packages.
    pub(crate) template: PathBuf,
    /// The control plane's binary.
    pub(crate) control_plane: PathBuf,
}

/// Builds everything with the fast profile and packs the functions.
pub(crate) fn build(home: &Home) -> Result<Built> {
    let mut packages = FUNCTIONS.to_vec();
    packages.push(CONTROL_PLANE.0);
    let binaries = cargo(home, &format!("{} functions and the control plane", FUNCTIONS.len()), &packages)?;
    let folder = home.folder("build")?;
    for function in FUNCTIONS {
        pack(binary(&binaries, function)?, &folder.join(function))?;
    }
    let source = home.root().join("template.yaml");
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read `{}`", source.display()))?;
    let target = folder.join("template.yaml");
    fs::write(&target, template::rewrite(&text, &FUNCTIONS, &folder)?)?;
    Ok(Built { template: target, control_plane: binary(&binaries, CONTROL_PLANE.1)?.clone() })
}

/// Builds the functions as users install them, by `sam build` (cargo-lambda, full optimisation); the control plane by cargo.
pub(crate) fn build_release(home: &Home, sam: &Path) -> Result<Built> {
    let binaries = cargo(home, "the control plane", &[CONTROL_PLANE.0])?;
    let count = FUNCTIONS.len();
    let detail = format!("`sam build` of {count} functions with full optimisation, this takes minutes");
    let step = Step::begin("build", &detail);
    let output = home.folder("sam")?.join("build");
    let mut command = Command::new(sam);
    command.current_dir(home.root()).args(["build", "--beta-features", "--template-file", "template.yaml"]);
    command.arg("--build-dir").arg(&output);
    command.env("SAM_CLI_TELEMETRY", "0").env("PATH", path_with(sam)?);
    let log = home.log("build")?;
    fs::write(&log, "")?;
    tail::run(home, "`sam build`", &mut command, &log)?;
    step.end(&format!("{count} functions by `sam build`"));
    Ok(Built {
        template: output.join("template.yaml"),
        control_plane: binary(&binaries, CONTROL_PLANE.1)?.clone(),
    })
}

/// `PATH` with the folder of `program` first: the SAM CLI looks there for cargo-lambda, and that for zig.
fn path_with(program: &Path) -> Result<OsString> {
    let first = program.parent().map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(first.into_iter().chain(std::env::split_paths(&path)))?)
}

fn binary<'a>(binaries: &'a BTreeMap<String, PathBuf>, name: &str) -> Result<&'a PathBuf> {
    binaries.get(name).with_context(|| format!("cargo has built no binary `{name}`"))
}

/// Puts `binary` into `folder` as the `bootstrap` that a custom runtime asks for.
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>)
fn pack(binary: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let target = folder.join("bootstrap");
    if target.exists() {
        fs::remove_file(&target)?;
    }
    if fs::hard_link(binary, &target).is_err() {
        fs::copy(binary, &target).with_context(|| format!("cannot write `{}`", target.display()))?;
    }
    Ok(())
}

/// Runs `cargo build` for `packages`, which are `what`; returns the binaries by name.
fn cargo(home: &Home, what: &str, packages: &[&str]) -> Result<BTreeMap<String, PathBuf>> {
    let step = Step::begin("build", what);
    let log = home.log("build")?;
    fs::write(&log, "")?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(home.root()).args(["build", "--profile", "local", "--bins"]);
    command.arg("--message-format=json-render-diagnostics");
    command.args(packages.iter().flat_map(|package| ["--package", package]));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(tail::open(&log)?);
    let mut child = command.spawn().with_context(|| tail::not_started("the build", &command))?;
    let output = child.stdout.take().context("cargo's output cannot be read")?;
    let mut built = Told::default();
    for line in BufReader::new(output).lines() {
        if let Some(words) = built.take(&line?) {
            step.tell(&words);
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!(tail::failure(home, "the build", &status.to_string(), &log));
    }
    step.end(&built.summary(what));
    Ok(built.binaries)
}

/// What cargo has told so far.
#[derive(Default)]
struct Told {
    binaries: BTreeMap<String, PathBuf>,
    ready: usize,
    compiled: usize,
}

impl Told {
    /// Takes one message of cargo; returns how far it is.
    /// (<https://doc.rust-lang.org/cargo/reference/external-tools.html#artifact-messages>)
    fn take(&mut self, line: &str) -> Option<String> {
        let message: Value = serde_json::from_str(line).ok()?;
        if message.get("reason")?.as_str()? != "compiler-artifact" {
            return None;
        }
        self.ready += 1;
        if message.get("fresh").and_then(Value::as_bool) == Some(false) {
            self.compiled += 1;
        }
        let name = message.pointer("/target/name")?.as_str()?;
        if let Some(executable) = message.get("executable").and_then(Value::as_str) {
            self.binaries.insert(name.to_owned(), PathBuf::from(executable));
        }
        Some(format!("{} crates ready, {} of them compiled now, last `{name}`", self.ready, self.compiled))
    }

    fn summary(&self, what: &str) -> String {
        match self.compiled {
            0 => format!("{what}, nothing had changed"),
            compiled => format!("{what}, {compiled} crates compiled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_messages_become_progress_and_binaries() {
        let mut built = Told::default();
        let lines = [
            r#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null,"fresh":true}"#,
            r#"{"reason":"build-script-executed"}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"webhook"},"executable":"/t/local/webhook","fresh":false}"#,
            "not json",
        ];
        let words: Vec<String> = lines.iter().filter_map(|line| built.take(line)).collect();
        insta::assert_snapshot!(words.join("\n"), @r"
        1 crates ready, 0 of them compiled now, last `serde`
        2 crates ready, 1 of them compiled now, last `webhook`
        ");
        assert_eq!(binary(&built.binaries, "webhook").unwrap(), Path::new("/t/local/webhook"));
        insta::assert_snapshot!(binary(&built.binaries, "source").unwrap_err(), @"cargo has built no binary `source`");
        insta::assert_snapshot!(built.summary("9 functions"), @"9 functions, 1 crates compiled");
    }
}
