//! The core of Tidegate: everything that decides.
//!
//! The rooms and the arrows (docs/ARCHITECTURE.md has them in motion):
//!
//! ```text
//! functions ──► aws, github (one feature per outside service) ──► ports ──► model
//!     └───────► source · gates ─► reports · delivery · metrics · render · feedback ──► model
//! ```
//!
//! With default features this crate is pure: values in, `Result` out, `now` an argument. No async runtime,
//! clock, environment, file system, network or SDK is reachable; the build checks it.
#![warn(missing_docs)]

pub mod errors;
#[cfg(any(feature = "github", feature = "sonar"))]
mod https;
pub mod model;
pub mod settings;
pub mod text;

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "delivery")]
pub mod delivery;
#[cfg(feature = "feedback")]
pub mod feedback;
#[cfg(feature = "function")]
pub mod function;
#[cfg(feature = "gates")]
pub mod gates;
#[cfg(feature = "github")]
pub mod github;
#[cfg(feature = "hook-edge")]
pub mod hook_edge;
#[cfg(any(
    feature = "memory",
    all(test, feature = "source", feature = "gates", feature = "delivery", feature = "feedback")
))]
pub mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "render")]
pub mod render;
#[cfg(feature = "reports")]
pub mod reports;
#[cfg(feature = "sonar")]
pub mod sonar;
#[cfg(feature = "source")]
pub mod source;
