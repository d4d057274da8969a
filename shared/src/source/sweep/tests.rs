//! The rules one by one, then over random logs, then over whole outages ([`outage`]).

use super::*;
use proptest::prelude::*;

mod outage;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(minutes * MINUTE)
}

/// An attempt at a minute with an answer; the first one of a delivery is GitHub's own.
fn attempt(minute: i64, status: u16, redelivery: bool) -> Attempt {
    let id = u64::try_from(minute).unwrap();
    Attempt { id, guid: "g-1".to_owned(), event: "push".to_owned(), at: at(minute), redelivery, status }
}

/// The attempts of one delivery, each at a minute and with an answer.
fn attempts(all: &[(i64, u16)]) -> Vec<Attempt> {
    let one = |(index, (minute, status)): (usize, &(i64, u16))| attempt(*minute, *status, index > 0);
    all.iter().enumerate().map(one).collect()
}

/// What is decided about one delivery, in a word.
fn verdict(log: &[Attempt], tick: i64) -> &'static str {
    let plan = decide(log, at(tick));
    match (plan.due.len(), plan.given_up.len(), plan.refused) {
        (1, 0, 0) => "due",
        (0, 1, 0) => "given up",
        (0, 0, 1) => "refused",
        (0, 0, 0) => "nothing",
        other => panic!("one delivery has one standing, not {other:?}"),
    }
}

#[test]
fn a_delivery_that_got_a_2xx_from_any_attempt_is_done() {
    for status in [200, 202, 204, 299] {
        assert_eq!(verdict(&attempts(&[(0, status)]), 60), "nothing");
        assert_eq!(verdict(&attempts(&[(0, 503), (5, status), (10, 503)]), 60), "nothing");
    }
}

#[test]
fn no_answer_a_redirect_and_every_5xx_are_asked_for_again() {
    for status in [0, 302, 408, 429, 500, 502, 503, 504] {
        assert_eq!(verdict(&attempts(&[(0, status)]), 5), "due", "{status}");
    }
}

#[test]
fn what_our_receiver_refused_on_purpose_is_counted_and_never_asked_for_again() {
    for status in [400, 401, 403, 404, 413, 415] {
        assert_eq!(verdict(&attempts(&[(0, status)]), 5), "refused", "{status}");
        assert_eq!(verdict(&attempts(&[(0, status), (4, 401)]), 5), "refused", "{status}");
        assert_eq!(verdict(&attempts(&[(0, status), (1, 503)]), 5), "due", "{status}, then 503");
    }
}

#[test]
fn a_delivery_younger_than_a_minute_may_still_be_under_way() {
    assert_eq!(verdict(&attempts(&[(5, 0)]), 5), "nothing");
    assert_eq!(verdict(&attempts(&[(5, 0)]), 6), "due");
    assert_eq!(verdict(&attempts(&[(9, 0)]), 5), "nothing", "it came after the tick");
}

#[test]
fn each_pause_is_twice_the_one_before() {
    let mut log = attempts(&[(0, 503)]);
    let mut newest = 0;
    for pause in [1, 2, 4, 8, 16, 32, 64] {
        assert_eq!(verdict(&log, newest + pause - 1), "nothing", "before the pause of {pause} min is over");
        newest += pause;
        assert_eq!(verdict(&log, newest), "due", "after the pause of {pause} min");
        log.push(attempt(newest, 503, true));
    }
    assert_eq!((log.len(), newest), (MAX_ATTEMPTS, 127));
}

#[test]
fn a_delivery_is_given_up_once_after_its_last_attempt() {
    let log =
        attempts(&[(0, 503), (5, 503), (10, 503), (15, 503), (25, 503), (45, 503), (80, 0), (145, 503)]);
    assert_eq!(log.len(), MAX_ATTEMPTS);
    assert_eq!(verdict(&log, 145), "nothing", "the last attempt may be under way");
    let said: Vec<i64> = (140..400).step_by(5).filter(|tick| verdict(&log, *tick) != "nothing").collect();
    assert_eq!(said, [150]);
    let plan = decide(&log, at(150));
    assert_eq!((plan.given_up[0].attempts, plan.given_up[0].newest, plan.given_up[0].since), (8, 145, at(0)));
}

#[test]
fn a_delivery_that_leaves_the_window_untried_is_given_up_once() {
    let log = attempts(&[(3, 503), (20, 503)]);
    let ticks = || (160..400).step_by(5);
    let (due, said): (Vec<i64>, Vec<i64>) = (
        ticks().filter(|tick| verdict(&log, *tick) == "due").collect(),
        ticks().filter(|tick| verdict(&log, *tick) == "given up").collect(),
    );
    assert_eq!((due, said), (vec![160, 165, 170, 175, 180], vec![185]));
}

#[test]
fn a_late_attempt_is_waited_for_before_its_delivery_is_given_up() {
    let log = attempts(&[(0, 503), (180, 0)]);
    assert_eq!(verdict(&log, 180), "nothing");
    assert_eq!(verdict(&log, 181), "given up");
}

#[test]
fn a_ping_and_what_a_person_repeats_long_afterwards_are_left_alone() {
    let ping = Attempt { event: "ping".to_owned(), ..attempt(0, 503, false) };
    assert_eq!(verdict(&[ping], 5), "nothing");
    assert_eq!(verdict(&[attempt(0, 503, true)], 5), "nothing", "its first attempt is out of sight");
}

#[test]
fn the_oldest_is_asked_for_first_and_the_newest_attempt_is_repeated() {
    let of = |guid: &str, minute: i64, redelivery: bool| Attempt {
        guid: guid.to_owned(),
        ..attempt(minute, 503, redelivery)
    };
    let log = [of("young", 3, false), of("old", 1, false), of("old", 2, true), of("middle", 2, false)];
    let plan = decide(&log, at(10));
    let due: Vec<(&str, u64)> = plan.due.iter().map(|one| (one.guid.as_str(), one.newest)).collect();
    assert_eq!(due, [("old", 2), ("middle", 2), ("young", 3)]);
}

prop_compose! {
    fn any_attempt()(
        id in 0_u64..1000,
        guid in "[a-d]",
        event in "push|ping",
        at in 0_i64..300 * MINUTE,
        redelivery in any::<bool>(),
        status in prop_oneof![Just(0_u16), Just(202), Just(401), Just(429), Just(503)],
    ) -> Attempt {
        Attempt { id, guid, event, at: Timestamp::from_millis(at), redelivery, status }
    }
}

proptest! {
    #[test]
    fn no_log_breaks_a_rule(
        log in proptest::collection::vec(any_attempt(), 0..25),
        tick in 0_i64..400 * MINUTE,
        turn in 0_usize..25,
    ) {
        let tick = Timestamp::from_millis(tick);
        let plan = decide(&log, tick);
        for one in plan.due.iter().chain(&plan.given_up) {
            let of: Vec<&Attempt> = log.iter().filter(|attempt| attempt.guid == one.guid).collect();
            prop_assert!(of.iter().all(|attempt| !(200..300).contains(&attempt.status)), "it was taken");
            prop_assert!(of.iter().any(|attempt| matches!(attempt.status, 0 | 429 | 503)), "it was only refused");
            prop_assert_eq!(of.len(), one.attempts);
        }
        for one in &plan.due {
            let newest = log.iter().filter(|attempt| attempt.guid == one.guid).map(|attempt| attempt.at).max();
            prop_assert!(one.attempts < MAX_ATTEMPTS);
            prop_assert!(tick.since(newest.unwrap()) >= PAUSE_MS << (one.attempts - 1));
            prop_assert!(tick.since(one.since) < WINDOW_MS);
            prop_assert!(plan.given_up.iter().all(|other| other.guid != one.guid));
        }
        let mut turned = log.clone();
        turned.rotate_left(turn.min(log.len()));
        turned.reverse();
        prop_assert_eq!(decide(&turned, tick), plan, "the order of a log says nothing");
    }

    #[test]
    fn a_log_that_stands_still_is_given_up_once_or_not_at_all(
        log in proptest::collection::vec(any_attempt(), 0..25),
        phase in 0_i64..EVERY_MS,
    ) {
        let mut said: BTreeMap<String, usize> = BTreeMap::new();
        for sweep in 0..200 {
            for one in decide(&log, Timestamp::from_millis(phase + sweep * EVERY_MS)).given_up {
                *said.entry(one.guid).or_default() += 1;
            }
        }
        prop_assert!(said.values().all(|times| *times == 1), "{said:?}");
    }
}
