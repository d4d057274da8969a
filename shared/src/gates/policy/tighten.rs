//! A repository's own policy on top of the organisation's: it may ask for more, never for less.
//!
//! Sources and conditions with new names are added. A condition with a known id may only be made stricter. Excuses are taken over only where
//! the organisation allows it (`own`). Everything that would loosen is refused, all at once.

use super::{Condition, Policy, PolicyError, Source};

/// The organisation's policy, tightened by the repository's own.
///
/// # Errors
/// With one sentence for each thing that would loosen it.
pub fn tightened(organisation: &Policy, own: &Policy) -> Result<Policy, PolicyError> {
    let mut policy = organisation.clone();
    let mut problems = Vec::new();
    for (name, source) in &own.sources {
        match policy.sources.get_mut(name) {
            None => {
                policy.sources.insert(name.clone(), source.clone());
            }
            Some(known) => tighten_source(name, known, source, &mut problems),
        }
    }
    for condition in &own.conditions {
        match policy.conditions.iter_mut().find(|known| known.id == condition.id) {
            None => policy.conditions.push(condition.clone()),
            Some(known) => tighten_condition(known, condition, &mut problems),
        }
    }
    let allowed = organisation.own.as_ref();
    let excuses = [
        ("waivers", !own.waivers.is_empty(), allowed.is_some_and(|own| own.waivers)),
        ("quarantine", !own.quarantine.is_empty(), allowed.is_some_and(|own| own.quarantine)),
        ("vex", !own.vex.is_empty(), allowed.is_some_and(|own| own.waivers)),
        ("limits", own.limits != super::Limits::default(), false),
        ("protected", own.protected != organisation.protected && own.protected != super::PROTECTED, false),
        ("history", own.history.is_some() && own.history != organisation.history, false),
        ("own", own.own.is_some(), false),
    ];
    for (name, _, _) in excuses.iter().filter(|(_, is_said, is_allowed)| *is_said && !is_allowed) {
        problems.push(format!("`{name}` is the organisation's to say"));
    }
    if !problems.is_empty() {
        return Err(PolicyError { problems });
    }
    policy.waivers.extend(own.waivers.iter().cloned());
    policy.quarantine.extend(own.quarantine.iter().cloned());
    policy.vex.extend(own.vex.iter().cloned());
    Ok(policy)
}

fn tighten_source(name: &str, known: &mut Source, own: &Source, problems: &mut Vec<String>) {
    let same_place =
        (&known.path, &known.exclude, &known.ecr, &known.sonar, known.per, known.shards, known.duplicates)
            == (&own.path, &own.exclude, &own.ecr, &own.sonar, own.per, own.shards, own.duplicates);
    let keeps_age = known.max_age.is_none_or(|most| own.max_age.is_none_or(|age| age <= most));
    let keeps_format = known.format.is_none() || own.format.is_none() || own.format == known.format;
    if !(same_place && keeps_age && keeps_format) {
        problems.push(format!("source `{name}` is the organisation's: its place is not to be changed, nor its limits to be loosened"));
        return;
    }
    known.required |= own.required;
    known.must_match_commit |= own.must_match_commit;
    known.min_files = known.min_files.max(own.min_files);
    known.min_tests = known.min_tests.max(own.min_tests);
    known.max_age = own.max_age.or(known.max_age);
    known.format = own.format.clone().or_else(|| known.format.take());
}

fn tighten_condition(known: &mut Condition, own: &Condition, problems: &mut Vec<String>) {
    let id = &known.id;
    let same_question =
        (&known.source, known.metric, known.operator, &known.label, &known.component, &known.when)
            == (&own.source, own.metric, own.operator, &own.label, &own.component, &own.when)
            && (
                known.missing,
                known.on,
                known.fix,
                known.new,
                &known.grace,
                &known.changes,
                known.min_changed_lines,
                &known.expr,
            ) == (
                own.missing,
                own.on,
                own.fix,
                own.new,
                &own.grace,
                &own.changes,
                own.min_changed_lines,
                &own.expr,
            );
    if !same_question {
        problems.push(format!(
            "condition `{id}` is the organisation's: only its thresholds may be made stricter"
        ));
        return;
    }
    let Some(operator) = known.operator else { return };
    for (name, mine, theirs) in [("fail", &mut known.fail, own.fail), ("warn", &mut known.warn, own.warn)] {
        match (*mine, theirs) {
            (Some(limit), Some(asked)) if !operator.is_stricter(asked, limit) => problems.push(format!(
                "condition `{id}` has `{name}: {asked}`, the organisation asks for {} {limit}",
                operator.symbol()
            )),
            (_, Some(asked)) => *mine = Some(asked),
            (_, None) => {}
        }
    }
    match (known.baseline, own.baseline) {
        (Some(limit), Some(asked)) if asked != limit => {
            problems.push(format!("condition `{id}` has another `baseline` than the organisation's"));
        }
        (None, Some(asked)) => known.baseline = Some(asked),
        (_, None) | (Some(_), Some(_)) => {}
    }
}
