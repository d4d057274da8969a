//! The words of the comment: markdown in which nothing from outside mentions, links, marks up or breaks a table.
//!
//! Must not: exceed GitHub's limit; it is cut between its lines, so that no escape is torn.

use super::{Board, Row};
use crate::feedback::build::event::Status;
use crate::feedback::build::render::{duration, gate_lines, gate_title, what_to_do, word};
use crate::feedback::render::bounded;
use crate::text::{COMMENT_LIMIT, markdown};

/// The hidden line that the comment is found by.
pub(super) fn marker(id: &str) -> String {
    format!("<!-- tidegate:{id} -->")
}

/// The whole comment.
pub(super) fn body(board: &Board) -> String {
    let mut lines = vec![marker(&board.marker), String::new()];
    lines.extend(["| project | state | duration | commit |", "|---|---|---:|---|"].map(ToOwned::to_owned));
    lines.extend(board.rows.iter().map(|(project, row)| line(project, row)));
    for (project, row) in &board.rows {
        if row.status.is_none() {
            lines.push(String::new());
            lines.push(format!("{}: {}", markdown(project), what_to_do(row.sha.short())));
        }
    }
    for (project, row) in &board.rows {
        let Some(gate) = &row.gate else { continue };
        lines.push(String::new());
        lines.push(format!(
            "**Gate {} of {}**: {}",
            markdown(&gate.policy),
            markdown(project),
            gate_title(gate)
        ));
        lines.extend(gate_lines(gate));
    }
    bounded(&lines, COMMENT_LIMIT)
}

fn line(project: &str, row: &Row) -> String {
    let state = match row.status {
        None => "waits for a review",
        Some(Status::Running) => "is being built",
        Some(Status::Stopped) => "stopped",
        Some(Status::Succeeded) => "succeeded",
        Some(Status::Failed) => "**failed**",
        Some(Status::TimedOut) => "**took too long**",
        Some(Status::Fault) => "**CodeBuild itself failed**",
    };
    let state = match &row.link {
        Some(link) => format!("[{state}]({link})"),
        None => state.to_owned(),
    };
    // A build that went well is not good while its gate says no.
    let gate = row.gate.as_ref().map_or(String::new(), |gate| format!(", gate {}", word(gate.outcome)));
    let took = row.seconds.map(duration).unwrap_or_default();
    format!("| {} | {state}{gate} | {took} | {} |", markdown(project), row.sha.short())
}
