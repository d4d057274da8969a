//! Pull requests: the head is built once, the head of a fork only after a review of that very commit, and nothing is built that is closed.

use super::*;
use crate::source::pulls::Opinion;
use proptest::prelude::*;

const FORK: u64 = 2002;

fn pull_route() -> Route {
    Route {
        reference: Reference::Pull(7),
        runner: Runner::Build,
        pipeline: "shop-checks".to_owned(),
        environment: "pull-request".to_owned(),
        ..route()
    }
}

fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

impl Outside {
    fn open(&self, digit: char, from: Option<u64>) {
        self.pull.replace(Some(Pull {
            number: 7,
            is_open: true,
            head: sha(digit),
            branch: "fix".to_owned(),
            head_repository: from,
            base: "main".to_owned(),
        }));
    }

    fn close(&self) {
        if let Some(pull) = self.pull.borrow_mut().as_mut() {
            pull.is_open = false;
        }
    }

    fn review(&self, digit: char, reviewer: &str) {
        self.reviews.borrow_mut().push(Review::new(Some(sha(digit)), Opinion::Other, "/build", reviewer));
    }

    /// A worker as the function has it: it looks, and tells of what is withheld. None when it was killed after `steps` polls.
    fn pull_worker(&self, minute: i64, steps: usize) -> Option<Result<Outcome, SourceError>> {
        let (ports, route) = (self.ports(), pull_route());
        let work = async {
            let outcome = reconcile(&ports, &route, None, at(minute)).await?;
            if let Outcome::Withheld(withheld) = &outcome {
                tell(&self, &self, &route, withheld).await?;
            }
            Ok(outcome)
        };
        run(work, steps)
    }

    fn look_at_pull(&self, minute: i64) -> Outcome {
        self.pull_worker(minute, usize::MAX).unwrap().unwrap()
    }

    /// Builds that run: started, and not stopped.
    fn running(&self) -> String {
        let stopped = self.stopped.borrow();
        let runs = |(place, _): &(usize, char)| !stopped.contains(&format!("e{place}"));
        self.started().chars().enumerate().filter(runs).map(|(_, digit)| digit).collect()
    }
}

impl Notices for &Outside {
    async fn tell(&self, notice: &Notice) -> Result<(), Fault> {
        Pause(false).await;
        self.told.borrow_mut().push(notice.clone());
        Pause(false).await;
        Ok(())
    }
}

#[test]
fn each_head_is_built_once_and_the_build_before_it_is_stopped() {
    let outside = Outside::default();
    outside.open('a', Some(1001));
    for minute in 0..3 {
        outside.look_at_pull(minute);
    }
    outside.open('b', Some(1001));
    insta::assert_snapshot!(outside.look_at_pull(3), @"started bbbbbbbbbbbb as execution e1");
    assert_eq!((outside.started().as_str(), outside.running().as_str()), ("ab", "b"));
    assert!(outside.objects.borrow().keys().all(|key| key.starts_with("builds/1001/")));
    assert!(outside.ledger.pushes().is_empty(), "a build brings nothing to production");
}

#[test]
fn a_closed_pull_request_has_no_build_and_a_reopened_one_is_built_again() {
    let outside = Outside::default();
    outside.open('a', Some(1001));
    outside.look_at_pull(0);
    outside.close();
    insta::assert_snapshot!(outside.look_at_pull(1), @"it is gone, its build is stopped");
    insta::assert_snapshot!(outside.look_at_pull(2), @"nothing to do, it does not exist or is not open");
    assert_eq!(outside.running(), "");
    outside.open('a', Some(1001));
    insta::assert_snapshot!(outside.look_at_pull(3), @"started aaaaaaaaaaaa as execution e1");
    assert_eq!(outside.running(), "a");
}

#[test]
fn the_head_of_a_fork_waits_for_a_review_of_that_very_commit_by_somebody_who_may_write() {
    let outside = Outside::default();
    outside.open('a', Some(FORK));
    insta::assert_snapshot!(outside.look_at_pull(0), @"head aaaaaaaaaaaa of a fork waits for a review by somebody who may write");
    outside.review('a', "somebody");
    outside.look_at_pull(1);
    assert_eq!(outside.started(), "", "somebody may not write");
    outside.review('a', "maintainer");
    insta::assert_snapshot!(outside.look_at_pull(2), @"started aaaaaaaaaaaa as execution e0");
    outside.open('b', Some(FORK));
    outside.look_at_pull(3);
    assert_eq!(outside.started(), "a", "the push came after the review");
    let told: Vec<String> =
        outside.told.borrow().iter().map(|notice| serde_json::to_string(notice).unwrap()).collect();
    assert_eq!(told.len(), 2, "once for each head: {told:#?}");
    assert!(told[0].contains(&sha('a').to_string()) && told[1].contains(&sha('b').to_string()));
}

#[test]
fn where_forks_are_never_built_a_review_changes_nothing_and_nobody_is_told_to_write_one() {
    let outside = Outside::default();
    outside.open('a', None);
    outside.review('a', "maintainer");
    let (ports, route) = (outside.ports(), Route { forks: Forks::Never, ..pull_route() });
    let outcome = run(reconcile(&ports, &route, None, at(0)), usize::MAX).unwrap().unwrap();
    insta::assert_snapshot!(outcome, @"nothing to do, head aaaaaaaaaaaa is of a fork and `forks` is `never`");
    let Outcome::Withheld(withheld) = outcome else { panic!("{outcome}") };
    run(tell(&&outside, &&outside, &route, &withheld), usize::MAX).unwrap().unwrap();
    assert!(outside.told.borrow().is_empty() && outside.started().is_empty());
}

#[test]
fn a_worker_that_is_killed_while_it_tells_leaves_the_telling_to_the_next() {
    for steps in 1..40 {
        let outside = Outside::default();
        outside.open('a', Some(FORK));
        let lived = outside.pull_worker(0, steps).is_some();
        outside.look_at_pull(20);
        let told = outside.told.borrow().len();
        assert!(
            if lived { told == 1 } else { (1..=2).contains(&told) },
            "killed after {steps}: told {told} times"
        );
        outside.look_at_pull(40);
        assert_eq!(outside.told.borrow().len(), told, "and never again");
    }
}

#[test]
fn a_release_is_started_again_when_a_person_asks_for_it_and_once() {
    let outside = Outside::default();
    outside.push('a');
    outside.look(0).unwrap();
    let first = outside.entry().started.unwrap().release_id;
    let (ports, route) = (outside.ports(), Route { paths: vec!["services/orders".to_owned()], ..route() });
    for _ in 0..3 {
        run(reconcile(&ports, &route, Some(&first), at(1)), usize::MAX).unwrap().unwrap();
    }
    assert_eq!(outside.started(), "aa", "however little differs, and however often it is asked");
    assert_ne!(outside.entry().started.unwrap().release_id, first);
    outside.assert_origins();
}

/// The worker stops the build of `a`, is killed before it starts that of `b`, and the head goes back to `a`.
#[test]
fn a_build_that_a_killed_worker_stopped_is_made_again_when_its_head_comes_back() {
    for steps in 1..40 {
        let outside = Outside::default();
        outside.open('a', Some(1001));
        outside.look_at_pull(0);
        outside.open('b', Some(1001));
        outside.pull_worker(20, steps);
        outside.open('a', Some(1001));
        outside.look_at_pull(40);
        assert_eq!(outside.running(), "a", "killed after {steps}");
    }
}

#[test]
fn a_build_that_a_killed_worker_stopped_is_made_again_when_its_pull_request_is_reopened() {
    for steps in 1..40 {
        let outside = Outside::default();
        outside.open('a', Some(1001));
        outside.look_at_pull(0);
        outside.close();
        outside.pull_worker(20, steps);
        outside.open('a', Some(1001));
        outside.look_at_pull(40);
        assert_eq!(outside.running(), "a", "killed after {steps}");
    }
}

/// What happens to a pull request.
#[derive(Debug, Clone)]
enum Step {
    Push(char),
    Review(char),
    Close,
    Reopen,
    /// A worker that is killed after this many polls; 200 is its whole life.
    Look(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let digit = prop::sample::select(vec!['a', 'b', 'c']);
    prop_oneof![
        digit.clone().prop_map(Step::Push),
        digit.prop_map(Step::Review),
        Just(Step::Close),
        Just(Step::Reopen),
        (1..60_usize).prop_map(Step::Look),
        Just(Step::Look(200)),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_no_unreviewed_commit_of_a_fork_is_built_and_in_the_end_the_head_is_built_or_nothing(
        steps in prop::collection::vec(step(), 1..40),
        from in prop::sample::select(vec![Some(1001), Some(FORK), None]),
    ) {
        let outside = Outside::default();
        outside.open('a', from);
        let mut minute = 0;
        for step in steps {
            match step {
                Step::Push(digit) => {
                    let was_open = outside.pull.borrow().as_ref().is_some_and(|pull| pull.is_open);
                    outside.open(digit, from);
                    if !was_open { outside.close(); }
                }
                Step::Review(digit) => outside.review(digit, "maintainer"),
                Step::Close => outside.close(),
                Step::Reopen => if let Some(pull) = outside.pull.borrow_mut().as_mut() { pull.is_open = true },
                Step::Look(polls) => {
                    minute += 20;
                    outside.pull_worker(minute, polls);
                }
            }
            let reviewed: Vec<char> = outside.reviews.borrow().iter().filter_map(|r| r.commit.as_ref()?.as_str().chars().next()).collect();
            for digit in outside.started().chars() {
                prop_assert!(from == Some(1001) || reviewed.contains(&digit), "{digit} was built unreviewed");
            }
        }
        outside.look_at_pull(minute + 20);
        let pull = outside.pull.borrow().clone().unwrap();
        let reviewed = outside.reviews.borrow().iter().any(|review| review.approves(&pull.head));
        let digit = &pull.head.as_str()[..1];
        if !pull.is_open {
            prop_assert_eq!(outside.running(), "");
        } else if from == Some(1001) || reviewed {
            prop_assert_eq!(outside.running(), digit);
        } else {
            prop_assert!(!outside.running().contains(digit) , "the head is not reviewed");
        }
        outside.assert_origins();
    }
}
