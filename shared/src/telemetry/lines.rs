//! Log lines: flat JSON for machines, short text for a terminal; both carry the service and the request's trace id.

use std::{
    fmt::{self, Write as _},
    io::Write as _,
    sync::Arc,
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

use super::RequestRecord;

pub(super) struct Lines {
    service: Arc<str>,
    json: bool,
    colour: bool,
}

impl Lines {
    pub(super) fn new(service: &str, json: bool, colour: bool) -> Self {
        Self { service: service.into(), json, colour }
    }

    fn json(&self, event: &Event<'_>, line: &mut String) -> fmt::Result {
        let metadata = event.metadata();
        write!(line, "{{\"time\":\"{:.3}\",\"level\":\"{}\"", jiff::Timestamp::now(), metadata.level())?;
        line.push_str(",\"service\":");
        json_string(line, &self.service)?;
        let mut fields = JsonFields { line, message: String::new(), has_trace_id: false };
        event.record(&mut fields);
        let JsonFields { message, has_trace_id, .. } = fields;
        line.push_str(",\"message\":");
        json_string(line, &message)?;
        line.push_str(",\"target\":");
        json_string(line, metadata.target())?;
        if !has_trace_id && let Some(id) = RequestRecord::with_current(|record| record.trace().trace_id_hex())
        {
            write!(line, ",\"trace_id\":\"{id}\"")?;
        }
        line.push('}');
        Ok(())
    }

    fn text(&self, event: &Event<'_>, line: &mut String) -> fmt::Result {
        let metadata = event.metadata();
        let (dim, tint, reset) = match (self.colour, *metadata.level()) {
            (false, _) => ("", "", ""),
            (true, Level::ERROR) => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
            (true, Level::WARN) => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
            (true, _) => ("\x1b[2m", "", "\x1b[0m"),
        };
        let now = format!("{:.3}", jiff::Timestamp::now());
        let clock = now.get(11..23).unwrap_or(&now);
        let mut fields = TextFields::default();
        event.record(&mut fields);
        let trace_id = fields
            .trace_id
            .or_else(|| RequestRecord::with_current(|record| record.trace().trace_id_hex()))
            .map(|id| format!(" trace_id={id}"))
            .unwrap_or_default();
        let (message, rest) = (fields.message, fields.rest);
        let level = metadata.level();
        write!(line, "{dim}{clock}{reset} {tint}{level:<5} {message}{reset}{rest}{dim}{trace_id}{reset}")
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = String::with_capacity(512);
        let written = if self.json { self.json(event, &mut line) } else { self.text(event, &mut line) };
        line.push('\n');
        if written.is_ok() {
            // Nobody is left to tell when standard output is gone.
            let _ = std::io::stdout().lock().write_all(line.as_bytes());
        }
    }
}

fn json_string(line: &mut String, text: &str) -> fmt::Result {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        write!(line, "\"{text}\"")
    } else {
        line.push_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?);
        Ok(())
    }
}

struct JsonFields<'a> {
    line: &'a mut String,
    message: String,
    has_trace_id: bool,
}

impl JsonFields<'_> {
    fn put(&mut self, field: &Field, write: impl FnOnce(&mut String) -> fmt::Result) {
        self.has_trace_id |= field.name() == "trace_id";
        self.line.push_str(",\"");
        self.line.push_str(field.name());
        self.line.push_str("\":");
        // Writing to a String cannot fail.
        let _ = write(self.line);
    }
}

impl Visit for JsonFields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = value.to_owned();
        } else {
            self.put(field, |line| json_string(line, value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, |line| write!(line, "{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinity.
        self.put(
            field,
            |line| if value.is_finite() { write!(line, "{value}") } else { write!(line, "null") },
        );
    }
}

#[derive(Default)]
struct TextFields {
    message: String,
    trace_id: Option<String>,
    rest: String,
}

impl Visit for TextFields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            "trace_id" => self.trace_id = Some(value.to_owned()),
            name if value.is_empty() || value.contains([' ', '"', '\n']) => {
                let _ = write!(self.rest, " {name}={value:?}");
            }
            name => {
                let _ = write!(self.rest, " {name}={value}");
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
