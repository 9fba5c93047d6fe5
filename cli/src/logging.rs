//! What is logged, on standard error: lines for people, or an object a line for
//! programs.

use std::fmt;
use std::io::IsTerminal;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{Log, LogFormat};

/// Reads what shall be logged: a level, or `TARGET=LEVEL` for parts of the
/// program, with commas between them.
///
/// # Errors
/// When it is none, as the end of a sentence.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, String> {
    for part in text.split(',').map(str::trim) {
        // A word alone would be taken for the name of a part of the program.
        let is_level = ["error", "warn", "info", "debug", "trace", "off"].contains(&&*part.to_ascii_lowercase());
        if !is_level && !part.contains(['=', '[']) {
            return Err(format!("is {text:?}, and {part:?} is neither a level nor TARGET=LEVEL"));
        }
    }
    EnvFilter::builder().parse(text).map_err(|why| format!("is {text:?}: {why}"))
}

/// Begins to log.
pub(crate) fn begin(log: &Log) {
    let filter = filter(&log.level.0).expect("a level was read by the same function");
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Text => registry.with(lines.with_ansi(std::io::stderr().is_terminal())).init(),
        LogFormat::Json => registry.with(lines.with_ansi(false).event_format(Objects)).init(),
    }
}

/// One JSON object a line: `at`, `level`, `target`, `message`, and what else the
/// line says, under its own names.
struct Objects;

impl<S, N> FormatEvent<S, N> for Objects
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut at = String::new();
        SystemTime.format_time(&mut Writer::new(&mut at))?;
        let mut object = Object(Map::new());
        event.record(&mut object);
        let said = event.metadata();
        // What a line says of itself does not go over what it is.
        for (name, value) in
            [("at", at), ("level", said.level().as_str().to_ascii_lowercase()), ("target", said.target().to_owned())]
        {
            object.0.insert(name.to_owned(), value.into());
        }
        writeln!(writer, "{}", Value::Object(object.0))
    }
}

struct Object(Map<String, Value>);

impl Object {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_level_is_one_or_is_refused() {
        for good in ["info", "WARN", "off", "warn,berth_gateway=debug", "berth_journal=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["inof", "", "info,", "berth=loud", "info,verbose"] {
            assert!(filter(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_is_an_object_that_keeps_its_kinds() {
        let kept = Kept::default();
        let writer = kept.clone();
        let lines = tracing_subscriber::fmt::layer().event_format(Objects).with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::warn!(seq = 7_u64, open = true, who = "a\n\"b\"", level = "none", "two\nlines");
        });
        let said = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(said.lines().count(), 1, "{said}");
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["seq"], &said["open"], &said["who"]), (&7.into(), &true.into(), &"a\n\"b\"".into()));
        assert_eq!((&said["level"], &said["message"]), (&"warn".into(), &"two\nlines".into()));
        assert!(said["target"].as_str().unwrap().ends_with("logging::tests"));
        assert!(said["at"].as_str().unwrap().ends_with('Z'), "{said}");
    }
}
