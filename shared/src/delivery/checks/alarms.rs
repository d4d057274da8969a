//! Alarms before the shift: one that rings already would be no news while traffic moves.
//!
//! ECS ignores an alarm that is in `ALARM` when a deployment starts, for that whole deployment
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>).

use super::ports::Alarm;
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::Rule;
use crate::delivery::watch::Engine;
use serde_json::json;

/// Name of the check.
pub const ID: &str = "alarms";

/// What the alarms mean; none of them named is for the caller to say.
#[must_use]
pub fn judge(ringing: Rule, engine: Engine, named: &[String], found: &[Alarm]) -> Check {
    let of = |state: &str| -> Vec<&str> {
        found.iter().filter(|alarm| alarm.state == state).map(|alarm| alarm.name.as_str()).collect()
    };
    let is_there = |name: &&String| found.iter().any(|alarm| &alarm.name == *name);
    let missing: Vec<&str> = named.iter().filter(|name| !is_there(name)).map(String::as_str).collect();
    let (rings, blind) = (of("ALARM"), of("INSUFFICIENT_DATA"));
    let other = found.len() - of("OK").len() - rings.len() - blind.len();
    let mut said = Vec::new();
    if !missing.is_empty() {
        said.push((
            State::Fail,
            format!("{} of {} alarm(s) do not exist: {}", missing.len(), named.len(), quoted(&missing)),
        ));
    }
    if !rings.is_empty() {
        said.push(rings_words(ringing, engine, &rings, found.len()));
    }
    if other > 0 {
        said.push((
            State::Inconclusive,
            format!("{other} of {} alarm(s) are in a state that is not known here", found.len()),
        ));
    }
    if !blind.is_empty() {
        said.push((
            State::Warn,
            format!("{} of {} alarm(s) have no data: {}", blind.len(), found.len(), quoted(&blind)),
        ));
    }
    if found.is_empty() && missing.is_empty() {
        said.push((State::Fail, "no alarm was found, at least 1 was expected".to_owned()));
    }
    let state = said.iter().map(|(state, _)| *state).max().unwrap_or(State::Pass);
    let sentence = if said.is_empty() {
        format!("{} of {} alarm(s) are OK", found.len(), found.len())
    } else {
        let said = said.iter().filter(|(of, _)| *of == state);
        said.map(|(_, words)| words.as_str()).collect::<Vec<_>>().join("; ")
    };
    let evidence = found
        .iter()
        .map(|alarm| json!({"name": alarm.name, "state": alarm.state, "since": alarm.since}))
        .collect();
    Check { evidence, ..Check::new(ID, state, sentence) }
}

fn rings_words(rule: Rule, engine: Engine, rings: &[&str], all: usize) -> (State, String) {
    let mut words = format!("{} of {all} alarm(s) ring before the shift: {}", rings.len(), quoted(rings));
    words.push_str(match engine {
        Engine::Ecs => "; ECS will ignore what rings already for this whole deployment",
        Engine::CodeDeploy => "; CodeDeploy would stop the deployment for those of its group",
    });
    match rule {
        Rule::Required => (State::Fail, words),
        // The settings refuse `off`.
        Rule::Warn | Rule::Off => (State::Warn, format!("{words} (let through by `alarms.ringing: warn`)")),
    }
}

fn quoted(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rule: Rule, engine: Engine, alarms: &[(&str, &str)]) -> String {
        let names: Vec<String> = ["api-5xx", "api-latency"].map(str::to_owned).to_vec();
        let found: Vec<Alarm> = alarms
            .iter()
            .map(|(name, state)| Alarm { name: (*name).to_owned(), state: (*state).to_owned(), since: None })
            .collect();
        let check = judge(rule, engine, &names, &found);
        format!("{}: {}", check.state.word(), check.sentence)
    }

    #[test]
    fn quiet_alarms_pass_and_those_without_data_are_told() {
        insta::assert_snapshot!(words(Rule::Required, Engine::Ecs, &[("api-5xx", "OK"), ("api-latency", "OK")]), @"pass: 2 of 2 alarm(s) are OK");
        insta::assert_snapshot!(words(Rule::Required, Engine::Ecs, &[("api-5xx", "INSUFFICIENT_DATA"), ("api-latency", "OK")]), @"warn: 1 of 2 alarm(s) have no data: `api-5xx`");
    }

    #[test]
    fn one_that_rings_fails_and_the_sentence_says_what_the_engine_does_with_it() {
        let rings = [("api-5xx", "ALARM"), ("api-latency", "OK")];
        insta::assert_snapshot!(words(Rule::Required, Engine::Ecs, &rings), @"fail: 1 of 2 alarm(s) ring before the shift: `api-5xx`; ECS will ignore what rings already for this whole deployment");
        insta::assert_snapshot!(words(Rule::Required, Engine::CodeDeploy, &rings), @"fail: 1 of 2 alarm(s) ring before the shift: `api-5xx`; CodeDeploy would stop the deployment for those of its group");
        insta::assert_snapshot!(words(Rule::Warn, Engine::Ecs, &rings), @"warn: 1 of 2 alarm(s) ring before the shift: `api-5xx`; ECS will ignore what rings already for this whole deployment (let through by `alarms.ringing: warn`)");
    }

    #[test]
    fn one_that_does_not_exist_fails_and_an_unknown_state_is_open() {
        insta::assert_snapshot!(words(Rule::Required, Engine::Ecs, &[("api-5xx", "OK")]), @"fail: 1 of 2 alarm(s) do not exist: `api-latency`");
        insta::assert_snapshot!(words(Rule::Required, Engine::Ecs, &[("api-5xx", "OK"), ("api-latency", "MUTED")]), @"inconclusive: 1 of 2 alarm(s) are in a state that is not known here");
        let none = judge(Rule::Required, Engine::Ecs, &[], &[]);
        insta::assert_snapshot!(none.sentence, @"no alarm was found, at least 1 was expected");
        assert_eq!(none.state, State::Fail, "a prefix that names nothing");
    }
}
