//! `tidegate redrive`: shows what could not be handled, and puts it back where it came from when a person says so.
//!
//! Must not: move anything unseen, or show the body of an event: build events carry environment variables.

mod queue;

use crate::emulator::Emulator;
use crate::progress::{note, say};
use crate::stack::record::Record;
use anyhow::Result;
use clap::ValueEnum;
use queue::Held;
use serde::Serialize;
use serde_json::Value;
use std::io::{BufRead, IsTerminal, stdin};

/// Longest part of a body that is shown, in characters.
const SHOWN: usize = 160;

/// A queue with a dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Queue {
    /// "Look at this branch": from the webhook to the source function
    Source,
    /// Pipeline, build, deployment and image events for the metrics collector
    Events,
    /// What developers are told, for the feedback function; at most ten at a time, so that their order holds
    Feedback,
}

impl Queue {
    fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Events => "events",
            Self::Feedback => "feedback",
        }
    }

    /// Outputs of the stack: the dead-letter queue, and where its messages belong.
    fn outputs(self) -> (&'static str, &'static str) {
        match self {
            Self::Source => ("SourceDeadLetterQueueUrl", "SourceQueueUrl"),
            Self::Events => ("EventsDeadLetterQueueUrl", "EventsQueueUrl"),
            Self::Feedback => ("FeedbackDeadLetterQueueUrl", "FeedbackQueueUrl"),
        }
    }
}

/// A message for people.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id: String,
    /// When it was first sent; a move to the dead letters keeps that.
    sent: String,
    kind: String,
    receives: u64,
    /// Never of an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    queue: &'a str,
    messages: &'a [Shown],
    moved: usize,
}

/// What is to be done with the messages that were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// `--yes`.
    Given,
    /// A person is asked.
    Ask,
    /// `--json` without `--yes`: only show.
    OnlyShow,
}

/// Shows the dead letters of `queue`, and moves them back when `consent` allows it.
pub(crate) fn run(record: &Record, queue: Queue, consent: Consent, json: bool) -> Result<()> {
    let emulator = Emulator::new(&record.emulator_url);
    let (from, to) = queue.outputs();
    let (from, to) = (record.output(from)?, record.output(to)?);
    let held = queue::hold(&emulator, from)?;
    let messages: Vec<Shown> = held.iter().map(|held| show(queue, held)).collect();
    if !json {
        say(&lines(queue, &messages));
    }
    let move_them = !held.is_empty() && agrees(consent, held.len(), queue);
    let moved = settle(&emulator, &held, from, move_them.then_some(to))?;
    if json {
        say(&serde_json::to_string(&Outcome { queue: queue.name(), messages: &messages, moved })?);
    } else if !held.is_empty() {
        say(&format!("moved {moved} of {} back to the {} queue", held.len(), queue.name()));
    }
    Ok(())
}

/// Puts every message back into the queue at `to`, or lets go of all of them; returns how many were moved. What is left when a call fails
/// is let go of, so that the next attempt sees it at once.
fn settle(emulator: &Emulator, held: &[Held], from: &str, to: Option<&str>) -> Result<usize> {
    let mut moved = 0;
    let mut failed = None;
    for one in held {
        match to.filter(|_| failed.is_none()) {
            Some(to) => match queue::put_back(emulator, one, from, to) {
                Ok(()) => moved += 1,
                Err(error) => {
                    let _seen_again_after_two_minutes = queue::let_go(emulator, one, from);
                    failed = Some(error);
                }
            },
            None => {
                let _seen_again_after_two_minutes = queue::let_go(emulator, one, from);
            }
        }
    }
    match failed {
        None => Ok(moved),
        Some(error) => {
            Err(error.context(format!("moved {moved} of {} messages, the rest is where it was", held.len())))
        }
    }
}

fn agrees(consent: Consent, messages: usize, queue: Queue) -> bool {
    match consent {
        Consent::Given => true,
        Consent::OnlyShow => false,
        Consent::Ask if !stdin().is_terminal() => {
            note("nobody can be asked here: `--yes` moves them");
            false
        }
        Consent::Ask => {
            note(&format!("move {messages} message(s) back to the {} queue? [y/N]", queue.name()));
            let mut answer = String::new();
            let read = stdin().lock().read_line(&mut answer);
            read.is_ok() && is_yes(&answer)
        }
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn show(queue: Queue, held: &Held) -> Shown {
    let json: Option<Value> = serde_json::from_str(&held.body).ok();
    let member = |name: &str| json.as_ref().and_then(|json| json.get(name)).and_then(Value::as_str).map(cut);
    let kind = match queue {
        Queue::Source => member("reason"),
        Queue::Events | Queue::Feedback => member("detail-type"),
    };
    let sent = jiff::Timestamp::from_millisecond(held.sent_ms);
    Shown {
        id: cut(&held.id),
        sent: sent
            .map_or_else(|_| "unknown".to_owned(), |sent| sent.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        kind: kind.unwrap_or_else(|| "of no known kind".to_owned()),
        receives: held.receives,
        body: (queue == Queue::Source).then(|| cut(&held.body)),
    }
}

/// A text from outside on one line, cut.
fn cut(text: &str) -> String {
    let mut line: String =
        text.chars().take(SHOWN).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().count() > SHOWN {
        line.push('…');
    }
    line
}

fn lines(queue: Queue, messages: &[Shown]) -> String {
    if messages.is_empty() {
        return format!("the {} queue has no dead letters", queue.name());
    }
    let mut lines = vec![format!("{} dead letter(s) of the {} queue", messages.len(), queue.name())];
    for message in messages {
        let Shown { id, sent, kind, receives, body } = message;
        lines.push(format!("  {id}  sent {sent}  {kind}  received {receives} time(s)"));
        lines.extend(body.as_ref().map(|body| format!("    {body}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
