//! Answers on the terminal: aligned tables for people, JSON for programs.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::OnceLock;

use clap::ValueEnum;
use serde_json::Value;

use crate::fault::Fault;

/// Why an answer did not go out whole, if it did not.
static LOST: OnceLock<Fault> = OnceLock::new();

/// A line on standard output, and whether it went out.
macro_rules! write_line {
    ($($what:tt)*) => {
        went_out(writeln!(io::stdout(), $($what)*))
    };
}

/// The same where nobody asks whether it went out.
macro_rules! line {
    ($($what:tt)*) => {{
        let _ = write_line!($($what)*);
    }};
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// A reader that has seen enough, such as `head`, is no fault. A disk that is full
/// is one: what stands in the file is then no answer.
fn went_out(written: io::Result<()>) -> bool {
    match written {
        Ok(()) => true,
        Err(cause) if cause.kind() == ErrorKind::BrokenPipe => false,
        Err(cause) => {
            // The first says why; it may be the last of many.
            let _ = LOST.set(Fault::while_doing("writing the answer", cause));
            false
        }
    }
}

/// Whether all that was printed went out.
///
/// # Errors
/// When some of it did not.
pub(crate) fn whole() -> Result<(), &'static Fault> {
    went_out(io::stdout().flush());
    LOST.get().map_or(Ok(()), Err)
}

/// Prints a file's text as it is, whatever the format.
pub(crate) fn text(text: &str) {
    line!("{}", text.trim_end_matches('\n'));
}

/// Prints bytes as they are; on a terminal without what it would obey. Break, once
/// nobody reads any more.
pub(crate) fn bytes(bytes: &[u8]) -> ControlFlow<()> {
    let mut out = io::stdout().lock();
    let written = if out.is_terminal() {
        let text = String::from_utf8_lossy(bytes);
        let is_kept = |c: char| c == '\n' || c == '\t' || !c.is_control();
        let shown: String = text.chars().map(|c| if is_kept(c) { c } else { '\u{fffd}' }).collect();
        out.write_all(shown.as_bytes())
    } else {
        out.write_all(bytes)
    };
    if went_out(written.and_then(|()| out.flush())) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// Prints a list: `columns` are the JSON names that a table shows.
pub(crate) fn list(format: Format, items: &[Value], columns: &[&str]) {
    match format {
        Format::Json => line!("{}", pretty(&Value::Array(items.to_vec()))),
        Format::Jsonl => items.iter().for_each(|item| line!("{item}")),
        Format::Table => {
            let rows = items.iter().map(|item| columns.iter().map(|name| cell(&item[*name])).collect()).collect();
            line!("{}", table(columns, rows).trim_end());
        }
    }
}

/// Prints one object: a table shows a line a field.
pub(crate) fn object(format: Format, item: &Value) {
    match format {
        Format::Json => line!("{}", pretty(item)),
        Format::Jsonl => line!("{item}"),
        Format::Table => {
            let rows: Vec<(&String, String)> =
                item.as_object().into_iter().flatten().map(|(name, value)| (name, cell(value))).collect();
            let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
            for (name, value) in rows {
                line!("{name:<width$}  {value}");
            }
        }
    }
}

/// A list whose items come one by one and need not fit into memory.
pub(crate) struct Lines<'a> {
    format: Format,
    columns: &'a [(&'a str, usize)],
    count: usize,
    closed: bool,
}

impl<'a> Lines<'a> {
    /// A table has these columns: JSON names, and how wide each is at least.
    pub(crate) const fn new(format: Format, columns: &'a [(&'a str, usize)]) -> Self {
        Self { format, columns, count: 0, closed: false }
    }

    pub(crate) fn print(&mut self, item: &Value) {
        let went_out = match self.format {
            Format::Json => write_line!("{}{}", if self.count == 0 { "[" } else { "," }, pretty(item)),
            Format::Jsonl => write_line!("{item}"),
            Format::Table => {
                if self.count == 0 {
                    self.row(|name| name.to_owned());
                }
                self.row(|name| cell(&item[name]))
            }
        };
        self.closed |= !went_out;
        self.count += 1;
    }

    /// Whether to go on: break, once nobody reads any more.
    pub(crate) const fn is_read(&self) -> ControlFlow<()> {
        if self.closed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn row(&self, text: impl Fn(&str) -> String) -> bool {
        let cells: Vec<_> = self.columns.iter().map(|(name, width)| format!("{:<width$}", text(name))).collect();
        write_line!("{}", cells.join("  ").trim_end())
    }
}

impl Drop for Lines<'_> {
    fn drop(&mut self) {
        if self.format == Format::Json {
            line!("{}]", if self.count == 0 { "[" } else { "" });
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value prints")
}

/// A text without what a terminal would obey: it may be somebody else's.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        other => other.to_string(),
    }
}

/// Columns as wide as what they hold.
pub(crate) fn table(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut lines = vec![columns.iter().map(|&name| name.to_owned()).collect()];
    lines.extend(rows);
    let width = |i: usize| lines.iter().filter_map(|line: &Vec<String>| line.get(i)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).filter_map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_they_hold() {
        let rows = vec![vec!["1".to_owned(), "closed".to_owned()], vec!["12".to_owned(), "é".to_owned()]];
        assert_eq!(table(&["id", "state"], rows), "id  state\n1   closed\n12  é\n");
    }
}
