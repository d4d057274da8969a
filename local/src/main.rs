//! `tidegate-local`: the control plane and GitHub on loopback, beside the emulator of the data plane.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Uri};
use clap::Parser;
use local::admin;
use local::clock::Clock;
use local::control_plane::{Options, Stack};
use local::emulator::Emulator;
use local::github::{GitHub, Settings};
use local::protocol::{self, Protocol};
use std::path::PathBuf;
use std::sync::Arc;

/// The control plane that no emulator has: CodePipeline, CodeBuild, CodeDeploy, ECS, load balancer and CloudWatch minutes on a clock that is
/// advanced by hand, and GitHub over real git repositories.
#[derive(Debug, Parser)]
#[command(name = "tidegate-local", version)]
struct Arguments {
    /// Port of the control plane.
    #[arg(long, default_value_t = 17100)]
    port: u16,
    /// Port of GitHub.
    #[arg(long, default_value_t = 17200)]
    github_port: u16,
    /// The emulator of the data plane.
    #[arg(long, default_value = "http://127.0.0.1:14566")]
    emulator_url: String,
    /// Folder of botocore's service models (`botocore/data`).
    #[arg(long)]
    models: PathBuf,
    /// Folder of the sample platform.
    #[arg(long)]
    platform: PathBuf,
    /// Folder for git repositories; emptied at start.
    #[arg(long)]
    state: PathBuf,
    /// Where the clock stands at start (RFC 3339); now unless given.
    #[arg(long)]
    start_time: Option<String>,
    /// Source under which events are put on the emulator's bus.
    #[arg(long, default_value = "tidegate.replay")]
    event_source: String,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<()> {
    let start = match &arguments.start_time {
        Some(text) => text.parse::<jiff::Timestamp>().with_context(|| format!("`--start-time {text}` is no time"))?,
        None => jiff::Timestamp::now(),
    };
    let clock = Clock::at(start.as_millisecond());
    let time = clock.clone();
    let github = GitHub::open(Settings {
        port: arguments.github_port,
        state: arguments.state,
        platform: arguments.platform.clone(),
        now: Arc::new(move || time.now()),
    });
    let github = github.await.context("GitHub cannot be started")?;
    let options = Options { platform: arguments.platform.clone(), event_source: arguments.event_source };
    let protocol = Protocol::read(&arguments.models)?;
    let stack = Arc::new(Stack::new(clock, options, protocol, Emulator::new(&arguments.emulator_url)));
    tokio::spawn(Arc::clone(&stack).drive());

    let app = Router::new()
        .merge(admin::routes())
        .fallback(aws)
        .layer(DefaultBodyLimit::max(8 << 20))
        .with_state(stack);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", arguments.port))
        .await
        .with_context(|| format!("port {} cannot be bound", arguments.port))?;
    tokio::select! {
        ended = axum::serve(listener, app).into_future() => ended.context("the control plane ended"),
        ended = github.serve() => ended.context("GitHub ended"),
    }
}

async fn aws(State(stack): State<Arc<Stack>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    protocol::handle(stack, method, uri, headers, body).await
}
