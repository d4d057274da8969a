//! What whoever asks is told: before traffic the checks and a record without which no traffic moves, at each step of a shift the evidence so
//! far, after it the watch's verdict.
//!
//! A rollback is never held up and never analysed. Must not: know which engine's words the answer is given in (`hook`, `ecs_hook`).

use super::analysis::{Situation, conclude};
use super::check::{State, words, worst};
use super::policy::{OnInconclusive, Policies, Policy};
use super::ports::{CheckedStage, Checker, Deployment, Deployments, Stored, TargetGroups, Watches};
use super::stage::Stage;
use super::verdict::{Kind, Verdict};
use super::watch::{Arms, Asker, Checked, Engine, RECORD_VERSION, TargetGroup, Waiting, Watch};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};

/// What an asker is told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Traffic may go on.
    Succeeded(String),
    /// Stop and roll back.
    Failed(String),
    /// Not yet: ask again.
    Again(String),
    /// The watch will answer.
    Later(String),
}

/// Who asks, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// CodeDeploy deployment id, or ARN of an ECS service deployment.
    pub deployment: String,
    /// The moment, when the event says so (ECS); a CodeDeploy hook's is its deployment's running lifecycle event.
    pub stage: Option<Stage>,
    /// How it is answered.
    pub asker: Asker,
}

/// The outside world of a question.
pub struct Gate<'a, D, C, T, W> {
    /// CodeDeploy or ECS.
    pub deployments: &'a D,
    /// Checks.
    pub checker: &'a C,
    /// The load balancer.
    pub groups: &'a T,
    /// The table.
    pub watches: &'a W,
}

impl<D: Deployments, C: Checker, T: TargetGroups, W: Watches> Gate<'_, D, C, T, W> {
    /// Answers a question under the settings.
    ///
    /// # Errors
    /// Faults of outside services; [`Fault::Conflict`] when the watch wrote at the same moment (ask again).
    pub async fn ask(&self, question: &Question, policies: &Policies) -> Result<Reply, Fault> {
        let deployment = self.deployments.describe(&question.deployment).await?;
        if deployment.is_rollback() {
            return Ok(Reply::Succeeded("a rollback is never held up".to_owned()));
        }
        if deployment.is_over() {
            return Ok(Reply::Failed(format!("the deployment is over: {}", deployment.status)));
        }
        let stage = match moment(question, &deployment) {
            Ok(stage) => stage,
            Err(reply) => return Ok(reply),
        };
        let known = self.watches.get(&question.deployment).await?;
        let recorded = known.as_ref().filter(|stored| stored.watch.is_watched());
        let policy = match recorded.map(|stored| stored.watch.policy()) {
            Some(Ok(policy)) => policy,
            Some(Err(error)) => return Ok(Reply::Failed(error.to_string())),
            None => policies.of(&deployment.group).clone(),
        };
        match stage {
            Stage::Shifting => Ok(Reply::Succeeded("nothing is asked while traffic moves".to_owned())),
            Stage::AfterTraffic => self.after(question, &deployment, &policy, known).await,
            Stage::BeforeTraffic
                if known.as_ref().is_some_and(|known| has_moved(&known.watch, &deployment)) =>
            {
                Ok(self.step(&deployment, &policy, known))
            }
            Stage::Preflight | Stage::Installed | Stage::Tested | Stage::BeforeTraffic => {
                self.before(stage, &deployment, &policy, known).await
            }
        }
    }

    /// The checks of a moment before traffic; at the last of them the record by which the shift is watched.
    async fn before(
        &self,
        stage: Stage,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<Stored>,
    ) -> Result<Reply, Fault> {
        let watch = known.as_ref().map(|stored| &stored.watch);
        let checked = self.checker.check(stage, deployment, policy, watch).await?;
        // Of a moment for which nothing was checked, the worst is a failure: no default is a pass.
        let state = worst(&checked.checks);
        let mut sentence = if checked.checks.is_empty() {
            format!("nothing is checked {}", stage.words())
        } else {
            words(&checked.checks)
        };
        if state == State::NotYet {
            return Ok(Reply::Again(sentence));
        }
        let is_failed = match state {
            State::Pass | State::Warn => false,
            State::NotYet | State::Inconclusive | State::Fail => true,
        };
        let mut watch = known.as_ref().map_or_else(|| record(deployment), |stored| stored.watch.clone());
        write_down(&mut watch, stage, checked);
        if stage == Stage::BeforeTraffic && !is_failed {
            match self.begin(&mut watch, deployment, policy).await? {
                Ok(words) => sentence = format!("{sentence}; {words}"),
                Err(words) => return Ok(Reply::Failed(words)),
            }
        }
        self.write(watch, known).await?;
        Ok(if is_failed { Reply::Failed(sentence) } else { Reply::Succeeded(sentence) })
    }

    /// Completes the record so that the watch begins; why not, when it cannot.
    async fn begin(
        &self,
        watch: &mut Watch,
        deployment: &Deployment,
        policy: &Policy,
    ) -> Result<Result<String, String>, Fault> {
        let arms = match arms(deployment, self.groups).await? {
            Ok(arms) => arms,
            Err(words) => return Ok(Err(words)),
        };
        let is_first = arms.blue.is_none();
        watch.arms = Some(arms);
        watch.watched_from = Some(traffic_from(deployment, watch));
        watch.policy = serde_json::to_value(policy).unwrap_or_default();
        Ok(Ok(if is_first {
            "a first deployment has nothing to be compared with".to_owned()
        } else {
            "the shift is watched".to_owned()
        }))
    }

    /// A later step of a shift: its time, and the evidence so far.
    fn step(&self, deployment: &Deployment, policy: &Policy, known: Option<Stored>) -> Reply {
        match known.filter(|stored| stored.watch.is_watched()) {
            Some(stored) => super::steps::may_go_on(&stored.watch, policy, deployment),
            None => Reply::Failed("traffic has moved and its shift was not watched".to_owned()),
        }
    }

    /// After traffic: the verdict, or a place in the record so that the watch answers.
    async fn after(
        &self,
        question: &Question,
        deployment: &Deployment,
        policy: &Policy,
        known: Option<Stored>,
    ) -> Result<Reply, Fault> {
        let Some(stored) = known.filter(|stored| stored.watch.is_watched()) else {
            return Ok(Reply::Failed(format!(
                "the shift was not watched: no record (is the pre-traffic hook set at `{}`?)",
                match deployment.engine() {
                    Engine::CodeDeploy => "BeforeAllowTraffic",
                    Engine::Ecs => "PRE_PRODUCTION_TRAFFIC_SHIFT",
                }
            )));
        };
        if let Some(verdict) = &stored.watch.verdict {
            return Ok(reply(verdict, policy.on_inconclusive, stored.watch.freeze.as_deref()));
        }
        let asker = &question.asker;
        let is_known = |waiting: &Waiting| waiting.askers().any(|known| known == asker);
        if !stored.watch.waiting.as_ref().is_some_and(is_known) {
            let since = deployment.current_event().and_then(|event| event.started_at);
            let since = since.or(stored.watch.ticked).unwrap_or(deployment.created_at);
            let waiting = match stored.watch.waiting {
                Some(mut waiting) => {
                    waiting.also.push(asker.clone());
                    waiting
                }
                None => Waiting { asker: asker.clone(), since, also: Vec::new() },
            };
            let watch = Watch { waiting: Some(waiting), ..stored.watch };
            self.watches.save(&Stored { watch, version: stored.version }).await?;
        }
        Ok(Reply::Later("the watch has no verdict yet and will answer".to_owned()))
    }

    async fn write(&self, watch: Watch, known: Option<Stored>) -> Result<(), Fault> {
        match known {
            Some(stored) => self.watches.save(&Stored { watch, version: stored.version }).await.map(|_| ()),
            None => {
                self.watches.create(&watch).await?;
                // Somebody may have made it meanwhile: then it holds other things, and the question is asked again.
                let made = self.watches.get(&watch.deployment_id).await?;
                let conflict = Fault::Conflict { service: "DynamoDB", operation: "PutItem" };
                if made.is_some_and(|made| made.watch == watch) { Ok(()) } else { Err(conflict) }
            }
        }
    }
}

/// Which moment a question is about.
fn moment(question: &Question, deployment: &Deployment) -> Result<Stage, Reply> {
    if let Some(stage) = question.stage {
        return Ok(stage);
    }
    let Some(event) = deployment.current_event() else {
        return Err(Reply::Failed("no lifecycle event of the deployment is in progress".to_owned()));
    };
    Stage::of_event(&event.name)
        .ok_or_else(|| Reply::Failed(format!("`{}` is no lifecycle event with a hook", event.name)))
}

fn write_down(watch: &mut Watch, stage: Stage, checked: CheckedStage) {
    watch.checks.retain(|known| known.stage != stage);
    watch.checks.extend(checked.checks.into_iter().map(|check| Checked { stage, check }));
    watch.freeze = checked.freeze.or_else(|| watch.freeze.take());
}

/// A new record, before traffic.
#[must_use]
pub fn record(deployment: &Deployment) -> Watch {
    Watch {
        record: RECORD_VERSION,
        deployment_id: deployment.id.clone(),
        engine: deployment.engine(),
        application: deployment.application.clone(),
        group: deployment.group.clone(),
        created_at: deployment.created_at,
        policy: serde_json::Value::Null,
        arms: None,
        watched_from: None,
        noise: None,
        minutes: super::series::Series::new(),
        weights: Vec::new(),
        checks: Vec::new(),
        freeze: None,
        ticked: None,
        verdict: None,
        evidence: Vec::new(),
        action: None,
        told: false,
        pauses_told: Vec::new(),
        waiting: None,
        final_state: None,
        rollback: None,
    }
}

/// Whether green has, or had, production traffic. Until then the checks are made at every question: a record alone, which a pause may have
/// made, excuses none of them.
fn has_moved(watch: &Watch, deployment: &Deployment) -> bool {
    !watch.weights.is_empty() || deployment.green().is_some_and(|green| green.weight_percent > 0)
}

/// When traffic may begin to move: the running event's start, or the last tick before it (what tests sent to green is no traffic), or the
/// deployment's own.
fn traffic_from(deployment: &Deployment, watch: &Watch) -> Timestamp {
    let event = deployment.current_event().and_then(|event| event.started_at);
    event.or(watch.ticked).unwrap_or(deployment.created_at)
}

/// The two target groups of a deployment; why not, when it does not name them.
///
/// # Errors
/// Faults of the load balancer.
pub async fn arms<T: TargetGroups>(
    deployment: &Deployment,
    groups: &T,
) -> Result<Result<Arms, String>, Fault> {
    let named = |set: &&super::ports::TaskSet| !set.target_group.is_empty();
    let Some(green) = deployment.green().filter(named) else {
        return Ok(Err(
            "the deployment names no target group of green: its shift could not be watched".to_owned()
        ));
    };
    let blue = deployment.blue();
    if blue.is_none() && deployment.engine() == Engine::CodeDeploy || blue.is_some_and(|blue| !named(&blue)) {
        return Ok(Err(
            "the deployment names no target group of blue: its shift could not be watched".to_owned()
        ));
    }
    let short = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let found =
        |group: TargetGroup, definition: &str| TargetGroup { task_definition: short(definition), ..group };
    let green = found(groups.find(&green.target_group).await?, &green.task_definition);
    let blue = match blue {
        Some(blue) => Some(found(groups.find(&blue.target_group).await?, &blue.task_definition)),
        None => None,
    };
    Ok(Ok(Arms { green, blue }))
}

/// What a verdict means to whoever demands it.
#[must_use]
pub fn reply(verdict: &Verdict, policy: OnInconclusive, freeze: Option<&str>) -> Reply {
    match (verdict.kind, policy) {
        (Kind::Promote, _) => Reply::Succeeded(verdict.reason.clone()),
        (Kind::Harm, _) if verdict.dry_run => {
            Reply::Succeeded(format!("passed, because the settings are on trial: {}", verdict.reason))
        }
        (Kind::Harm, _) => match freeze {
            Some(why) => Reply::Succeeded(format!("harm, and not rolled back ({why}): {}", verdict.reason)),
            None => Reply::Failed(verdict.reason.clone()),
        },
        (Kind::Inconclusive, OnInconclusive::PassWithWarning) => {
            Reply::Succeeded(format!("passed with a warning: {}", verdict.reason))
        }
        (Kind::Inconclusive, OnInconclusive::Fail) if verdict.dry_run => {
            Reply::Succeeded(format!("passed, because the settings are on trial: {}", verdict.reason))
        }
        (Kind::Inconclusive, OnInconclusive::Fail) => Reply::Failed(verdict.reason.clone()),
    }
}

/// What the evidence so far means, without writing a verdict: for a step or a pause in the middle of a shift.
#[must_use]
pub fn so_far(watch: &Watch, policy: &Policy, is_late: bool) -> Option<(Kind, String)> {
    let situation = Situation { is_asked: true, is_late };
    let analysis = watch.analyse(policy);
    // A baseline that is gone ends the wait only when all the traffic has moved.
    let analysis = super::analysis::Analysis { baseline_gone: false, ..analysis };
    conclude(policy, &analysis, situation)
}

/// How long minutes are waited for at most, from green's first traffic.
#[must_use]
pub fn longest(policy: &Policy) -> i64 {
    i64::from(policy.max_minutes) * MINUTE
}
