//! A file of unknown format, from outside in: encoding, head, recognition, parser.
//!
//! Must hold: what `reports` must, and that no two formats claim one head (the order of the registry must not decide what a report says).
#![no_main]

mod same;

use libfuzzer_sys::fuzz_target;
use shared::reports::{FORMATS, Input, Sniff, read};

fuzz_target!(|bytes: &[u8]| {
    let [piece, report @ ..] = bytes else { return };
    if let Ok(input) = Input::of_bytes(report) {
        let text = String::from_utf8_lossy(input.head());
        let sniff = Sniff::new(input.head(), &text);
        let claims = FORMATS.iter().filter(|format| (format.recognise)(&sniff)).map(|format| format.name);
        let claims: Vec<&str> = claims.collect();
        assert!(claims.len() < 2, "claimed by {claims:?}");
    }
    let whole = Input::of_bytes(report).and_then(read).map(|report| report.parsed);
    let pieces =
        Input::of_stream(same::Pieces::new(report, *piece)).and_then(read).map(|report| report.parsed);
    same::check(&whole, &pieces);
});
