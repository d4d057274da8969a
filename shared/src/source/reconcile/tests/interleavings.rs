//! Any interleaving of workers, pushes, kills and lost answers, told by a property test.

use super::*;

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Push(u8),
    Worker,
    Step(usize),
    Kill(usize),
    LoseAnswer,
    Minutes(i64),
}

fn happening() -> impl proptest::strategy::Strategy<Value = Happening> {
    use proptest::prelude::*;
    prop_oneof![
        2 => (0_u8..3).prop_map(Happening::Push),
        4 => Just(Happening::Worker),
        20 => (0_usize..4).prop_map(Happening::Step),
        1 => (0_usize..4).prop_map(Happening::Kill),
        1 => Just(Happening::LoseAnswer),
        2 => (1_i64..5).prop_map(Happening::Minutes),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::default() })]
    #[test]
    fn any_interleaving_of_workers_pushes_and_kills_starts_every_head_once_and_the_last_one_surely(
        story in proptest::collection::vec(happening(), 1..250)
    ) {
        let outside = Outside::default();
        outside.push('a');
        let (ports, route) = (outside.ports(), route());
        let mut minute = 0;
        let mut workers: Vec<(i64, Pin<Box<dyn Future<Output = _> + '_>>)> = Vec::new();
        for happening in story {
            match happening {
                Happening::Push(number) => { outside.push(char::from(b'a' + number)); }
                Happening::Worker if workers.len() < 3 => workers.push((minute, Box::pin(reconcile(&ports, &route, None, at(minute))))),
                Happening::Worker => {}
                Happening::Step(which) => if let Some((_, worker)) = workers.get_mut(which)
                    && worker.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
                {
                    drop(workers.remove(which));
                },
                Happening::Kill(which) => if which < workers.len() { drop(workers.remove(which)); },
                Happening::LoseAnswer => outside.lose_start_answer.set(true),
                Happening::Minutes(minutes) => {
                    minute += minutes;
                    // Lambda ends a worker at its timeout of five minutes; the lease is longer.
                    workers.retain(|(begun, _)| minute - begun < 5);
                }
            }
        }
        workers.clear();
        outside.lose_start_answer.set(false);
        outside.look(minute + 15).unwrap();
        outside.assert_origins();
        let mut releases: Vec<String> = outside.executions.borrow().iter().map(|(id, _)| id.clone()).collect();
        let all = releases.len();
        releases.sort();
        releases.dedup();
        proptest::prop_assert_eq!(releases.len(), all, "a release was started twice: {}", outside.started());
        let heads: Vec<char> = outside.started().chars().collect();
        proptest::prop_assert!(heads.windows(2).all(|pair| pair[0] != pair[1]), "a head was started twice in a row: {:?}", heads);
        let last = outside.executions.borrow().last().map(|(_, sha)| sha.clone());
        proptest::prop_assert_eq!(last, outside.head.borrow().clone());
    }
}
