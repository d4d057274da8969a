//! Shifts of traffic without a pipeline around them: what the versions do, what CloudWatch shows, what breaks, and how it ends.
//!
//! Each story states the end of its deployment, who has the traffic, the watch's verdict and what was done; no hook is left unanswered (the
//! world looks when it is dropped), and the record explains itself in one sentence.

mod blue_green;
mod checks;
mod kills;
mod native;
mod pauses;
mod signals;
mod trouble;

use anyhow::{Context, Result, bail};
use scenarios::{Instead, World, text};
use serde_json::{Value, json};

/// Virtual minutes that a shift may take.
const PATIENCE: u32 = 180;
/// So many that a sound version is cleared in ten minutes at 10 % whatever the draw.
const REQUESTS_PER_MINUTE: u32 = 48_000;
/// Minutes that the watch may take to close the record of a deployment that is over.
const CLOSING: u32 = 3;

/// Who moves the traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    CodeDeploy,
    Ecs,
}

/// A deployment under way.
struct Shift<'w> {
    world: &'w World,
    engine: Engine,
    id: String,
}

/// How it ended.
#[derive(Debug)]
struct End {
    deployment: Value,
    record: Option<Value>,
}

impl<'w> Shift<'w> {
    /// Starts a deployment of `api-gateway` by CodeDeploy: 10 % for 10 minutes, then all, with both hooks; the usual load before it.
    fn blue_green(world: &'w World, labels: &Value) -> Result<Self> {
        let hooks = json!({"BeforeAllowTraffic": world.output("PreTrafficFunctionName"),
            "AfterAllowTraffic": world.output("PostTrafficFunctionName")});
        Self::with_hooks(world, labels, &hooks, "Tidegate.Canary10Percent10Minutes")
    }

    fn with_hooks(world: &'w World, labels: &Value, hooks: &Value, config: &str) -> Result<Self> {
        let body = json!({"application": "b2b", "group": "api-gateway", "labels": labels, "hooks": hooks, "config": config});
        let made = world.control("/_local/deploy", &body)?;
        Ok(Self { world, engine: Engine::CodeDeploy, id: text(&made, "deploymentId").to_owned() })
    }

    /// Starts a deployment of a service that ECS moves by itself.
    fn native(world: &'w World, service: &str, labels: &Value) -> Result<Self> {
        let body = json!({"cluster": "b2b-production", "service": service, "labels": labels});
        let made = world.control("/_local/deploy", &body)?;
        Ok(Self { world, engine: Engine::Ecs, id: text(&made, "serviceDeploymentArn").to_owned() })
    }

    /// The deployment as the control plane shows it.
    fn deployment(&self) -> Result<Value> {
        let (list, key) = match self.engine {
            Engine::CodeDeploy => ("deployments", "id"),
            Engine::Ecs => ("serviceDeployments", "arn"),
        };
        let state = self.world.state()?;
        let all = state.get(list).and_then(Value::as_array).context("the state lists deployments")?;
        all.iter().find(|one| text(one, key) == self.id).cloned().context("the deployment is there")
    }

    /// The watch's record, active or closed.
    fn record(&self) -> Result<Option<Value>> {
        let table = self.world.output("TableName");
        let closed = self.world.emulator.items(table, &format!("W#{}", self.id))?;
        let active = self.world.emulator.items(table, "WATCH")?;
        let ours = |item: &&Value| item.pointer("/sk/S").and_then(Value::as_str) == Some(&self.id);
        let item = closed.first().or_else(|| active.iter().find(ours));
        let body = item.and_then(|item| item.pointer("/body/S")).and_then(Value::as_str);
        Ok(body.map(serde_json::from_str).transpose()?)
    }

    /// Green's share of the production traffic, in percent.
    fn green(deployment: &Value) -> f64 {
        let found =
            deployment.pointer("/weights/green").or_else(|| deployment.pointer("/weights/production"));
        found.and_then(Value::as_f64).unwrap_or_default()
    }

    /// Advances minute by minute until the deployment is over and its record closed.
    fn run(&self) -> Result<End> {
        self.run_with(|_, _| Ok(()))
    }

    /// The same; `each` is called before every minute with how many have passed.
    fn run_with(&self, mut each: impl FnMut(u32, &Value) -> Result<()>) -> Result<End> {
        for minute in 0..PATIENCE {
            let deployment = self.deployment()?;
            if !deployment.get("ended").is_none_or(Value::is_null) {
                self.world.advance(CLOSING)?;
                return Ok(End { deployment: self.deployment()?, record: self.record()? });
            }
            each(minute, &deployment)?;
            self.world.advance(1)?;
        }
        bail!("{} is not over after {PATIENCE} virtual minutes: {:#}", self.id, self.deployment()?)
    }
}

impl End {
    fn status(&self) -> &str {
        text(&self.deployment, "status")
    }

    fn member(&self, pointer: &str) -> &str {
        self.record
            .as_ref()
            .and_then(|record| record.pointer(pointer))
            .and_then(Value::as_str)
            .unwrap_or("none")
    }

    /// Status, verdict, action.
    fn words(&self) -> String {
        format!("{} {} {}", self.status(), self.member("/verdict/kind"), self.member("/action"))
    }

    /// Asserts the end, and that it explains itself.
    #[track_caller]
    fn is(&self, words: &str, because: &str) {
        assert_eq!(self.words(), words, "{self:#?}");
        let reason = self.member("/verdict/reason");
        assert!(reason.contains(because), "`{reason}` does not say `{because}`");
        assert!(!reason.contains('\n'), "one sentence: {reason}");
        assert_ne!(self.member("/finalState"), "none", "the record is closed: {self:#?}");
    }

    /// Greatest share that green was seen with, in percent.
    fn exposure(&self) -> u64 {
        let weights = self.record.as_ref().and_then(|record| record.get("weights")).and_then(Value::as_array);
        let percent = |weight: &Value| weight.get("percent").and_then(Value::as_u64);
        weights.into_iter().flatten().filter_map(percent).max().unwrap_or(0)
    }
}

/// The load and the measures as usual, with what is different; the settings of the stories.
fn usual<'w>(world: &'w World, service: &str, traffic: &Value, settings: &str) -> Result<Instead<'w>> {
    let mut body = json!({"service": service, "reset": true, "requestsPerMinute": REQUESTS_PER_MINUTE});
    if let (Some(body), Some(traffic)) = (body.as_object_mut(), traffic.as_object()) {
        body.extend(traffic.clone());
    }
    world.control("/_local/metrics", &json!({"mode": "normal"}))?;
    world.control("/_local/traffic", &body)?;
    world.watch_settings(&format!("version: 1\n{settings}"))
}
