//! The GitHub REST client behind [`SourceHost`](crate::source::ports::SourceHost) and
//! [`FeedbackHost`](crate::feedback::ports::FeedbackHost).
//!
//! Small and by hand, on the HTTP and TLS stack that the AWS SDK brings anyway. Must not: follow an address out of a
//! payload, send the token to another host or without TLS, or decide about a release.
//! Specification: <https://docs.github.com/en/rest>

mod answer;
#[cfg(feature = "feedback")]
mod app;
mod client;
#[cfg(feature = "feedback")]
mod comments;
#[cfg(feature = "feedback")]
mod feedback;
mod hooks;
mod pages;
mod pulls;
mod repositories;
mod trees;
#[cfg(feature = "feedback")]
mod write;

#[cfg(feature = "feedback")]
pub use app::AppTokens;
pub use client::{GitHub, check_api_url};
#[cfg(feature = "feedback")]
pub use comments::nonce;
pub use hooks::RepositoryHooks;
