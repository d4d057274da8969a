//! Regular expressions of the settings: `regex-lite`, which is in every function already, bounded in length and in size.

use regex_lite::{Regex, RegexBuilder};

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 512;
/// Largest compiled expression, in bytes.
const MAX_SIZE: usize = 64 * 1024;

/// Compiles an expression.
///
/// # Errors
/// Why it cannot be used.
pub fn compile(text: &str) -> Result<Regex, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the expression has {} bytes, at most {MAX_LENGTH} are taken", text.len()));
    }
    RegexBuilder::new(text)
        .size_limit(MAX_SIZE)
        .build()
        .map_err(|error| format!("`{text}` is no regular expression: {error}").replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_bounded_in_length_and_size() {
        assert!(compile(r#""status":\s*"(ok|up)""#).unwrap().is_match(r#"{"status": "up"}"#));
        insta::assert_snapshot!(compile("(").unwrap_err(), @"`(` is no regular expression: found open group without closing ')'");
        insta::assert_snapshot!(compile("(a{50}){50}{50}").unwrap_err(), @"`(a{50}){50}{50}` is no regular expression: compiled regex exceeded size limit");
        insta::assert_snapshot!(compile(&"a".repeat(600)).unwrap_err(), @"the expression has 600 bytes, at most 512 are taken");
    }
}
