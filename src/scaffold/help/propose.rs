//! Options and arguments → a command to review.

use serde_json::{Value, json};

use super::entry::{Entry, entries};
use super::flag::Flag;
use super::kind;
use super::usage::{Positional, Usage, usage};
use crate::scaffold::proposal::{Action, Element, Param, Presence, Proposal, param_name, tool_name};

/// More options than a model can choose among help nobody.
const MOST: usize = 20;

/// Nothing in the text looks like help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither a usage line nor options were found in it")]
pub struct NoHelp;

/// A command for the program and subcommands `words`, as its help describes it.
pub fn propose(words: &[String], help: &str, name: Option<&str>) -> Result<Proposal, NoHelp> {
    let entries = entries(help);
    let flags: Vec<Flag> = different(entries.iter().filter_map(Flag::parse).collect());
    let usage = usage(help, words);
    if flags.is_empty() && usage.is_none() {
        return Err(NoHelp);
    }
    let usage = usage.unwrap_or_default();
    let (chosen, left_out) = choose(flags);
    let (script, fixed) = words.split_first().ok_or(NoHelp)?;
    let mut draft = Draft { args: fixed.iter().cloned().map(Element::Word).collect(), params: Vec::new() };
    chosen.iter().for_each(|flag| draft.add_flag(flag));
    draft.add_positionals(&usage.positionals, &entries, chosen.iter().any(Flag::is_long_with_one_dash));
    let described = description(help);
    Ok(Proposal {
        name: name.map_or_else(|| proposed_name(words), str::to_owned),
        remarks: remarks(&usage, &left_out, described.is_none()),
        description: described.unwrap_or_else(|| format!("Run `{}`.", words.join(" "))),
        action: Action::Program { script: script.clone(), args: draft.args },
        params: draft.params,
        ..Proposal::default()
    })
}

fn proposed_name(words: &[String]) -> String {
    let program = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    let rest = words.iter().skip(1).filter(|word| !word.starts_with('-')).map(String::as_str);
    let name = tool_name(&std::iter::once(program).chain(rest).collect::<Vec<_>>().join("-"));
    if name.is_empty() { "command".to_owned() } else { name }
}

/// Each option once, as it came first.
fn different(flags: Vec<Flag>) -> Vec<Flag> {
    let mut seen = std::collections::BTreeSet::new();
    flags.into_iter().filter(|flag| seen.insert(param_name(flag.name()))).collect()
}

/// Why an option is not proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// It might run programs, write, delete, or read secrets.
    Unsafe,
    /// There are more useful ones.
    Crowded,
}

/// The most useful options in their own order, and the others.
fn choose(flags: Vec<Flag>) -> (Vec<Flag>, Vec<(Flag, LeftOut)>) {
    let talkative = |flag: &Flag| {
        ["help", "h", "version", "V", "usage", "color", "colour", "colors", "man"].contains(&flag.name())
    };
    let (unsafe_ones, rest): (Vec<Flag>, Vec<Flag>) =
        flags.into_iter().filter(|flag| !talkative(flag)).partition(is_unsafe);
    let mut ranked: Vec<(i32, usize)> =
        rest.iter().enumerate().map(|(at, flag)| (-usefulness(flag), at)).collect();
    ranked.sort_unstable();
    let best: std::collections::BTreeSet<usize> = ranked.into_iter().take(MOST).map(|(_, at)| at).collect();
    let mut left_out: Vec<(Flag, LeftOut)> =
        unsafe_ones.into_iter().map(|flag| (flag, LeftOut::Unsafe)).collect();
    let mut chosen = Vec::new();
    for (at, flag) in rest.into_iter().enumerate() {
        match best.contains(&at) {
            true => chosen.push(flag),
            false => left_out.push((flag, LeftOut::Crowded)),
        }
    }
    (chosen, left_out)
}

fn is_unsafe(flag: &Flag) -> bool {
    const WORDS: [&str; 36] = [
        "exec",
        "execdir",
        "execute",
        "ok",
        "okdir",
        "pre",
        "command",
        "cmd",
        "shell",
        "eval",
        "output",
        "out",
        "write",
        "inplace",
        "place",
        "delete",
        "remove",
        "rm",
        "force",
        "config",
        "rcfile",
        "plugin",
        "load",
        "editor",
        "pager",
        "hook",
        "upload",
        "password",
        "token",
        "fprint",
        "fls",
        "hostname",
        "overwrite",
        "textconv",
        "ext",
        "filters",
    ];
    flag.name().split(['-', '_']).any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
        || begins_with_a_change(&flag.text)
}

/// "Extract files from an archive", "Append to target file when uploading".
fn begins_with_a_change(text: &str) -> bool {
    const CHANGES: [&str; 9] =
        ["append", "concatenate", "create", "delete", "extract", "overwrite", "remove", "update", "write"];
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    CHANGES.contains(&first.as_str())
}

fn usefulness(flag: &Flag) -> i32 {
    const USEFUL: [&str; 34] = [
        "ignore-case",
        "max-count",
        "limit",
        "count",
        "recursive",
        "all",
        "format",
        "json",
        "glob",
        "include",
        "exclude",
        "depth",
        "max-depth",
        "context",
        "line-number",
        "word-regexp",
        "fixed-strings",
        "invert-match",
        "files-with-matches",
        "sort",
        "reverse",
        "filter",
        "name",
        "since",
        "until",
        "lines",
        "tail",
        "type",
        "human-readable",
        "package",
        "release",
        "namespace",
        "selector",
        "all-targets",
    ];
    let text = flag.text.to_ascii_lowercase();
    let doubtful = [
        "deprecated",
        "unstable",
        "nightly",
        "experimental",
        "alias for",
        "alias of",
        "opposite of",
        "(default)",
    ];
    let mut points = 0;
    points += if USEFUL.contains(&flag.name()) { 4 } else { 0 };
    points += if flag.word.starts_with("--") { 2 } else { 0 };
    points += if text.is_empty() { 0 } else { 1 };
    points - if doubtful.iter().any(|word| text.contains(word)) { 6 } else { 0 }
}

/// Arguments and parameters as they come together.
struct Draft {
    args: Vec<Element>,
    params: Vec<Param>,
}

impl Draft {
    fn add_flag(&mut self, flag: &Flag) {
        let name = self.free_name(&param_name(flag.name()));
        let template = format!("{{{{{name}}}}}");
        let (element, schema, presence) = match &flag.value {
            None => {
                let boolean = json!({ "type": "boolean" }).as_object().cloned().unwrap_or_default();
                (Element::If(name.clone(), vec![flag.word.clone()]), boolean, Presence::Default(json!(false)))
            }
            Some(value) => {
                let element = match value.joined {
                    true => Element::Word(format!("{}={template}", flag.word)),
                    false => Element::Group(vec![flag.word.clone(), template]),
                };
                (element, kind::schema(&value.name, &flag.text), Presence::Optional)
            }
        };
        self.args.push(element);
        self.params.push(Param { name, description: sentence(&flag.text, flag.name()), schema, presence });
    }

    /// Behind `--`, so that no value becomes an option. A program whose options are words with one dash,
    /// like `find`, has a grammar of its own and takes them there too.
    fn add_positionals(
        &mut self,
        positionals: &[Positional],
        entries: &[Entry],
        options_stand_anywhere: bool,
    ) {
        if !positionals.is_empty() {
            self.args.push(Element::Word("--".to_owned()));
        }
        for positional in positionals {
            let name = self.name_of(positional);
            let text = entries.iter().find(|entry| same_name(&entry.term, &positional.name));
            let text = text.map_or("", |entry| entry.text.as_str());
            let mut schema = kind::schema(&positional.name, text);
            if options_stand_anywhere && !schema.contains_key("format") {
                schema.insert("pattern".to_owned(), json!(r"^[^-][\s\S]*$"));
            }
            if positional.many {
                let items = json!({ "type": "array", "items": Value::Object(schema), "maxItems": 100 });
                schema = items.as_object().cloned().unwrap_or_default();
            }
            let presence = if positional.optional { Presence::Optional } else { Presence::Required };
            self.args.push(Element::Word(format!("{{{{{name}}}}}")));
            self.params.push(Param { description: sentence(text, &positional.name), name, schema, presence });
        }
    }

    /// Of several files `files`, where `file` is an option.
    fn name_of(&self, positional: &Positional) -> String {
        let name = param_name(positional.name.split(',').next().unwrap_or_default());
        let taken = self.params.iter().any(|param| param.name == name);
        self.free_name(&if taken && positional.many { format!("{name}s") } else { name })
    }

    fn free_name(&self, name: &str) -> String {
        let taken = |name: &str| self.params.iter().any(|param| param.name == name);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default()
    }
}

fn same_name(term: &str, name: &str) -> bool {
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    bare(term) == bare(name)
}

/// The first sentence, with a capital; the name where there is no text.
fn sentence(text: &str, name: &str) -> String {
    let text =
        text.split("[possible values").next().unwrap_or_default().split(". ").next().unwrap_or_default();
    let short: String = text.trim().trim_end_matches(['.', ';', ',']).chars().take(160).collect();
    let mut characters = short.chars();
    match characters.next() {
        None => format!("The value of {name}"),
        Some(first) if characters.as_str().starts_with(|c: char| c.is_lowercase() || c == ' ') => {
            first.to_uppercase().chain(characters).collect()
        }
        Some(_) => short,
    }
}

/// The first words of the help that are prose.
fn description(help: &str) -> Option<String> {
    let mut lines = help.lines().skip_while(|line| !is_prose(line));
    let mut text = lines.next()?.trim().to_owned();
    for line in lines.take_while(|line| is_prose(line)) {
        if text.ends_with('.') {
            break;
        }
        text = format!("{text} {}", line.trim());
    }
    let text: String = text.chars().take(300).collect();
    let end = if text.ends_with(['.', '!']) { "" } else { "." };
    Some(format!("{}{end}", text.trim_end_matches([':', ';', ','])))
}

/// Not indented, no heading, no usage, no option, no version, no author.
fn is_prose(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let word_count = line.split_whitespace().count();
    let version = line.split_whitespace().nth(1).is_some_and(|word| {
        word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
    });
    let begins = line.starts_with(|c: char| c.is_alphanumeric());
    let no_text = ["usage", "example", "or:", "try "].iter().any(|word| lower.starts_with(word));
    let author = line.contains('<') && line.contains('@');
    begins && word_count > 1 && !line.ends_with(':') && ![no_text, version, author].contains(&true)
}

fn remarks(usage: &Usage, left_out: &[(Flag, LeftOut)], undescribed: bool) -> Vec<String> {
    let mut remarks =
        vec!["Proposed from its help. Review it: what each value may be, and what it may change.".to_owned()];
    if undescribed {
        remarks
            .push("Say in `description` what it does and when to use it; a model chooses by it.".to_owned());
    }
    if usage.subcommands {
        remarks.push("It has subcommands: ask for the help of one, and propose that.".to_owned());
    }
    for (why, text) in [
        (LeftOut::Unsafe, "Left out, since a caller could write or run something with them:"),
        (LeftOut::Crowded, "Left out, since there are so many:"),
    ] {
        let words: Vec<&str> = left_out
            .iter()
            .filter(|(_, reason)| *reason == why)
            .map(|(flag, _)| flag.word.as_str())
            .collect();
        if !words.is_empty() {
            let more =
                if words.len() > 12 { format!(" and {} more", words.len() - 12) } else { String::new() };
            let shown: Vec<&str> = words.into_iter().take(12).collect();
            remarks.push(format!("{text} {}{more}", shown.join(" ")));
        }
    }
    remarks
}
