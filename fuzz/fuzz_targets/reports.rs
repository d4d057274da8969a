//! Every parser without recognition in front of it: the first byte chooses the format (in the order of the names, as `seed-reports` does), the
//! second how the stream is cut into pieces.
//!
//! Must hold: nothing panics; the same bytes say the same in one piece and in many; what cannot be evidence is no facts, so a report without tests,
//! lines or samples is never read; a message for a person is one line.
#![no_main]

mod same;

use libfuzzer_sys::fuzz_target;
use shared::reports::{FORMATS, Format, Input};
use std::sync::LazyLock;

/// All formats by name, or those that `FUZZ_FORMATS=jtl-csv,jtl-xml` names.
static CHOSEN: LazyLock<Vec<&Format>> = LazyLock::new(|| {
    let asked = std::env::var("FUZZ_FORMATS").unwrap_or_default();
    let mut formats = FORMATS.to_vec();
    formats.sort_by_key(|format| format.name);
    formats.retain(|format| asked.is_empty() || asked.split(',').any(|name| name == format.name));
    formats
});

fuzz_target!(|bytes: &[u8]| {
    let [format, piece, report @ ..] = bytes else { return };
    let format = CHOSEN[usize::from(*format) % CHOSEN.len()];
    let whole = Input::of_bytes(report).and_then(|input| (format.read)(input));
    let pieces = Input::of_stream(same::Pieces::new(report, *piece)).and_then(|input| (format.read)(input));
    same::check(&whole, &pieces);
});
