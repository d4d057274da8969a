//! Seeded shifts, watched tick by tick: for tests, and for the pictures of the docs.

use crate::delivery::analysis::{Situation, conclude};
use crate::delivery::check::{Check, State};
use crate::delivery::gate::record;
use crate::delivery::policy::{Policies, Policy};
use crate::delivery::ports::Deployment;
use crate::delivery::power::Shares;
use crate::delivery::series::{Arm, Minute, Pair, Series};
use crate::delivery::stage::Stage;
use crate::delivery::stats::random::Random;
use crate::delivery::verdict::{Action, Kind, Verdict};
use crate::delivery::watch::{Arms, Checked, Shown, TargetGroup, Watch};
use crate::model::{MINUTE, Timestamp};

const START: i64 = 1_795_470_000_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(START + minute * MINUTE)
}

/// Errors that double at 30 % of the traffic: harm.
pub(crate) fn harm() -> Watch {
    watched(3_000.0, 2.0, 7)
}

/// A good release with enough traffic.
pub(crate) fn good() -> Watch {
    watched(6_000.0, 1.0, 11)
}

/// A good release that too little traffic shows.
pub(crate) fn quiet() -> Watch {
    watched(300.0, 1.0, 5)
}

fn policy() -> Policy {
    let text = "version: 1\nmax_minutes: 18\nthresholds: [{id: half-of-them, metric: errors, above: 50, minutes: 2}]";
    Policies::parse(text).unwrap().of("api-gateway").clone()
}

fn empty(policy: &Policy) -> Watch {
    let group = |name: &str| TargetGroup {
        name: name.to_owned(),
        dimension: format!("targetgroup/{name}/0123456789abcdef"),
        load_balancer: "app/b2b/0123456789abcdef".to_owned(),
        task_definition: String::new(),
    };
    let deployment = Deployment {
        id: "d-8XQ2LM3AB".to_owned(),
        application: "b2b-ecommerce-platform".to_owned(),
        group: "api-gateway".to_owned(),
        cluster: "b2b".to_owned(),
        service: "api-gateway".to_owned(),
        status: "InProgress".to_owned(),
        creator: "user".to_owned(),
        created_at: at(-10),
        lifecycle: Vec::new(),
        task_sets: Vec::new(),
        pauses: Vec::new(),
        next_percent: None,
        rollback: None,
        message: None,
    };
    let mut watch = record(&deployment);
    watch.arms = Some(Arms { green: group("green"), blue: Some(group("blue")) });
    watch.watched_from = Some(at(-3));
    watch.policy = serde_json::to_value(policy).unwrap();
    watch.noise = Some([("errors".to_owned(), 0.052_631_578_947_368_42)].into());
    let checks = [
        ("green-steady", State::Pass, "green runs 2 of 2 task(s), 0 starting"),
        ("alarms", State::Warn, "`orders-low` has no data"),
    ];
    watch.checks = checks
        .map(|(id, state, words)| Checked {
            stage: Stage::BeforeTraffic,
            check: Check::new(id, state, words),
        })
        .to_vec();
    watch
}

/// Minutes before the shift, and in it by the shares.
fn series(per_minute: f64, ratio: f64, seed: u64, shares: &Shares) -> Series {
    let mut random = Random::new(seed);
    let mut minute = |minute: i64| {
        let share = u32::try_from(minute).map_or(0.0, |minute| shares.at(minute)) / 100.0;
        let mut arm = |mean: f64, rate: f64| {
            let total = random.poisson(mean);
            Arm { total, bad: random.binomial(total, rate) }
        };
        let pair = Pair {
            green: arm(per_minute * share, 0.005 * ratio),
            blue: arm(per_minute * (1.0 - share), 0.005),
        };
        (at(minute), Minute::of("errors", pair))
    };
    // One minute was not measured.
    (-3..20).map(&mut minute).filter(|(minute, _)| *minute != at(5)).collect()
}

fn watched(per_minute: f64, ratio: f64, seed: u64) -> Watch {
    let policy = policy();
    let shares = Shares::parse("ecs-linear:30/5", &policy.schedule).unwrap();
    let all = series(per_minute, ratio, seed, &shares);
    let mut watch = empty(&policy);
    for tick in 0..40_i64 {
        let now = at(tick);
        let end = now.plus(-i64::from(policy.settle_minutes) * MINUTE);
        watch.minutes = all.range(..end).map(|(at, minute)| (*at, minute.clone())).collect();
        watch.see_weight(
            now,
            u32::try_from(tick).map_or(0, |minute| crate::delivery::power::whole(shares.at(minute))),
        );
        watch.ticked = Some(now);
        let analysis = watch.analyse(&policy);
        let is_late = tick >= i64::from(policy.max_minutes);
        let situation = Situation { is_asked: tick >= 15, is_late };
        if let Some((kind, reason)) = conclude(&policy, &analysis, situation) {
            watch.evidence = Shown::of(&analysis);
            watch.verdict = Some(Verdict { kind, reason, decided_at: now, dry_run: false });
            let (action, state) = match kind {
                Kind::Harm => (Some(Action::Stopped), "Stopped"),
                Kind::Promote => (None, "Succeeded"),
                Kind::Inconclusive => (None, "Failed"),
            };
            watch.action = action;
            watch.rollback = (kind == Kind::Harm).then(|| "d-9YR3MN4BC".to_owned());
            watch.final_state = Some(state.to_owned());
            break;
        }
    }
    watch
}
