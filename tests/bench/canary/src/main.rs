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
use serde_json::json;
use std::collections::BTreeMap;
use table::{Cell, Form, Table};
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
fn figure(count: &Count, target: Option<Target>) -> Cell {
    let met = target.map(|target| target.is_met(count, 0.0));
    let minute = count.median().map(|minute| format!(" ({minute})")).unwrap_or_default();
    let text = format!("{}{:.2}{minute}", if met == Some(false) { "! " } else { "" }, count.percent());
    let budget = target.map(Target::words);
    Cell::new(
        text,
        json!({"percent": count.percent(), "minute": count.median(), "budget": budget, "met": met}),
    )
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
        let mut row = vec![Cell::from(cell.name.to_owned())];
        row.extend(counts.iter().map(|(method, count)| figure(count, target(*method))));
        row.push(Cell::from(cell.targets.first().map(|(_, target)| target.words()).unwrap_or_default()));
        table.row(row);
    }
    Ok(table)
}

fn power(arguments: &Arguments) -> Result<Table> {
    let title = "What can be seen: stopped within 15 minutes without warm-up, % [prototype], by the bad events that are expected of a good green";
    let mut table = Table::new(title, &["expected events", "×1.5", "×2", "×3", "×5"]);
    for (events, found) in cells::EXPECTED.into_iter().zip(cells::FOUND) {
        eprintln!("{events} expected events");
        let mut row = vec![Cell::new(format!("{events}"), json!(events))];
        for (ratio, found) in cells::RATIOS.into_iter().zip(found) {
            let world = cells::expecting(events, ratio);
            let counts = tally::stops(&world, &[Method::NoWarmUp], arguments.runs, arguments.seed)?;
            row.extend(counts.values().map(|count| {
                let value = json!({"percent": count.percent(), "minute": count.median(), "prototype": found});
                Cell::new(format!("{:.1} [{found}]", count.percent()), value)
            }));
        }
        table.row(row);
    }
    Ok(table)
}

fn promoted(arguments: &Arguments) -> Result<Table> {
    let title =
        "Promoted within 15 minutes without warm-up when somebody waits from the first on, % (median minute)";
    let [double, triple] = cells::WRONGLY.map(Target::words);
    let (double, triple) = (format!("×2, wrongly: {double}"), format!("×3, wrongly: {triple}"));
    let mut table = Table::new(title, &["requests per minute", "×1", &double, &triple, "×1, stopped: ≤ 0.3"]);
    for rpm in cells::PROMOTED {
        eprintln!("{rpm} requests per minute");
        let ends = |ratio| tally::ends(&World::new(rpm, ratio), arguments.runs, arguments.seed);
        let (good, double, triple) = (ends(1.0)?, ends(2.0)?, ends(3.0)?);
        let of = |counts: &BTreeMap<End, Count>, end, target| {
            counts.get(&end).map_or_else(|| Cell::from(String::new()), |count| figure(count, target))
        };
        let [twice, thrice] = cells::WRONGLY;
        table.row(vec![
            Cell::new(format!("{rpm}"), json!(rpm)),
            of(&good, End::Promoted, None),
            of(&double, End::Promoted, Some(twice)),
            of(&triple, End::Promoted, Some(thrice)),
            of(&good, End::Stopped, Some(Target::AtMost(0.3))),
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
        Cell::from("CPU, ms".to_owned()),
        Cell::new(format!("{missed}{:.3}", cost.cpu_ms), json!(cost.cpu_ms)),
        Cell::from(format!("≤ {}", cost::BUDGET_MS)),
    ]);
    let counted = cost.instructions.map(|count| format!("{:.3}", count / 1e6));
    let counted = counted.unwrap_or_else(|| "valgrind is not installed".to_owned());
    table.row(vec![
        Cell::from("instructions, millions".to_owned()),
        Cell::new(counted, json!(cost.instructions.map(|count| count / 1e6))),
        Cell::from(String::new()),
    ]);
    Ok(table)
}
