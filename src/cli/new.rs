//! `mcpfier new NAME`: a template of the library, printed or added to a file.

use crate::scaffold;

use super::arguments::NewWords;
use super::exit::Exit;
use super::into;
use super::print::Printer;

pub fn run(words: &NewWords, printer: &Printer) -> Exit {
    if words.list {
        printer.data(&scaffold::listing());
        return Exit::OK;
    }
    let Some(name) = words.name.as_ref().or(words.template.as_ref()) else {
        printer.error("no template is named; `mcpfier new --list` lists them");
        return Exit::USAGE;
    };
    match scaffold::find(name) {
        Err(problem) => {
            printer.error(&problem.to_string());
            Exit::USAGE
        }
        Ok(template) => match &words.into {
            Some(file) => into::deliver(template.commands(), Some(file), printer),
            None => {
                printer.data(&template.text());
                Exit::OK
            }
        },
    }
}
