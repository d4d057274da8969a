//! Ctrl-C: the first one ends the command in order, the second one at once.

use anyhow::{Context, Result, bail};
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a command that was interrupted (128 + SIGINT).
const INTERRUPTED: i32 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Takes over Ctrl-C.
pub(crate) fn install() -> Result<()> {
    ctrlc::set_handler(on_signal).context("Ctrl-C cannot be taken over")
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait")]
fn on_signal() {
    if ASKED.swap(true, Ordering::SeqCst) {
        std::process::exit(INTERRUPTED);
    }
}

/// An error once Ctrl-C was pressed.
pub(crate) fn check() -> Result<()> {
    if ASKED.load(Ordering::SeqCst) { bail!("interrupted") } else { Ok(()) }
}
