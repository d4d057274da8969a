//! The page and its picture, and the pictures of the docs.

use super::*;
use crate::delivery::watch::Watch;
use std::path::Path;

fn drawn(watch: &Watch) -> String {
    let policy = watch.policy().unwrap();
    picture(watch, &policy, &watch.analyse(&policy))
}

#[test]
fn a_page_says_everything_and_runs_nothing() {
    let page = render_html(&sample::harm());
    for words in [
        "harm",
        "stopped, with rollback",
        "green-steady",
        "half-of-them",
        "What this shift was able to see",
        "Minutes of errors",
        "rolled back from 100:1 on",
        "prefers-color-scheme:dark",
        "default-src 'none'",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(
        !page.contains("<script") && !page.contains("http://") || page.matches("http://").count() == 1,
        "only the SVG name space"
    );
    assert_eq!(page, render_html(&sample::harm()), "byte for byte");
}

#[test]
fn what_comes_from_outside_is_shown_and_not_run() {
    let mut watch = sample::harm();
    watch.group = "<script>alert(1)</script>".to_owned();
    watch.verdict.as_mut().unwrap().reason = "</desc><script>x</script> `a".to_owned();
    watch.checks[0].check.sentence = "<img src=x onerror=alert(1)>".to_owned();
    let page = render_html(&watch);
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn a_record_before_traffic_is_a_page_too() {
    let mut watch = sample::quiet();
    (watch.policy, watch.arms, watch.watched_from, watch.verdict) =
        (serde_json::Value::Null, None, None, None);
    let page = render_html(&watch);
    assert!(page.contains("no traffic has moved under this record") && page.contains("no verdict yet"));
}

#[test]
fn a_picture_is_well_formed_and_empty_minutes_are_gaps() {
    for watch in [sample::harm(), sample::good(), sample::quiet()] {
        let svg = drawn(&watch);
        for (tag, end) in
            [("<text", "</text>"), ("<line", "</line>"), ("<path", "</path>"), ("<svg", "</svg>")]
        {
            assert_eq!(svg.matches(tag).count(), svg.matches(end).count(), "{tag}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
    let rates = drawn(&sample::good());
    let green = rates.split("<path class=\"green\" d=\"").nth(2).unwrap().split('"').next().unwrap();
    assert_eq!(green.matches('M').count(), 2, "the minute that was not measured breaks the line: {green}");
    let mut nothing = sample::quiet();
    nothing.minutes.clear();
    assert!(!drawn(&nothing).contains("NaN"));
}

/// `docs/CANARY.md` shows pictures that this code draws.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test: the docs are files")]
fn the_pictures_of_the_docs_are_drawn_by_the_product() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures");
    for (name, watch) in
        [("harm", sample::harm()), ("good", sample::good()), ("inconclusive", sample::quiet())]
    {
        let path = folder.join(format!("canary-{name}.svg"));
        let made = drawn(&watch) + "\n";
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == made, "UPDATE_DOCS=1 cargo test -p shared -- delivery::report ({name})");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test: the docs are files")]
fn the_docs_settings_are_settings_and_its_pictures_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let text = std::fs::read_to_string(folder.join("CANARY.md")).unwrap();
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        crate::delivery::policy::Policies::parse(example).unwrap();
    }
    let pictures = text.split("](pictures/").skip(1).filter_map(|rest| rest.split(')').next());
    assert_eq!(pictures.filter(|name| folder.join("pictures").join(name).is_file()).count(), 3);
    let long = text.lines().filter(|line| line.chars().count() > 140).count();
    assert_eq!(long, 0, "lines are at most 140 characters long");
}

/// Columns of the table in `docs/BENCHMARKS.md` that stands below a line with this beginning.
fn measured(bench: &str, beginning: &str, columns: &[usize]) -> String {
    let below = bench.split(&format!("\n{beginning}")).nth(1).unwrap();
    let rows =
        below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        columns.iter().map(|column| format!("| {} ", cells[*column])).collect::<String>() + "|\n"
    };
    rows.map(row).collect()
}

/// The figures of the page are those that were measured: `cargo canary-bench --markdown` fills `docs/BENCHMARKS.md`, this the page.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test: the docs are files")]
fn the_docs_figures_are_the_measured_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let bench = std::fs::read_to_string(folder.join("BENCHMARKS.md")).unwrap();
    let path = folder.join("CANARY.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut made = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("<!-- generated: ") {
        let (what, after) = after.split_once(" -->").unwrap();
        let (_, after) = after.split_once("<!-- end -->").unwrap();
        let block = match what {
            "power" => measured(&bench, "What can be seen: stopped", &[0, 1, 2, 3, 4]),
            "simulation" => measured(&bench, "Stopped within 15 minutes", &[0, 1, 5, 6]),
            "promotion" => measured(&bench, "Promoted within 15 minutes", &[0, 1, 2, 3]),
            other => panic!("{other}"),
        };
        made += &format!("{before}<!-- generated: {what} -->\n\n{block}\n<!-- end -->");
        rest = after;
    }
    made += rest;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert!(
        text == made || std::env::var_os("UPDATE_DOCS").is_some(),
        "UPDATE_DOCS=1 cargo test -p shared -- delivery::report"
    );
}
