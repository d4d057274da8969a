//! The moments at which somebody asks, the same for both engines.
//!
//! CodeDeploy calls them lifecycle events
//! (<https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>), ECS lifecycle stages
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>). A word that is not in the table is
//! no moment of ours: it is refused in words, never taken for another.

use serde::{Deserialize, Serialize};

/// A moment of a deployment at which a hook may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Before anything is made.
    Preflight,
    /// Green's tasks are there, without traffic.
    Installed,
    /// Green answers on the test listener.
    Tested,
    /// Before production traffic moves, once for each step.
    BeforeTraffic,
    /// While production traffic moves; ECS asks here again on a rollback.
    Shifting,
    /// All production traffic is on green.
    AfterTraffic,
}

impl Stage {
    /// Of CodeDeploy's lifecycle event.
    #[must_use]
    pub fn of_event(name: &str) -> Option<Self> {
        Some(match name {
            "BeforeInstall" => Self::Preflight,
            "AfterInstall" => Self::Installed,
            "AfterAllowTestTraffic" => Self::Tested,
            "BeforeAllowTraffic" => Self::BeforeTraffic,
            "AfterAllowTraffic" => Self::AfterTraffic,
            _ => return None,
        })
    }

    /// Of ECS's lifecycle stage.
    #[must_use]
    pub fn of_lifecycle(name: &str) -> Option<Self> {
        Some(match name {
            "RECONCILE_SERVICE" | "PRE_SCALE_UP" => Self::Preflight,
            "POST_SCALE_UP" => Self::Installed,
            "POST_TEST_TRAFFIC_SHIFT" => Self::Tested,
            "PRE_PRODUCTION_TRAFFIC_SHIFT" => Self::BeforeTraffic,
            "TEST_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT" => Self::Shifting,
            "POST_PRODUCTION_TRAFFIC_SHIFT" => Self::AfterTraffic,
            _ => return None,
        })
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Preflight => "before anything is made",
            Self::Installed => "after green's tasks are there",
            Self::Tested => "after test traffic",
            Self::BeforeTraffic => "before production traffic moves",
            Self::Shifting => "while traffic moves",
            Self::AfterTraffic => "after production traffic has moved",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_ask_at_the_same_moments_and_an_unknown_word_is_none() {
        assert_eq!(
            Stage::of_event("BeforeAllowTraffic"),
            Stage::of_lifecycle("PRE_PRODUCTION_TRAFFIC_SHIFT")
        );
        assert_eq!(Stage::of_event("AfterInstall"), Stage::of_lifecycle("POST_SCALE_UP"));
        assert_eq!(Stage::of_event("AllowTraffic"), None);
        assert_eq!(Stage::of_lifecycle("BAKE_TIME"), None);
    }
}
