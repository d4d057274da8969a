//! What a gate says to itself when evidence is not finished and it asks to be invoked again.
//!
//! Must not: hold anything secret, or anything that decides; the job is read anew each time. CodePipeline hands the token back as it was
//! (<https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PutJobSuccessResult.html>), but it is read as something from outside.

use crate::errors::Rejection;
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};

/// Most attempts that a token may count: one each half minute for more than a job's 24 hours.
const MAX_ATTEMPTS: u32 = 5_000;

/// Where a job that is continued stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// When the first look was taken.
    pub first: Timestamp,
    /// How many looks were taken.
    pub attempt: u32,
}

impl Continuation {
    /// The one after `before`.
    #[must_use]
    pub fn after(before: Option<Self>, now: Timestamp) -> Self {
        match before {
            Some(before) => Self { attempt: before.attempt.saturating_add(1), ..before },
            None => Self { first: now, attempt: 1 },
        }
    }

    /// As the token.
    #[must_use]
    pub fn token(self) -> String {
        format!(r#"{{"first":"{}","attempt":{}}}"#, self.first, self.attempt)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn read(token: &str) -> Result<Self, Rejection> {
        let ours = serde_json::from_str(token).ok();
        ours.filter(|ours: &Self| (1..=MAX_ATTEMPTS).contains(&ours.attempt))
            .ok_or_else(|| Rejection::new("`continuationToken` is none that this gate has given"))
    }

    /// How much of the time until `deadline` is over, in percent; never all of it.
    #[must_use]
    pub fn percent(self, now: Timestamp, deadline: Timestamp) -> u8 {
        let (whole, over) = (deadline.since(self.first).max(1), now.since(self.first).max(0));
        u8::try_from(over.saturating_mul(100) / whole).unwrap_or(u8::MAX).min(99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_as_it_went() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        let second = Continuation::after(Some(Continuation::after(None, now)), now.plus(30_000));
        insta::assert_snapshot!(second.token(), @r#"{"first":"2026-11-18T11:06:40Z","attempt":2}"#);
        assert_eq!(Continuation::read(&second.token()).unwrap(), second);
    }

    #[test]
    fn what_is_none_of_ours_is_refused() {
        let many = r#"{"first":"2026-11-23T10:00:00Z","attempt":5001}"#;
        let more = r#"{"first":"2026-11-23T10:00:00Z","attempt":1,"policy":"x"}"#;
        for token in ["", "{}", "later", many, more, r#"{"first":"soon","attempt":1}"#] {
            assert!(Continuation::read(token).is_err(), "{token}");
        }
    }

    #[test]
    fn the_time_that_is_over_never_looks_like_the_end() {
        let at = Timestamp::from_millis;
        let looks = Continuation { first: at(0), attempt: 2 };
        assert_eq!([0, 45, 100, 500].map(|now| looks.percent(at(now), at(100))), [0, 45, 99, 99]);
    }
}
