//! `tidegate`: the whole release path on one machine. Knows the processes of the local stack only by their interfaces; must not
//! decide anything about a release.

mod args;
mod control;
mod demo;
mod emulator;
mod gate;
mod home;
mod http;
mod interrupt;
mod process;
mod progress;
mod redrive;
mod release;
mod report;
mod routes;
mod stack;
mod tail;
mod watch;

use anyhow::Result;
use args::{Arguments, Command, RoutesCommand};
use clap::Parser;
use home::Home;
use progress::{note, say};
use release::follow::{self, Follower};
use release::line::{Line, Look};
use serde_json::json;
use stack::record::{Ports, Record};
use stack::status::Status;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    // Reports, gates and series need no checkout: they are looked at inside a build too.
    let home = || {
        interrupt::install()?;
        Home::find()
    };
    match arguments.command {
        Command::Up(up) => start(&home()?, &up),
        Command::Down(down) => stop(&home()?, &down),
        Command::Status(output) => status(&home()?, output.json),
        Command::Push(push) => send(&home()?, &push),
        Command::Routes(RoutesCommand::Explain(order)) => Ok(code(routes::explain(&home()?, &order)?)),
        Command::Routes(RoutesCommand::Schema) => {
            say(&routes::schema()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Routes(RoutesCommand::Check { file }) => routes::check(&file).map(|()| ExitCode::SUCCESS),
        Command::Report { files, output } => Ok(code(report::run(&files, output.json)?)),
        Command::Gate(command) => gate::run(&command),
        Command::Watch(command) => watch::run(&command),
        Command::Redrive(order) => {
            redrive::run(&Record::running(&home()?)?, order.queue, order.consent(), order.json)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(demo) if demo.list => {
            demo::list(demo.output.json);
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(demo) => Ok(code(demo::run(&home()?, &demo)?)),
    }
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn start(home: &Home, up: &args::Up) -> Result<ExitCode> {
    let record = stack::up(home, Ports::new(up.start.ports_from), up.start.release)?;
    print_status(&Status::of(&record), up.output.json)?;
    if !up.output.json {
        say(
            "\nnext: `cargo tidegate push acme/b2b-ecommerce-platform main --watch`, then `cargo tidegate down`",
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn stop(home: &Home, down: &args::Down) -> Result<ExitCode> {
    let stopped = stack::down(home, down.all)?;
    if down.output.json {
        say(&json!({"stopped": stopped}).to_string());
    } else if stopped.is_empty() {
        say("nothing was running");
    } else {
        say(&format!("stopped {}", stopped.join(" and ")));
    }
    Ok(ExitCode::SUCCESS)
}

/// Exit code 1 when nothing runs: scripts ask so whether there is a stack.
fn status(home: &Home, json: bool) -> Result<ExitCode> {
    let Some(record) = Record::read(home)? else {
        say(if json { "null" } else { "no local stack is running: `cargo tidegate up` starts it" });
        return Ok(ExitCode::FAILURE);
    };
    print_status(&Status::of(&record), json)?;
    Ok(code(record.ready && record.is_running()))
}

/// With `--watch`, exit code 1 when the release does not end `Succeeded`.
fn send(home: &Home, push: &args::Push) -> Result<ExitCode> {
    let record = Record::running(home)?;
    let (json, look) = (push.output.json, Look::of_stdout());
    let tell = |line: &Line| say(&if json { json!(line).to_string() } else { line.text(look) });
    let follower = Follower::new(&record, push.pace.speed, &tell)?;
    let order = follow::Push { repository: &push.repository, branch: &push.branch, change: &push.change };
    if !push.watch {
        follower.push(order)?;
        return Ok(ExitCode::SUCCESS);
    }
    let release = follower.release(order)?;
    Ok(code(release.execution().is_some_and(|execution| execution.status == "Succeeded")))
}

fn print_status(status: &Status, json: bool) -> Result<()> {
    if json {
        say(&serde_json::to_string_pretty(status)?);
    } else {
        say(&status.lines());
    }
    Ok(())
}
