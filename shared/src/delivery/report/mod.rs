//! A watch for people: one HTML file with its picture, and the picture alone as SVG.
//!
//! No script, nothing loaded from elsewhere, light and dark, on paper too; the same record gives the same bytes. Everything from outside is
//! escaped by the template library. Must not: decide anything, or read a clock.

mod chart;
mod page;
mod picture;
#[cfg(test)]
pub(crate) mod sample;
mod sections;

pub use page::{render_analysis, render_html};
pub use picture::{picture, picture_of};

use super::verdict::Kind;

/// A sign beside the word, for people who do not see colours.
const fn sign(kind: Kind) -> &'static str {
    match kind {
        Kind::Harm => "✗",
        Kind::Promote => "✓",
        Kind::Inconclusive => "?",
    }
}

/// Class of a verdict's colour.
const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Harm => "fail",
        Kind::Promote => "pass",
        Kind::Inconclusive => "warn",
    }
}

#[cfg(test)]
mod tests;
