//! No checks: for the hook after traffic, which demands a verdict and looks at nothing itself.

use crate::delivery::policy::Policy;
use crate::delivery::ports::{CheckedStage, Checker, Deployment};
use crate::delivery::stage::Stage;
use crate::delivery::watch::Watch;
use crate::errors::Fault;

/// Asked for checks it says that it has none, which passes nothing.
pub struct NoChecks;

impl Checker for NoChecks {
    async fn check(
        &self,
        stage: Stage,
        _deployment: &Deployment,
        _policy: &Policy,
        _known: Option<&Watch>,
    ) -> Result<CheckedStage, Fault> {
        use crate::delivery::check::{Check, State};
        let words =
            format!("the hook of the function after traffic is set {}: it has no checks", stage.words());
        Ok(CheckedStage { checks: vec![Check::new("no-checks", State::Fail, words)], freeze: None })
    }
}
