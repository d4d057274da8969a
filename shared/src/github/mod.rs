//! The GitHub REST client behind [`SourceHost`](crate::source::ports::SourceHost).
//!
//! Small and by hand, on the HTTP and TLS stack that the AWS SDK brings anyway. Must not: follow an address out of a
//! payload, send the token to another host or without TLS, or decide about a release.
//! Specification: <https://docs.github.com/en/rest>

mod answer;
mod client;
mod hooks;
mod repositories;

pub use client::{GitHub, check_api_url};
pub use hooks::RepositoryHooks;
