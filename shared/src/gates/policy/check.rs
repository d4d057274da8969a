//! Contradictions: what is right word by word and yet cannot be meant. All of them, each with its place.

use super::condition::Rule;
use super::decode::nearest;
use super::tree::{Node, Place, Step};
use super::{Condition, Policy, Source, VERSION};
use crate::reports::{FORMATS, Kind};

/// A sentence and where it belongs.
pub(super) type Problem = (Option<Place>, String);

struct Check<'a> {
    policy: &'a Policy,
    tree: &'a Node,
    /// What is not there because it could not be read: not complained about again.
    removed: &'a [Vec<Step>],
    problems: Vec<Problem>,
}

/// Every contradiction of a policy that was read from `tree`.
pub(super) fn contradictions(policy: &Policy, tree: &Node, removed: &[Vec<Step>]) -> Vec<Problem> {
    let mut check = Check { policy, tree, removed, problems: Vec::new() };
    check.document();
    policy.sources.iter().for_each(|(name, source)| check.source(name, source));
    policy.conditions.iter().enumerate().for_each(|(index, condition)| check.condition(index, condition));
    check.excuses();
    check.problems
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

impl Check<'_> {
    fn say(&mut self, path: &[Step], words: impl Into<String>) {
        let words = words.into();
        let place = (0..=path.len()).rev().find_map(|length| self.tree.at(path.get(..length)?));
        let place = place.map(|node| node.place);
        let words = match place {
            Some(place) => format!("{place}: {words}"),
            None => words,
        };
        self.problems.push((place, words));
    }

    fn was_removed(&self, path: &[Step]) -> bool {
        self.removed.iter().any(|gone| gone.starts_with(path) || path.starts_with(gone))
    }

    fn is_gone(&self, path: &[Step]) -> bool {
        self.removed.iter().any(|gone| path.starts_with(gone))
    }

    fn document(&mut self) {
        let version = self.policy.version;
        if version != VERSION {
            self.say(&[key("version")], format!("`version` is {version}, this release reads {VERSION}"));
        }
        if self.policy.conditions.is_empty() && !self.was_removed(&[key("conditions")]) {
            self.say(&[key("conditions")], "there is no condition: such a gate would pass anything");
        }
        if self.policy.protected.trim().is_empty() {
            self.say(&[key("protected")], "`protected` is empty: name the branch that baselines come from");
        }
        if let Some(name) = self.policy.history.as_ref().filter(|name| !is_plain(name)) {
            self.say(
                &[key("history")],
                format!("`history` is `{name}`: letters, digits, `-`, `_` and `.` only"),
            );
        }
    }

    fn source(&mut self, name: &str, source: &Source) {
        let path = [key("sources"), key(name)];
        if source.from().is_none() && !self.was_removed(&path) {
            self.say(&path, format!("source `{name}` must say one of `path`, `ecr` and `sonar`"));
        }
        if let Some(format) = &source.format
            && !FORMATS.iter().any(|known| known.name == format)
        {
            let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
            let at = [path.as_slice(), &[key("format")]].concat();
            self.say(&at, format!("there is no format `{format}`{}", nearest(format, &known)));
        }
    }

    fn known_source(&mut self, path: &[Step], what: &str, name: &str) {
        let is_known = self.policy.sources.contains_key(name) || self.is_gone(&[key("sources"), key(name)]);
        if is_known {
            return;
        }
        let known: Vec<&str> = self.policy.sources.keys().map(String::as_str).collect();
        self.say(
            path,
            format!("{what} names source `{name}`, which does not exist{}", nearest(name, &known)),
        );
    }

    fn condition(&mut self, index: usize, condition: &Condition) {
        let path = [key("conditions"), Step::Index(index)];
        let at = |name: &str| [path.as_slice(), &[key(name)]].concat();
        let id = &condition.id;
        let what = format!("condition `{id}`");
        if self.policy.conditions.iter().take(index).any(|other| other.id == *id) {
            self.say(&at("id"), format!("{what} exists twice"));
        }
        for (name, source) in [("source", &condition.source), ("changes", &condition.changes)] {
            if let Some(source) = source {
                self.known_source(&at(name), &what, source);
            }
        }
        match condition.rule() {
            Some(Rule::Measure(measure)) => {
                self.thresholds(&path, condition, measure.operator);
                self.fits(&path, condition, measure.metric.described().map(|described| described.kind));
            }
            Some(Rule::Expression { .. }) => self.expression(&path, condition),
            None if self.was_removed(&path) => {}
            None => self.say(
                &path,
                format!("{what} must say `source`, `metric` and `operator`, or else `expr` and `message`"),
            ),
        }
        if condition.when.changed.is_some() && condition.changes.is_none() {
            self.say(
                &at("when"),
                format!("{what} asks for changed paths and names no source of them: `changes`"),
            );
        }
    }

    fn thresholds(&mut self, path: &[Step], condition: &Condition, operator: super::Operator) {
        let at = |name: &str| [path, &[key(name)]].concat();
        let what = format!("condition `{}`", condition.id);
        for (name, threshold) in [("fail", condition.fail), ("warn", condition.warn)] {
            if threshold.is_some_and(|threshold| !threshold.is_finite()) {
                self.say(&at(name), format!("{what} has a threshold that is no number"));
            }
        }
        if condition.fail.is_none() && condition.baseline.is_none() && !self.was_removed(&at("fail")) {
            self.say(path, format!("{what} has no threshold: say `fail`, or compare with a `baseline`"));
        }
        if let (Some(fail), Some(warn)) = (condition.fail, condition.warn)
            && !operator.is_stricter(warn, fail)
        {
            self.say(
                &at("warn"),
                format!("{what} would fail before it warns: `warn` must be stricter than `fail`"),
            );
        }
        if let Some(baseline) = condition.baseline
            && [baseline.tolerance, baseline.tolerance_percent].iter().any(|t| !(t.is_finite() && *t >= 0.0))
        {
            self.say(&at("baseline"), format!("{what} has a tolerance that is no number from 0"));
        }
    }

    /// Keys that mean nothing for the metric would be believed to do something.
    fn fits(&mut self, path: &[Step], condition: &Condition, kind: Option<Kind>) {
        let is = |wanted: &[Kind]| kind.is_some_and(|kind| wanted.contains(&kind));
        let metric = condition.metric.map(|metric| metric.name()).unwrap_or_default();
        let keys = [
            ("label", condition.label.is_some(), is(&[Kind::Performance])),
            ("component", condition.component.is_some(), is(&[Kind::Coverage, Kind::Findings, Kind::Tests])),
            ("fix", condition.fix.is_some(), is(&[Kind::Findings])),
            ("new", condition.new, is(&[Kind::Findings])),
            ("grace", !condition.grace.is_empty(), is(&[Kind::Findings])),
            ("min_changed_lines", condition.min_changed_lines.is_some(), is(&[Kind::Coverage])),
        ];
        for (name, is_said, means_something) in keys {
            if is_said && !means_something {
                let at = [path, &[key(name)]].concat();
                self.say(&at, format!("condition `{}`: `{name}` means nothing for `{metric}`", condition.id));
            }
        }
        let needs_changes = condition.metric.is_some_and(crate::gates::metric::Metric::needs_changes);
        if needs_changes && condition.changes.is_none() {
            self.say(
                path,
                format!(
                    "condition `{}`: `{metric}` needs `changes`, a source of changed lines",
                    condition.id
                ),
            );
        }
        let measurable = condition.baseline.is_some() || condition.changes.is_some();
        if condition.min_changed_lines.is_some() && !measurable {
            let words = "`min_changed_lines` needs `changes` or a `baseline` to tell what has changed";
            self.say(
                &[path, &[key("min_changed_lines")]].concat(),
                format!("condition `{}`: {words}", condition.id),
            );
        }
    }

    fn expression(&mut self, path: &[Step], condition: &Condition) {
        if !super::condition::EXPRESSIONS {
            let words = "`expr` is not built into this gate (cargo feature `cel`)";
            self.say(&[path, &[key("expr")]].concat(), format!("condition `{}`: {words}", condition.id));
        }
        #[cfg(feature = "cel")]
        if let Some(words) = condition.expr.as_deref().and_then(crate::gates::expression::problem) {
            self.say(
                &[path, &[key("expr")]].concat(),
                format!("condition `{}` has no expression: {words}", condition.id),
            );
        }
    }

    fn excuses(&mut self) {
        for (index, vex) in self.policy.vex.iter().enumerate() {
            let path = [key("vex"), Step::Index(index), key("source")];
            self.known_source(&path, "`vex`", &vex.source);
        }
        let texts = self.policy.waivers.iter().enumerate().flat_map(|(index, waiver)| {
            [("reason", &waiver.reason), ("owner", &waiver.owner), ("finding", &waiver.finding)]
                .map(|(name, text)| (index, name, text.trim().is_empty()))
        });
        for (index, name, _) in texts.filter(|(_, _, is_empty)| *is_empty).collect::<Vec<_>>() {
            self.say(
                &[key("waivers"), Step::Index(index), key(name)],
                format!("the waiver's `{name}` is empty"),
            );
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
