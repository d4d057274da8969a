mod hooks;
mod shift;

use crate::control_plane::test_world::World;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:check";

/// A service `api` of ECS's own controller, its first revision settled, with this `deploymentConfiguration`.
async fn service(world: &World, configuration: Value) {
    let [own, alternate, production, test] = world.balancer().await;
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    for number in 1..=3 {
        let container = json!([{"name": "api", "image": format!("b2b/api:{number}")}]);
        world
            .ok("ecs", "RegisterTaskDefinition", json!({"family": "api", "containerDefinitions": container}))
            .await;
    }
    let input = json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api:1", "desiredCount": 2,
        "deploymentConfiguration": configuration, "loadBalancers": [{"targetGroupArn": own, "advancedConfiguration": {
            "alternateTargetGroupArn": alternate, "productionListenerRule": production, "testListenerRule": test}}]});
    world.stack.ecs.create_settled(&world.stack, &input).unwrap();
    world.stack.ecs.open(&world.stack, "c", "api");
}

/// Starts a deployment; its ARN.
async fn deploy(world: &World, task_definition: &str) -> String {
    let update = json!({"cluster": "c", "service": "api", "taskDefinition": task_definition});
    let updated = world.ok("ecs", "UpdateService", update).await;
    updated["service"]["currentServiceDeployment"].as_str().unwrap().to_owned()
}

async fn described(world: &World, arn: &str) -> Value {
    let found = world.ok("ecs", "DescribeServiceDeployments", json!({"serviceDeploymentArns": [arn]})).await;
    found["serviceDeployments"][0].clone()
}

/// Status, stage and the production weight of green.
async fn brief(world: &World, arn: &str) -> String {
    let found = described(world, arn).await;
    let weight = &found["targetServiceRevision"]["requestedProductionTrafficWeight"];
    format!(
        "{} {} {weight}",
        found["status"].as_str().unwrap(),
        found["lifecycleStage"].as_str().unwrap_or("-")
    )
}

async fn runs(world: &World) -> String {
    let found = world.ok("ecs", "DescribeServices", json!({"cluster": "c", "services": ["api"]})).await;
    found["services"][0]["taskDefinition"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

fn hook(stages: &[&str]) -> Value {
    json!({"hookTargetArn": FUNCTION, "roleArn": "arn:aws:iam::000000000000:role/hooks", "lifecycleStages": stages,
        "hookDetails": {"policy": "strict"}})
}

fn pause(stages: &[&str], minutes: u64, action: &str) -> Value {
    json!({"targetType": "PAUSE", "lifecycleStages": stages,
        "timeoutConfiguration": {"timeoutInMinutes": minutes, "action": action}})
}

/// Stage and production weights of every call of the function.
fn told(world: &World) -> Vec<String> {
    let one = |request: &Value| {
        let green = request["executionDetails"]["targetServiceRevisionArn"].as_str().unwrap();
        let weight = |kind: &str| {
            request["executionDetails"][kind].get(green).map(ToString::to_string).unwrap_or_default()
        };
        let (test, production) = (weight("testTrafficWeights"), weight("productionTrafficWeights"));
        format!("{} {test} {production}", request["lifecycleStage"].as_str().unwrap()).trim_end().to_owned()
    };
    world.invoked("check").iter().map(one).collect()
}
