//! Shared by the targets of reports: a stream in odd pieces, and what must be the same both ways.

use shared::reports::{Facts, Parsed, ReportError};
use std::io::{self, Read};

/// Gives its bytes in pieces of one, two, three … bytes and begins again; now and then it is interrupted.
pub struct Pieces<'a> {
    rest: &'a [u8],
    most: usize,
    next: usize,
}

impl<'a> Pieces<'a> {
    pub fn new(rest: &'a [u8], most: u8) -> Self {
        Self { rest, most: usize::from(most) + 1, next: 0 }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next = self.next % self.most + 1;
        if self.next == 7 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.next.min(self.rest.len()).min(buffer.len());
        let (now, rest) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.rest = rest;
        Ok(count)
    }
}

/// Compares both readings and looks at what was read.
pub fn check(whole: &Result<Parsed, ReportError>, pieces: &Result<Parsed, ReportError>) {
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(whole.about, pieces.about);
            assert_eq!(told(&whole.facts), told(&pieces.facts));
            evidence(&whole.facts);
            for sentence in &whole.about.oddities {
                assert!(!sentence.chars().any(char::is_control), "{sentence:?}");
            }
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole, pieces);
            let message = whole.to_string();
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("only one of both ways is an error: {error}"),
    }
}

/// The facts as text; samples by what can be asked of them.
fn told(facts: &Facts) -> String {
    let samples = match facts {
        Facts::Performance(samples) => samples,
        // Without what is only kept to find things again: its order is another in each run.
        Facts::Findings(facts) => {
            return format!("{:?} {:?} {:?}", facts.findings, facts.suppressed, facts.counted);
        }
        Facts::Tests(_) | Facts::Coverage(_) | Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => {
            return format!("{facts:?}");
        }
    };
    let all = samples.samples(None);
    let labels = samples
        .labels
        .iter()
        .map(|(label, samples)| (label.as_str(), samples))
        .chain(all.as_ref().map(|all| ("", all)));
    labels
        .map(|(label, samples)| {
            let times = [50, 90, 95, 99].map(|percent| samples.percentile(percent));
            format!(
                "{label} {} {:?} {times:?} {:?} {:?}\n",
                samples.total(),
                samples.failed(),
                samples.mean(),
                samples.per_second()
            )
        })
        .collect()
}

/// Whether something was measured where nothing must be an error.
fn evidence(facts: &Facts) {
    match facts {
        Facts::Tests(tests) => assert!(tests.total() > 0),
        Facts::Coverage(coverage) => assert!(coverage.lines().total > 0),
        Facts::Performance(samples) => {
            let all = samples.samples(None).expect("there are samples");
            assert!(all.total() > 0 && all.failed().is_none_or(|failed| failed <= all.total()));
        }
        Facts::Findings(_) | Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => {}
    }
}
