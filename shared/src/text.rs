//! Text from outside on its way to people: into GitHub's markdown nothing may mention, link, mark up or break a table, nor exceed a limit.
//!
//! Entities are no help against mentions, because GitHub looks for them after rendering; a zero-width space is.
//! Specification: <https://github.github.com/gfm/#backslash-escapes>, <https://github.github.com/gfm/#autolinks-extension->

/// Longest `output.summary` and `output.text` of a check run; counted in bytes here, which is never more than GitHub allows
/// (<https://docs.github.com/en/rest/checks/runs>, "maximum length: 65535 characters").
pub const SUMMARY_LIMIT: usize = 65_535;
/// Longest comment; counted in bytes here (<https://github.com/orgs/community/discussions/27190>, "maximum is 65536 characters").
pub const COMMENT_LIMIT: usize = 65_536;
/// Longest description of a commit status and of a deployment status, in characters.
pub const DESCRIPTION_LIMIT: usize = 140;

/// Invisible, and neither a letter nor a digit: what it stands in is no mention and no address.
const ZERO_WIDTH_SPACE: char = '\u{200b}';
/// Punctuation that means something in markdown; each is itself after a backslash.
const MARKS: &str = "\\`*_{}[]()!|~";

/// `text` as markdown that shows exactly this text, on one line.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' | '#' => out.extend([character, ZERO_WIDTH_SPACE]),
            // `https://` and `www.` would become links by themselves.
            '/' if out.ends_with(':') => out.extend([ZERO_WIDTH_SPACE, '/']),
            '.' if out.chars().rev().take(3).all(|letter| letter.eq_ignore_ascii_case(&'w')) => {
                out.extend([ZERO_WIDTH_SPACE, '.']);
            }
            mark if MARKS.contains(mark) => out.extend(['\\', mark]),
            other => out.push(other),
        }
    }
    out
}

/// `text` for a place that shows plain text: one line, no mention.
#[must_use]
pub fn plain(text: &str) -> String {
    one_line(text).replace('@', "@\u{200b}")
}

/// The first `limit` characters; an ellipsis is the last of them when something is missing.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// Control characters and line ends become spaces; characters that change the direction of writing go.
fn one_line(text: &str) -> String {
    let directions = |character: &char| !matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let spaced = |character: char| {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') { ' ' } else { character }
    };
    text.chars().filter(directions).map(spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With the invisible made visible.
    fn shown(text: &str) -> String {
        markdown(text).replace(ZERO_WIDTH_SPACE, "⎵")
    }

    #[test]
    fn nothing_of_a_pipeline_mentions_links_or_marks_up() {
        insta::assert_snapshot!(shown("@acme/admins see #12"), @"@⎵acme/admins see #⎵12");
        insta::assert_snapshot!(shown("<img src=x onerror=alert(1)> &lt;"), @r"&lt;img src=x onerror=alert\(1\)&gt; &amp;lt;");
        insta::assert_snapshot!(shown("`rm -rf` | a | **b** _c_ ~~d~~"), @r"\`rm -rf\` \| a \| \*\*b\*\* \_c\_ \~\~d\~\~");
        insta::assert_snapshot!(shown("[click](https://evil.test) ![x](y) www.evil.test"), @r"\[click\]\(https:⎵//evil.test\) \!\[x\]\(y\) www⎵.evil.test");
        insta::assert_snapshot!(shown("one\n# two\r\n\u{202e}three\u{0}"), @"one #⎵ two  three ");
        insta::assert_snapshot!(shown("4 of 209 tests failed, 81.2 % of lines"), @"4 of 209 tests failed, 81.2 % of lines");
    }

    #[test]
    fn a_plain_text_mentions_nobody() {
        assert_eq!(plain("`Gate` of @acme\nfailed"), "`Gate` of @\u{200b}acme failed");
    }

    #[test]
    fn a_cut_is_made_between_characters_and_shows_itself() {
        assert_eq!(cut("exact", 5), "exact");
        assert_eq!(cut("größer", 5), "größ…");
        assert_eq!(cut("👩‍🚀👩‍🚀", 2), "👩…");
        assert_eq!(cut("x", 0), "…");
    }

    proptest! {
        #[test]
        fn no_text_gets_through_unescaped(text in "\\PC{0,60}|[@`<>|#:w./a-z\\[\\]()\n]{0,60}") {
            let escaped = markdown(&text);
            prop_assert!(!escaped.contains(['<', '>', '\n', '\r']));
            let characters: Vec<char> = escaped.chars().collect();
            for (place, character) in characters.iter().enumerate() {
                let next = characters.get(place + 1).copied().unwrap_or(' ');
                prop_assert!(*character != '@' || next == ZERO_WIDTH_SPACE, "{escaped:?}");
                // Each mark stands behind an odd number of backslashes.
                let slashes = characters[..place].iter().rev().take_while(|before| **before == '\\').count();
                prop_assert!(!"`|[]*_".contains(*character) || slashes % 2 == 1, "{escaped:?}");
            }
            prop_assert!(!escaped.contains("://") && !escaped.to_ascii_lowercase().contains("www."));
        }

        #[test]
        fn a_cut_text_is_never_longer_than_its_limit(text in "\\PC{0,200}", limit in 1_usize..160) {
            prop_assert!(cut(&text, limit).chars().count() <= limit);
        }
    }
}
