//! Whether going back after this release is safe for the data: expand, and only later contract
//! (<https://martinfowler.com/bliki/ParallelChange.html>).
//!
//! A `contract` takes away what the old version needs: it wants somebody's approval, and after it harm is told and not rolled back.

use super::ports::TaskDefinition;
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::Migration;
use serde_json::json;

/// Name of the check.
pub const ID: &str = "migration";

/// The check, and why not to go back, if that is so.
#[must_use]
pub fn judge(settings: &Migration, definition: &TaskDefinition) -> (Check, Option<String>) {
    let Migration { label, .. } = settings;
    let mut words = values(definition, label);
    words.dedup();
    let evidence = json!({"label": label, "values": words, "taskDefinition": super::short(&definition.arn)});
    let check =
        |state, sentence: String| Check { evidence: evidence.clone(), ..Check::new(ID, state, sentence) };
    match words.as_slice() {
        [] => (check(State::Pass, format!("the task definition has no `{label}`: going back is safe")), None),
        [word] => match word.as_str() {
            "none" | "expand" => {
                (check(State::Pass, format!("`{label}` is `{word}`: going back is safe")), None)
            }
            "contract" => contract(settings, definition, check),
            _ => {
                let words = format!("`{label}` is `{word}`, it must be `none`, `expand` or `contract`");
                (check(State::Fail, words), None)
            }
        },
        several => {
            let words =
                format!("`{label}` has {} values, it must have 1: `{}`", several.len(), several.join("`, `"));
            (check(State::Fail, words), None)
        }
    }
}

fn contract(
    settings: &Migration,
    definition: &TaskDefinition,
    check: impl Fn(State, String) -> Check,
) -> (Check, Option<String>) {
    let Migration { label, approved_by_label, approved } = settings;
    let revision = super::short(&definition.arn);
    let by = approved.get(revision).cloned();
    let by = by.or_else(|| values(definition, approved_by_label).into_iter().next());
    let Some(by) = by.filter(|by| !by.trim().is_empty()) else {
        let words = format!(
            "`{label}` is `contract` and nobody has approved it: name who does in `{approved_by_label}`, or under `migration.approved` for `{revision}`"
        );
        return (check(State::Fail, words), None);
    };
    let freeze = format!(
        "`{label}` is `contract`, approved by `{by}`: the old version may not run on the changed data"
    );
    (check(State::Warn, format!("{freeze}, so harm will be told and not rolled back")), Some(freeze))
}

/// The values of a label, on any container or as a tag, sorted.
pub(super) fn values(definition: &TaskDefinition, label: &str) -> Vec<String> {
    let labels = definition.containers.iter().filter_map(|container| container.labels.get(label));
    let mut found: Vec<String> = labels.chain(definition.tags.get(label)).cloned().collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::ports::Container;
    use super::*;
    use std::collections::BTreeMap;

    fn definition(labels: &[(&str, &str)]) -> TaskDefinition {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let container = Container { name: "api".to_owned(), labels, ..Container::default() };
        TaskDefinition {
            arn: "arn:aws:ecs:us-east-1:000000000000:task-definition/api:7".to_owned(),
            containers: vec![container],
            ..TaskDefinition::default()
        }
    }

    fn words(settings: &Migration, definition: &TaskDefinition) -> String {
        let (check, freeze) = judge(settings, definition);
        format!("{} (freeze: {}): {}", check.state.word(), freeze.is_some(), check.sentence)
    }

    #[test]
    fn nothing_and_expand_are_safe_to_go_back_from() {
        insta::assert_snapshot!(words(&Migration::default(), &definition(&[])), @"pass (freeze: false): the task definition has no `tidegate.migration`: going back is safe");
        insta::assert_snapshot!(words(&Migration::default(), &definition(&[("tidegate.migration", "expand")])), @"pass (freeze: false): `tidegate.migration` is `expand`: going back is safe");
    }

    #[test]
    fn a_contract_needs_an_approval_and_then_freezes() {
        let contract = definition(&[("tidegate.migration", "contract")]);
        insta::assert_snapshot!(words(&Migration::default(), &contract), @"fail (freeze: false): `tidegate.migration` is `contract` and nobody has approved it: name who does in `tidegate.migration-approved-by`, or under `migration.approved` for `api:7`");
        let approved = Migration {
            approved: BTreeMap::from([("api:7".to_owned(), "ann".to_owned())]),
            ..Migration::default()
        };
        insta::assert_snapshot!(words(&approved, &contract), @"warn (freeze: true): `tidegate.migration` is `contract`, approved by `ann`: the old version may not run on the changed data, so harm will be told and not rolled back");
        let labelled =
            definition(&[("tidegate.migration", "contract"), ("tidegate.migration-approved-by", "bob")]);
        assert!(judge(&Migration::default(), &labelled).1.unwrap().contains("`bob`"));
    }

    #[test]
    fn an_unknown_word_and_two_words_fail() {
        insta::assert_snapshot!(words(&Migration::default(), &definition(&[("tidegate.migration", "Expand")])), @"fail (freeze: false): `tidegate.migration` is `Expand`, it must be `none`, `expand` or `contract`");
        let mut two = definition(&[("tidegate.migration", "none")]);
        two.tags.insert("tidegate.migration".to_owned(), "contract".to_owned());
        insta::assert_snapshot!(words(&Migration::default(), &two), @"fail (freeze: false): `tidegate.migration` has 2 values, it must have 1: `contract`, `none`");
    }
}
