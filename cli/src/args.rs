//! The command line.

mod watch;

pub(crate) use watch::{Calibrate, Judge, Method, Power, Replay, Show, WatchCommand};

use crate::redrive::{Consent, Queue};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Developer options, shown below the help.
const AFTER: &str = "\
Everything is kept under `.tidegate/` of the checkout. Nothing needs an AWS account or a container engine.

Developer options:
  TIDEGATE_TOOLS_DIR=DIR  use the Python environments DIR/emulator and DIR/sam instead of installing them
  CARGO_TARGET_DIR=DIR    where cargo builds, as everywhere";

/// A release control plane for Amazon ECS, run on this machine: the real functions, the real template, a virtual clock.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the local stack: install tools, build, deploy with `sam deploy`, connect the sample platform
    Up(Up),
    /// Stop the local stack
    Down(Down),
    /// Show what runs, where, in how much memory, and the virtual time
    Status(Json),
    /// Push a change to a branch of the sample platform
    Push(Push),
    /// Ask the routes: what does a push start, and is the text right?
    #[command(subcommand)]
    Routes(RoutesCommand),
    /// Say what the gate sees in report files: format, figures, oddities; exit code 1 when one is no evidence
    Report {
        /// Report files of any format that is read
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        output: Json,
    },
    /// The quality gate on this machine: on folders, on ZIP files, inside CodeBuild
    #[command(subcommand)]
    Gate(GateCommand),
    /// The watch over a shift on this machine: judge series, forecast what a canary can see, compute records again
    #[command(subcommand)]
    Watch(WatchCommand),
    /// Show messages that could not be handled, and put them back into their queue
    ///
    /// Reaches the local stack only, never AWS: there, use `aws sqs receive-message` and `aws sqs start-message-move-task` on the stack's
    /// outputs. Messages are hidden from others for two minutes while you decide. The bodies of events are not shown: they can carry the
    /// environment of builds. Failed invocations have no queue to go back to and are not handled here.
    Redrive(Redrive),
    /// Run the tour: three releases on a fresh stack, then what was measured
    Demo(Demo),
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoutesCommand {
    /// Say what a push to REF of REPOSITORY would start, and why; exit code 1 when nothing starts
    Explain(Explain),
    /// Print the JSON Schema of a routes text
    Schema,
    /// Read a routes text and list everything that is wrong with it
    Check {
        /// YAML file, `-` for standard input
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum GateCommand {
    /// Judge artifacts by a policy
    ///
    /// Exit codes: 0 pass or warn, 1 fail, 2 wrong use, 3 evidence missing or broken, 4 the policy cannot be used.
    Check(Check),
    /// Say in sentences what a policy asks for
    Explain(GateExplain),
    /// Write a first policy from the reports that are there
    Init(GateInit),
    /// Say what a policy would have done to recorded gates; exit code 1 when it would have decided otherwise
    Backtest(Backtest),
    /// Print the JSON Schema of a policy
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Folders or ZIP files, each one artifact: `PATH`, or `NAME=PATH` for another name than that of the folder
    #[arg(required = true, value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    /// Policy in YAML or TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Branch, for `when` and baselines
    #[arg(long)]
    pub(crate) branch: Option<String>,
    /// Stage, for `when`
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Commit under judgement, for `must_match_commit`
    #[arg(long)]
    pub(crate) commit: Option<String>,
    /// Baselines and first sightings, JSON; empty when the file is not there
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,
    /// Write the history with what this run adds
    #[arg(long, requires = "history")]
    pub(crate) update_history: bool,
    /// Exit code 1 for warn too
    #[arg(long)]
    pub(crate) strict: bool,
    /// Write the report as HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write the report as markdown
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Print the verdict as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GateExplain {
    /// Policy in YAML or TOML
    pub(crate) policy: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct GateInit {
    /// Folders, each one artifact: `PATH`, or `NAME=PATH`
    #[arg(required = true, value_name = "ARTIFACT")]
    pub(crate) artifacts: Vec<String>,
    /// File to write; standard output when it is not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Backtest {
    /// Policy in YAML or TOML
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Folders with recorded gates: what `aws s3 sync s3://REPORT-BUCKET/gates DIR` fetches
    #[arg(required = true, value_name = "DIR")]
    pub(crate) records: Vec<PathBuf>,
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// `owner/name`, or GitHub's numeric id
    pub(crate) repository: String,
    /// Branch, or full ref (`refs/tags/v1`)
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// YAML file, `-` for standard input; the running local stack's parameter when it is not given. On AWS:
    /// `aws ssm get-parameter --name NAME --query Parameter.Value --output text | tidegate routes explain … --routes -`
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) start: Start,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// How a stack is started.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Start {
    /// Build the functions as users install them: `sam build` with full optimisation (takes minutes)
    #[arg(long)]
    pub(crate) release: bool,
    /// Use ports N, N+1 and N+2 instead of 14566 (emulator), 17100 (control plane) and 17200 (GitHub)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..=65_533))]
    pub(crate) ports_from: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Down {
    /// Remove `.tidegate/` too: tools, packages, logs, reports
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) output: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// Repository, `acme/b2b-ecommerce-platform`
    pub(crate) repository: String,
    /// Branch: `main` is released to production, `develop` to staging
    pub(crate) branch: String,
    /// What the commit changes: `good`, `low-coverage` or `broken-api`
    #[arg(long, default_value = "good")]
    pub(crate) change: String,
    /// Follow the release to its end: the virtual clock is moved, approvals are given
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) output: Json,
}

#[derive(Debug, Args)]
pub(crate) struct Redrive {
    /// Whose dead letters
    #[arg(value_enum)]
    pub(crate) queue: Queue,
    /// Put them back without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print JSON, and ask nothing: without `--yes` nothing is moved
    #[arg(long)]
    pub(crate) json: bool,
}

impl Redrive {
    /// What may be done with the messages.
    pub(crate) fn consent(&self) -> Consent {
        match (self.yes, self.json) {
            (true, _) => Consent::Given,
            (false, true) => Consent::OnlyShow,
            (false, false) => Consent::Ask,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Run only this scenario
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<String>,
    /// List the scenarios
    #[arg(long)]
    pub(crate) list: bool,
    /// Leave the stack running at the end
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) pace: Pace,
    #[command(flatten)]
    pub(crate) start: Start,
    #[command(flatten)]
    pub(crate) output: Json,
}

/// How fast virtual time passes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Pace {
    /// Virtual minutes in a second; as fast as the machine goes when it is not given
    #[arg(long, value_name = "N", value_parser = speed)]
    pub(crate) speed: Option<f64>,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 0.01 to 1000 is needed".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Json {
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
