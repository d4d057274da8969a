//! `tidegate`: the whole release path on one machine. Knows the processes of the local stack only by their interfaces; must not
//! decide anything about a release.

mod args;
mod control;
mod emulator;
mod home;
mod http;
mod process;
mod progress;
mod stack;
mod tail;

use anyhow::Result;
use args::{Arguments, Command};
use clap::Parser;
use home::Home;
use progress::{note, say};
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
    let home = Home::find()?;
    match arguments.command {
        Command::Up(up) => start(&home, &up),
        Command::Down(down) => stop(&home, &down),
        Command::Status(output) => status(&home, output.json),
    }
}

fn start(home: &Home, up: &args::Up) -> Result<ExitCode> {
    let record = stack::up(home, Ports::new(up.start.ports_from), up.start.release)?;
    print_status(&Status::of(&record), up.output.json)?;
    if !up.output.json {
        say("\nnext: `tidegate push acme/b2b-ecommerce-platform main --watch`, then `tidegate down`");
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
        say(if json { "null" } else { "no local stack is running: `tidegate up` starts it" });
        return Ok(ExitCode::FAILURE);
    };
    print_status(&Status::of(&record), json)?;
    Ok(if record.ready && record.is_running() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_status(status: &Status, json: bool) -> Result<()> {
    if json {
        say(&serde_json::to_string_pretty(status)?);
    } else {
        say(&status.lines());
    }
    Ok(())
}
