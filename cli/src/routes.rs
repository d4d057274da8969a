//! `tidegate routes`: what a push would start, and whether a text can be meant, asked before anything is deployed.
//! Must not decide anything itself: the product's own reading of the routes does.

use crate::args::Explain;
use crate::emulator::Emulator;
use crate::home::Home;
use crate::progress::say;
use crate::stack::record::Record;
use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use shared::source::routes::{Explanation, Mode, Routes};
use std::io::Read;
use std::path::Path;

/// Explains one ref; whether anything starts.
pub(crate) fn explain(home: &Home, order: &Explain) -> Result<bool> {
    let text = match &order.routes {
        Some(path) => read(path)?,
        None => deployed(home)?,
    };
    let explanation = parse(&text)?.explain(&order.repository, &order.reference);
    say(&if order.output.json { shown(&explanation).to_string() } else { explanation.to_string() });
    Ok(!explanation.starts.is_empty())
}

/// Reads a text and says how many routes it has.
pub(crate) fn check(path: &Path) -> Result<()> {
    let routes = parse(&read(path)?)?;
    let (routes, builds) = (routes.entries().len(), routes.builds().len());
    say(&format!("{routes} route(s) and {builds} project(s) that build, nothing wrong"));
    Ok(())
}

/// The JSON Schema as it stands in `docs/schema/`.
pub(crate) fn schema() -> Result<String> {
    Ok(serde_json::to_string_pretty(&Routes::schema())?)
}

fn parse(text: &str) -> Result<Routes> {
    Routes::parse(text).map_err(|rejection| anyhow!("{rejection}"))
}

/// The file, or standard input for `-`.
fn read(path: &Path) -> Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input is no text")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

/// The routes of the running local stack.
fn deployed(home: &Home) -> Result<String> {
    let record = Record::running(home).context("without `--routes FILE` the running local stack is asked")?;
    Emulator::new(&record.emulator_url).parameter(record.output("RoutesParameterName")?)
}

fn shown(explanation: &Explanation) -> Value {
    let starts: Vec<Value> = explanation
        .starts
        .iter()
        .map(|route| {
            let mode = match route.mode {
                Mode::Queued => "queued",
                Mode::Superseded => "superseded",
            };
            json!({"pipeline": route.pipeline, "branch": route.reference.to_string(), "environment": route.environment,
                "mode": mode, "paths": route.paths})
        })
        .collect();
    json!({"ref": explanation.reference, "lines": explanation.lines, "starts": starts})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_the_one_that_the_types_give() {
        let published = include_str!("../../docs/schema/routes.schema.json");
        assert_eq!(
            published.trim_end(),
            schema().unwrap(),
            "cargo tidegate routes schema > docs/schema/routes.schema.json"
        );
    }

    const SAMPLE: &str = include_str!("../../local/platform/settings/routes.yaml");

    #[test]
    fn the_sample_platforms_routes_are_explained_as_json_too() {
        let routes = parse(SAMPLE).unwrap();
        let explanation = routes.explain("acme/b2b-ecommerce-platform", "develop");
        insta::assert_snapshot!(shown(&explanation), @r#"{"lines":["not `b2b-production`: `develop` is not `main`","starts `b2b-staging` (environment `staging`, the newest head overtakes) by `develop`, when its head is new"],"ref":"refs/heads/develop","starts":[{"branch":"develop","environment":"staging","mode":"superseded","paths":[],"pipeline":"b2b-staging"}]}"#);
        insta::assert_snapshot!(parse("version: 1").unwrap_err(), @"the routes cannot be read: missing field `repositories` at line 1, column 1");
    }
}
