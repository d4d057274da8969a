//! The clock, Lambda and the functions' edges over a [`State`]: who is invoked when, what a failed invocation means, and where the process
//! is killed.

use super::state::{Cause, Engine, Invocation, State};
use super::story::{Person, Stated, Story, at};
use super::{code_deploy, ecs};
use crate::delivery::ecs_hook::Request;
use crate::delivery::gate::{Gate, Question, Reply};
use crate::delivery::policy::Policies;
use crate::delivery::ports::{Hooks as _, Watches as _};
use crate::delivery::tick;
use crate::delivery::watch::{Asker, Watch};
use crate::errors::Fault;
use crate::model::{MINUTE, Timestamp};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, Waker};

/// Half a minute: ECS asks a hook again after that.
const STEP: i64 = MINUTE / 2;
/// How long one attempt of a hook function may look again: Lambda's 15 minutes, less a reserve.
const HOOK_BUDGET: i64 = 14 * MINUTE;
/// Lambda's retries of an asynchronous invocation come after one and two minutes.
const RETRIES: u32 = 2;
/// No story is longer.
const LONGEST_MINUTES: i64 = 400;

/// What breaks at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blow {
    KillBefore,
    KillAfter,
    Transient,
    Denied,
    LostAnswer,
}

/// A blow at the call with that number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) call: usize,
    pub(super) blow: Blow,
}

struct Killed;

/// The world of a story.
pub(super) struct World<'a> {
    pub(super) story: &'a Story,
    policies: Policies,
    pub(super) state: RefCell<State>,
    pub(super) calls: Cell<usize>,
    strikes: Vec<Strike>,
    /// Whether the call of a strike was reached, and what it was.
    pub(super) struck: RefCell<Vec<&'static str>>,
    /// Whether a hook function runs, and whether one was struck.
    running_hook: Cell<bool>,
    pub(super) hook_struck: Cell<bool>,
}

/// Where a run stands at the beginning of a half minute.
#[derive(Clone)]
pub(super) struct Snapshot {
    pub(super) state: State,
    pub(super) calls: usize,
}

/// Nothing here waits: every future is ready at once.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a port of this world waited"),
    }
}

impl<'a> World<'a> {
    pub(super) fn new(story: &'a Story, strikes: Vec<Strike>) -> Self {
        let from = Snapshot { state: State::new(story), calls: 0 };
        Self::again(story, strikes, from)
    }

    /// From the middle of a run.
    pub(super) fn again(story: &'a Story, strikes: Vec<Strike>, from: Snapshot) -> Self {
        Self {
            story,
            policies: Policies::parse(&format!("version: 1\n{}", story.settings)).unwrap(),
            state: RefCell::new(from.state),
            calls: Cell::new(from.calls),
            strikes,
            struck: RefCell::default(),
            running_hook: Cell::new(false),
            hook_struck: Cell::new(false),
        }
    }

    /// One call to the outside: counted, and struck where it is its turn.
    pub(super) fn call<R>(
        &self,
        name: &'static str,
        effect: impl FnOnce(&mut State) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let number = self.calls.get() + 1;
        self.calls.set(number);
        let transient =
            |detail: &str| Fault::Transient { service: "AWS", operation: name, detail: detail.to_owned() };
        let minute = self.state.borrow().now.since(at(0)) / MINUTE;
        let is_throttled = self.story.throttled.0 == name && self.story.throttled.1.contains(&minute);
        let blow = self.strikes.iter().find(|strike| strike.call == number).map(|strike| strike.blow);
        if blow.is_some() {
            self.struck.borrow_mut().push(name);
            self.hook_struck.set(self.hook_struck.get() || self.running_hook.get());
        }
        match blow {
            Some(Blow::KillBefore) => resume_unwind(Box::new(Killed)),
            Some(Blow::Transient) => return Err(transient("throttled")),
            Some(Blow::Denied) => {
                return Err(Fault::Denied { service: "AWS", operation: name, detail: "denied".to_owned() });
            }
            Some(Blow::KillAfter | Blow::LostAnswer) | None => {}
        }
        let result =
            if is_throttled { Err(transient("throttled")) } else { effect(&mut self.state.borrow_mut()) };
        match blow {
            Some(Blow::KillAfter) => resume_unwind(Box::new(Killed)),
            Some(Blow::LostAnswer) => Err(transient("the connection was lost")),
            Some(Blow::KillBefore | Blow::Transient | Blow::Denied) | None => result,
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot { state: self.state.borrow().clone(), calls: self.calls.get() }
    }

    /// Whether nothing more can happen.
    pub(super) fn is_at_rest(&self) -> bool {
        let state = self.state.borrow();
        let settled = match &state.engine {
            _ if state.now >= at(self.story.gone) => true,
            Engine::CodeDeploy(engine) => engine.is_settled(),
            Engine::Ecs(engine) => engine.is_settled(),
        };
        let waits =
            state.queue.iter().any(|due| matches!(due.cause, Cause::Hook { .. } | Cause::Stage { .. }));
        settled && !waits && state.active.is_empty() && state.now.since(at(0)) > 5 * MINUTE
    }

    /// Whether it goes on for longer than any story.
    pub(super) fn is_too_long(&self) -> bool {
        self.state.borrow().now >= at(LONGEST_MINUTES)
    }

    /// To the end, or until the world stands still for too long.
    pub(super) fn run(&self) {
        while !self.is_at_rest() && !self.is_too_long() {
            self.step();
        }
    }

    /// Half a minute: the engine, then whatever is due, then the tick.
    pub(super) fn step(&self) {
        {
            let mut state = self.state.borrow_mut();
            if state.now >= at(self.story.gone) {
                state.queue.retain(|due| !matches!(due.cause, Cause::Stage { .. }));
            }
            match state.engine {
                _ if state.now >= at(self.story.gone) => {}
                Engine::CodeDeploy(_) => code_deploy::advance(&mut state, self.story),
                Engine::Ecs(_) => ecs::advance(&mut state, self.story),
            }
            person(&mut state, self.story);
            schedule(&mut state, self.story);
        }
        loop {
            let due = {
                let mut state = self.state.borrow_mut();
                let now = state.now;
                let next = state.queue.iter().position(|invocation| invocation.due <= now);
                next.map(|index| state.queue.remove(index))
            };
            let Some(invocation) = due else { break };
            self.invoke(invocation);
        }
        let mut state = self.state.borrow_mut();
        state.now = state.now.plus(STEP);
    }

    /// One invocation; what dies is retried as Lambda retries it, or is a rollback where ECS asked.
    fn invoke(&self, invocation: Invocation) {
        let Invocation { cause, attempt, .. } = invocation;
        let minute = self.state.borrow().now.since(at(0)) / MINUTE;
        let is_dead = self.story.dead.contains(&minute);
        self.running_hook.set(matches!(cause, Cause::Hook { .. } | Cause::Stage { .. }));
        let lived = match &cause {
            Cause::Tick { .. } | Cause::Event { .. } if is_dead => return,
            Cause::Tick { now } => self.survives(|| self.all(*now)),
            Cause::Event { now, id, is_paused } => self.survives(|| self.one(*now, id, *is_paused)),
            Cause::Hook { deployment, execution, begun } => {
                if self.hook_is_killed() {
                    None
                } else {
                    self.survives(|| self.hook(deployment, execution, *begun, attempt))
                }
            }
            Cause::Stage { stage, details, visit } => {
                let event = json!({"resourceArn": ecs::ARN, "lifecycleStage": stage, "hookDetails": details});
                let answer = catch_unwind(AssertUnwindSafe(|| self.stage(&Request::read(&event))));
                ecs::answered(&mut self.state.borrow_mut(), stage, *visit, answer.ok());
                Some(Ok(()))
            }
        };
        if !matches!(lived, Some(Ok(()))) && attempt < RETRIES {
            let mut state = self.state.borrow_mut();
            let due = state.now.plus(i64::from(attempt + 1) * MINUTE);
            let cause = match cause {
                Cause::Hook { deployment, execution, .. } => {
                    Cause::Hook { deployment, execution, begun: due }
                }
                other => other,
            };
            state.queue.push(Invocation { due, cause, attempt: attempt + 1 });
        }
    }

    fn survives(&self, run: impl FnOnce() -> Result<(), Fault>) -> Option<Result<(), Fault>> {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(result) => Some(result),
            Err(payload) if payload.is::<Killed>() => None,
            Err(other) => resume_unwind(other),
        }
    }

    fn hook_is_killed(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let is_killed = state.hooks_killed < self.story.hooks_killed;
        state.hooks_killed += u32::from(is_killed);
        is_killed
    }

    fn tick_world(&self) -> tick::World<'_, Self, Self, Self, Self, Self> {
        tick::World { deployments: self, minutes: self, groups: self, watches: self, notifier: self }
    }

    /// The watch's edge: every active record, one failure does not stop the others.
    fn all(&self, at: Timestamp) -> Result<(), Fault> {
        let active = now(self.active())?;
        let mut failure = Ok(());
        for stored in active {
            failure = self.looked_after(stored, at).and(failure);
        }
        failure
    }

    fn looked_after(&self, stored: crate::delivery::ports::Stored, at: Timestamp) -> Result<(), Fault> {
        match now(self.tick_world().tick(stored, at)) {
            Ok(seen) => {
                let is_pause = |words: &str| words.starts_with("paused");
                let mut state = self.state.borrow_mut();
                let is_end = seen.what.contains("the deployment is ") && !is_pause(&state.said);
                if !state.has_failed && (is_end || is_pause(&seen.what)) {
                    state.said = seen.what;
                }
                Ok(())
            }
            Err(Fault::Conflict { .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    fn one(&self, at: Timestamp, id: &str, is_paused: bool) -> Result<(), Fault> {
        let known = now(self.get(id))?;
        let known = if known.is_none() && is_paused {
            now(self.tick_world().adopt(id, &self.policies))?
        } else {
            known.filter(|stored| stored.watch.final_state.is_none())
        };
        known.map_or(Ok(()), |stored| self.looked_after(stored, at))
    }

    fn ask(&self, question: &Question) -> Result<Reply, Fault> {
        let gate = Gate { deployments: self, checker: self, groups: self, watches: self };
        now(gate.ask(question, &self.policies))
    }

    /// The edge of a CodeDeploy hook: it looks again within its budget, then answers.
    fn hook(&self, deployment: &str, execution: &str, begun: Timestamp, attempt: u32) -> Result<(), Fault> {
        let asker = Asker::Hook { execution: execution.to_owned() };
        let question = Question { deployment: deployment.to_owned(), stage: None, asker };
        let at = self.state.borrow().now;
        let again = match self.ask(&question) {
            Ok(Reply::Again(words)) => words,
            Ok(Reply::Later(_)) => return Ok(()),
            Ok(Reply::Succeeded(words)) => return self.answer(deployment, execution, true, words),
            Ok(Reply::Failed(words)) => return self.answer(deployment, execution, false, words),
            Err(fault @ (Fault::Transient { .. } | Fault::Conflict { .. })) => fault.to_string(),
            Err(fault @ (Fault::Denied { .. } | Fault::Missing { .. } | Fault::Unreadable { .. })) => {
                return self.answer(deployment, execution, false, fault.to_string());
            }
        };
        if at.since(begun) >= HOOK_BUDGET {
            return self.answer(deployment, execution, false, format!("not ready in time: {again}"));
        }
        let cause = Cause::Hook { deployment: deployment.to_owned(), execution: execution.to_owned(), begun };
        self.state.borrow_mut().queue.push(Invocation { due: at.plus(STEP), cause, attempt });
        Ok(())
    }

    fn answer(&self, id: &str, execution: &str, succeeded: bool, words: String) -> Result<(), Fault> {
        if id == code_deploy::FIRST {
            let mut state = self.state.borrow_mut();
            (state.said, state.has_failed) = (words, !succeeded);
        }
        match now(self.answer_hook(id, execution, succeeded)) {
            Ok(()) | Err(Fault::Missing { .. }) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// The edge of an ECS hook: a fault is an answer too.
    fn stage(&self, request: &Request) -> serde_json::Value {
        let question = match request.question() {
            Ok(question) => question,
            Err(reply) => return request.answer(&reply),
        };
        let answer = match self.ask(&question) {
            Ok(reply) => request.answer(&reply),
            Err(fault) => request.fault(&fault.to_string()),
        };
        if request.stage != "PRODUCTION_TRAFFIC_SHIFT" {
            let mut state = self.state.borrow_mut();
            answer["reason"].as_str().unwrap_or_default().clone_into(&mut state.said);
            state.has_failed = answer["hookStatus"] == "FAILED";
        }
        answer
    }

    /// The record, wherever it is.
    pub(super) fn record(&self) -> Option<Watch> {
        let state = self.state.borrow();
        state.active.values().chain(state.closed.values()).next().map(|stored| stored.watch.clone())
    }

    /// What the story came to, for comparison with what is stated.
    pub(super) fn end(&self) -> End {
        let record = self.record();
        let state = self.state.borrow();
        let (status, back) = match &state.engine {
            Engine::CodeDeploy(engine) => (engine.status(), engine.back_status()),
            Engine::Ecs(engine) => (engine.status(), None),
        };
        End {
            status,
            back,
            green: state.weight(),
            verdict: record.as_ref().and_then(|watch| watch.verdict.as_ref()).map(|verdict| verdict.kind),
            action: record.as_ref().and_then(|watch| watch.action.clone()),
            told: state.told.iter().cloned().collect(),
            patience: state.patience,
            is_closed: state.active.is_empty(),
            is_at_rest: state.now < at(LONGEST_MINUTES),
            hook_died: state.hook_died,
            broken: state.broken.clone(),
            why: record.and_then(|watch| Some(watch.verdict?.reason)).unwrap_or_else(|| state.said.clone()),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    pub(super) status: &'static str,
    /// The rollback deployment's state, if there was one.
    pub(super) back: Option<&'static str>,
    pub(super) green: u32,
    pub(super) verdict: Option<crate::delivery::verdict::Kind>,
    pub(super) action: Option<crate::delivery::verdict::Action>,
    pub(super) told: Vec<String>,
    pub(super) patience: Option<&'static str>,
    pub(super) is_closed: bool,
    pub(super) is_at_rest: bool,
    pub(super) hook_died: bool,
    pub(super) broken: Vec<String>,
    /// The sentence that explains it.
    pub(super) why: String,
}

impl End {
    /// Whether it is the stated one, with nobody left waiting and no law broken.
    pub(super) fn is(&self, stated: &Stated) -> bool {
        let told = stated.told.iter().all(|subject| self.told.iter().any(|told| told == subject));
        self.status == stated.status
            && self.green == stated.green
            && self.verdict == stated.verdict
            && self.action == stated.action
            && self.patience == stated.patience
            && told
            && self.told.len() == stated.told.len()
            && self.is_clean()
    }

    /// Whether everything came to rest, nobody waits and no law was broken.
    pub(super) fn is_clean(&self) -> bool {
        self.is_closed
            && self.is_at_rest
            && self.broken.is_empty()
            && self.back.is_none_or(|back| back == "Succeeded")
    }
}

/// A person breaks in.
fn person(state: &mut State, story: &Story) {
    let now = state.now;
    for (_, person) in story.person.iter().filter(|(minute, _)| now == at(*minute)) {
        breaks_in(state, story, *person);
    }
}

fn breaks_in(state: &mut State, story: &Story, person: Person) {
    match person {
        Person::Stops { roll_back } => {
            // Nobody stops by hand what goes back already; and a person's stop is none of ours.
            if state.is_going_back() {
                return;
            }
            let stops = state.stops.len();
            let _ = match state.engine {
                Engine::CodeDeploy(_) => code_deploy::stop(state, code_deploy::FIRST, roll_back),
                Engine::Ecs(_) => ecs::stop(state, roll_back),
            };
            state.stops.truncate(stops);
        }
        Person::Decides { go_on } => {
            let Engine::Ecs(engine) = &state.engine else { return };
            let pause = engine.describe(state, story).pauses.first().map(|pause| pause.id.clone());
            let _ = pause.map(|id| ecs::resume(state, &id, go_on));
        }
    }
}

/// The schedule's minute, in order or not.
fn schedule(state: &mut State, story: &Story) {
    let now = state.now;
    if now.minute() != now {
        return;
    }
    let minute = now.since(at(0)) / MINUTE;
    if story.askers.contains(&minute) {
        for event in ["AfterInstall", "BeforeAllowTraffic"] {
            let (deployment, execution) = (code_deploy::FIRST.to_owned(), format!("d-1/{event}"));
            state.later(0, Cause::Hook { deployment, execution, begun: now });
        }
    }
    let index = usize::try_from(minute).unwrap_or(0);
    if let Some(late) = story.ticks.get(index % story.ticks.len().max(1)) {
        // Lost, or late, and every other late one twice.
        for _ in 0..=late % 2 {
            state.later(*late, Cause::Tick { now });
        }
        return;
    }
    let late = if story.is_disordered { (minute * 7) % 4 } else { 0 };
    state.later(late, Cause::Tick { now });
    if story.is_disordered {
        state.later(0, Cause::Tick { now });
    }
}
