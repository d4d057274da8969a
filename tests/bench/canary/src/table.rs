//! Aligned columns, for a terminal, for a document, or as lines of JSON.

use anyhow::Result;
use serde_json::{Map, Value, json};
use std::io::Write;

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Markdown,
    Json,
}

/// One figure: for people, and for a program.
pub(crate) struct Cell {
    text: String,
    value: Value,
}

impl Cell {
    pub(crate) fn new(text: String, value: Value) -> Self {
        Self { text, value }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { value: json!(text), text }
    }
}

/// A table with a title.
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(title: &str, head: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            head: head.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self, form: Form) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match form {
            Form::Json => self.rows.iter().try_for_each(|row| writeln!(out, "{}", self.object(row)))?,
            Form::Plain => {
                writeln!(out, "\n{}\n", self.title)?;
                self.rows().try_for_each(|row| writeln!(out, "{}", self.aligned(&row, "  ").trim_end()))?;
            }
            Form::Markdown => {
                writeln!(out, "\n{}\n", self.title)?;
                let rule: Vec<String> = (0..self.head.len())
                    .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
                    .collect();
                for (index, row) in self.rows().enumerate() {
                    writeln!(out, "| {} |", row.join(" | "))?;
                    if index == 0 {
                        writeln!(out, "| {} |", rule.join(" | "))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Head and rows, as text.
    fn rows(&self) -> impl Iterator<Item = Vec<&str>> {
        let head = self.head.iter().map(String::as_str).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(|cell| cell.text.as_str()).collect());
        std::iter::once(head).chain(rows)
    }

    fn object(&self, row: &[Cell]) -> Value {
        let cells = self.head.iter().zip(row).map(|(name, cell)| (name.clone(), cell.value.clone()));
        let mut object: Map<String, Value> = cells.collect();
        object.insert("table".to_owned(), json!(self.title));
        Value::Object(object)
    }

    fn aligned(&self, row: &[&str], between: &str) -> String {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let length = |row: Vec<&str>| row.get(column).map_or(0, |cell| cell.chars().count());
            let width = self.rows().map(length).max().unwrap_or(0);
            let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
            if column == 0 { format!("{cell}{fill}") } else { format!("{fill}{cell}") }
        });
        cells.collect::<Vec<_>>().join(between)
    }
}
