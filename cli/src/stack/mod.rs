//! The local stack: made, connected, stopped, described. Orchestration only; each step has its own file.

mod deploy;
mod functions;
mod launch;
pub(crate) mod record;
pub(crate) mod status;
mod template;
mod tools;

use crate::control::ControlPlane;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::interrupt;
use crate::progress::Step;
use anyhow::{Context, Result, bail, ensure};
use record::{Ports, Record};
use std::fs;

/// Buckets whose policy refuses plain HTTP: rightly so, but the emulator speaks nothing else.
const BUCKETS: [&str; 3] = ["SourceBucketName", "ArtifactBucketName", "ReportBucketName"];

/// Starts a stack, or nothing: what was started before a step failed is stopped again.
pub(crate) fn up(home: &Home, ports: Ports, release: bool) -> Result<Record> {
    refuse_a_second(home)?;
    let started = start(home, ports, release).and_then(|record| interrupt::check().map(|()| record));
    if started.is_err() {
        down(home, false)?;
    }
    started
}

fn refuse_a_second(home: &Home) -> Result<()> {
    if let Some(old) = Record::read(home)? {
        if old.processes.iter().any(crate::process::Process::is_running) {
            bail!(
                "a local stack is running already: `cargo tidegate status` describes it, `cargo tidegate down` stops it"
            );
        }
        Record::remove(home)?;
    }
    Ok(())
}

/// What was started is written down at each step, so that [`down`] stops half a stack too.
fn start(home: &Home, ports: Ports, release: bool) -> Result<Record> {
    launch::check_ports(ports)?;
    let tools = tools::install(home)?;
    let built = if release { functions::build_release(home, &tools.sam)? } else { functions::build(home)? };
    let mut record = Record::new(ports, release);
    launch::emulator(home, &tools, ports, &mut record)?;
    launch::control_plane(home, &tools, &built.control_plane, ports, &mut record)?;
    deploy::deploy(home, &tools.sam, &built.template, &record)?;
    connect(&mut record)?;
    record.ready = true;
    record.write(home)?;
    Ok(record)
}

/// Makes the sample platform around the deployed stack and points GitHub's webhook to it.
fn connect(record: &mut Record) -> Result<()> {
    let step = Step::begin("connect", "sample platform and webhook");
    let emulator = Emulator::new(&record.emulator_url);
    record.outputs = emulator.outputs(deploy::STACK)?;
    for bucket in BUCKETS {
        emulator.remove_bucket_policy(record.output(bucket)?)?;
    }
    let control = ControlPlane::new(record);
    control.seed(&serde_json::to_value(&record.outputs)?)?;
    let secret = emulator.webhook_secret(record.output("WebhookSecretId")?)?;
    let host = host_of(record.output("WebhookUrl")?)?.to_owned();
    let (repository, deployed) = deploy::WEBHOOK;
    let webhook = control.hooks(&format!("{}/", record.emulator_url), &secret, &host)?;
    ensure!(webhook == deployed, "GitHub made webhook {webhook}, the stack was deployed for {deployed}");
    step.end(&format!("sample platform `{repository}` and its webhook"));
    Ok(())
}

/// The host of a URL, without its port.
fn host_of(url: &str) -> Result<&str> {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let host = rest.and_then(|rest| rest.split(['/', ':', '?']).next()).filter(|host| !host.is_empty());
    host.with_context(|| format!("output `WebhookUrl` is `{url}`, which is no URL"))
}

/// Stops what was written down; returns the names of what ran.
pub(crate) fn down(home: &Home, all: bool) -> Result<Vec<String>> {
    let mut stopped = Vec::new();
    if let Some(record) = Record::read(home)? {
        // Last started, first stopped: nothing calls a service that is gone.
        for process in record.processes.iter().rev() {
            if process.stop()? {
                stopped.push(process.name.clone());
            }
        }
        Record::remove(home)?;
    }
    if all && home.path("").exists() {
        let folder = home.path("");
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    Ok(stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_function_url_is_what_the_emulator_routes_by() {
        let host = host_of("https://abc.lambda-url.us-east-1.on.aws/").unwrap();
        assert_eq!(host, "abc.lambda-url.us-east-1.on.aws");
        insta::assert_snapshot!(host_of("nothing").unwrap_err(), @"output `WebhookUrl` is `nothing`, which is no URL");
    }
}
