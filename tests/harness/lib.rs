//! Harness of the scenario suite: a world over the running local stack, with the real function binaries behind it.
//!
//! `scripts/test` starts the stack. A [`World`] holds the stack for one story at a time and, when it is dropped, fails the test
//! on anything left behind: an unanswered job or hook, a message in a dead-letter queue, a call that the control plane did not
//! know, a planted secret in any log. It stores and asks; it never decides.

mod emulator;
mod state;
mod world;

pub use emulator::Emulator;
pub use state::{action, deployment_of, execution_of, executions_of, is_open, stage, text, variable};
pub use world::{Instead, Push, World, stack_record};

/// Virtual minutes that a story may take before it counts as stuck.
pub const PATIENCE_MINUTES: u32 = 240;
