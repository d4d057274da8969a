//! The ports over the world: each one is one call, or as many as its adapter makes.

use super::state::{Engine, State};
use super::story::at;
use super::world::World;
use super::{code_deploy, ecs};
use crate::delivery::checks::green::GreenOnly;
use crate::delivery::policy::{MetricKind, Policy};
use crate::delivery::ports::{
    CheckedStage, Checker, Deployment, Deployments, Health, Hooks, Minutes, Notifier, Pauses, Stored,
    TargetGroups, Watches,
};
use crate::delivery::series::{Minute, Pair, Series};
use crate::delivery::stage::Stage;
use crate::delivery::watch::{Arms, TargetGroup, Watch};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};

impl Deployments for World<'_> {
    async fn describe(&self, id: &str) -> Result<Deployment, Fault> {
        self.call("Describe", |state| match &state.engine {
            _ if state.now >= at(self.story.gone) => Err(Fault::Missing {
                service: "ECS",
                operation: "DescribeServiceDeployments",
                detail: format!("`{id}` is not there"),
            }),
            Engine::CodeDeploy(engine) => engine.describe(id, state, self.story),
            Engine::Ecs(engine) => Ok(engine.describe(state, self.story)),
        })
    }
    async fn stop(&self, id: &str, roll_back: bool) -> Result<(), Fault> {
        self.call("Stop", |state| {
            if !state.active.contains_key(id) {
                state.broken.push("something was stopped after its record was closed".to_owned());
            }
            match state.engine {
                Engine::CodeDeploy(_) => code_deploy::stop(state, id, roll_back),
                Engine::Ecs(_) => ecs::stop(state, roll_back),
            }
        })
    }
}

impl Hooks for World<'_> {
    async fn answer_hook(&self, id: &str, hook: &str, succeeded: bool) -> Result<(), Fault> {
        self.call("AnswerHook", |state| code_deploy::answer(state, id, hook, succeeded))
    }
}

impl Pauses for World<'_> {
    async fn resume(&self, _: &str, hook: &str, go_on: bool) -> Result<(), Fault> {
        self.call("Continue", |state| ecs::resume(state, hook, go_on))
    }
}

impl Checker for World<'_> {
    async fn check(
        &self,
        stage: Stage,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        let checked = GreenOnly(self).check(stage, deployment, policy, known).await?;
        Ok(CheckedStage { freeze: self.story.freeze.map(ToOwned::to_owned), ..checked })
    }
}

impl TargetGroups for World<'_> {
    async fn find(&self, name: &str) -> Result<TargetGroup, Fault> {
        self.call("DescribeTargetGroups", |_| {
            Ok(TargetGroup {
                name: name.to_owned(),
                dimension: format!("targetgroup/{name}/1"),
                load_balancer: "app/b2b/1".to_owned(),
                task_definition: String::new(),
            })
        })
    }
    async fn health(&self, _: &str) -> Result<Health, Fault> {
        let healthy = if self.story.is_healthy { 2 } else { 1 };
        self.call("DescribeTargetHealth", |_| Ok(Health { healthy, total: 2 }))
    }
}

impl World<'_> {
    /// What CloudWatch shows of a minute now; none when it was not published.
    fn minute(&self, state: &State, policy: &Policy, arms: &Arms, at_minute: Timestamp) -> Option<Minute> {
        let publishing = &self.story.publishing;
        let number = at_minute.since(at(0)) / MINUTE;
        let age = state.now.since(at_minute) / MINUTE - 1;
        if age < publishing.delay || publishing.missing.contains(&number) {
            return None;
        }
        let shifted = state.first_shift().map_or(-1, |first| at_minute.since(first) / MINUTE);
        let mut minute = Minute::default();
        for metric in &policy.metrics {
            let is_slow = matches!(metric.kind, MetricKind::Latency { .. });
            let weight = state.weight_at(at_minute);
            let (mut green, mut blue) = self.story.traffic.arms(number, weight, shifted, is_slow);
            let rows = &self.story.rows;
            let index = usize::try_from(number.rem_euclid(1000)).unwrap_or(0);
            if let Some(row) = rows.get(index % rows.len().max(1)) {
                (green, blue) = row.arms(weight);
            }
            if publishing.is_corrected && age < publishing.delay + 2 {
                (green.bad, blue.bad) = (green.bad / 2, blue.bad / 2);
            }
            if arms.blue.is_none() {
                blue = crate::delivery::series::Arm::default();
            }
            if green.total + blue.total > 0 {
                minute.counts.insert(metric.id.clone(), Pair { green, blue });
            }
        }
        (!minute.counts.is_empty()).then_some(minute)
    }
}

impl Minutes for World<'_> {
    async fn read(
        &self,
        policy: &Policy,
        arms: &Arms,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Series, Fault> {
        self.call("GetMetricData", |state| {
            let minute = state.now.since(at(0)) / MINUTE;
            if self.story.publishing.partial.contains(&minute) {
                let detail = "result `q0` is `PartialData`".to_owned();
                return Err(Fault::Transient { service: "CloudWatch", operation: "GetMetricData", detail });
            }
            let minutes = std::iter::successors(Some(from), |minute| Some(minute.plus(MINUTE)));
            let wanted = minutes.take_while(|minute| *minute < to);
            Ok(wanted.filter_map(|at| Some((at, self.minute(state, policy, arms, at)?))).collect())
        })
    }
}

impl Watches for World<'_> {
    async fn active(&self) -> Result<Vec<Stored>, Fault> {
        self.call("Query", |state| Ok(state.active.values().cloned().collect()))
    }
    async fn get(&self, deployment: &str) -> Result<Option<Stored>, Fault> {
        let active = self.call("GetItem", |state| Ok(state.active.get(deployment).cloned()))?;
        match active {
            Some(stored) => Ok(Some(stored)),
            None => self.call("GetItem", |state| Ok(state.closed.get(deployment).cloned())),
        }
    }
    async fn create(&self, watch: &Watch) -> Result<(), Fault> {
        self.call("PutItem", |state| {
            let new = Stored { watch: watch.clone(), version: 1 };
            state.active.entry(watch.deployment_id.clone()).or_insert(new);
            Ok(())
        })
    }
    async fn save(&self, stored: &Stored) -> Result<u64, Fault> {
        self.call("PutItem", |state| state.save(stored))
    }
    async fn close(&self, stored: &Stored) -> Result<(), Fault> {
        let id = &stored.watch.deployment_id;
        self.call("PutItem", |state| {
            state.closed.entry(id.clone()).or_insert_with(|| stored.clone());
            Ok(())
        })?;
        self.call("DeleteItem", |state| {
            state.active.remove(id);
            Ok(())
        })
    }
}

impl Notifier for World<'_> {
    async fn publish(&self, subject: &str, _: &str) -> Result<(), Fault> {
        self.call("Publish", |state| {
            state.told.insert(subject.trim_start_matches("Tidegate: ").to_owned());
            Ok(())
        })
    }
}
