//! `JMeter` results in XML (user manual, "Listeners", XML log format 2.1: <https://jmeter.apache.org/usermanual/listeners.html#xmlformat2.1>).
//!
//! Elements stand in each other: an `httpSample` or `sample` right below `testResults` is what was measured; the ones in it are its redirects, its
//! embedded resources or, in a transaction controller's parent sample, the requests that it sums up. Only the upper ones count, as in `JMeter`'s own
//! summary. A transaction controller that does not generate a parent sample is left out as in CSV (see `jmeter`).
//!
//! A run that was killed leaves no `</testResults>`. Some tools read what is there; here the file is truncated, and no evidence.

use super::facts::{About, Kind, Parsed, kept};
use super::jmeter::{Counter, Sample};
use super::jtl_csv::boolean;
use super::xml::{Element, Path, Visitor, walk};
use super::{Format, Input, ReportError, Sniff};

/// The format.
pub static FORMAT: Format =
    Format { name: "jtl-xml", title: "JMeter results, XML", kind: Kind::Performance, recognise, read };

fn recognise(head: &Sniff<'_>) -> bool {
    head.root() == Some("testResults")
}

/// Reads a JTL file.
///
/// # Errors
/// When the XML is broken or truncated, a sample has no numbers, or none is in it.
fn read(input: Input<'_>) -> Result<Parsed, ReportError> {
    let mut results = Results::default();
    walk(input, &mut results)?;
    let mut about = About::default();
    if results.nested > 0 {
        about.odd(format!("{} samples stand in others and are part of them", results.nested));
    }
    results.counter.finish(about, "testResults[0]")
}

/// What is read.
#[derive(Default)]
struct Results {
    counter: Counter,
    /// The upper sample that is open.
    open: Option<Open>,
    /// How many samples are open.
    depth: usize,
    nested: u64,
}

/// A sample; counted when it closes, because only then it is known what stands in it.
struct Open {
    start: Option<i64>,
    elapsed: u64,
    success: bool,
    label: String,
    message: String,
    thread: String,
    holds_samples: bool,
}

fn is_sample(name: &str) -> bool {
    matches!(name, "httpSample" | "sample")
}

impl Visitor for Results {
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError> {
        if path.depth() == 1 && element.name != "testResults" {
            return Err(ReportError::at(path.text(), "the root is not `testResults`"));
        }
        if !is_sample(element.name) {
            return Ok(());
        }
        self.depth += 1;
        if self.depth == 1 {
            self.open = Some(sample(element, path)?);
            return Ok(());
        }
        self.nested += 1;
        if let Some(open) = &mut self.open {
            open.holds_samples = true;
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), ReportError> {
        if !is_sample(name) {
            return Ok(());
        }
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 {
            return Ok(());
        }
        if let Some(open) = self.open.take() {
            self.counter.add(&Sample {
                start: open.start,
                elapsed: open.elapsed,
                success: open.success,
                label: open.label.as_bytes(),
                // A parent sample stands for what is in it, whatever its message says.
                message: if open.holds_samples { b"" } else { open.message.as_bytes() },
                thread: open.thread.as_bytes(),
            });
        }
        Ok(())
    }
}

fn sample(element: &Element<'_>, path: &Path) -> Result<Open, ReportError> {
    let at = |name: &str| format!("{}/@{name}", path.text());
    let text = |name: &str| element.attribute(name).unwrap_or_default().into_owned();
    let success = text("s");
    let Some(success) = boolean(success.trim().as_bytes()) else {
        let words = if success.is_empty() {
            "the attribute is missing".to_owned()
        } else {
            format!("`{}` is neither `true` nor `false`", kept(&success).replace('`', "'"))
        };
        return Err(ReportError::at(at("s"), words));
    };
    if element.number("sc").is_some_and(|count| count > 1) {
        return Err(ReportError::at(at("sc"), "a sample that sums up several tells no response times"));
    }
    Ok(Open {
        start: element.number("ts").and_then(|millis| i64::try_from(millis).ok()),
        elapsed: element.needed("t", path)?,
        success,
        label: text("lb"),
        message: text("rm"),
        thread: text("tn"),
        holds_samples: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::facts::{Facts, PerformanceFacts};

    fn read(text: &str) -> Result<Parsed, ReportError> {
        super::read(Input::of_bytes(text.as_bytes())?)
    }

    fn facts(text: &str) -> (PerformanceFacts, About) {
        let parsed = read(text).unwrap();
        let Facts::Performance(facts) = parsed.facts else { panic!("no samples") };
        (facts, parsed.about)
    }

    #[test]
    fn only_the_upper_samples_count() {
        let xml = "\n<?xml version=\"1.0\"?><testResults version=\"1.2\"><httpSample t=\"90\" ts=\"1393227741256\" s=\"false\" lb=\"a &amp; b\">\
                   <httpSample t=\"30\" ts=\"1393227741256\" s=\"true\" lb=\"/a.css\"><sample s=\"x\"/></httpSample><responseData>&#x0;&lt;sample></responseData></httpSample>\
                   <sample t=\"5\" ts=\"1393227741300\" s=\"TRUE\" lb=\"java\"/></testResults>";
        let (facts, about) = facts(xml);
        let all = facts.samples(None).unwrap();
        assert_eq!((all.total(), all.failed(), all.max()), (2, Some(1), Some(90.0)));
        assert_eq!(facts.labels.keys().map(String::as_str).collect::<Vec<_>>(), ["a & b", "java"]);
        assert_eq!(about.created.unwrap().to_string(), "2014-02-24T07:42:21.256Z");
        insta::assert_snapshot!(about.oddities.join("\n"), @"2 samples stand in others and are part of them");
    }

    #[test]
    fn a_transaction_counts_with_its_samples_in_it_and_not_behind_them() {
        let rm = "rm=\"Number of samples in transaction : 1, number of failing samples : 0\"";
        let parent = format!(
            "<testResults><sample t=\"9\" ts=\"1393227741256\" s=\"true\" lb=\"buy\" {rm}><httpSample t=\"9\" ts=\"1393227741256\" s=\"true\" lb=\"a\"/></sample></testResults>"
        );
        assert_eq!(facts(&parent).0.labels.keys().next().map(String::as_str), Some("buy"));
        let behind = format!(
            "<testResults><httpSample t=\"9\" ts=\"1393227741256\" s=\"true\" lb=\"a\"/><sample t=\"9\" ts=\"1393227741256\" s=\"true\" lb=\"buy\" {rm}/></testResults>"
        );
        let (facts, _) = facts(&behind);
        assert_eq!((facts.labels.len(), facts.labels.keys().next().map(String::as_str)), (1, Some("a")));
    }

    #[test]
    fn a_killed_run_is_truncated() {
        insta::assert_snapshot!(read("<testResults><sample t=\"5\" ts=\"1\" s=\"true\" lb=\"a\"/>").unwrap_err(), @"the file ends inside an element: it is truncated, at `testResults[0]`");
        insta::assert_snapshot!(read("<testResults><sample t=\"5\" ts=\"1\" s=\"tr").unwrap_err(), @r#"the XML ends too early: syntax error: attribute value not closed: `"` not found before end of input, at `testResults[0]`"#);
    }

    #[test]
    fn what_cannot_be_judged_is_an_error_with_its_path() {
        let with = |attributes: &str| {
            read(&format!("<testResults><sample {attributes}/></testResults>")).unwrap_err()
        };
        insta::assert_snapshot!(with("t=\"5\" lb=\"a\""), @"the attribute is missing, at `testResults[0]/sample[0]/@s`");
        insta::assert_snapshot!(with("t=\"5\" lb=\"a\" s=\"yes\""), @"`yes` is neither `true` nor `false`, at `testResults[0]/sample[0]/@s`");
        insta::assert_snapshot!(with("lb=\"a\" s=\"true\""), @"the attribute is missing, at `testResults[0]/sample[0]/@t`");
        insta::assert_snapshot!(with("t=\"-1\" lb=\"a\" s=\"true\""), @"the attribute is no number, at `testResults[0]/sample[0]/@t`");
        insta::assert_snapshot!(with("t=\"100\" lb=\"a\" s=\"true\" sc=\"7\""), @"a sample that sums up several tells no response times, at `testResults[0]/sample[0]/@sc`");
        insta::assert_snapshot!(read("<testResults version=\"1.2\"></testResults>").unwrap_err(), @"the file holds no sample, at `testResults[0]`");
        insta::assert_snapshot!(read("<results/>").unwrap_err(), @"the root is not `testResults`, at `results[0]`");
    }
}
