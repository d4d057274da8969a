//! The one clock of the stand-ins. It stands still until somebody advances it: tests and the demo decide how time passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;
/// One second in [`Millis`].
pub const SECOND: Millis = 1000;
/// One minute in [`Millis`].
pub const MINUTE: Millis = 60_000;

/// A clock that is advanced by hand; clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn at(start: Millis) -> Self {
        Self(Arc::new(AtomicI64::new(start)))
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }

    /// Moves forward to `at`; never back.
    pub fn move_to(&self, at: Millis) {
        self.0.fetch_max(at, Ordering::SeqCst);
    }
}
