//! `berth export`: all events as files, one for each day and type, for those who
//! ask with SQL.

mod jsonl;
mod parquet;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use berth_audit::{Row, day, rows};
use clap::{Args, ValueEnum};
use serde_json::json;

use self::jsonl::JsonlFile;
use self::parquet::ParquetFile;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    data: Data,
    /// The files' format.
    #[arg(value_enum)]
    kind: Kind,
    /// Where they go: a folder that is empty or not there yet. In it, a folder
    /// for each day (UTC) has a file for each type of event.
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// One JSON object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// A file that rows are written to.
trait Sink {
    fn write(&mut self, row: Row) -> Result<(), Fault>;
    /// Writes what is left and makes the file whole.
    fn close(self: Box<Self>) -> Result<(), Fault>;
}

impl Export {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let out = self.out.clone();
        let what = format!("writing to {}", out.display());
        fs::create_dir_all(&out).or_fault(&what)?;
        if fs::read_dir(&out).or_fault(&what)?.next().is_some() {
            return Err(Fault::CouldNotRun(format!("out: {} is not empty", out.display())));
        }
        // Files of the day that the log is at; stamps never run back.
        let mut today = String::new();
        let mut open: BTreeMap<&'static str, Box<dyn Sink>> = BTreeMap::new();
        let (mut files, mut count) = (0_u64, 0_u64);
        let player = self.data.walk(|moment| {
            let of = day(moment.entry.at);
            if of != today {
                std::mem::take(&mut open).into_values().try_for_each(Sink::close)?;
                fs::create_dir_all(out.join(&of)).or_fault(&what)?;
                today = of;
            }
            for row in rows(moment) {
                count += 1;
                let sink = match open.get_mut(row.kind) {
                    Some(sink) => sink,
                    None => {
                        files += 1;
                        let made = self.kind.file(&out.join(&today), row.kind)?;
                        open.entry(row.kind).or_insert(made)
                    }
                };
                sink.write(row)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        open.into_values().try_for_each(Sink::close)?;
        output::object(format, &json!({ "toSeq": player.exchange().head().0, "events": count, "files": files }));
        Ok(())
    }
}

impl Kind {
    fn file(self, folder: &Path, kind: &str) -> Result<Box<dyn Sink>, Fault> {
        Ok(match self {
            Self::Jsonl => Box::new(JsonlFile::create(&folder.join(format!("{kind}.jsonl")))?),
            Self::Parquet => Box::new(ParquetFile::create(&folder.join(format!("{kind}.parquet")))?),
        })
    }
}
