//! Settings read through a lookup function, every problem reported at once.
//!
//! Names of variables are those that `template.yaml` sets. No variable has a stand-in default.

use std::fmt;

/// Reads named variables and collects every problem instead of stopping at the first.
pub struct Reader<F> {
    lookup: F,
    problems: Vec<String>,
}

/// Every problem found in the settings of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// One sentence per variable.
    pub problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wrong setting(s): {}", self.problems.len(), self.problems.join("; "))
    }
}

impl std::error::Error for SettingsError {}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// A reader over `lookup`, usually `|name| std::env::var(name).ok()` in `main.rs`.
    pub fn new(lookup: F) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// The value of `name`; its absence or emptiness is a problem.
    pub fn required(&mut self, name: &str) -> String {
        match (self.lookup)(name) {
            Some(value) if !value.trim().is_empty() => value,
            Some(_) => self.problem(name, "is empty"),
            None => self.problem(name, "is not set"),
        }
    }

    /// The value of `name` when set and not empty.
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The value of `name` read by `parse`; `T::default()` stands in only inside the failing result.
    pub fn parsed<T: Default, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> T {
        let text = self.required(name);
        if text.is_empty() {
            return T::default();
        }
        match parse(&text) {
            Ok(value) => value,
            Err(error) => {
                self.problems.push(format!("`{name}` is `{text}`: {error}"));
                T::default()
            }
        }
    }

    /// The value of `name` read by `parse` when set and not empty, otherwise `T::default()`.
    pub fn optional_parsed<T: Default, E: fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> T {
        if self.optional(name).is_some() { self.parsed(name, parse) } else { T::default() }
    }

    /// `value` when nothing was wrong, every problem otherwise.
    ///
    /// # Errors
    /// All problems in the order in which they were met.
    pub fn finish<T>(self, value: T) -> Result<T, SettingsError> {
        if self.problems.is_empty() { Ok(value) } else { Err(SettingsError { problems: self.problems }) }
    }

    fn problem(&mut self, name: &str, what: &str) -> String {
        self.problems.push(format!("`{name}` {what} (template.yaml sets it)"));
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once() {
        let mut reader = Reader::new(|name: &str| match name {
            "IDS" => Some("12,x".to_owned()),
            "EMPTY" => Some(" ".to_owned()),
            _ => None,
        });
        reader.required("TABLE_NAME");
        reader.required("EMPTY");
        reader.parsed("IDS", |text| text.split(',').map(str::parse::<u64>).collect::<Result<Vec<_>, _>>());
        let error = reader.finish(()).unwrap_err();
        insta::assert_snapshot!(error, @"3 wrong setting(s): `TABLE_NAME` is not set (template.yaml sets it); `EMPTY` is empty (template.yaml sets it); `IDS` is `12,x`: invalid digit found in string");
    }
}
