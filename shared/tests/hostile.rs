//! Reports made to harm: whatever is written, reading ends, in bounded memory, with facts or with an error, and nothing is followed or expanded.
//!
//! Each report fixture is changed in one way at a time. What is large is streamed or nested, never kept.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: it reads its fixtures, and a broken one is a failure"
)]

use shared::gates::metric::Metric;
use shared::reports::{FORMATS, Facts, Format, Input, Parsed, ReportError, read};
use std::io::Read;
use std::path::Path;

/// Format and text of each fixture.
fn fixtures() -> Vec<(&'static Format, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/reports");
    let mut all = Vec::new();
    for format in FORMATS {
        for case in std::fs::read_dir(root.join(format.name)).unwrap() {
            for file in std::fs::read_dir(case.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.file_name().unwrap() != "figures.json"
                    && let Ok(text) = std::fs::read_to_string(&path)
                {
                    all.push((*format, text));
                }
            }
        }
    }
    assert!(all.len() > FORMATS.len());
    all
}

fn parse(format: &Format, text: &str) -> Result<Parsed, ReportError> {
    Input::of_bytes(text.as_bytes()).and_then(|input| (format.read)(input))
}

/// What was read, as far as its order is the same in each run.
fn told(facts: &Facts) -> String {
    match facts {
        Facts::Findings(found) => format!("{:?} {:?} {:?}", found.findings, found.suppressed, found.counted),
        Facts::Performance(samples) => {
            format!("{:?}", samples.samples(None).map(|all| (all.total(), all.failed())))
        }
        Facts::Tests(_) | Facts::Coverage(_) | Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => {
            format!("{facts:?}")
        }
    }
}

/// The text behind its XML declaration and document type, when it is XML.
fn xml_body(text: &str) -> Option<&str> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let start = text.starts_with('<').then(|| text.match_indices('<').map(|(at, _)| at))?;
    start.map(|at| &text[at..]).find(|rest| !rest.starts_with("<?") && !rest.starts_with("<!"))
}

/// A thousand million laughs, a file of the machine, and one of another.
const BOMB: &str = r#"<?xml version="1.0"?>
<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd" [
<!ENTITY a "hahahahaha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;"><!ENTITY i "&h;&h;&h;&h;&h;&h;&h;&h;&h;&h;">
<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY % outside SYSTEM "http://127.0.0.1:9/y.dtd"> %outside;
]>
"#;

#[test]
fn no_entity_is_expanded_and_no_document_type_followed_in_any_xml_format() {
    let mut formats = std::collections::BTreeSet::new();
    for (format, text) in fixtures() {
        let Some(body) = xml_body(&text) else { continue };
        formats.insert(format.name);
        let (plain, armed) = (parse(format, body), parse(format, &format!("{BOMB}{body}")));
        assert_eq!(
            plain.as_ref().map(|read| told(&read.facts)).ok(),
            armed.as_ref().map(|read| told(&read.facts)).ok()
        );
        // Recognition has to pass over the document type as well; JaCoCo's own was a part of its fixture.
        assert_eq!(
            read(Input::of_bytes(format!("{BOMB}{body}").as_bytes()).unwrap())
                .map(|report| report.format.name)
                .ok(),
            armed.ok().map(|_| format.name)
        );
        for entity in ["&i;", "&file;", "&#0;", "&#x110000;", "&amp;amp;", "&"] {
            for used in
                [body.replace("=\"", &format!("=\"{entity}")), body.replace('>', &format!(">{entity}"))]
            {
                let read = parse(format, &format!("{BOMB}{used}"));
                let told = read.map_or_else(
                    |error| error.to_string(),
                    |read| format!("{}{:?}", told(&read.facts), read.about),
                );
                assert!(!told.contains("haha") && !told.contains("root:"), "{}: {told}", format.name);
            }
        }
    }
    assert_eq!(
        formats.into_iter().collect::<Vec<_>>(),
        ["clover", "cobertura", "jacoco", "jtl-xml", "junit", "zap-xml"]
    );
}

#[test]
fn a_million_levels_are_an_error_and_no_stack_is_used_up() {
    const LEVELS: usize = 1_000_000;
    for format in FORMATS {
        for open in [
            "<testsuite>",
            "<report><group name='a'>",
            "<coverage><project>",
            "<a>",
            "[",
            "{\"a\":",
            "[{\"runs\":",
        ] {
            assert!(parse(format, &open.repeat(LEVELS)).is_err(), "{} {open}", format.name);
        }
    }
    for deep in ["<a>", "[", "{\"runs\":", "{\"vulnerabilities\":[", "[{\"statementMap\":"] {
        assert!(read(Input::of_bytes(deep.repeat(LEVELS).as_bytes()).unwrap()).is_err(), "{deep}");
    }
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(LEVELS), close.repeat(LEVELS));
    let junit =
        format!("<testsuite><testcase name='a'/>{}</testsuite>", nested("<properties>", "</properties>"));
    insta::assert_snapshot!(read(Input::of_bytes(junit.as_bytes()).unwrap()).unwrap_err().message, @"elements are nested deeper than 256");
    let sarif = format!(
        r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"x"}}}},"results":[],"properties":{}}}]}}"#,
        nested("[", "]")
    );
    let ended = read(Input::of_bytes(sarif.as_bytes()).unwrap()).map(|report| report.format.name);
    assert!(ended.is_err() || ended == Ok("sarif"));
}

/// Where digits begin and end, at most so many times.
fn numbers(text: &str, most: usize) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..bytes.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(at - 1)));
    let all: Vec<_> = starts.map(|start| (start, (start..).find(|at| !is_digit(*at)).unwrap())).collect();
    let step = (all.len() / most).max(1);
    all.into_iter().step_by(step).collect()
}

#[test]
fn no_number_however_large_or_strange_makes_a_sum_overflow() {
    const MOST: usize = 16;
    let strange = [
        "18446744073709551615",
        "9223372036854775807",
        "1e999",
        "-1",
        "-9223372036854775808",
        "NaN",
        "4000000",
        "0",
    ];
    for (format, text) in fixtures().into_iter().filter(|(_, text)| text.len() < 40_000) {
        let mut tried = Vec::new();
        for number in strange {
            for (start, end) in numbers(&text, MOST) {
                tried.push(format!("{}{number}{}", &text[..start], &text[end..]));
            }
            // All at once, so that sums meet.
            let all = numbers(&text, usize::MAX / 2).into_iter().rev();
            tried.push(all.fold(text.clone(), |text, (start, end)| {
                format!("{}{number}{}", &text[..start], &text[end..])
            }));
        }
        for text in tried {
            let Ok(read) = parse(format, &text) else { continue };
            evidence(format, &read.facts);
            let twice = read.facts.clone().merge(read.facts).unwrap();
            evidence(format, &twice);
        }
    }
}

/// What is read is never nothing, and can be asked.
fn evidence(format: &Format, facts: &Facts) {
    for name in [
        "tests.failed",
        "tests.skipped_share",
        "coverage.lines",
        "coverage.branches",
        "findings.total",
        "latency.p95_ms",
        "requests.error_rate",
        "analysis.failed",
    ] {
        let _none_or_some = Metric::try_from(name.to_owned()).map(|metric| metric.measure(facts, None));
    }
    match facts {
        Facts::Tests(tests) => assert!(tests.total() > 0, "{}", format.name),
        Facts::Coverage(coverage) => assert!(coverage.lines().total > 0, "{}", format.name),
        Facts::Performance(samples) => assert!(samples.samples(None).unwrap().total() > 0, "{}", format.name),
        Facts::Findings(_) | Facts::Analysis(_) | Facts::Vex(_) | Facts::Changes(_) => {}
    }
}

#[test]
fn dates_out_of_all_bounds_are_no_dates() {
    for (format, text) in fixtures() {
        for year in ["2024", "2025", "2026"] {
            for strange in ["0000", "99999", "-0001", "9999"] {
                if let Ok(read) = parse(format, &text.replace(&format!("{year}-"), &format!("{strange}-"))) {
                    let shown = read.about.created.map(|created| created.to_string()).unwrap_or_default();
                    assert!(!shown.contains("99999"), "{} {shown}", format.name);
                }
            }
        }
    }
}

#[test]
fn directions_of_writing_never_reach_a_reader() {
    for (format, text) in fixtures() {
        for strange in ["\u{202e}", "\u{2066}", "\u{200f}", "\\u202e", "&#x202e;", "\u{1b}[2J"] {
            for put in [
                text.replace("name=\"", &format!("name=\"{strange}")),
                text.replace(": \"", &format!(": \"{strange}")),
            ] {
                let read = parse(format, &put);
                let words = match &read {
                    Err(error) => error.to_string(),
                    Ok(read) => read.about.oddities.join("\n").replace('\n', ""),
                };
                let unseen = |c: char| {
                    c.is_control()
                        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                };
                assert!(!words.contains(unseen), "{} {words:?}", format.name);
            }
        }
    }
}

/// Gives `start`, then `part` again and again until so many bytes are given, then `end`.
struct Endless {
    now: std::io::Cursor<Vec<u8>>,
    part: &'static str,
    left: u64,
    end: &'static str,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let count = self.now.read(buffer)?;
            if count > 0 || self.part.is_empty() {
                return Ok(count);
            }
            let next = if self.left == 0 {
                std::mem::take(&mut self.part);
                self.end
            } else {
                self.part
            };
            let times = if self.left == 0 { 1 } else { 65_536 / next.len() };
            self.left = self.left.saturating_sub((next.len() * times) as u64);
            self.now = std::io::Cursor::new(next.repeat(times).into_bytes());
        }
    }
}

#[test]
fn a_stream_of_many_megabytes_is_counted_to_its_end() {
    const BYTES: u64 = 4 << 20;
    let streamed = |start: &str, part, end| {
        let now = std::io::Cursor::new(start.as_bytes().to_vec());
        Input::of_stream(Endless { now, part, left: BYTES, end }).and_then(read).unwrap().parsed.facts
    };
    let Facts::Tests(tests) = streamed("<testsuite>", "<testcase name='a'/>\n", "</testsuite>") else {
        panic!()
    };
    assert!(tests.total() >= BYTES / 21);
    let Facts::Performance(samples) = streamed(
        "timeStamp,elapsed,label,success\n",
        "1795488666930,12,GET /,true\n",
        "1795488666930,12,GET /,true\n",
    ) else {
        panic!()
    };
    assert!(samples.samples(None).unwrap().total() >= BYTES / 28);
}
