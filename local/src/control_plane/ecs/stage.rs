//! Lifecycle stages of a service deployment, in their order
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html>).

/// Where a service deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    /// The API's word. `PRE_PRODUCTION_TRAFFIC_SHIFT` is missing from one enumeration of the model and in the other one.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }

    /// What follows when the stage is over and `weight` percent of production are on green.
    pub(crate) fn next(self, weight: f64) -> Self {
        match self {
            Self::ReconcileService => Self::PreScaleUp,
            Self::PreScaleUp => Self::ScaleUp,
            Self::ScaleUp => Self::PostScaleUp,
            Self::PostScaleUp => Self::TestTrafficShift,
            Self::TestTrafficShift => Self::PostTestTrafficShift,
            Self::PostTestTrafficShift => Self::PreProductionTrafficShift,
            Self::PreProductionTrafficShift => Self::ProductionTrafficShift,
            // Each step of a linear or canary shift asks again before it moves.
            Self::ProductionTrafficShift if weight < 100.0 => Self::PreProductionTrafficShift,
            Self::ProductionTrafficShift => Self::PostProductionTrafficShift,
            Self::PostProductionTrafficShift => Self::BakeTime,
            Self::BakeTime | Self::CleanUp => Self::CleanUp,
        }
    }
}
