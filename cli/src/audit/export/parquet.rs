//! Rows as Apache Parquet: a row group for every few thousand.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use berth_audit::Row;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::Sink;
use crate::fault::{Fault, While};

/// The columns: `at` is microseconds since 1970 (UTC), `payload` the event as
/// JSON text, the ids are those of the first thing of each kind.
const SCHEMA: &str = "message event {
    required int64 seq;
    required int32 index;
    required int64 at (timestamp(micros, true));
    required binary type (string);
    optional binary market (string);
    optional int64 account;
    optional int64 provider;
    optional int64 order;
    optional int64 bid;
    optional int64 lease;
    required binary payload (string);
}";

/// Rows that are held until they make a group.
const GROUP: usize = 8_192;

pub(super) struct ParquetFile {
    writer: SerializedFileWriter<File>,
    rows: Vec<Row>,
}

impl ParquetFile {
    pub(super) fn create(path: &Path) -> Result<Self, Fault> {
        let what = format!("making {}", path.display());
        let file = File::create_new(path).or_fault(&what)?;
        let schema = parse_message_type(SCHEMA).expect("the schema is well-formed");
        let properties = Arc::new(WriterProperties::builder().build());
        let writer = SerializedFileWriter::new(file, Arc::new(schema), properties).or_fault(&what)?;
        Ok(Self { writer, rows: Vec::new() })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        let mut column = 0;
        while let Some(mut writer) = group.next_column()? {
            write_column(writer.untyped(), column, &rows)?;
            writer.close()?;
            column += 1;
        }
        group.close().map(drop)
    }
}

impl Sink for ParquetFile {
    fn write(&mut self, row: Row) -> Result<(), Fault> {
        self.rows.push(row);
        if self.rows.len() < GROUP { Ok(()) } else { self.write_group().or_fault("writing rows") }
    }

    fn close(mut self: Box<Self>) -> Result<(), Fault> {
        if !self.rows.is_empty() {
            self.write_group().or_fault("writing the last rows")?;
        }
        self.writer.close().map(drop).or_fault("ending the file")
    }
}

/// A column by its place in the schema.
fn write_column(writer: &mut ColumnWriter<'_>, column: usize, rows: &[Row]) -> Result<(), ParquetError> {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let text = |text: &str| ByteArray::from(text.as_bytes().to_vec());
    match column {
        0 => whole(writer, rows.iter().map(|row| Some(signed(row.seq)))),
        1 => {
            let ColumnWriter::Int32ColumnWriter(writer) = writer else { unreachable!("the schema has 32 bits here") };
            let values: Vec<i32> = rows.iter().map(|row| i32::try_from(row.index).unwrap_or(i32::MAX)).collect();
            writer.write_batch(&values, None, None).map(drop)
        }
        2 => whole(writer, rows.iter().map(|row| Some(signed(row.at)))),
        3 => bytes(writer, rows.iter().map(|row| Some(text(row.kind)))),
        4 => bytes(writer, rows.iter().map(|row| row.market.as_deref().map(text))),
        5 => whole(writer, rows.iter().map(|row| row.account.map(signed))),
        6 => whole(writer, rows.iter().map(|row| row.provider.map(signed))),
        7 => whole(writer, rows.iter().map(|row| row.order.map(signed))),
        8 => whole(writer, rows.iter().map(|row| row.bid.map(signed))),
        9 => whole(writer, rows.iter().map(|row| row.lease.map(signed))),
        _ => bytes(writer, rows.iter().map(|row| Some(text(&row.payload)))),
    }
}

fn whole(writer: &mut ColumnWriter<'_>, values: impl Iterator<Item = Option<i64>>) -> Result<(), ParquetError> {
    let ColumnWriter::Int64ColumnWriter(writer) = writer else { unreachable!("the schema has 64 bits here") };
    let (values, levels) = split(values);
    writer.write_batch(&values, Some(&levels), None).map(drop)
}

fn bytes(writer: &mut ColumnWriter<'_>, values: impl Iterator<Item = Option<ByteArray>>) -> Result<(), ParquetError> {
    let ColumnWriter::ByteArrayColumnWriter(writer) = writer else { unreachable!("the schema has text here") };
    let (values, levels) = split(values);
    writer.write_batch(&values, Some(&levels), None).map(drop)
}

/// The values that are there, and for each row whether there is one. A required
/// column ignores the second.
fn split<T>(values: impl Iterator<Item = Option<T>>) -> (Vec<T>, Vec<i16>) {
    let (mut there, mut levels) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        there.extend(value);
    }
    (there, levels)
}
