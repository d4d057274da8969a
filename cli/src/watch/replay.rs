//! `tidegate watch replay`: a recorded watch computed again.

use super::{Done, HARM, INCONCLUSIVE, Refused, input, judge::pretty};
use crate::args::Replay;
use crate::progress::say;
use crate::release::line::{Look, Mood};
use serde_json::json;
use shared::delivery::record_read::replay::{Replay as Found, replay};
use shared::delivery::watch::Watch;

pub(super) fn run(order: &Replay) -> Done {
    let watch = input::record(&order.record)?;
    if !watch.is_watched() {
        return Err(Refused {
            code: INCONCLUSIVE,
            words: format!(
                "no traffic has moved under the record of `{}`: it holds checks only",
                watch.deployment_id
            ),
        });
    }
    let found = replay(&watch).map_err(|error| Refused::settings(error.to_string()))?;
    if order.json {
        say(&pretty(&json!(found)));
    } else {
        tell(&watch, &found);
    }
    Ok(match (&found.difference, &watch.verdict) {
        (Some(_), _) => HARM,
        (None, Some(_)) => 0,
        (None, None) => INCONCLUSIVE,
    })
}

fn tell(watch: &Watch, found: &Found) {
    let look = Look::of_stdout();
    let computed = format!(
        "{} tick(s) were computed again, {} number(s) compared bit for bit",
        found.ticks, found.compared
    );
    match (&found.difference, &watch.verdict) {
        (Some(difference), _) => {
            say(&format!("{}: {difference}", look.paint("different", Mood::Bad)));
            say(&format!("  {computed}"));
        }
        (None, Some(verdict)) => {
            say(&format!(
                "{}: {}: {}",
                look.paint("the same", Mood::Good),
                verdict.kind.word(),
                verdict.reason
            ));
            say(&format!("  {computed}; decided at {}", verdict.decided_at));
        }
        (None, None) => {
            say(&format!(
                "no verdict yet: {} of {} minute(s) are judged",
                found.analysis.judged_minutes, found.analysis.shifted_minutes
            ));
            say(&format!("  {computed}"));
        }
    }
    found.remarks.iter().for_each(|remark| say(&format!("  {remark}")));
}
