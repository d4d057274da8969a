//! How often a pattern is in green's logs since its tasks are there. Advice only: a pattern may lie, and without blue beside it there is nothing to
//! compare with; the watch does that with a metric of kind `logs`.

use super::ports::{Counted, Task, TaskDefinition};
use crate::delivery::check::{Check, State};
use crate::delivery::policy::checks::LogPattern;
use crate::model::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// Name of the check.
pub const ID: &str = "logs";

/// Where green's lines are: log streams by log group, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Streams {
    /// Streams by group: `<prefix>/<container>/<task id>`.
    pub by_group: BTreeMap<String, Vec<String>>,
    /// When the first task was made.
    pub since: Option<Timestamp>,
}

/// The streams of green's tasks (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>).
#[must_use]
pub fn streams<'a>(
    settings: &LogPattern,
    definition: &TaskDefinition,
    tasks: impl Iterator<Item = &'a Task>,
) -> Streams {
    let mut found = Streams::default();
    let is_asked = |name: &str| settings.container.as_deref().is_none_or(|container| container == name);
    for task in tasks {
        let logged = definition.containers.iter().filter(|container| is_asked(&container.name));
        for container in logged {
            let Some(place) = &container.logs else { continue };
            let stream = format!("{}/{}/{}", place.prefix, container.name, task.id);
            found.by_group.entry(place.group.clone()).or_default().push(stream);
        }
        found.since = [found.since, task.created_at].into_iter().flatten().min();
    }
    found
}

/// What the count means.
#[must_use]
pub fn judge(settings: &LogPattern, streams: &Streams, counted: Option<Counted>) -> Check {
    let LogPattern { pattern, limit, .. } = settings;
    let count: usize = streams.by_group.values().map(Vec::len).sum();
    let evidence = json!({"pattern": pattern, "streams": count, "limit": limit, "since": streams.since,
        "events": counted.map(|counted| counted.events), "whole": counted.map(|counted| counted.is_whole)});
    let check = |state, words| Check { evidence, ..Check::new(ID, state, words) };
    let Some(Counted { events, is_whole }) = counted else {
        return check(
            State::Warn,
            format!("no log stream of green is known, so `{pattern}` was not looked for"),
        );
    };
    let more = if is_whole { "" } else { " or more" };
    let words = format!(
        "`{pattern}` is {events}{more} time(s) in {count} log stream(s) of green, at most {limit} say nothing"
    );
    let state = if is_whole && events <= u64::from(*limit) { State::Pass } else { State::Warn };
    check(state, words)
}

#[cfg(test)]
mod tests {
    use super::super::ports::{Container, LogPlace};
    use super::*;

    fn settings(limit: u32) -> LogPattern {
        LogPattern { pattern: "ERROR".to_owned(), container: None, limit }
    }

    fn green() -> Streams {
        let place = LogPlace { group: "/ecs/api".to_owned(), prefix: "ecs".to_owned() };
        let container = |name: &str, logs| Container { name: name.to_owned(), logs, ..Container::default() };
        let definition = TaskDefinition {
            containers: vec![container("api", Some(place)), container("agent", None)],
            ..TaskDefinition::default()
        };
        let task = |id: &str, at| Task {
            id: id.to_owned(),
            created_at: Some(Timestamp::from_millis(at)),
            ..Task::default()
        };
        streams(&settings(0), &definition, [task("a1", 9), task("b2", 7)].iter())
    }

    #[test]
    fn the_streams_of_green_are_named_by_container_and_task() {
        let streams = green();
        assert_eq!(streams.by_group["/ecs/api"], ["ecs/api/a1", "ecs/api/b2"]);
        assert_eq!(streams.since, Some(Timestamp::from_millis(7)));
    }

    #[test]
    fn more_than_the_limit_is_told_and_never_stops_anything() {
        let words = |limit, counted| {
            let check = judge(&settings(limit), &green(), counted);
            format!("{}: {}", check.state.word(), check.sentence)
        };
        insta::assert_snapshot!(words(3, Some(Counted { events: 3, is_whole: true })), @"pass: `ERROR` is 3 time(s) in 2 log stream(s) of green, at most 3 say nothing");
        insta::assert_snapshot!(words(3, Some(Counted { events: 4, is_whole: true })), @"warn: `ERROR` is 4 time(s) in 2 log stream(s) of green, at most 3 say nothing");
        insta::assert_snapshot!(words(3, Some(Counted { events: 2, is_whole: false })), @"warn: `ERROR` is 2 or more time(s) in 2 log stream(s) of green, at most 3 say nothing");
        insta::assert_snapshot!(words(3, None), @"warn: no log stream of green is known, so `ERROR` was not looked for");
    }
}
