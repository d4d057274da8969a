//! `docs/POLICY.md` is written from the types, and what it claims is tried: every block of YAML is a policy, every key has an example, every
//! message has a cause and a remedy.

use serde_json::Value;
use shared::gates::evaluate::evaluate;
use shared::gates::evidence::{Asked, Report};
use shared::gates::history::History;
use shared::gates::metric::METRICS;
use shared::gates::policy::Policy;
use shared::reports::{FORMATS, Input, read};
use std::fmt::Write as _;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/POLICY.md");
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schema/policy.schema.json");

fn docs() -> String {
    std::fs::read_to_string(PATH).unwrap()
}

fn schema() -> Value {
    serde_json::to_value(shared::gates::policy::schema()).unwrap()
}

/// The definition of a type; the policy itself is the root.
fn definition<'a>(schema: &'a Value, name: &str) -> &'a Value {
    if name == "Policy" { schema } else { &schema["$defs"][name] }
}

/// The words of an enumeration, or what a value is.
fn values(schema: &Value, key: &Value) -> String {
    let reference = key["$ref"].as_str().or_else(|| key["anyOf"][0]["$ref"].as_str());
    let Some(name) = reference.and_then(|reference| reference.rsplit('/').next()) else {
        return String::new();
    };
    let words = definition(schema, name)["oneOf"].as_array().into_iter().flatten();
    let words: Vec<String> =
        words.filter_map(|word| Some(format!("`{}`", word["const"].as_str()?))).collect();
    if words.is_empty() { String::new() } else { format!(" One of {}.", words.join(", ")) }
}

fn default(key: &Value) -> String {
    match &key["default"] {
        Value::Null => String::new(),
        Value::String(text) => format!("`{text}`"),
        Value::Bool(false) => "`false`".to_owned(),
        Value::Number(number) if number.as_f64() == Some(0.0) => "`0`".to_owned(),
        Value::Number(number) => format!("`{number}`"),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn keys(names: &str) -> String {
    let schema = schema();
    let mut text = String::from("| key | meaning | default |\n|---|---|---|\n");
    for name in names.split(", ") {
        let definition = definition(&schema, name);
        let needed: Vec<&str> =
            definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let owner = match name {
            "Source" | "Condition" | "Policy" => String::new(),
            other => format!("{}: ", owner(other)),
        };
        for (key, value) in definition["properties"].as_object().unwrap() {
            let default = if needed.contains(&key.as_str()) { "needed".to_owned() } else { default(value) };
            let what = value["description"].as_str().unwrap().replace('\n', " ").replace('|', "\\|");
            let _ = writeln!(text, "| {owner}`{key}` | {what}{} | {default} |", values(&schema, value));
        }
    }
    text
}

fn owner(name: &str) -> &'static str {
    match name {
        "EcrScan" => "`ecr`",
        "SonarTask" => "`sonar`",
        "When" => "`when`",
        "Baseline" => "`baseline`",
        "Waiver" => "`waivers`",
        "Quarantine" => "`quarantine`",
        "VexUse" => "`vex`",
        "Limits" => "`limits`",
        "Own" => "`own`",
        other => panic!("{other}"),
    }
}

fn metrics() -> String {
    let mut text = String::from("| metric | unit | what |\n|---|---|---|\n");
    for metric in &METRICS {
        let _ = writeln!(text, "| `{}` | {} | {} |", metric.name, metric.unit, metric.what);
    }
    text
}

fn formats() -> String {
    let mut text = String::from("| evidence | format | what it reads |\n|---|---|---|\n");
    let mut formats: Vec<_> = FORMATS.to_vec();
    formats.sort_by_key(|format| format.kind);
    for format in formats {
        let _ = writeln!(text, "| {} | `{}` | {} |", format.kind.word(), format.name, format.title);
    }
    text
}

/// The docs with every generated block made anew.
fn generated(docs: &str) -> String {
    let mut text = String::new();
    let mut rest = docs;
    while let Some((before, after)) = rest.split_once("<!-- generated: ") {
        let (what, after) = after.split_once(" -->").unwrap();
        let (_, after) = after.split_once("<!-- end -->").unwrap();
        let block = match what {
            "metrics" => metrics(),
            "formats" => formats(),
            other => keys(other.strip_prefix("keys of ").unwrap()),
        };
        let _ = write!(text, "{before}<!-- generated: {what} -->\n{block}<!-- end -->");
        rest = after;
    }
    text + rest
}

#[test]
fn the_policys_reference_is_written_from_its_types() {
    let made = generated(&docs());
    let schema = serde_json::to_string_pretty(&shared::gates::policy::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, &made).unwrap();
        std::fs::write(SCHEMA, &schema).unwrap();
    }
    assert!(docs() == made, "UPDATE_DOCS=1 cargo test -p cli -- gate::docs");
    assert!(
        std::fs::read_to_string(SCHEMA).unwrap() == schema,
        "UPDATE_DOCS=1 cargo test -p cli -- gate::docs"
    );
}

fn blocks(docs: &str) -> Vec<&str> {
    docs.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_is_a_policy_and_every_key_has_an_example() {
    let docs = docs();
    let examples = blocks(&docs);
    for example in &examples {
        Policy::parse(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
    }
    let schema = schema();
    let names = schema["$defs"].as_object().unwrap().keys().map(String::as_str).chain(["Policy"]);
    for name in names {
        for key in
            definition(&schema, name)["properties"].as_object().into_iter().flatten().map(|(key, _)| key)
        {
            let is_shown = examples.iter().any(|example| example.contains(&format!("{key}:")));
            // Expressions are only read by a gate that was built with them.
            assert!(is_shown || ["expr", "message"].contains(&key.as_str()), "{name}.{key} has no example");
        }
    }
}

/// The first column of the tables below a heading.
fn messages(docs: &str, heading: &str) -> Vec<String> {
    let section = docs.split(heading).nth(1).unwrap().split("\n### ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        row.trim_start_matches("| ").split(" | ").next().unwrap().trim_end_matches(" |").to_owned()
    })
    .collect()
}

/// `…` stands for anything.
fn fits(pattern: &str, message: &str) -> bool {
    let mut rest = message;
    pattern.split('…').map(str::trim).filter(|part| !part.is_empty()).all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// Every message that is produced has a row, and every row is a message that is produced.
fn compare(rows: &[String], said: &[String]) {
    for message in said {
        assert!(rows.iter().any(|row| fits(row, message)), "no row in docs/POLICY.md for: {message}");
    }
    for row in rows {
        assert!(said.iter().any(|message| fits(row, message)), "nothing says: {row}");
    }
}

#[test]
fn every_message_about_a_policy_has_a_cause_and_a_remedy() {
    let wrong = [
        "version: 3\nsources:\n  unit: { path: [], requird: true, min_tests: many }\n  image: { ecr: { image: x }, path: x }\n  coverage: { path: x, format: lcow, max_age: soon, per: service }\nconditions:\n  - { id: a, source: unti, metric: tests.failed, operator: \"=<\", fail: 0 }\n  - { id: b, source: coverage, metric: coverage.line, operator: \">=\", fail: 80 }\n  - { id: c, source: coverage, metric: coverage.lines, operator: \">=\", fail: 80, warn: 70, label: x, min_changed_lines: 20 }\n  - { id: c, source: coverage, metric: coverage.changed_lines, operator: \">=\" }\n  - { source: coverage }\n  - { id: d, message: x }\nwaivers:\n  - { finding: X, reason: \"\", owner: o, expires: soon }\n  - { finding: X, reason: \"\", owner: o, expires: 2027-01-31 }\n",
        "version: 1\nsources: {}\nconditions: []\n",
        "version: 1\nversion: 1\n",
        "version: 1\nsources: {}\nconditions: [{ id: e, expr: \"true\", message: m }]\n",
    ];
    let said: Vec<String> = wrong.iter().flat_map(|text| Policy::parse(text).unwrap_err().problems).collect();
    compare(&messages(&docs(), "### Of policies"), &said);
}

fn report(path: &str, text: &str) -> Report {
    Report {
        artifact: "build".to_owned(),
        path: path.to_owned(),
        asked_for: None,
        size: text.len() as u64,
        sha256: String::new(),
        modified: None,
        read: Input::of_bytes(text.as_bytes()).and_then(read),
    }
}

fn said(source: &str, condition: &str, commit: Option<&str>, files: &[(&str, &str)]) -> Vec<String> {
    let policy = format!(
        "version: 1\nsources: {{ s: {{ path: \"**/*\"{source} }} }}\nconditions: [{{ id: c, source: s, operator: \"<=\", fail: 0, {condition} }}]\n"
    );
    let policy = Policy::parse(&policy).unwrap();
    let reports: Vec<Report> = files.iter().map(|(path, text)| report(path, text)).collect();
    let mut history = History::default();
    history.files.insert("s".to_owned(), ["build/r".to_owned(), "build/gone".to_owned()].into());
    let asked = Asked {
        artifacts: &["build"],
        branch: None,
        stage: None,
        commit,
        now: "2026-11-28T00:00:00Z".parse().unwrap(),
        may_wait: false,
    };
    let verdict = evaluate(&policy, &asked, &reports, &history).verdict;
    verdict.conditions.into_iter().map(|condition| condition.message).collect()
}

#[test]
fn every_message_about_evidence_has_a_cause_and_a_remedy() {
    const FAILED: &str = "metric: tests.failed";
    const GOOD: &str = "<testsuite><testcase name='a'/></testsuite>";
    const DATED: &str = "<testsuite timestamp='2026-11-20T10:00:00'><testcase name='a'/></testsuite>";
    const SARIF: &str = r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[],"versionControlProvenance":[{"repositoryUri":"https://x","revisionId":"abcdef0123456789"}]}]}"#;
    const FOUND: &str = "metric: findings.total";
    let one = |source: &str, text: &str| said(source, FAILED, Some("0123456789"), &[("r", text)]);
    let all = [
        said("", FAILED, None, &[]),
        one(", min_files: 2", GOOD),
        one("", " "),
        one("", "hello"),
        one("", "<testsuite>"),
        one("", "<testsuite><testca"),
        one("", "<?xml version='1.0' encoding='Shift_JIS'?><testsuite/>"),
        one("", r#"{"message":"x","statusCode":403,"error":{"summary":""}}"#),
        one("", "<testsuite/>"),
        one(", min_tests: 5", GOOD),
        one(", format: lcov", GOOD),
        one(", must_match_commit: true", GOOD),
        said(", must_match_commit: true", FOUND, Some("0123456789"), &[("r", SARIF)]),
        said(", must_match_commit: true", FOUND, None, &[("r", SARIF)]),
        one(", max_age: 1h", GOOD),
        one(", max_age: 1h", DATED),
        said("", "metric: tests.failed, component: \"other/**\"", None, &[("r", GOOD)]),
        said("", "metric: findings.total", None, &[("r", GOOD)]),
    ];
    let broken: Vec<String> =
        all.concat().into_iter().filter(|message| !message.contains("asks for")).collect();
    compare(&messages(&docs(), "### Of evidence"), &broken);
}
