use super::super::{Element, Path, Visitor, walk};
use super::*;
use crate::reports::{Input, ReportError};

/// What a walk tells: names, and the sum of the text.
#[derive(Default)]
struct Seen {
    opened: Vec<String>,
    text: String,
}

impl Visitor for Seen {
    fn open(&mut self, element: &Element<'_>, _path: &Path) -> Result<(), ReportError> {
        self.opened.push(element.name.to_owned());
        Ok(())
    }

    fn close(&mut self, _name: &str) -> Result<(), ReportError> {
        Ok(())
    }

    fn wants_text(&self) -> bool {
        true
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

fn seen(xml: &str) -> Result<Seen, ReportError> {
    let mut seen = Seen::default();
    walk(Input::of_bytes(xml.as_bytes())?, &mut seen)?;
    Ok(seen)
}

/// A reader that gives one byte after the other.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let most = to.len().min(1);
        self.0.read(to.get_mut(..most).unwrap_or_default())
    }
}

#[test]
fn what_is_short_passes_as_it_is() {
    let xml = "<a>one<b/><![CDATA[two]]><!-- no --><?x y?>three</a>";
    assert_eq!(seen(xml).unwrap().text, "onetwothree");
    let mut all = String::new();
    Trim::new(Drops(xml.as_bytes())).read_to_string(&mut all).unwrap();
    assert_eq!(all, xml);
}

#[test]
fn the_middle_of_a_long_section_is_dropped_and_what_follows_is_read() {
    for length in [KEPT - 40, KEPT - 1, KEPT, KEPT + 1, 2 * KEPT - 30, 2 * KEPT, 5 * KEPT + 7] {
        let long = "é]-".repeat(length / 4 + 1);
        for (before, after, kept) in
            [("", "", true), ("<![CDATA[", "]]>", true), ("<!--", " -->", false), ("<?x ", "?>", false)]
        {
            let seen = seen(&format!("<a>{before}{long}{after}<b/>end</a>")).unwrap();
            assert_eq!(seen.opened, ["a", "b"], "{before} {length}");
            let text = seen.text.strip_suffix("end").unwrap();
            assert!(long.starts_with(text.trim_end_matches(']')), "{before} {length}: a beginning of it");
            assert_eq!(text.len() > KEPT / 2, kept, "{before} {length}");
            assert!(text.len() <= 2 * KEPT + ROOM, "{before} {length}: {}", text.len());
        }
    }
}

#[test]
fn an_end_is_found_wherever_the_pieces_are_cut() {
    for shift in 0..12 {
        let long = "x".repeat(3 * KEPT - 12 - shift);
        let xml = format!("<a><![CDATA[{long}]]><b/><!--{long}--><c/><?p {long}?><d/>{long}<e/></a>");
        assert_eq!(seen(&xml).unwrap().opened, ["a", "b", "c", "d", "e"], "{shift}");
    }
}

#[test]
fn brackets_and_ends_of_other_sections_inside_are_no_end() {
    let long = "]> --> ?> ]] <b>".repeat(20_000);
    assert_eq!(seen(&format!("<a><![CDATA[{long}]]><c/></a>")).unwrap().opened, ["a", "c"]);
}

#[test]
fn a_section_that_never_ends_is_truncated() {
    let long = "ü".repeat(KEPT * 2);
    insta::assert_snapshot!(seen(&format!("<a><![CDATA[{long}")).err().unwrap(), @"the XML ends too early: syntax error: CDATA not closed: `]]>` not found before end of input, at `a[0]`");
    insta::assert_snapshot!(seen(&format!("<a>{long}")).err().unwrap(), @"the file ends inside an element: it is truncated, at `a[0]`");
}

#[test]
fn a_tag_that_never_ends_is_refused() {
    let long = "x".repeat(MAX_TAG + 2 * KEPT);
    let error = seen(&format!("<a><b c=\"{long}\"/></a>")).err().unwrap();
    insta::assert_snapshot!(error, @"a single tag is longer than 1 MiB, at `a[0]`");
    assert_eq!(error.problem, crate::reports::Problem::TooLarge);
    assert!(seen(&format!("<a><b c=\"{}\"/></a>", "x".repeat(MAX_TAG / 2))).is_ok());
}
