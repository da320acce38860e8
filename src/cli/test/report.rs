//! Verdicts as they come, in the order of the file, and what runs meanwhile.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cli::print::Printer;
use crate::trial::{Counts, Finished, Status};

use super::Verdicts;
use super::conduct::Event;
use super::perform::not_run;
use super::select::Case;

/// What came of all tests.
pub struct Results {
    pub finished: Vec<Finished>,
    pub untested: Vec<String>,
    pub is_interrupted: bool,
    pub took: Duration,
}

pub struct Report {
    titles: Vec<String>,
    /// For tests that nobody gets to.
    absent: Vec<Finished>,
    verdicts: Verdicts,
    /// The first that is not told yet.
    next: usize,
    running: Vec<(usize, Instant)>,
    file: String,
    says_lines: bool,
    colour: bool,
    /// Whether there is a line of what runs.
    is_live: bool,
}

impl Report {
    pub fn new(cases: &[Case], printer: &Printer, file: String) -> Self {
        let is_terminal = io::stdout().is_terminal() && !printer.json;
        Self {
            titles: cases.iter().map(|case| format!("{}: {}", case.tool.name, case.trial.name)).collect(),
            absent: cases.iter().map(not_run).collect(),
            verdicts: vec![None; cases.len()],
            next: 0,
            running: Vec::new(),
            file,
            says_lines: !printer.json,
            colour: printer.colours_data(),
            is_live: is_terminal,
        }
    }

    pub fn note(&mut self, event: Event) {
        match event {
            Event::Started(index) => self.running.push((index, Instant::now())),
            Event::Finished(index, finished) => {
                self.running.retain(|(running, _)| *running != index);
                if let Some(verdict) = self.verdicts.get_mut(index) {
                    *verdict = Some(finished);
                }
            }
        }
        self.tell();
    }

    /// Some time has passed.
    pub fn beat(&self) {
        if self.is_live {
            write(&format!("{CLEAR}{}", self.live_line()));
        }
    }

    /// All verdicts; tests without one have not run.
    pub fn finish(mut self) -> Vec<Finished> {
        self.running.clear();
        for (verdict, absent) in self.verdicts.iter_mut().zip(&self.absent) {
            verdict.get_or_insert_with(|| absent.clone());
        }
        self.tell();
        if self.is_live {
            write(CLEAR);
        }
        self.verdicts.into_iter().flatten().collect()
    }

    /// Writes what is ready: a verdict waits for those before it.
    fn tell(&mut self) {
        let mut text = String::new();
        while let Some(Some(finished)) = self.verdicts.get(self.next) {
            if self.says_lines {
                text.push_str(&self.told(finished));
            }
            self.next += 1;
        }
        if self.is_live {
            write(&format!("{CLEAR}{text}{}", self.live_line()));
        } else if !text.is_empty() {
            write(&text);
        }
    }

    fn told(&self, finished: &Finished) -> String {
        let Finished { command, name, file, line, status, duration } = finished;
        let title = format!("{command}: {name}");
        let took = shown(*duration);
        match status {
            Status::Passed => format!("{}   {title} ({took})\n", self.painted("32", "ok")),
            Status::Skipped(reason) => format!("{} {title} ({reason})\n", self.painted("33", "skip")),
            // The summary counts them.
            Status::NotRun => String::new(),
            Status::Failed(problems) => {
                let mut text = format!("{} {title} ({took})\n", self.painted("1;31", "FAIL"));
                let file = file.as_ref().unwrap_or(&self.file);
                text.push_str(&format!("     {file}:{line}\n"));
                for problem in problems {
                    push_indented(&mut text, "     ", &problem.message);
                    problem
                        .detail
                        .iter()
                        .for_each(|line| text.push_str(&format!("       {}\n", self.coloured(line))));
                }
                text
            }
        }
    }

    fn coloured(&self, line: &str) -> String {
        match line.as_bytes() {
            [b'-', b' ', ..] => self.painted("31", line),
            [b'+', b' ', ..] => self.painted("32", line),
            _ => line.to_owned(),
        }
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// What runs; without a line break, and cut by the terminal where it is too long.
    fn live_line(&self) -> String {
        if self.running.is_empty() {
            return String::new();
        }
        let done = self.verdicts.iter().flatten().count();
        let names: Vec<String> = self
            .running
            .iter()
            .filter_map(|(index, since)| {
                Some(format!("{} {}s", self.titles.get(*index)?, since.elapsed().as_secs()))
            })
            .collect();
        format!("\u{1b}[?7l{done}/{}  {}\u{1b}[?7h", self.titles.len(), names.join(" · "))
    }
}

/// To the beginning of the line, and nothing on it.
const CLEAR: &str = "\r\u{1b}[2K";

fn write(text: &str) {
    let mut stdout = io::stdout().lock();
    // Whoever closed the pipe has read enough.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn push_indented(text: &mut String, indent: &str, message: &str) {
    for line in message.lines() {
        text.push_str(&format!("{indent}{line}\n"));
    }
}

fn shown(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ ..1000 => format!("{millis}ms"),
        _ => format!("{:.1}s", duration.as_secs_f64()),
    }
}

impl Results {
    /// The last line: how many of each, and how long it took.
    pub fn summary(&self) -> String {
        let Counts { passed, failed, skipped, not_run } = Counts::of(&self.finished);
        let rest = [(failed, "failed"), (skipped, "skipped"), (not_run, "not run")];
        let rest: String = rest
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!(", {count} {what}"))
            .collect();
        let counts = match self.finished.is_empty() {
            true => "no tests".to_owned(),
            false => format!("{passed} passed{rest} in {}", shown(self.took)),
        };
        let untested = match self.untested.as_slice() {
            [] => String::new(),
            [one] => format!("; `{one}` has no tests"),
            more => format!("; {} commands have no tests", more.len()),
        };
        let gap = if self.finished.is_empty() { "" } else { "\n" };
        format!("{gap}{counts}{untested}\n")
    }
}
