//! `mcpfier init [FILE]`: a file to begin with. In a terminal it asks what to begin with. It never
//! writes over a file.

use std::fs::OpenOptions;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::Path;

use crate::config::config_schema;
use crate::scaffold::{self, LIBRARY, Template, UnknownTemplate};

use super::exit::Exit;
use super::print::Printer;

/// What `scaffold::starter` names.
const SCHEMA_FILE: &str = "mcpfier.schema.json";

/// What everybody can use.
const USUAL: [&str; 2] = ["files", "search"];

pub fn run(file: &Path, names: &[String], printer: &Printer) -> Exit {
    // Before anything is asked.
    if file.symlink_metadata().is_ok() {
        return there_already(file, printer);
    }
    if let Some(language) = other_language(file) {
        printer.error(&format!(
            "`{}` would be read as {language}, and what is written is YAML; name it `{}`",
            file.display(),
            file.with_extension("yaml").display()
        ));
        return Exit::USAGE;
    }
    let templates = match chosen(names, printer) {
        Ok(Some(templates)) => templates,
        Ok(None) => {
            printer.talk("\nnothing was written\n");
            return Exit::FAILURE;
        }
        Err(problem) => {
            printer.error(&problem.to_string());
            return Exit::USAGE;
        }
    };
    match write(file, &scaffold::starter(&server_name(file), &templates)) {
        Ok(()) => {
            let schema = write_schema(file, printer);
            printer.data(&next_steps(file, &templates, schema));
            Exit::OK
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => there_already(file, printer),
        Err(error) => {
            printer.error(&format!("`{}` cannot be written: {error}", file.display()));
            Exit::FAILURE
        }
    }
}

fn there_already(file: &Path, printer: &Printer) -> Exit {
    let file = file.display();
    printer.error(&format!(
        "`{file}` is there already and stays as it is; `mcpfier new NAME --into {file}` adds a template to it"
    ));
    Exit::FAILURE
}

/// What a file of this name is taken for, if that is not YAML.
fn other_language(file: &Path) -> Option<&'static str> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "json" => Some("JSON"),
        "toml" => Some("TOML"),
        _ => None,
    }
}

/// `None` if somebody was asked and left.
fn chosen(names: &[String], printer: &Printer) -> Result<Option<Vec<&'static Template>>, UnknownTemplate> {
    let mut names = names.to_vec();
    if names.is_empty() && io::stdin().is_terminal() {
        match asked(printer) {
            Some(answer) => names = answer,
            None => return Ok(None),
        }
    }
    if names.is_empty() {
        names = USUAL.map(str::to_owned).to_vec();
    }
    let mut templates = Vec::new();
    for name in names {
        let template = scaffold::find(&name)?;
        if !templates.contains(&template) {
            templates.push(template);
        }
    }
    Ok(Some(templates))
}

/// `None` at the end of the input (Ctrl-D). An empty line takes the usual ones.
fn asked(printer: &Printer) -> Option<Vec<String>> {
    let lines: Vec<String> = LIBRARY
        .iter()
        .enumerate()
        .map(|(at, template)| format!("{:>3}  {:<10} {}\n", at + 1, template.name, template.summary()))
        .collect();
    let question = "Which of these, by name or number? Nothing means files and search: ";
    printer.talk(&format!("{}\n{question}", lines.concat()));
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer).unwrap_or(0) == 0 {
        return None;
    }
    Some(answer.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()).map(by_number).collect())
}

fn by_number(word: &str) -> String {
    let number = word.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    number.and_then(|at| LIBRARY.get(at)).map_or(word, |template| template.name).to_owned()
}

/// The folder's name.
fn server_name(file: &Path) -> String {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_default();
    let name = scaffold::tool_name(&folder.file_name().unwrap_or_default().to_string_lossy());
    if name.is_empty() { "tools".to_owned() } else { name }
}

/// Fails if the file is there.
fn write(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

/// The schema that the file names, beside it. One that is there already stays.
fn write_schema(file: &Path, printer: &Printer) -> bool {
    match write(&file.with_file_name(SCHEMA_FILE), &format!("{:#}\n", config_schema())) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => {
            printer.talk(&format!("warning: `{SCHEMA_FILE}` cannot be written: {error}\n"));
            false
        }
    }
}

fn next_steps(file: &Path, templates: &[&Template], wrote_schema: bool) -> String {
    let names: Vec<&str> = templates.iter().flat_map(|template| template.names()).collect();
    let file = file.display().to_string();
    let word = shell_words::quote(&file);
    let schema = match wrote_schema {
        true => format!("wrote {SCHEMA_FILE}, by which editors complete, explain and check that file\n"),
        false => String::new(),
    };
    format!(
        "wrote {file}: {}
{schema}
Next:
  mcpfier --config {word} --validate     say what is wrong with it
  mcpfier --config {word} --dry-run      show what each command would run
  mcpfier --config {word} test           make the calls of its `tests`
  mcpfier --config {word} setup          put it into the assistants of this machine
",
        names.join(" ")
    )
}
