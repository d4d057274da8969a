use crate::clock::MINUTE;
use crate::control_plane::test_world::World;
use serde_json::{Value, json};

/// A canary of 10 % that has run for twenty minutes.
async fn canary() -> World {
    let world = World::new().await;
    let [own, alternate, ..] = world.balancer().await;
    world.ok("ecs", "CreateCluster", json!({"clusterName": "c"})).await;
    world
        .ok(
            "ecs",
            "RegisterTaskDefinition",
            json!({"family": "api", "containerDefinitions": [{"name": "api", "image": "a:1"}]}),
        )
        .await;
    let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 600}});
    let input = json!({"cluster": "c", "serviceName": "api", "taskDefinition": "api", "deploymentConfiguration": canary,
        "loadBalancers": [{"targetGroupArn": own, "advancedConfiguration": {"alternateTargetGroupArn": alternate}}]});
    world.stack.ecs.create_settled(&world.stack, &input).unwrap();
    world.stack.ecs.open(&world.stack, "c", "api");
    let update = json!({"cluster": "c", "service": "api", "forceNewDeployment": true});
    world.ok("ecs", "UpdateService", update).await;
    world.minutes(20).await;
    world
}

/// The last ten minutes of a statistic of blue.
async fn ask(world: &World, metric: &str, stat: &str, more: Value) -> Value {
    let dimension = |name: &str, value: &str| json!({"Name": name, "Value": value});
    let query = json!({"Id": "q", "MetricStat": {"Period": 60, "Stat": stat, "Metric": {"Namespace": "AWS/ApplicationELB", "MetricName": metric,
        "Dimensions": [dimension("TargetGroup", "targetgroup/api-blue/api-blue"), dimension("LoadBalancer", "app/lb/lb")]}}});
    let now = world.stack.now() / 1000;
    let mut input = json!({"MetricDataQueries": [query], "StartTime": now - 600, "EndTime": now});
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    world.ok("cloudwatch", "GetMetricData", input).await
}

fn values(answer: &Value) -> Vec<f64> {
    let values = answer["MetricDataResults"][0]["Values"].as_array().unwrap();
    values.iter().map(|value| value.as_f64().unwrap()).collect()
}

fn sum(answer: &Value) -> f64 {
    values(answer).iter().sum()
}

#[tokio::test]
async fn slow_requests_are_a_trimmed_count_of_all() {
    let world = canary().await;
    let all = sum(&ask(&world, "TargetResponseTime", "SampleCount", json!({})).await);
    let slow = sum(&ask(&world, "TargetResponseTime", "TC(0.4:)", json!({})).await);
    let fast = sum(&ask(&world, "TargetResponseTime", "TC(:0.4)", json!({})).await);
    assert_eq!(all, sum(&ask(&world, "RequestCount", "Sum", json!({})).await));
    assert_eq!(all, slow + fast);
    assert!((slow / all - 0.02).abs() < 0.002, "{slow} of {all}");
    let refused = ask_error(&world, "Average").await;
    insta::assert_snapshot!(refused, @"statistic Average of TargetResponseTime with a period of 60 is not imitated here");
}

async fn ask_error(world: &World, stat: &str) -> String {
    let dimension = |name: &str, value: &str| json!({"Name": name, "Value": value});
    let query = json!({"Id": "q", "MetricStat": {"Period": 60, "Stat": stat, "Metric": {"Namespace": "AWS/ApplicationELB",
        "MetricName": "TargetResponseTime", "Dimensions": [dimension("TargetGroup", "targetgroup/api-blue/api-blue"), dimension("LoadBalancer", "app/lb/lb")]}}});
    let now = world.stack.now() / 1000;
    let input = json!({"MetricDataQueries": [query], "StartTime": now - 600, "EndTime": now});
    world.error("cloudwatch", "GetMetricData", input).await.message
}

#[tokio::test]
async fn minutes_are_missing_late_incomplete_or_corrected_when_asked() {
    let world = canary().await;
    let tell = |mode: Value| world.stack.cloudwatch.tell(&world.stack, &mode).unwrap();
    let requests = async || ask(&world, "RequestCount", "Sum", json!({})).await;
    let good = values(&requests().await);
    assert_eq!(good.len(), 9, "the last of ten is not published yet");
    tell(json!({"mode": "late", "minutes": 3}));
    assert_eq!(values(&requests().await), good[3..], "newest first");
    tell(json!({"mode": "missing", "targetGroup": "api-green"}));
    assert_eq!(values(&requests().await).len(), 6, "only green is missing");
    tell(json!({"mode": "missing"}));
    assert!(values(&requests().await).is_empty());
    tell(json!({"mode": "normal"}));
    tell(json!({"mode": "partial", "calls": 1}));
    let partial = requests().await;
    assert_eq!(
        (values(&partial).len(), &partial["MetricDataResults"][0]["StatusCode"]),
        (4, &json!("PartialData"))
    );
    assert_eq!(requests().await["MetricDataResults"][0]["StatusCode"], "Complete");
    tell(json!({"mode": "corrected", "minutes": 2, "factor": 0.5}));
    let early = values(&requests().await);
    assert_eq!((early[0], early[1], early[2]), ((good[0] / 2.0).floor(), (good[1] / 2.0).floor(), good[2]));
}

#[tokio::test]
async fn pages_add_up_to_the_whole() {
    let world = canary().await;
    let whole = values(&ask(&world, "RequestCount", "Sum", json!({"ScanBy": "TimestampAscending"})).await);
    world.stack.cloudwatch.tell(&world.stack, &json!({"mode": "paged", "datapoints": 3})).unwrap();
    let (mut all, mut token, mut pages) = (Vec::new(), None, 0);
    loop {
        let more = json!({"ScanBy": "TimestampAscending", "NextToken": token});
        let page = ask(&world, "RequestCount", "Sum", more).await;
        all.extend(values(&page));
        pages += 1;
        token = page.get("NextToken").cloned();
        if token.is_none() {
            break;
        }
    }
    assert_eq!((all, pages), (whole, 3));
}

#[tokio::test]
async fn a_fed_series_is_answered_under_its_dimensions_only() {
    let world = canary().await;
    let series = json!({"series": {"namespace": "Shop", "metric": "Orders", "dimensions": {"Version": "2"},
        "points": [{"minutesAgo": 5, "value": 7.5}, {"minutesAgo": 0, "value": 1}]}});
    world.stack.cloudwatch.tell(&world.stack, &series).unwrap();
    let now = world.stack.now() / 1000;
    let query = |version: &str| {
        json!({"StartTime": now - 600, "EndTime": now, "MetricDataQueries": [{"Id": "q", "MetricStat": {"Period": 60, "Stat": "Sum",
            "Metric": {"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Version", "Value": version}]}}}]})
    };
    let found = world.ok("cloudwatch", "GetMetricData", query("2")).await;
    assert_eq!(values(&found), [7.5], "what is younger is not published");
    assert_eq!(
        found["MetricDataResults"][0]["Timestamps"][0],
        (world.stack.now() - 5 * MINUTE) as f64 / 1000.0
    );
    assert!(values(&world.ok("cloudwatch", "GetMetricData", query("1")).await).is_empty());
}

#[tokio::test]
async fn alarms_have_the_state_that_was_set() {
    let world = World::new().await;
    for (name, state) in [("a", "ALARM"), ("b", "OK"), ("c", "INSUFFICIENT_DATA")] {
        world.stack.cloudwatch.set_alarm(&world.stack, &json!({"name": name, "state": state})).unwrap();
    }
    let found = world.ok("cloudwatch", "DescribeAlarms", json!({"AlarmNames": ["a", "b", "gone"]})).await;
    let states: Vec<&Value> =
        found["MetricAlarms"].as_array().unwrap().iter().map(|alarm| &alarm["StateValue"]).collect();
    assert_eq!(states, ["ALARM", "OK"]);
    let words =
        world.stack.cloudwatch.set_alarm(&world.stack, &json!({"name": "a", "state": "LOUD"})).unwrap_err();
    insta::assert_snapshot!(words, @"state `LOUD` is none of OK, ALARM, INSUFFICIENT_DATA");
    let page = world.ok("cloudwatch", "DescribeAlarms", json!({"MaxRecords": 2})).await;
    assert_eq!(page["NextToken"], "2");
}
