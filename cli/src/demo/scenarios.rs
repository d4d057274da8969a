//! The releases of the tour: what is pushed, what must come of it. An expectation that does not hold is told with what was seen.

use crate::release::follow::{Push, Release};
use crate::release::state::{Deployment, Stage};

/// Repository of the sample platform.
pub(crate) const REPOSITORY: &str = "acme/b2b-ecommerce-platform";
/// The service that is released by a canary.
const CANARY: &str = "api-gateway";
/// Share of the canary's first step, in percent.
const CANARY_PERCENT: f64 = 10.0;

/// One release of the tour.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What happens, in a sentence.
    pub(crate) story: &'static str,
    pub(crate) change: &'static str,
    /// What does not hold of the release at its end.
    pub(crate) check: fn(&Release) -> Vec<String>,
}

/// All of them, in the order of the tour.
pub(crate) const SCENARIOS: [Scenario; 3] = [
    Scenario {
        name: "good-release",
        story: "a good change passes every gate and reaches production by a watched canary",
        change: "good",
        check: good_release,
    },
    Scenario {
        name: "gate-failure",
        story: "line coverage of 78.4 % is stopped at the gate that asks for 80 %",
        change: "low-coverage",
        check: gate_failure,
    },
    Scenario {
        name: "canary-rolled-back",
        story: "a version with more errors is rolled back while it has 10 % of the traffic",
        change: "broken-api",
        check: canary_rolled_back,
    },
];

impl Scenario {
    /// Its push.
    pub(crate) fn push(&self) -> Push<'static> {
        Push { repository: REPOSITORY, branch: "main", change: self.change }
    }
}

/// A scenario by name; the names there are when there is none.
pub(crate) fn named(name: &str) -> Result<&'static Scenario, String> {
    SCENARIOS.iter().find(|scenario| scenario.name == name).ok_or_else(|| {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        format!("there is no scenario `{name}`, there are: {}", names.join(", "))
    })
}

/// Collects what does not hold.
struct Check<'a> {
    release: &'a Release,
    unmet: Vec<String>,
}

impl<'a> Check<'a> {
    fn new(release: &'a Release) -> Self {
        Self { release, unmet: Vec::new() }
    }

    fn that(&mut self, holds: bool, unmet: impl FnOnce() -> String) {
        if !holds {
            self.unmet.push(unmet());
        }
    }

    fn ends(&mut self, wanted: &str) {
        let status = self.release.execution().map_or("missing", |execution| execution.status.as_str());
        self.that(status == wanted, || format!("expected the pipeline to end `{wanted}`, it is `{status}`"));
    }

    fn stage(&mut self, name: &str, wanted: &str) {
        let status = self.find(name).map_or("missing", |stage| stage.status.as_str());
        self.that(status == wanted, || {
            format!("expected stage `{name}` to end `{wanted}`, it is `{status}`")
        });
    }

    fn find(&self, stage: &str) -> Option<&'a Stage> {
        self.release.execution()?.stage(stage)
    }

    fn canary(&self) -> Option<&'a Deployment> {
        let mine = |d: &&Deployment| self.release.deployments.contains(&d.id) && !d.is_rollback();
        self.release.last.state.deployments.iter().filter(mine).find(|d| d.group == CANARY)
    }

    fn deployment(&mut self, wanted: &[&str]) {
        let status = self.canary().map_or("missing", |deployment| deployment.status.as_str());
        let list = wanted.join("` or `");
        self.that(wanted.contains(&status), || {
            format!("expected the deployment of `{CANARY}` to end `{list}`, it is `{status}`")
        });
    }

    fn green(&mut self, wanted: f64) {
        let seen = self.release.greatest_green;
        self.that((seen - wanted).abs() < 0.01, || {
            format!(
                "expected the new version of `{CANARY}` to get at most {wanted} % of the traffic, it got {seen} %"
            )
        });
    }

    fn verdict(&mut self, wanted: &[&str]) {
        let watch = self.canary().and_then(|deployment| self.release.last.watches.get(&deployment.id));
        let kind = watch.and_then(|watch| watch.verdict.as_ref()).map_or("missing", |v| v.kind.as_str());
        let list = wanted.join("` or `");
        self.that(wanted.contains(&kind), || {
            format!("expected the watch to come to `{list}`, its verdict is `{kind}`")
        });
    }
}

fn good_release(release: &Release) -> Vec<String> {
    let mut check = Check::new(release);
    check.ends("Succeeded");
    for gate in ["Gate", "IntegrationGate", "DeployProduction"] {
        check.stage(gate, "Succeeded");
    }
    check.deployment(&["Succeeded"]);
    check.green(100.0);
    // Traffic is drawn anew in each run: ten minutes of a canary may show neither harm nor its absence.
    check.verdict(&["promote", "inconclusive"]);
    check.unmet
}

fn gate_failure(release: &Release) -> Vec<String> {
    let mut check = Check::new(release);
    check.ends("Failed");
    check.stage("Gate", "Failed");
    check.stage("DeployStaging", "NotStarted");
    let actions = check.find("Gate").map_or(&[][..], |stage| stage.actions.as_slice());
    let words: Vec<&str> = actions.iter().map(|action| action.summary.as_str()).collect();
    let words = words.join(" ");
    for number in ["78.4", "80"] {
        check.that(words.contains(number), || {
            format!("expected the gate to name {number}, its summary is: {words}")
        });
    }
    check.unmet
}

fn canary_rolled_back(release: &Release) -> Vec<String> {
    let mut check = Check::new(release);
    check.ends("Failed");
    check.stage("DeployProduction", "Failed");
    check.deployment(&["Stopped", "Failed"]);
    check.green(CANARY_PERCENT);
    check.verdict(&["harm"]);
    let rolled_back = check.canary().is_some_and(Deployment::was_rolled_back);
    check
        .that(rolled_back, || format!("expected the deployment of `{CANARY}` to be rolled back, it was not"));
    check.unmet
}

#[cfg(test)]
#[path = "scenarios_tests.rs"]
mod tests;
