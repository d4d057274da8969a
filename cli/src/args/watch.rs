//! Arguments of `tidegate watch`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum WatchCommand {
    /// Compare a canary with its baseline
    ///
    /// A series is CSV with the header `minute,total,bad` (counts) or `timestamp,value` (values), a JSON array of such objects, or Kayenta's
    /// metric sets. A missing minute is missing, never zero. The baseline's minutes before the canary's first teach the noise.
    ///
    /// Exit codes: 0 promote, 1 harm, 2 wrong use or a file that cannot be read, 3 inconclusive, 4 settings that cannot be used.
    Judge(Judge),
    /// Say what a canary can see before it starts: seeded simulation of the same test
    ///
    /// Exit codes: 0, 2 wrong use, 4 settings that cannot be used.
    Power(Power),
    /// Compute a recorded watch again and compare it bit for bit
    ///
    /// A record is the `body` of an item of the watch table, or the item as `aws dynamodb get-item` prints it.
    ///
    /// Exit codes: 0 the same, 1 a difference, 2 wrong use or no record, 3 no verdict to compare, 4 settings that cannot be used.
    Replay(Replay),
    /// Try a policy on recorded watches: what it would have stopped, and how often it stops what was good
    ///
    /// Exit codes: 0, 1 when it would have decided otherwise (with `--a-a`: when it stops more than its α), 2 wrong use or no record,
    /// 4 settings that cannot be used.
    Calibrate(Calibrate),
    /// Write a recorded watch as one HTML file with its picture
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Judge {
    /// The running version's series; a folder holds one file for each metric, called `<metric>.csv` or `<metric>.json`
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: PathBuf,
    /// The new version's series, a file or a folder as the baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) canary: PathBuf,
    /// How they are compared
    #[arg(long, value_enum, default_value_t = Method::AlwaysValid)]
    pub(crate) method: Method,
    /// Judge by a Kayenta configuration: metrics are found by the names of files, or of metric sets
    #[arg(long, value_name = "CONFIG", conflicts_with_all = ["method", "policy", "metric", "html"])]
    pub(crate) kayenta: Option<PathBuf>,
    /// Watch settings in YAML; what is not said has its default
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Whose settings: deployment group or ECS service
    #[arg(long, value_name = "NAME", default_value = "", requires = "policy")]
    pub(crate) service: String,
    /// Which metric of the settings a single file is; the first that decides when it is not given
    #[arg(long, value_name = "ID")]
    pub(crate) metric: Option<String>,
    /// Write the comparison as HTML with its picture (always-valid only)
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The product's own test on counts: as often as one likes, with a stated false-stop rate
    AlwaysValid,
    /// Ranks of the minutes' values, for one look at a finished series
    MannWhitney,
}

#[derive(Debug, Args)]
pub(crate) struct Power {
    /// Requests of both versions together in a minute
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) requests_per_minute: f64,
    /// Green's share of the traffic, in percent
    #[arg(long, value_name = "PERCENT", value_parser = share, conflicts_with = "schedule", required_unless_present = "schedule", requires = "minutes")]
    pub(crate) share: Option<f64>,
    /// Steps of the shift: `linear:25/5`, `canary:10/10`, `ecs-linear:10/2`, `LINEAR`, `CANARY`, or the name of a CodeDeploy configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) schedule: Option<String>,
    /// Usual share of bad requests, in percent
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    pub(crate) errors: f64,
    /// Minutes from green's first traffic; until all of it has moved when a schedule is given
    #[arg(long, value_name = "M", value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(crate) minutes: Option<u32>,
    /// How much the rate wanders from minute to minute: coefficient of variation; the settings' own, or none when it is learned
    #[arg(long, value_name = "CV", value_parser = noise)]
    pub(crate) noise: Option<f64>,
    /// Watch settings in YAML; what is not said has its default
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Whose settings: deployment group or ECS service
    #[arg(long, value_name = "NAME", default_value = "", requires = "policy")]
    pub(crate) service: String,
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// A record, `-` for standard input
    pub(crate) record: PathBuf,
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Watch settings in YAML
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Records
    #[arg(required = true, value_name = "RECORD")]
    pub(crate) records: Vec<PathBuf>,
    /// Split the running version's own counts at random into two arms with the shares of the shift: what is stopped is stopped wrongly
    #[arg(long)]
    pub(crate) a_a: bool,
    /// Splits of each record
    #[arg(long, value_name = "N", default_value_t = 200, requires = "a_a", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) splits: u32,
    /// Print JSON instead of lines for people
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A record, `-` for standard input
    pub(crate) record: PathBuf,
    /// File to write; standard output when it is not given
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("a number above 0 and at most 1000000000 is needed".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').trim_end().parse::<f64>() {
        Ok(number) if number > 0.0 && number < 100.0 => Ok(number),
        _ => Err("a percentage above 0 and below 100 is needed".to_owned()),
    }
}

fn noise(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=2.0).contains(&number) => Ok(number),
        _ => Err("a number from 0 to 2 is needed".to_owned()),
    }
}
