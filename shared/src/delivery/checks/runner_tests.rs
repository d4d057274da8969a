use super::*;
use crate::delivery::gate::record;
use crate::delivery::watch::Checked;

#[test]
fn what_was_not_asked_for_at_its_own_moment_is_made_up_for_before_traffic() {
    let all = Due { set_up: true, green: true, last_look: true, requests: true };
    assert_eq!(Due::at(Stage::BeforeTraffic, None), all);
    let mut watch = record(&super::green::tests::deployment(2, 0));
    for stage in [Stage::Preflight, Stage::Tested] {
        watch.checks.push(Checked { stage, check: Check::new("x", State::Pass, "y") });
    }
    let last = Due { set_up: false, green: true, last_look: true, requests: false };
    assert_eq!(Due::at(Stage::BeforeTraffic, Some(&watch)), last);
}

#[test]
fn each_moment_has_its_own_checks_and_none_is_made_while_or_after_traffic_moves() {
    let due = |stage| Due::at(stage, None);
    assert!(due(Stage::Preflight).set_up && !due(Stage::Preflight).green);
    assert!(due(Stage::Installed).green && !due(Stage::Installed).requests);
    assert!(due(Stage::Tested).green && due(Stage::Tested).requests && !due(Stage::Tested).last_look);
    for stage in [Stage::Shifting, Stage::AfterTraffic] {
        let Due { set_up, green, last_look, requests } = due(stage);
        assert!(!(set_up || green || last_look || requests), "{stage:?}");
    }
}
