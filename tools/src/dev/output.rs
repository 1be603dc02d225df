//! What the terminal shows: every line after the name of who says it, in a colour of its own.

use std::{
    collections::HashMap,
    io::{IsTerminal, Write},
    sync::Arc,
};

use anstyle::{AnsiColor, Style};
use tokio::sync::mpsc;

const COLOURS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Green,
    AnsiColor::Yellow,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightGreen,
    AnsiColor::BrightYellow,
    AnsiColor::BrightBlue,
];

/// Standard output, shared by all.
#[derive(Clone)]
pub(crate) struct Output(Arc<Prefixes>);

struct Prefixes {
    of: HashMap<String, String>,
    own: String,
    bold: Style,
    /// Who hears the services' lines in place of the terminal.
    listener: Option<mpsc::UnboundedSender<Said>>,
}

/// A line of a service.
pub(crate) struct Said {
    pub(crate) by: String,
    pub(crate) line: String,
}

impl Output {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the convention of no-color.org; a tool has no configuration"
        )]
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = std::io::stdout().is_terminal() && !no_color;
        let names: Vec<&str> = names.collect();
        let width = names.iter().map(|name| name.len()).max().unwrap_or_default().max(3);
        let prefix = |name: &str, style: Style| format!("{style}{name:<width$} │{style:#} ");
        let of = names.iter().zip(COLOURS.iter().cycle()).map(|(name, colour)| {
            let style = if coloured { Style::new().fg_color(Some((*colour).into())) } else { Style::new() };
            ((*name).to_owned(), prefix(name, style))
        });
        let bold = if coloured { Style::new().bold() } else { Style::new() };
        Self(Arc::new(Prefixes { of: of.collect(), own: prefix("dev", bold), bold, listener: None }))
    }

    /// Shows nothing: what services print goes to whoever has the other end.
    pub(crate) fn heard() -> (Self, mpsc::UnboundedReceiver<Said>) {
        let (of, own, bold) = (HashMap::new(), String::new(), Style::new());
        let (listener, said) = mpsc::unbounded_channel();
        (Self(Arc::new(Prefixes { of, own, bold, listener: Some(listener) })), said)
    }

    /// A line of a service.
    pub(super) fn line(&self, name: &str, line: &str) {
        match &self.0.listener {
            // Who does not listen any more does not want to know.
            Some(listener) => drop(listener.send(Said { by: name.to_owned(), line: line.to_owned() })),
            None => put(&format!("{}{line}\n", self.0.of.get(name).unwrap_or(&self.0.own))),
        }
    }

    /// A line of our own.
    pub(super) fn say(&self, line: &str) {
        self.put(&format!("{}{line}\n", self.0.own));
    }

    /// Text that is to be found again among the lines: without a prefix, so that it can be copied.
    pub(super) fn block(&self, text: &str) {
        self.put(text);
    }

    fn put(&self, text: &str) {
        if self.0.listener.is_none() {
            put(text);
        }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        let style = self.0.bold;
        format!("{style}{text}{style:#}")
    }
}

fn put(text: &str) {
    // Whoever closes our standard output does not want to know.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
