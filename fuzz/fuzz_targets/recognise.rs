//! A file of unknown format, from outside in: encoding, head, recognition, parser.
//!
//! Must hold: what `reports` must.
#![no_main]

mod same;

use libfuzzer_sys::fuzz_target;
use shared::reports::{Input, read};

fuzz_target!(|bytes: &[u8]| {
    let [piece, report @ ..] = bytes else { return };
    let whole = Input::of_bytes(report).and_then(read).map(|report| report.parsed);
    let pieces =
        Input::of_stream(same::Pieces::new(report, *piece)).and_then(read).map(|report| report.parsed);
    same::check(&whole, &pieces);
});
