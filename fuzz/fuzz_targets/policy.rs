//! A policy as somebody wrote it, or wanted to break it.
//!
//! Must hold: nothing panics; a policy that is refused says why, in sentences of one line; the same text means the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::gates::policy::Policy;

fuzz_target!(|text: &str| {
    match (Policy::parse(text), Policy::parse(text)) {
        (Ok(policy), Ok(again)) => assert_eq!(format!("{policy:?}"), format!("{again:?}")),
        (Err(error), Err(again)) => {
            assert_eq!(error, again);
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!(!problem.trim().is_empty() && !problem.contains(char::is_control), "{problem:?}");
            }
        }
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("accepted only once: {error}"),
    }
});
