//! Whether feature flags stand as the release expects them: a feature that is dark must still be dark when its code arrives.
//! (<https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-type-reference-feature-flags.html>)

use super::observe::{same, shown};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::{Flag, Flags};
use serde_json::{Value, json};

/// Name of the check.
pub const ID: &str = "flags";

/// Where the flags are, for people.
#[must_use]
pub fn place(flags: &Flags) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    match &flags.parameter {
        Some(name) => format!("parameter `{name}`"),
        None => {
            format!("`{}/{}/{}`", part(&flags.application), part(&flags.environment), part(&flags.profile))
        }
    }
}

/// What a document means. It may hold more than flags: only what is asked for is told of it.
#[must_use]
pub fn judge(flags: &Flags, document: &Value) -> Check {
    let place = place(flags);
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for Flag { flag, equals } in &flags.expect {
        let found = value(document, flag);
        let shown = found.map_or_else(|| "missing".to_owned(), |found| shown(&found.to_string()));
        if !found.is_some_and(|found| same(found, equals)) {
            wrong.push(format!("flag `{flag}` of {place} is `{shown}`, expected `{equals}`"));
        }
        seen.push(json!({"flag": flag, "seen": shown, "expected": equals}));
    }
    let (state, sentence) = if wrong.is_empty() {
        (State::Pass, format!("{} of {} flag(s) of {place} are as expected", seen.len(), seen.len()))
    } else {
        (State::Fail, wrong.join("; "))
    };
    Check { evidence: seen.into(), ..Check::new(ID, state, sentence) }
}

/// A flag's `enabled`, or what a pointer points at; an attribute that is no scalar is not told.
fn value<'d>(document: &'d Value, flag: &str) -> Option<&'d Value> {
    let found = if flag.starts_with('/') {
        document.pointer(flag)
    } else {
        let flag = document.get(flag)?;
        flag.get("enabled").or(Some(flag))
    };
    found.filter(|found| !found.is_object() && !found.is_array())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(expect: &str, document: &str) -> String {
        let text = format!(
            r#"{{"application": "shop", "environment": "production", "profile": "flags", "expect": {expect}}}"#
        );
        let check = judge(&serde_json::from_str(&text).unwrap(), &serde_json::from_str(document).unwrap());
        assert!(!serde_json::to_string(&check).unwrap().contains("planted"));
        format!("{}: {}", check.state.word(), check.sentence)
    }

    #[test]
    fn a_flag_is_looked_up_by_name_or_by_pointer() {
        let document = r#"{"new-checkout": {"enabled": false, "token": "planted"}, "limits": {"orders": 50}, "plain": true}"#;
        insta::assert_snapshot!(words(r#"[{"flag": "new-checkout", "equals": false}, {"flag": "/limits/orders", "equals": 50}, {"flag": "plain", "equals": true}]"#, document), @"pass: 3 of 3 flag(s) of `shop/production/flags` are as expected");
        insta::assert_snapshot!(words(r#"[{"flag": "new-checkout", "equals": true}, {"flag": "none", "equals": false}, {"flag": "limits", "equals": 1}]"#, document), @"fail: flag `new-checkout` of `shop/production/flags` is `false`, expected `true`; flag `none` of `shop/production/flags` is `missing`, expected `false`; flag `limits` of `shop/production/flags` is `missing`, expected `1`");
    }

    #[test]
    fn a_missing_flag_is_not_off() {
        insta::assert_snapshot!(words(r#"[{"flag": "new-checkout", "equals": false}]"#, "{}"), @"fail: flag `new-checkout` of `shop/production/flags` is `missing`, expected `false`");
    }
}
