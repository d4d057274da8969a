//! The users' own `template.yaml` with finished packages in place of sources. Line by line, so that everything else stays as it is
//! written; fails when a function is not found. Must not change anything but `CodeUri` and the build method.

use anyhow::{Result, bail};
use std::path::Path;

/// Points `CodeUri: functions/<name>` of every function to `<packages>/<name>` and removes how it would be built.
pub(crate) fn rewrite(template: &str, functions: &[&str], packages: &Path) -> Result<String> {
    let mut lines = Vec::new();
    let mut left: Vec<&str> = functions.to_vec();
    for line in template.lines() {
        let words = line.trim_start();
        if words.starts_with("Metadata: {BuildMethod:") {
            continue;
        }
        let Some(uri) = words.strip_prefix("CodeUri: ") else {
            lines.push(line.to_owned());
            continue;
        };
        let name = uri.trim().strip_prefix("functions/").unwrap_or(uri.trim());
        let Some(at) = left.iter().position(|function| *function == name) else {
            bail!(
                "`template.yaml` has `CodeUri: {uri}`, which is no function that was built, or has it twice"
            );
        };
        left.remove(at);
        let indent = line.get(..line.len() - words.len()).unwrap_or_default();
        // A JSON string is a YAML string.
        lines.push(format!("{indent}CodeUri: {}", serde_json::to_string(&packages.join(name))?));
    }
    if left.is_empty() {
        return Ok(lines.join("\n") + "\n");
    }
    bail!(
        "`template.yaml` has no line `CodeUri: functions/<name>` for {} of {} function(s): {}",
        left.len(),
        functions.len(),
        left.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::functions::FUNCTIONS;

    const TEMPLATE: &str = include_str!("../../../template.yaml");

    #[test]
    fn every_function_points_to_its_package_and_nothing_else_changes() {
        let text = rewrite(TEMPLATE, &FUNCTIONS, Path::new("/w/.tidegate/build")).unwrap();
        for function in FUNCTIONS {
            assert!(
                text.contains(&format!("      CodeUri: \"/w/.tidegate/build/{function}\"\n")),
                "{function}"
            );
        }
        let same = |line: &&str| !line.contains("CodeUri:") && !line.contains("BuildMethod");
        assert!(text.lines().filter(same).eq(TEMPLATE.lines().filter(same)));
        assert!(!text.contains("BuildMethod"));
        assert!(text.contains("AWS::CloudFormation::Interface"));
    }

    #[test]
    fn a_function_that_is_missing_or_unknown_or_doubled_is_named() {
        let text = "  A:\n    CodeUri: functions/a\n";
        let refused = |text: &str| rewrite(text, &["a", "b"], Path::new("/x")).unwrap_err().to_string();
        insta::assert_snapshot!(refused(text), @"`template.yaml` has no line `CodeUri: functions/<name>` for 1 of 2 function(s): b");
        insta::assert_snapshot!(refused("CodeUri: functions/c"), @"`template.yaml` has `CodeUri: functions/c`, which is no function that was built, or has it twice");
        insta::assert_snapshot!(refused(&text.repeat(2)), @"`template.yaml` has `CodeUri: functions/a`, which is no function that was built, or has it twice");
    }
}
