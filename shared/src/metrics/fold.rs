//! Facts in any order become records; statuses are derived when read.

use super::fact::{Fact, What};
use crate::model::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// First time each state was reported, by attempt and state.
type States = BTreeMap<(u64, String), Timestamp>;

/// Everything that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// Executions by id.
    pub executions: BTreeMap<String, Execution>,
    /// Builds by id.
    pub builds: BTreeMap<String, Build>,
    /// CodeDeploy deployments by id.
    pub deployments: BTreeMap<String, Deployment>,
}

/// A pipeline execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// Pipeline.
    pub pipeline: String,
    states: States,
    /// Stages by name.
    pub stages: BTreeMap<String, Span>,
    /// Actions by stage and name.
    pub actions: BTreeMap<(String, String), Action>,
}

/// An action of an execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Action {
    /// Category.
    pub category: String,
    /// States.
    pub span: Span,
    /// Build or deployment ids that it was about.
    pub external: Vec<String>,
}

/// States with their times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    states: States,
}

/// A build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// Project.
    pub project: String,
    /// States.
    pub span: Span,
    /// Phases of the final report, in seconds.
    pub phases: Vec<(String, u64)>,
}

/// A CodeDeploy deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Application.
    pub application: String,
    /// Deployment group.
    pub group: String,
    /// States.
    pub span: Span,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Going on.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended by a person, or overtaken.
    Stopped,
}

fn status_of(state: &str) -> Status {
    match state {
        "SUCCEEDED" | "SUCCESS" => Status::Succeeded,
        "FAILED" | "FAILURE" | "FAULT" | "TIMED_OUT" | "ABANDONED" => Status::Failed,
        "STOPPED" | "STOP" | "CANCELED" | "SUPERSEDED" => Status::Stopped,
        _ => Status::Running,
    }
}

impl Span {
    fn add(&mut self, attempt: u64, state: &str, at: Timestamp) {
        self.states
            .entry((attempt, state.to_owned()))
            .and_modify(|known| *known = (*known).min(at))
            .or_insert(at);
    }

    /// Status: the highest attempt, an end before anything else, the later one of two ends.
    #[must_use]
    pub fn status(&self) -> Status {
        let last = self.states.keys().map(|(attempt, _)| *attempt).max().unwrap_or(0);
        let ends = self
            .states
            .iter()
            .filter(|((attempt, state), _)| *attempt == last && status_of(state) != Status::Running);
        ends.max_by_key(|(key, at)| (**at, key.1.clone()))
            .map_or(Status::Running, |((_, state), _)| status_of(state))
    }

    /// First moment.
    #[must_use]
    pub fn started(&self) -> Option<Timestamp> {
        self.states.values().min().copied()
    }

    /// Moment of the end; none while it runs.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        if self.status() == Status::Running {
            return None;
        }
        self.states
            .iter()
            .filter(|((_, state), _)| status_of(state) != Status::Running)
            .map(|(_, at)| *at)
            .max()
    }

    /// Milliseconds from first moment to end.
    #[must_use]
    pub fn duration(&self) -> Option<i64> {
        Some(self.ended()?.since(self.started()?))
    }
}

impl Execution {
    /// States of the whole execution.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { states: self.states.clone() }
    }
}

impl Records {
    /// Folds facts; their order and repetition do not matter.
    #[must_use]
    pub fn of<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Self {
        let mut records = Self::default();
        for fact in facts {
            records.add(fact);
        }
        records
    }

    fn add(&mut self, fact: &Fact) {
        match &fact.what {
            What::Execution { pipeline, execution, state, attempt } => {
                let record = self.execution(pipeline, execution);
                record
                    .states
                    .entry((*attempt, state.clone()))
                    .and_modify(|known| *known = (*known).min(fact.at))
                    .or_insert(fact.at);
            }
            What::Stage { pipeline, execution, stage, state, attempt } => {
                self.execution(pipeline, execution)
                    .stages
                    .entry(stage.clone())
                    .or_default()
                    .add(*attempt, state, fact.at);
            }
            What::Action { pipeline, execution, stage, action, category, state, external, .. } => {
                let record = self
                    .execution(pipeline, execution)
                    .actions
                    .entry((stage.clone(), action.clone()))
                    .or_default();
                record.span.add(0, state, fact.at);
                record.category = record.category.clone().max(category.clone());
                if !external.is_empty() && !record.external.contains(external) {
                    record.external.push(external.clone());
                    record.external.sort();
                }
            }
            What::Build { build, project, state, phases } => {
                let record = self.builds.entry(build.clone()).or_default();
                record.project.clone_from(project);
                record.span.add(0, state, fact.at);
                record.phases = record.phases.clone().max(phases.clone());
            }
            What::Deployment { deployment, application, group, state } => {
                let record = self.deployments.entry(deployment.clone()).or_default();
                record.application.clone_from(application);
                record.group.clone_from(group);
                record.span.add(0, state, fact.at);
            }
            What::Service { .. } | What::Scan { .. } => {}
        }
    }

    fn execution(&mut self, pipeline: &str, execution: &str) -> &mut Execution {
        let record = self.executions.entry(execution.to_owned()).or_default();
        pipeline.clone_into(&mut record.pipeline);
        record
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::MINUTE;
    use proptest::prelude::*;

    pub(crate) fn fact(minute: i64, what: What) -> Fact {
        Fact { at: Timestamp::from_millis(minute * MINUTE), what }
    }

    pub(crate) fn execution(minute: i64, execution: &str, state: &str) -> Fact {
        fact(
            minute,
            What::Execution {
                pipeline: "p".to_owned(),
                execution: execution.to_owned(),
                state: state.to_owned(),
                attempt: 1,
            },
        )
    }

    pub(crate) fn deploy_action(minute: i64, execution: &str, state: &str, external: &str) -> Fact {
        fact(
            minute,
            What::Action {
                pipeline: "p".to_owned(),
                execution: execution.to_owned(),
                stage: "Deploy".to_owned(),
                action: "Api".to_owned(),
                id: format!("{execution}-a"),
                category: "Deploy".to_owned(),
                state: state.to_owned(),
                external: external.to_owned(),
            },
        )
    }

    pub(crate) fn deployment(minute: i64, id: &str, state: &str) -> Fact {
        fact(
            minute,
            What::Deployment {
                deployment: id.to_owned(),
                application: "b2b".to_owned(),
                group: "api".to_owned(),
                state: state.to_owned(),
            },
        )
    }

    fn release() -> Vec<Fact> {
        vec![
            execution(0, "e", "STARTED"),
            deploy_action(1, "e", "STARTED", ""),
            deployment(1, "d-1", "START"),
            deployment(20, "d-1", "SUCCESS"),
            deploy_action(21, "e", "SUCCEEDED", "d-1"),
            execution(22, "e", "SUCCEEDED"),
            fact(
                5,
                What::Build {
                    build: "b".to_owned(),
                    project: "x".to_owned(),
                    state: "IN_PROGRESS".to_owned(),
                    phases: vec![],
                },
            ),
            fact(
                7,
                What::Build {
                    build: "b".to_owned(),
                    project: "x".to_owned(),
                    state: "SUCCEEDED".to_owned(),
                    phases: vec![("BUILD".to_owned(), 61)],
                },
            ),
        ]
    }

    #[test]
    fn a_release_is_folded_into_its_records() {
        let records = Records::of(&release());
        let execution = &records.executions["e"];
        assert_eq!(
            (execution.span().status(), execution.span().duration()),
            (Status::Succeeded, Some(22 * MINUTE))
        );
        assert_eq!(records.builds["b"].phases.len(), 1);
    }

    #[test]
    fn a_retry_is_a_later_attempt_and_decides() {
        let mut facts = vec![execution(0, "e", "STARTED"), execution(5, "e", "FAILED")];
        assert_eq!(Records::of(&facts).executions["e"].span().status(), Status::Failed);
        let retry = |state: &str| What::Execution {
            pipeline: "p".to_owned(),
            execution: "e".to_owned(),
            state: state.to_owned(),
            attempt: 2,
        };
        facts.push(fact(6, retry("RESUMED")));
        assert_eq!(Records::of(&facts).executions["e"].span().status(), Status::Running);
        facts.push(fact(9, retry("SUCCEEDED")));
        assert_eq!(Records::of(&facts).executions["e"].span().status(), Status::Succeeded);
    }

    proptest! {
        #[test]
        fn any_order_with_duplicates_gives_the_same_records(order in proptest::collection::vec(0..8_usize, 0..24)) {
            let facts = release();
            let mut shuffled: Vec<&Fact> = order.iter().map(|index| &facts[*index]).collect();
            shuffled.extend(facts.iter().rev());
            prop_assert_eq!(Records::of(shuffled), Records::of(&facts));
        }
    }
}
