//! Rows as JSON, one a line.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use berth_audit::Row;

use super::Sink;
use crate::fault::{Fault, While};

pub(super) struct JsonlFile {
    out: BufWriter<File>,
}

impl JsonlFile {
    pub(super) fn create(path: &Path) -> Result<Self, Fault> {
        let file = File::create_new(path).or_fault(&format!("making {}", path.display()))?;
        Ok(Self { out: BufWriter::new(file) })
    }
}

impl Sink for JsonlFile {
    fn write(&mut self, row: Row) -> Result<(), Fault> {
        // The payload is a JSON object; place and time go before its fields.
        let fields = row.payload.strip_prefix('{').unwrap_or(&row.payload);
        let head = format!("{{\"seq\":{},\"index\":{},\"at\":{}", row.seq, row.index, row.at);
        let comma = if fields == "}" { "" } else { "," };
        writeln!(self.out, "{head}{comma}{fields}").or_fault("writing a line")
    }

    fn close(mut self: Box<Self>) -> Result<(), Fault> {
        self.out.flush().or_fault("writing the last lines")
    }
}
