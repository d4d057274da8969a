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

/// A table with a title.
pub(crate) struct Table {
    title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: &str, head: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            head: head.iter().map(ToString::to_string).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self, form: Form) -> Result<()> {
        let mut out = std::io::stdout().lock();
        match form {
            Form::Json => self.rows.iter().try_for_each(|row| writeln!(out, "{}", self.object(row)))?,
            Form::Plain => {
                writeln!(out, "\n{}\n", self.title)?;
                self.rows().try_for_each(|row| writeln!(out, "{}", self.aligned(row, "  ").trim_end()))?;
            }
            Form::Markdown => {
                writeln!(out, "\n{}\n", self.title)?;
                let rule: Vec<String> = (0..self.head.len())
                    .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
                    .collect();
                writeln!(out, "| {} |", self.head.join(" | "))?;
                writeln!(out, "| {} |", rule.join(" | "))?;
                self.rows.iter().try_for_each(|row| writeln!(out, "| {} |", row.join(" | ")))?;
            }
        }
        Ok(())
    }

    fn rows(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.head).chain(&self.rows)
    }

    fn object(&self, row: &[String]) -> Value {
        let cells = self.head.iter().zip(row).map(|(name, cell)| (name.clone(), json!(cell)));
        let mut object: Map<String, Value> = cells.collect();
        object.insert("table".to_owned(), json!(self.title));
        Value::Object(object)
    }

    fn aligned(&self, row: &[String], between: &str) -> String {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = self
                .rows()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0);
            let fill = " ".repeat(width.saturating_sub(cell.chars().count()));
            if column == 0 { format!("{cell}{fill}") } else { format!("{fill}{cell}") }
        });
        cells.collect::<Vec<_>>().join(between)
    }
}
