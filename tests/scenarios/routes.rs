//! Patterns and services, in routes that are changed while the stack runs.

use anyhow::{Result, ensure};
use scenarios::{Push, World, executions_of, text};
use serde_json::Value;

const SERVICES: &str = "
version: 1
repositories:
  - id: 1001
    name: acme/b2b-ecommerce-platform
    services:
      - { name: portal, paths: [services/customer-portal] }
      - { name: gateway, paths: [services/api-gateway] }
    branches:
      - { branch: develop, pipeline: b2b-staging, environment: staging, mode: superseded, service: SERVICE }
";

fn started(world: &World, sha: &str) -> Result<usize> {
    Ok(executions_of(&world.state()?, "b2b-staging", sha).len())
}

/// The change `good` touches api-gateway only.
#[test]
fn a_push_starts_the_pipeline_of_the_service_that_it_changes_and_no_other() -> Result<()> {
    let world = World::take();
    let known = world.push(&Push { branch: "develop", change: "low-coverage", deliveries: 1 })?;
    world.run_to_end("b2b-staging", &world.started("b2b-staging", &known).map(|_| known.clone())?)?;

    world.set_routes(&SERVICES.replace("SERVICE", "portal"))?;
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 1 })?;
    world.wait_for_empty("SourceQueueUrl")?;
    world.advance(6)?;
    ensure!(started(&world, &sha)? == 0, "the portal did not change");

    world.set_routes(&SERVICES.replace("SERVICE", "gateway"))?;
    let answer = world.look("refs/heads/develop")?;
    ensure!(
        answer.to_string().contains(&format!("started {}", sha.get(..12).unwrap_or_default())),
        "{answer}"
    );
    world.run_to_end("b2b-staging", &sha)?;
    Ok(())
}

#[test]
fn routes_that_cannot_be_read_are_an_error_with_line_and_column_and_start_nothing() -> Result<()> {
    let world = World::take();
    world.set_routes("version: 1\nrepositories:\n  - { id: acme }\n")?;
    let error = world
        .look("refs/heads/develop")
        .map(|answer| answer.to_string())
        .unwrap_or_else(|error| format!("{error:#}"));
    ensure!(error.contains("line 3, column") && error.contains("routes"), "{error}");
    Ok(())
}

/// What somebody who asks by hand is told; used by the stories above.
trait Look {
    fn look(&self, reference: &str) -> Result<Value>;
}

impl Look for World {
    fn look(&self, reference: &str) -> Result<Value> {
        let request = serde_json::json!({"repositoryId": 1001, "ref": reference, "reason": "manual"});
        let answer = self.emulator.invoke(self.output("SourceFunctionName"), &request)?;
        ensure!(!text(&answer, "errorMessage").contains("Rejection"), "{answer}");
        Ok(answer)
    }
}
