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

/// All formats by name.
static ALL: LazyLock<Vec<&Format>> = LazyLock::new(|| {
    let mut formats = FORMATS.to_vec();
    formats.sort_by_key(|format| format.name);
    formats
});

/// Those that `FUZZ_FORMATS=jtl-csv,jtl-xml` names, or all.
static CHOSEN: LazyLock<Vec<&Format>> = LazyLock::new(|| {
    let asked = std::env::var("FUZZ_FORMATS").unwrap_or_default();
    let is_asked = |format: &Format| asked.is_empty() || asked.split(',').any(|name| name == format.name);
    ALL.iter().copied().filter(|format| is_asked(format)).collect()
});

/// The format of this number, or another of the chosen ones: what was found with some formats means the same with all.
fn chosen(number: u8) -> &'static Format {
    let format = ALL[usize::from(number) % ALL.len()];
    let is_chosen = CHOSEN.iter().any(|chosen| chosen.name == format.name);
    if is_chosen { format } else { CHOSEN[usize::from(number) % CHOSEN.len()] }
}

fuzz_target!(|bytes: &[u8]| {
    let [format, piece, report @ ..] = bytes else { return };
    let format = chosen(*format);
    let whole = Input::of_bytes(report).and_then(|input| (format.read)(input));
    let pieces = Input::of_stream(same::Pieces::new(report, *piece)).and_then(|input| (format.read)(input));
    same::check(&whole, &pieces);
});
