//! How often the canary analysis stops good releases and finds bad ones: the product's own decision, tick by tick, on simulated shifts,
//! beside two ways that others use, on the same minutes; and what one decision costs.
//!
//! Seeded: the same figures on every machine, on any number of cores. Budgets (DESIGN §4) are printed beside the figures, `!` where they are
//! not met; a small version is a test. Method and meaning: docs/BENCHMARKS.md.

mod cells;
mod cost;
mod method;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod world;

use anyhow::Result;
use cells::{Target, cells};
use clap::Parser;
use method::{METHODS, Method};
use table::{Form, Table};
use tally::{Count, End};
use world::World;

/// Simulates shifts and counts what is stopped and what is promoted.
#[derive(Parser)]
struct Arguments {
    /// Runs of each cell.
    #[arg(long, default_value_t = 20_000)]
    runs: u64,
    /// Where the generator starts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON lines.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print tables for a document.
    #[arg(long)]
    markdown: bool,
    /// Only cells whose name has this in it; without the other tables.
    #[arg(long, value_name = "WORDS")]
    only: Option<String>,
    /// Decide so many times and print nothing: what the command starts to measure itself.
    #[arg(long, value_name = "TIMES", hide = true)]
    decide: Option<u32>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(times) = arguments.decide {
        return cost::decide(times);
    }
    let form = match (arguments.json, arguments.markdown) {
        (true, _) => Form::Json,
        (false, true) => Form::Markdown,
        (false, false) => Form::Plain,
    };
    stopped(&arguments)?.print(form)?;
    if arguments.only.is_none() {
        power(&arguments)?.print(form)?;
        promoted(&arguments)?.print(form)?;
        cost()?.print(form)?;
    }
    Ok(())
}

/// `97.6 (6)`: per cent and median minute; `!` when a budget is not met.
fn figure(count: &Count, target: Option<Target>) -> String {
    let missed = target.is_some_and(|target| !target.is_met(count, 0.0));
    let minute = count.median().map(|minute| format!(" ({minute})")).unwrap_or_default();
    format!("{}{:.2}{minute}", if missed { "! " } else { "" }, count.percent())
}

fn stopped(arguments: &Arguments) -> Result<Table> {
    let mut head = vec!["shift"];
    head.extend(METHODS.iter().map(|method| method.title()));
    head.push("budget");
    let title = format!(
        "Stopped within 15 minutes, % of {} runs (median minute); ×1 is a good release",
        arguments.runs
    );
    let mut table = Table::new(&title, &head);
    let wanted = |name: &str| arguments.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for cell in cells().into_iter().filter(|cell| wanted(cell.name)) {
        eprintln!("{}", cell.name);
        let counts = tally::stops(&cell.world, &METHODS, arguments.runs, arguments.seed)?;
        let target =
            |method: Method| cell.targets.iter().find(|(of, _)| *of == method).map(|(_, target)| *target);
        let mut row = vec![cell.name.to_owned()];
        row.extend(counts.iter().map(|(method, count)| figure(count, target(*method))));
        row.push(cell.targets.first().map(|(_, target)| target.words()).unwrap_or_default());
        table.row(row);
    }
    Ok(table)
}

fn power(arguments: &Arguments) -> Result<Table> {
    let title = "What can be seen: stopped within 15 minutes without warm-up, %, by the bad events that are expected of a good green";
    let mut table = Table::new(title, &["expected events", "×1.5", "×2", "×3", "×5"]);
    for events in cells::EXPECTED {
        eprintln!("{events} expected events");
        let mut row = vec![format!("{events}")];
        for ratio in cells::RATIOS {
            let world = cells::expecting(events, ratio);
            let counts = tally::stops(&world, &[Method::NoWarmUp], arguments.runs, arguments.seed)?;
            row.extend(counts.values().map(|count| format!("{:.1}", count.percent())));
        }
        table.row(row);
    }
    Ok(table)
}

fn promoted(arguments: &Arguments) -> Result<Table> {
    let title =
        "Promoted within 15 minutes without warm-up when somebody waits from the first on, % (median minute)";
    let mut table =
        Table::new(title, &["requests per minute", "×1", "×2, wrongly", "×3, wrongly", "×1, stopped"]);
    for rpm in cells::PROMOTED {
        eprintln!("{rpm} requests per minute");
        let ends = |ratio| tally::ends(&World::new(rpm, ratio), arguments.runs, arguments.seed);
        let (good, double, triple) = (ends(1.0)?, ends(2.0)?, ends(3.0)?);
        let of = |counts: &std::collections::BTreeMap<End, Count>, end| {
            counts.get(&end).map(|count| figure(count, None)).unwrap_or_default()
        };
        table.row(vec![
            format!("{rpm}"),
            of(&good, End::Promoted),
            of(&double, End::Promoted),
            of(&triple, End::Promoted),
            of(&good, End::Stopped),
        ]);
    }
    Ok(table)
}

fn cost() -> Result<Table> {
    let cost = cost::measure()?;
    let mut table =
        Table::new("One decision: six metrics, sixty minutes, noise", &["what", "figure", "budget"]);
    let missed = if cost.cpu_ms > cost::BUDGET_MS { "! " } else { "" };
    table.row(vec![
        "CPU, ms".to_owned(),
        format!("{missed}{:.3}", cost.cpu_ms),
        format!("≤ {}", cost::BUDGET_MS),
    ]);
    let instructions = cost
        .instructions
        .map_or("valgrind is not installed".to_owned(), |count| format!("{:.3}", count / 1e6));
    table.row(vec!["instructions, millions".to_owned(), instructions, String::new()]);
    Ok(table)
}
