//! A forecast in one honest sentence.

use super::{Forecast, SEEN};

impl Forecast {
    /// One sentence for the hook's words and for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let minutes = self.judged_minutes;
        if minutes == 0 {
            return "no minute after the warm-up has traffic on both versions: nothing can be seen"
                .to_owned();
        }
        let Some(expected) = self.expected else {
            let cleared = match self.cleared_minute {
                Some(minute) => format!("a release without one is cleared by minute {minute}"),
                None => format!(
                    "{} requests in {minutes} minute(s) are too few to clear a release without one",
                    self.events
                ),
            };
            return format!(
                "blue had no bad event, so nothing is known of its usual rate and no ratio can be forecast; {cleared}"
            );
        };
        let doubled = self.seen.iter().find(|chance| chance.ratio == 2.0);
        let chance = doubled.map_or(0.0, |chance| chance.chance);
        let mut text = format!(
            "{} bad events of green are expected in {minutes} judged minute(s); a doubled rate is seen in {} of cases",
            figure(expected),
            percent(chance)
        );
        if chance >= SEEN {
            if let Some(minute) = doubled.and_then(|chance| chance.median_minute) {
                text = format!("{text}, in half of them by minute {minute}");
            }
            return text;
        }
        format!("{text}: {}", self.remedy())
    }

    /// What would make a doubled rate seen.
    fn remedy(&self) -> String {
        let (percent, minutes, held) = self
            .advice
            .map_or((None, None, None), |advice| (advice.percent, advice.minutes, advice.held_percent));
        let minutes = minutes.map(|minutes| match held {
            Some(held) => format!("{minutes} minutes at {held} %"),
            None => format!("{minutes} minutes"),
        });
        let remedies: Vec<String> =
            percent.map(|percent| format!("{percent} % of the traffic")).into_iter().chain(minutes).collect();
        match (remedies.is_empty(), self.smallest) {
            (false, _) => format!("give it {}", remedies.join(" or ")),
            (true, Some(smallest)) => {
                format!("six hours do not help either; rates from ×{smallest} on are seen")
            }
            (true, None) => "six hours do not help either, and ×20 is not seen".to_owned(),
        }
    }
}

/// Two digits that matter.
fn figure(number: f64) -> String {
    if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}

/// A share for people; what is not all is not called all.
#[must_use]
pub fn percent(share: f64) -> String {
    let rounded = (share * 100.0).round();
    if share < 1.0 && rounded >= 100.0 {
        "more than 99 %".to_owned()
    } else if share > 0.0 && rounded < 1.0 {
        "less than 1 %".to_owned()
    } else {
        format!("{rounded:.0} %")
    }
}
