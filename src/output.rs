//! What is printed: tables for people, JSON for machines, progress bars on a terminal.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::error::Error;

/// How results are to be printed.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    /// JSON goes before silence: who asks for an object gets it.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether results are JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: its text for people, or itself as one JSON object on one line.
    pub fn show(&self, result: &(impl Serialize + Display)) -> Result<(), Error> {
        if self.json {
            print(&serde_json::to_string(result)?)
        } else if self.quiet {
            Ok(())
        } else {
            print(&result.to_string())
        }
    }

    /// Prints text that is the result in a form that was asked for.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        print(text)
    }

    /// A bar of `total` steps on standard error, shown from the start, for work of few long steps.
    pub fn steps(&self, what: &'static str, total: u64) -> ProgressBar {
        if self.json || self.quiet || !io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}, {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// A progress bar on standard error, of `total` units if that is known. It appears only on a
    /// terminal, and only when the work takes more than a second.
    pub fn progress(&self, what: &'static str, total: Option<u64>) -> Progress {
        if self.json || self.quiet || !io::stderr().is_terminal() {
            return Progress(None);
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = match total {
            Some(_) => "{msg} {wide_bar} {percent:>3} %, {eta} left",
            None => "{msg} {spinner} {human_pos} packets, {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Progress(Some(Bar {
            bar,
            hidden_since: Some(Instant::now()),
        }))
    }
}

/// Prints lines on standard output. Whoever reads it may stop doing so: that is no error.
fn print(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::new(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints lines on standard error.
pub fn report(text: &str) {
    // Where errors cannot be printed there is nothing left to tell them to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A progress bar, or nothing.
#[derive(Debug)]
pub struct Progress(Option<Bar>);

#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    /// The start of the work, until the bar is shown.
    hidden_since: Option<Instant>,
}

impl Progress {
    const DELAY: Duration = Duration::from_secs(1);

    /// So many units more are done.
    pub fn advance(&mut self, units: u64) {
        let Some(Bar { bar, hidden_since }) = &mut self.0 else {
            return;
        };
        bar.inc(units);
        if hidden_since.is_some_and(|start| start.elapsed() > Self::DELAY) {
            *hidden_since = None;
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Bar { bar, .. }) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Lines of a label and a value, the values below each other; a label alone is a heading.
#[derive(Debug, Default)]
pub struct Table(Vec<(&'static str, String)>);

impl Table {
    /// Appends a line.
    pub fn line(&mut self, label: &'static str, value: impl Display) -> &mut Self {
        self.0.push((label, value.to_string()));
        self
    }

    /// Appends a heading.
    pub fn heading(&mut self, label: &'static str) -> &mut Self {
        self.line(label, "")
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(label, _)| label.len()).max();
        let width = width.unwrap_or(0) + 2;
        for (number, (label, value)) in self.0.iter().enumerate() {
            let newline = if number == 0 { "" } else { "\n" };
            match value.as_str() {
                "" => write!(f, "{newline}{label}")?,
                value => write!(f, "{newline}{label:width$}{value}")?,
            }
        }
        Ok(())
    }
}

/// A whole number with separators, as in 1,234,567.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate rounded to whole things per second.
pub fn rate(per_second: f64) -> String {
    // A rate of a run on a real machine is far below 2^64.
    grouped(per_second.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(
            [0, 999, 1_000, 12_345, 123_456, 1_234_567].map(grouped),
            ["0", "999", "1,000", "12,345", "123,456", "1,234,567"]
        );
    }

    #[test]
    fn values_stand_below_each_other() {
        let mut table = Table::default();
        table.heading("run").line("frames", 12).line("beats", "two");
        assert_eq!(table.to_string(), "run\nframes  12\nbeats   two");
    }
}
