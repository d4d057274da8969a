//! The published examples: npm package `@octokit/webhooks-examples` (MIT), installed where tools are and never committed.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "@octokit/webhooks-examples";
const VERSION: &str = "7.6.1";
/// Events and examples of github.com in that version.
const COUNTS: (usize, usize) = (58, 329);
/// Texts at least so long are searched in the log: shorter ones are words such as `opened`, or ids.
const TELLING: usize = 12;

/// One example.
pub(crate) struct Example {
    /// What `X-GitHub-Event` says.
    pub(crate) event: String,
    /// The body.
    pub(crate) payload: Value,
}

/// Every example of github.com.
pub(crate) fn read() -> Vec<Example> {
    let file = installed().join("api.github.com/index.json");
    let events: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let examples: Vec<Example> = events
        .iter()
        .flat_map(|event| {
            let name = event["name"].as_str().unwrap();
            let payloads = event["examples"].as_array().unwrap();
            payloads.iter().map(|payload| Example { event: name.to_owned(), payload: payload.clone() })
        })
        .collect();
    assert_eq!((events.len(), examples.len()), COUNTS, "{PACKAGE} {VERSION} has other examples than it had");
    examples
}

/// Every longer text in a payload that the log has no reason to show; commit ids and refs are shown.
pub(crate) fn texts(payload: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(payload, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, found)),
        Value::String(text) => {
            let shown = text.starts_with("refs/") || text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let word = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            if text.len() >= TELLING && !shown && !word {
                found.insert(text.clone());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tidegate/tools/webhooks-examples");
    let package = folder.join("node_modules").join(PACKAGE);
    if !is_the_version(&package) {
        install(&folder);
        assert!(is_the_version(&package), "npm did not install {PACKAGE} {VERSION}");
    }
    package
}

fn is_the_version(package: &Path) -> bool {
    let text = std::fs::read(package.join("package.json")).unwrap_or_default();
    serde_json::from_slice::<Value>(&text).is_ok_and(|package| package["version"] == VERSION)
}

fn install(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let run = Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"])
        .arg(folder)
        .arg(format!("{PACKAGE}@{VERSION}"))
        .output();
    match run {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "npm cannot install {PACKAGE} {VERSION}, which this test needs:\n{}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("npm cannot be started, which this test needs to install {PACKAGE}: {error}"),
    }
}
