//! Patterns and services, in routes that are changed while the stack runs.

use anyhow::{Result, bail, ensure};
use scenarios::{Push, World, executions_of};

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
    let sha = world.push(&Push { branch: "develop", change: "good", deliveries: 0 })?;
    world.set_routes("version: 1\nrepositories:\n  - { id: acme }\n")?;
    let words = match world.look("refs/heads/develop") {
        Ok(answer) => bail!("unreadable routes were answered: {answer}"),
        Err(error) => format!("{error:#}"),
    };
    ensure!(words.contains("line 3, column") && words.contains("routes"), "{words}");
    ensure!(started(&world, &sha)? == 0, "nothing starts by routes that cannot be read");
    Ok(())
}
