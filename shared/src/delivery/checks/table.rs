//! What people are told of the checks: docs/CHECKS.md takes its table from here, and a test keeps both the same.

/// A check, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Name in verdicts and records.
    pub id: &'static str,
    /// Word of the settings; empty where there is none.
    pub setting: &'static str,
    /// Moments, in the words of both engines.
    pub moments: &'static str,
    /// What must hold.
    pub rule: &'static str,
    /// What comes of it otherwise.
    pub otherwise: &'static str,
}

const SET_UP: &str = "`BeforeInstall` / `PRE_SCALE_UP`";
const GREEN: &str = "`AfterInstall` / `POST_SCALE_UP`, and at each later moment";
const TESTED: &str = "`AfterAllowTestTraffic` / `POST_TEST_TRAFFIC_SHIFT`";
const LAST: &str = "`BeforeAllowTraffic` / `PRE_PRODUCTION_TRAFFIC_SHIFT`";

/// Every check, in the order in which they are made.
pub const CHECKS: &[About] = &[
    About {
        id: super::preflight::ID,
        setting: "preflight",
        moments: SET_UP,
        rule: "rollback on failure and on alarms, two target groups, one listener, alarms that exist, the right controller, weights 100 to 0",
        otherwise: "fail on what is certain to go wrong, warn on what is likely to, inconclusive on what cannot be seen",
    },
    About {
        id: super::image::ID,
        setting: "images",
        moments: SET_UP,
        rule: "every image named by its digest, from an allowed repository, let through by a gate",
        otherwise: "`pinned` and `approved`: required fails, warn warns, off does not look; another repository fails",
    },
    About {
        id: super::migration::ID,
        setting: "migration",
        moments: SET_UP,
        rule: "label `tidegate.migration` is `none`, `expand` or not there; `contract` is approved by somebody",
        otherwise: "an approved `contract` warns, and harm is told and not rolled back; anything else fails",
    },
    About {
        id: super::green::STEADY,
        setting: "",
        moments: GREEN,
        rule: "as many tasks as wanted, at least 1, none that ended by itself within 60 s",
        otherwise: "not yet; a green that wants no task fails",
    },
    About {
        id: super::green::HEALTHY,
        setting: "",
        moments: GREEN,
        rule: "every target of green's target group is healthy, at least 1",
        otherwise: "not yet, with the reasons",
    },
    About {
        id: super::alarms::ID,
        setting: "alarms",
        moments: LAST,
        rule: "those of the group or the service and those of the settings exist and are `OK`",
        otherwise: "`ALARM` fails (`ringing: warn` warns), a missing one fails, no data warns",
    },
    About {
        id: super::flags::ID,
        setting: "flags",
        moments: LAST,
        rule: "each flag equals what is expected",
        otherwise: "fail; a missing flag is not off",
    },
    About {
        id: super::logs::ID,
        setting: "logs",
        moments: LAST,
        rule: "a pattern is at most `limit` times in green's log streams",
        otherwise: "warn, never more",
    },
    About {
        id: super::synthetics::ID,
        setting: "synthetics",
        moments: TESTED,
        rule: "the canary's run of this moment, or its last one, passed",
        otherwise: "a failed run fails, a running one is not yet, none or an old one is inconclusive",
    },
    About {
        id: super::smoke::ID,
        setting: "smoke",
        moments: TESTED,
        rule: "every request through the test listener is answered as expected, within `attempts` tries",
        otherwise: "a wrong or missing answer fails; DNS, TCP and TLS that do not lead to green are inconclusive",
    },
    About {
        id: super::latency::ID,
        setting: "latency",
        moments: TESTED,
        rule: "p95 of `requests` sequential requests is at most `p95_ms`",
        otherwise: "over the budget fails; without one the figure is only told; a request without an answer is inconclusive",
    },
    About {
        id: super::forecast::ID,
        setting: "",
        moments: LAST,
        rule: "some harm would be seen in 90 % of all cases at the first step, by the hour before",
        otherwise: "warn, with what the shift can see and what would make it see more; never more",
    },
];

/// The table as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut text =
        "| check | settings | moment (CodeDeploy / ECS) | passes when | otherwise |\n|---|---|---|---|---|\n"
            .to_owned();
    for About { id, setting, moments, rule, otherwise } in CHECKS {
        let setting = if setting.is_empty() { "always".to_owned() } else { format!("`{setting}`") };
        text.push_str(&format!("| `{id}` | {setting} | {moments} | {rule} | {otherwise} |\n"));
    }
    text
}
