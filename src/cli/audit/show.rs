//! `mcpfier audit query`, `tail` and `export`.

use std::collections::VecDeque;
use std::time::Duration;

use crate::audit::{Entry, Pages, Question, csv, csv_head, files_of, row};

use super::super::arguments::Arguments;
use super::super::exit::Exit;
use super::super::print::Printer;
use super::arguments::{ExportFormat, QuestionWords};

/// How often somebody who follows a log looks for more.
const LOOK: Duration = Duration::from_millis(200);

/// How a record is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Rows,
    /// As it is.
    Lines,
    Table,
}

impl Form {
    pub fn of(printer: &Printer) -> Self {
        if printer.json { Self::Lines } else { Self::Rows }
    }

    fn written(self, entry: &Entry) -> Option<String> {
        let record = entry.record.as_ref()?;
        Some(match self {
            Self::Rows => format!("{}\n", row(record)),
            Self::Lines => format!("{}\n", entry.text),
            Self::Table => format!("{}\r\n", csv(record)),
        })
    }
}

impl From<ExportFormat> for Form {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Jsonl => Self::Lines,
            ExportFormat::Csv => Self::Table,
        }
    }
}

/// Prints what fits, or the last of it.
pub fn print(
    arguments: &Arguments,
    words: &QuestionWords,
    last: Option<usize>,
    form: Form,
    printer: &Printer,
) -> Exit {
    let opened = open(arguments, words, printer);
    let (mut pages, question) = match opened {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    if form == Form::Table {
        printer.data(&format!("{}\r\n", csv_head()));
    }
    match some(&mut pages, &question, last, form, printer) {
        Ok(()) => Exit::OK,
        Err(exit) => exit,
    }
}

/// Prints the last of what fits, and what comes after.
pub fn tail(
    arguments: &Arguments,
    words: &QuestionWords,
    last: usize,
    follow: bool,
    printer: &Printer,
) -> Exit {
    let (mut pages, question) = match open(arguments, words, printer) {
        Ok(opened) => opened,
        Err(exit) => return exit,
    };
    pages = if follow { pages.waiting() } else { pages };
    let form = Form::of(printer);
    if let Err(exit) = some(&mut pages, &question, Some(last), form, printer) {
        return exit;
    }
    if !follow {
        return Exit::OK;
    }
    loop {
        std::thread::sleep(LOOK);
        if let Err(exit) = some(&mut pages, &question, None, form, printer) {
            return exit;
        }
        pages.renew();
    }
}

fn open(arguments: &Arguments, words: &QuestionWords, printer: &Printer) -> Result<(Pages, Question), Exit> {
    for moment in words.since.iter().chain(&words.until) {
        let is_moment = moment.len() >= 4 && moment.bytes().all(|byte| b"0123456789-T:.Z".contains(&byte));
        if !is_moment {
            printer.error(&format!("`{moment}` is no moment; write `2026-11-21` or `2026-11-21T10:30`"));
            return Err(Exit::USAGE);
        }
    }
    let log = super::log(arguments, words.file.as_ref(), printer)?;
    Ok((Pages::of(files_of(&log)), question(words)))
}

fn question(words: &QuestionWords) -> Question {
    Question {
        since: words.since.clone(),
        until: words.until.clone(),
        caller: words.caller.clone(),
        tool: words.tool.clone(),
        event: words.event.clone(),
        decision: words.decision.clone(),
        verdict: words.verdict.clone(),
        trace: words.trace.clone(),
        call: words.call.clone(),
        failed: words.failed,
    }
}

fn some(
    pages: &mut Pages,
    question: &Question,
    last: Option<usize>,
    form: Form,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut kept: VecDeque<String> = VecDeque::new();
    loop {
        let entry = pages.next_entry().map_err(|problem| {
            printer.error(&format!("the log cannot be read: {problem}"));
            Exit::FAILURE
        })?;
        let Some(entry) = entry else { break };
        let fits = entry.record.as_ref().is_some_and(|record| question.takes(record));
        let Some(text) = form.written(&entry).filter(|_| fits) else { continue };
        match last {
            None => printer.data(&text),
            Some(most) => {
                kept.push_back(text);
                if kept.len() > most {
                    kept.pop_front();
                }
            }
        }
    }
    kept.iter().for_each(|text| printer.data(text));
    Ok(())
}
