//! ECS moves the traffic by itself: LINEAR with steps held by our hook, a first deployment, a release that must not go back.

use super::{Shift, usual};
use anyhow::Result;
use scenarios::World;
use serde_json::{Value, json};

/// "10 % for 10 minutes, then gradually": neither engine has it, the hook makes it.
const HELD: &str = "schedule: {first_step_minutes: 10, step_minutes: 2}\non_inconclusive: fail";

fn service(world: &World, name: &str, first: &str) -> Result<Value> {
    let hooks = json!([
        {"targetType": "AWS_LAMBDA", "hookTargetArn": arn(world, "PreTrafficFunctionName"),
         "roleArn": world.output("EcsHookRoleArn"),
         "lifecycleStages": ["PRE_SCALE_UP", "POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT",
                             "PRODUCTION_TRAFFIC_SHIFT"]},
        {"targetType": "AWS_LAMBDA", "hookTargetArn": arn(world, "PostTrafficFunctionName"),
         "roleArn": world.output("EcsHookRoleArn"), "lifecycleStages": ["POST_PRODUCTION_TRAFFIC_SHIFT"]}]);
    let configuration = json!({"strategy": "LINEAR", "bakeTimeInMinutes": 5, "lifecycleHooks": hooks,
        "linearConfiguration": {"stepPercent": 10, "stepBakeTimeInMinutes": 1}});
    world.control(
        "/_local/services",
        &json!({"cluster": "b2b-production", "service": name, "deploymentConfiguration": configuration, "firstDeployment": first}),
    )
}

fn arn(world: &World, output: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{}", world.output(output))
}

/// From when to when green had 10 %, in minutes of the story.
fn run_and_time(shift: &Shift<'_>) -> Result<(super::End, u32)> {
    let mut at_ten = 0;
    let end = shift.run_with(|_, deployment| {
        at_ten += u32::from((Shift::green(deployment) - 10.0).abs() < 0.5);
        Ok(())
    })?;
    Ok((end, at_ten))
}

#[test]
fn ten_percent_are_held_for_ten_minutes_and_then_it_goes_on_gradually() -> Result<()> {
    let world = World::take();
    service(&world, "catalog-held", "done")?;
    let _settings = usual(&world, "catalog-held", &json!({}), HELD)?;
    world.advance(10)?;
    let (end, at_ten) = run_and_time(&Shift::native(&world, "catalog-held", &json!({}))?)?;
    end.is("SUCCESSFUL promote none", "is excluded");
    assert!((10..=14).contains(&at_ten), "{at_ten} minutes at 10 %");
    assert_eq!(end.exposure(), 100);
    Ok(())
}

#[test]
fn a_bad_version_is_taken_back_while_its_step_is_held() -> Result<()> {
    let world = World::take();
    service(&world, "catalog-bad", "done")?;
    let _settings = usual(&world, "catalog-bad", &json!({}), HELD)?;
    world.advance(10)?;
    let (end, _) =
        run_and_time(&Shift::native(&world, "catalog-bad", &json!({"tidegate.local/error-ratio": "3"}))?)?;
    end.is("ROLLBACK_SUCCESSFUL harm stopped", "passes the bound 100:1");
    assert_eq!(end.exposure(), 10);
    Ok(())
}

#[test]
fn a_first_deployment_has_nothing_to_be_compared_with() -> Result<()> {
    let world = World::take();
    let _settings = usual(&world, "catalog-first", &json!({}), HELD)?;
    let made = service(&world, "catalog-first", "run")?;
    let id = made["serviceDeploymentArn"].as_str().unwrap_or_default().to_owned();
    let end = Shift { world: &world, engine: super::Engine::Ecs, id }.run()?;
    end.is("SUCCESSFUL promote none", "a first deployment has nothing to be compared with");
    Ok(())
}

#[test]
fn a_service_without_traffic_is_taken_back_and_not_promoted() -> Result<()> {
    let world = World::take();
    service(&world, "catalog-idle", "done")?;
    let _settings = usual(&world, "catalog-idle", &json!({"requestsPerMinute": 0}), HELD)?;
    let end = Shift::native(&world, "catalog-idle", &json!({}))?.run()?;
    assert_eq!(end.status(), "ROLLBACK_SUCCESSFUL", "{end:#?}");
    assert_eq!(end.exposure(), 10, "not one step further without evidence");
    Ok(())
}
