//! docs/CHECKS.md tells of every check as the code does, and each of its examples is a setting that can be used. `UPDATE_DOCS=1` writes its
//! table again.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test: it reads the page, and a broken one is a failure"
)]

use shared::delivery::checks::table::{CHECKS, markdown};
use shared::delivery::policy::Policies;
use std::path::Path;

const BEGIN: &str = "<!-- checks: written by `UPDATE_DOCS=1 cargo test -p shared --test checks` -->\n";
const END: &str = "<!-- /checks -->\n";

#[test]
fn the_page_tells_of_every_check_as_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CHECKS.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", markdown());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page == wanted, "run `UPDATE_DOCS=1 cargo test -p shared --test checks`");
}

#[test]
fn every_example_of_the_page_can_be_used() {
    let page = include_str!("../../docs/CHECKS.md");
    let examples = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut used = String::new();
    for example in examples {
        let policies = Policies::parse(&format!("version: 1\n{example}"));
        assert!(policies.is_ok(), "{example}\n{:?}", policies.err());
        used.push_str(example);
    }
    for about in CHECKS.iter().filter(|about| !about.setting.is_empty()) {
        assert!(used.contains(&format!("{}:", about.setting)), "`{}` has no example", about.setting);
    }
}
