//! `tidegate-local`: the control plane and GitHub on loopback, beside the emulator of the data plane.

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Uri};
use clap::Parser;
use local::clock::{Clock, MINUTE, Millis};
use local::control_plane::{Options, Stack};
use local::emulator::Emulator;
use local::github::{GitHub, Settings};
use local::protocol::{self, Protocol};
use local::{admin, caller, responder};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// One day.
const DAY: Millis = 24 * 60 * MINUTE;

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
    /// Where the clock stands at start (RFC 3339); unless given, 09:00 UTC a week ago, so that it stays behind the functions' own clocks.
    #[arg(long)]
    start_time: Option<String>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(run(arguments))
}

async fn run(arguments: Arguments) -> Result<()> {
    let start = match &arguments.start_time {
        Some(text) => text
            .parse::<jiff::Timestamp>()
            .with_context(|| format!("`--start-time {text}` is no time"))?
            .as_millisecond(),
        None => a_week_ago(jiff::Timestamp::now().as_millisecond()),
    };
    let clock = Clock::at(start);
    let time = clock.clone();
    let github = GitHub::open(Settings {
        port: arguments.github_port,
        state: arguments.state,
        platform: arguments.platform.clone(),
        now: Arc::new(move || time.now()),
    });
    let github = github.await.context("GitHub cannot be started")?;
    let options = Options { platform: arguments.platform.clone() };
    let protocol = Protocol::read(&arguments.models)?;
    let stack = Arc::new(Stack::new(clock, options, protocol, Emulator::new(&arguments.emulator_url)));
    tokio::spawn(Arc::clone(&stack).drive());

    let app = Router::new()
        .merge(admin::routes())
        .merge(responder::routes())
        .fallback(aws)
        .layer(DefaultBodyLimit::max(8 << 20))
        .with_state(stack);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", arguments.port))
        .await
        .with_context(|| format!("port {} cannot be bound", arguments.port))?;
    tokio::select! {
        ended = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).into_future() => ended.context("the control plane ended"),
        ended = github.serve() => ended.context("GitHub ended"),
    }
}

/// 09:00 UTC of the day a week before `now`.
fn a_week_ago(now: Millis) -> Millis {
    (now.div_euclid(DAY) - 7) * DAY + 9 * 60 * MINUTE
}

async fn aws(
    State(stack): State<Arc<Stack>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    protocol::handle(stack, caller::of(peer), method, uri, headers, body).await
}
