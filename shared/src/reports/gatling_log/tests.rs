//! Logs are written here by an encoder of our own, after the layout in the module's words.

use super::*;
use crate::reports::Problem;
use crate::reports::facts::PerformanceFacts;

/// Writes a log.
struct Writer {
    bytes: Vec<u8>,
    strings: Vec<String>,
}

const START: i64 = 1_795_488_666_930;

impl Writer {
    fn new() -> Self {
        let mut log = Self { bytes: vec![0], strings: Vec::new() };
        log.string("3.13.1");
        log.string("shop.Buyers");
        log.bytes.extend(START.to_be_bytes());
        log.string("");
        log.int(1);
        log.string("Käufer 🦀");
        log.int(2);
        for blob in [b"\x01\x02\x03".as_slice(), b""] {
            log.int(i32::try_from(blob.len()).unwrap());
            log.bytes.extend(blob);
        }
        log
    }

    fn int(&mut self, int: i32) {
        self.bytes.extend(int.to_be_bytes());
    }

    fn string(&mut self, text: &str) {
        let latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(c).ok()).collect();
        let (bytes, coder) = match latin {
            Some(bytes) => (bytes, 0),
            None => (text.encode_utf16().flat_map(u16::to_le_bytes).collect(), 1),
        };
        self.int(i32::try_from(bytes.len()).unwrap());
        if !bytes.is_empty() {
            self.bytes.extend(bytes);
            self.bytes.push(coder);
        }
    }

    fn cached(&mut self, text: &str) {
        if let Some(index) = self.strings.iter().position(|known| known == text) {
            return self.int(-i32::try_from(index + 1).unwrap());
        }
        self.strings.push(text.to_owned());
        self.int(i32::try_from(self.strings.len()).unwrap());
        self.string(text);
    }

    fn groups(&mut self, groups: &[&str]) {
        self.int(i32::try_from(groups.len()).unwrap());
        groups.iter().for_each(|group| self.cached(group));
    }

    fn request(mut self, groups: &[&str], name: &str, start: i32, end: i32, message: Option<&str>) -> Self {
        self.bytes.push(1);
        self.groups(groups);
        self.cached(name);
        self.int(start);
        self.int(end);
        self.bytes.push(u8::from(message.is_none()));
        self.cached(message.unwrap_or_default());
        self
    }

    fn user(mut self, begins: bool, time: i32) -> Self {
        self.bytes.push(2);
        self.int(0);
        self.bytes.push(u8::from(begins));
        self.int(time);
        self
    }

    fn group(mut self, groups: &[&str]) -> Self {
        self.bytes.push(3);
        self.groups(groups);
        [0, 500, 460].iter().for_each(|int| self.int(*int));
        self.bytes.push(0);
        self
    }

    fn error(mut self, message: &str) -> Self {
        self.bytes.push(4);
        self.cached(message);
        self.int(70);
        self
    }
}

fn log() -> Writer {
    let refused = "status.find.is(200), but actually found 503";
    let log = Writer::new().user(true, 0).request(&[], "GET /", 10, 110, None);
    let log = log.request(&["buy", "größer"], "POST /", 120, 480, Some(refused)).group(&["buy", "größer"]);
    log.request(&["buy", "größer"], "POST /", 500, 520, Some(refused))
        .error("no such session")
        .user(false, 600)
}

fn read(bytes: &[u8]) -> Result<Parsed, ReportError> {
    super::read(Input::of_bytes(bytes)?)
}

fn facts(bytes: &[u8]) -> (PerformanceFacts, About) {
    let parsed = read(bytes).unwrap();
    let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
    (facts, parsed.about)
}

#[test]
fn requests_count_under_their_groups_and_groups_do_not() {
    let (facts, about) = facts(&log().bytes);
    let all = facts.samples(None).unwrap();
    assert_eq!((all.total(), all.failed(), all.max()), (3, Some(2), Some(360.0)));
    let labels: Vec<&str> = facts.labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["GET /", "buy / größer / POST /"]);
    assert_eq!(facts.samples(Some("GET /")).unwrap().percentile(95), Some(100.0));
    assert_eq!(about.tool.as_deref(), Some("Gatling 3.13.1"));
    assert_eq!(about.created.unwrap().millis(), START);
    insta::assert_snapshot!(about.oddities.join("\n"), @"1 errors of users are not in the figures: they happened outside of requests");
}

#[test]
fn a_run_that_was_stopped_and_messages_without_an_end_are_noted() {
    let no_end = i32::from_be_bytes(*i64::MIN.wrapping_sub(START).to_be_bytes().last_chunk().unwrap());
    let log = Writer::new().user(true, 0).user(true, 1).request(&[], "a", 1, 2, None);
    let (facts, about) = facts(&log.request(&[], "sse", 3, no_end, None).bytes);
    assert_eq!(facts.samples(None).unwrap().total(), 1);
    insta::assert_snapshot!(about.oddities.join("\n"), @"
    2 users had not ended when the log ends: the run may have been stopped
    1 messages that nobody waited for are left out
    ");
}

#[test]
fn a_log_that_ends_inside_a_record_is_truncated() {
    let bytes = log().bytes;
    let whole = facts(&bytes).0.samples(None).unwrap().total();
    let mut ends = 0;
    for end in 1..bytes.len() {
        match read(&bytes[..end]) {
            Ok(parsed) => {
                let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
                assert!(facts.samples(None).unwrap().total() <= whole);
                ends += 1;
            }
            Err(error) => {
                assert!(matches!(error.problem, Problem::Truncated | Problem::Nothing), "{end}: {error}")
            }
        }
    }
    assert_eq!(ends, 5, "whole records end at five places behind the first request");
    insta::assert_snapshot!(read(&bytes[..bytes.len() - 2]).unwrap_err(), @"the log ends inside a record: it is truncated, at `record 8`");
}

#[test]
fn what_breaks_the_layout_is_an_error_with_its_record() {
    let with = |more: &[u8]| read(&[&log().bytes, more].concat()).unwrap_err();
    insta::assert_snapshot!(with(&[9]), @"9 is no kind of record, at `record 9`");
    insta::assert_snapshot!(with(&[1, 255, 255, 255, 255]), @"-1 is no length or number of things, at `record 9`");
    insta::assert_snapshot!(with(&[4, 0, 0, 0, 99]), @"the text 99 comes out of order: 8 is next, at `record 9`");
    insta::assert_snapshot!(with(&[4, 255, 255, 255, 1]), @"the text 255 was never written, at `record 9`");
    insta::assert_snapshot!(with(&[4, 128, 0, 0, 0]), @"a text has no number, at `record 9`");
    insta::assert_snapshot!(with(&[2, 0, 0, 0, 0, 7, 0, 0, 0, 0]), @"7 is neither true nor false, at `record 9`");
    insta::assert_snapshot!(read(&log().request(&[], "a", 5, 4, None).bytes).unwrap_err(), @"a request ends before it begins, at `record 9`");
    insta::assert_snapshot!(read(&[1, 0, 0]).unwrap_err(), @"the log does not begin with the run, at `record 1`");
}

#[test]
fn no_request_is_no_evidence() {
    insta::assert_snapshot!(read(&Writer::new().user(true, 0).user(false, 9).bytes).unwrap_err(), @"the log holds no request, at `record 1`");
    insta::assert_snapshot!(read(b"").unwrap_err(), @"the log holds no request, at `record 1`");
}

#[test]
fn only_a_version_behind_a_zero_is_recognised() {
    let is_ours = |bytes: &[u8]| recognise(&Sniff::new(bytes, &String::from_utf8_lossy(bytes)));
    assert!(is_ours(&log().bytes));
    assert!(!is_ours(&[0; 64]) && !is_ours(b"\0\0\0\0\x063.13.1\x01") && !is_ours(b"\0\0\0\0\x06abcdef\0"));
}

/// Writes the fixture: `GATLING_FIXTURE=<file> cargo test -p shared gatling_log`.
#[test]
fn the_fixture_is_written_from_here() {
    let mut log = Writer::new();
    for n in 0..40_i32 {
        let (at, slow) = (n * 250, i32::from(n % 10 == 9) * 300);
        log = log.user(true, at).request(&[], "GET /", at, at + 40 + n, None);
        let message = (n % 8 == 7).then_some("status.find.is(200), but actually found 503");
        log = log.request(&["buy"], "POST /orders", at + 100, at + 160 + n + slow, message);
        log = log.group(&["buy"]).user(false, at + 800);
    }
    let (facts, _) = facts(&log.bytes);
    assert_eq!(facts.samples(None).map(|all| (all.total(), all.failed())), Some((80, Some(5))));
    let fixture =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/reports/gatling-log/by-hand/simulation.log");
    assert!(
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/fixtures/reports/gatling-log/by-hand/simulation.log"
        )) == log.bytes.as_slice(),
        "{fixture} differs"
    );
}
