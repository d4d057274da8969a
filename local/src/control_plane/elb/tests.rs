use super::*;

/// A balancer with one listener and one rule that forwards to blue and green; ARN of the rule.
fn balanced(elb: &Elb) -> String {
    let ok = |operation: &str, input: Value| elb.call(0, operation, &input).unwrap();
    let balancer =
        ok("CreateLoadBalancer", json!({"Name": "lb"}))["LoadBalancers"][0]["LoadBalancerArn"].clone();
    let group = |name: &str| {
        let made = ok(
            "CreateTargetGroup",
            json!({"Name": name, "Tags": [{"Key": "tidegate.local/id", "Value": name}]}),
        );
        made["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap().to_owned()
    };
    let (blue, green) = (group("blue"), group("green"));
    let listener =
        json!({"LoadBalancerArn": balancer, "Port": 443, "DefaultActions": [{"Type": "fixed-response"}]});
    let listener = ok("CreateListener", listener)["Listeners"][0]["ListenerArn"].clone();
    let actions = rules::forward(&[(&blue, 100), (&green, 0)]);
    let rule = json!({"ListenerArn": listener, "Conditions": [], "Priority": 1, "Actions": actions});
    ok("CreateRule", rule)["Rules"][0]["RuleArn"].as_str().unwrap().to_owned()
}

fn weights(elb: &Elb, rule: &str) -> Vec<i64> {
    let found = elb.call(0, "DescribeRules", &json!({"RuleArns": [rule]})).unwrap();
    let groups = found["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"].clone();
    groups.as_array().unwrap().iter().map(|group| group["Weight"].as_i64().unwrap()).collect()
}

#[test]
fn a_rule_has_the_weights_of_the_shift() {
    let elb = Elb::default();
    let rule = balanced(&elb);
    assert_eq!(weights(&elb, &rule), [100, 0]);
    elb.weigh(std::slice::from_ref(&rule), &[("blue", 90.0), ("green", 10.0)]);
    assert_eq!(weights(&elb, &rule), [90, 10]);
    elb.weigh(std::slice::from_ref(&rule), &[("green", 100.0)]);
    assert_eq!(weights(&elb, &rule), [0, 100]);
    let (listener, priority) = elb.listener_on(443);
    assert_eq!(priority, 2);
    let all = elb.call(0, "DescribeRules", &json!({"ListenerArn": listener})).unwrap();
    assert_eq!(all["Rules"].as_array().unwrap().len(), 2, "its own and the default one");
    assert_eq!(
        elb.call(0, "DescribeListeners", &json!({"ListenerArns": ["x"]})).unwrap_err().code,
        "ListenerNotFound"
    );
}

#[test]
fn targets_are_as_healthy_as_their_version() {
    let elb = Elb::default();
    balanced(&elb);
    let state = |now: Millis, health: Health| {
        elb.register("green", vec!["10.0.0.1".to_owned()], health);
        let arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/green/green";
        let found = elb.call(now, "DescribeTargetHealth", &json!({"TargetGroupArn": arn})).unwrap();
        found["TargetHealthDescriptions"][0]["TargetHealth"]["State"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(0, Health::Healthy), "healthy");
    assert_eq!(state(0, Health::Unhealthy), "unhealthy");
    assert_eq!(state(9, Health::Starting { until: Some(10) }), "initial");
    assert_eq!(state(10, Health::Starting { until: Some(10) }), "healthy");
    assert_eq!(state(10, Health::Starting { until: None }), "initial");
}
