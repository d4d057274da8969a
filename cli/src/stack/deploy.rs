//! Puts the users' template into the emulator with the real `sam deploy`, with the settings of the sample platform.
//! Must not deploy anywhere else: the endpoint and the dummy credentials are given, nothing of the user's is inherited.

use super::record::Record;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::progress::Step;
use crate::tail;
use anyhow::{Context, Result};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Name of the stack.
pub(crate) const STACK: &str = "tidegate";
/// Numeric id of the sample repository.
const REPOSITORY_ID: &str = "1001";
/// What the sample platform's projects for pull requests begin with.
const BUILD_PROJECTS: &str = "b2b-pull-request";
/// The sample repository's webhook as the template's parameter names it: GitHub makes it after the deployment, as the first thing to which it
/// gives an id of its own.
pub(super) const WEBHOOK: (&str, u64) = ("acme/b2b-ecommerce-platform", 1);
/// A token for that webhook. There is no such secret: over plain HTTP no token is sent, so none is read.
const WEBHOOK_TOKEN: &str = "tidegate/webhook-token";
/// The GitHub App that the stack writes feedback as: App and installation are any numbers, GitHub here asks nobody who they are.
const APP: &str = "12";
/// Secret with the App's private key.
const APP_KEY: &str = "tidegate-app-key";
/// What stands in that secret: no key. It is never read, because no token is asked for over plain HTTP, and if it were ever logged the
/// scenarios would find it.
const NO_KEY: &str = "planted-secret-of-the-app";
/// Settings of the sample platform, by the template's parameter.
const SETTINGS: [(&str, &str); 3] =
    [("Routes", "routes.yaml"), ("ServiceMap", "services.yaml"), ("WatchSettings", "watch.yaml")];

/// Deploys `template` into the emulator of `record`.
pub(crate) fn deploy(home: &Home, sam: &Path, template: &Path, record: &Record) -> Result<()> {
    let step = Step::begin("deploy", "`sam deploy` into the emulator");
    Emulator::new(&record.emulator_url).create_secret(APP_KEY, NO_KEY)?;
    let parameters = home.folder("build")?.join("parameters.yaml");
    fs::write(&parameters, parameters_of(home, record)?)?;
    let log = home.log("deploy")?;
    fs::write(&log, "")?;
    let mut command = command(home, sam, template, &parameters, record)?;
    tail::run(home, "`sam deploy`", &mut command, &log)?;
    step.end(&format!("stack `{STACK}` by `sam deploy`"));
    Ok(())
}

fn parameters_of(home: &Home, record: &Record) -> Result<String> {
    let (repository, webhook) = WEBHOOK;
    let mut parameters = json!({
        "RepositoryIds": REPOSITORY_ID, "GitHubApiUrl": record.github_url, "BuildProjectPrefix": BUILD_PROJECTS,
        "WebhookHooks": format!("{repository}:{webhook}"), "WebhookTokenSecretId": WEBHOOK_TOKEN,
        "GitHubAppId": APP, "GitHubAppInstallationId": APP, "GitHubAppKeySecretId": APP_KEY,
    });
    for (parameter, file) in SETTINGS {
        let path = home.root().join("local/platform/settings").join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", home.shown(&path)))?;
        if let Some(members) = parameters.as_object_mut() {
            members.insert(parameter.to_owned(), json!(text));
        }
    }
    // JSON is YAML, and quotes every line break.
    Ok(serde_json::to_string_pretty(&parameters)?)
}

fn command(home: &Home, sam: &Path, template: &Path, parameters: &Path, record: &Record) -> Result<Command> {
    let mut command = Command::new(sam);
    // An own home and working folder: no AWS profile of the user and no `samconfig.toml` of the checkout takes part.
    let folder = home.folder("sam")?;
    command.current_dir(&folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &folder);
    command.env("LC_ALL", "C.UTF-8").env("PYTHONUNBUFFERED", "1");
    command.env("SAM_CLI_TELEMETRY", "0").env("SAM_CLI_POLL_DELAY", "0.5");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_REGION", "us-east-1");
    command.env("AWS_ENDPOINT_URL", &record.emulator_url);
    command.args(["deploy", "--stack-name", STACK, "--region", "us-east-1", "--template-file"]).arg(template);
    command.args(["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"]);
    command.args(["--no-progressbar", "--no-fail-on-empty-changeset", "--parameter-overrides"]);
    command.arg(format!("file://{}", parameters.display()));
    Ok(command)
}
