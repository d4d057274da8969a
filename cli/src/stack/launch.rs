//! Starts the two processes of the stack, each in an environment of its own. Must not deploy into them.

use super::record::{Ports, Record, url};
use super::tools::Tools;
use crate::control::ControlPlane;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::process::{Process, wait_until};
use crate::progress::Step;
use crate::tail;
use anyhow::{Result, bail};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How long a process may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// Services of the control plane as the SDKs name them in `AWS_ENDPOINT_URL_<service>`.
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>)
const CONTROL_PLANE_SERVICES: [&str; 7] =
    ["CODEPIPELINE", "CODEDEPLOY", "CODEBUILD", "ECS", "ECR", "ELASTIC_LOAD_BALANCING_V2", "CLOUDWATCH"];

/// Fails when one of the ports cannot be used.
pub(crate) fn check_ports(ports: Ports) -> Result<()> {
    let taken = |(_, port): &(&str, u16)| TcpListener::bind(("127.0.0.1", *port)).is_err();
    let taken: Vec<_> = ports.named().into_iter().filter(taken).collect();
    if taken.is_empty() { Ok(()) } else { bail!(taken_words(&taken)) }
}

fn taken_words(taken: &[(&str, u16)]) -> String {
    let list: Vec<String> = taken.iter().map(|(name, port)| format!("{port} ({name})")).collect();
    format!("port(s) {} taken: `--ports-from N` uses N, N+1 and N+2 instead", list.join(", "))
}

/// Starts the emulator of the data plane. Functions inherit its whole environment, so it starts with a clean one.
pub(crate) fn emulator(home: &Home, tools: &Tools, ports: Ports, record: &mut Record) -> Result<()> {
    let step = Step::begin("start", "emulator");
    let folder = home.empty_folder("emulator")?;
    let temporary = home.folder("emulator/tmp")?;
    let mut command = Command::new(&tools.emulator);
    command.current_dir(&folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", &folder).env("TMPDIR", &temporary);
    command.env("GATEWAY_PORT", ports.emulator.to_string()).env("BIND_HOST", "127.0.0.1");
    // Functions may do what their role in the template says, and nothing else.
    command.env("AUTH", "true");
    // With `cryptography` installed it would open MQTT on every interface.
    command.env("IOT_MTLS_ENABLED", "0");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("AWS_ENDPOINT_URL", url(ports.emulator));
    for service in CONTROL_PLANE_SERVICES {
        command.env(format!("AWS_ENDPOINT_URL_{service}"), url(ports.control_plane));
    }
    let client = Emulator::new(&record.emulator_url);
    run(home, record, "emulator", &mut command, || client.is_ready())?;
    step.end(&format!("emulator at {}", record.emulator_url));
    Ok(())
}

/// Starts the control plane and GitHub, which are one process.
pub(crate) fn control_plane(
    home: &Home,
    tools: &Tools,
    binary: &Path,
    ports: Ports,
    record: &mut Record,
) -> Result<()> {
    let step = Step::begin("start", "control plane");
    let mut command = Command::new(binary);
    command.current_dir(home.root());
    command.args(["--port", &ports.control_plane.to_string(), "--github-port", &ports.github.to_string()]);
    command.args(["--emulator-url", &record.emulator_url]);
    command.arg("--models").arg(&tools.models);
    command.arg("--platform").arg(home.root().join("local/platform"));
    command.arg("--state").arg(home.empty_folder("control-plane")?);
    let client = ControlPlane::new(record);
    run(home, record, "control-plane", &mut command, || client.now().is_ok())?;
    step.end(&format!("control plane at {}, GitHub at {}", record.control_plane_url, record.github_url));
    Ok(())
}

fn run(
    home: &Home,
    record: &mut Record,
    name: &str,
    command: &mut Command,
    ready: impl Fn() -> bool,
) -> Result<()> {
    let log = home.log(name)?;
    let process = Process::start(name, command, &log)?;
    record.processes.push(process.clone());
    record.write(home)?;
    wait_until(PATIENCE, || !process.is_running() || ready());
    if !process.is_running() {
        bail!(tail::failure(home, name, "it ended", &log));
    }
    if !ready() {
        bail!(tail::failure(home, name, &format!("no answer within {} s", PATIENCE.as_secs()), &log));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_the_option_that_changes_it() {
        let words = taken_words(&[("emulator", 14_566), ("GitHub", 17_200)]);
        insta::assert_snapshot!(words, @"port(s) 14566 (emulator), 17200 (GitHub) taken: `--ports-from N` uses N, N+1 and N+2 instead");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ports = Ports { emulator: port, ..Ports::new(None) };
        assert!(check_ports(ports).unwrap_err().to_string().contains(&port.to_string()));
    }
}
