//! One release followed from its push to its end: what is seen, what is told. Must not judge it; scenarios do.

pub(crate) mod follow;
pub(crate) mod line;
pub(crate) mod state;
mod timeline;
