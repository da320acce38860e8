//! The shells that we complete in: how each asks and how it wants to be answered.

use std::fmt::Write;

use clap::ValueEnum;

use super::offer::{Kind, Offer, Offers};
use super::quote;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

/// A line up to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// Whole words; the program is not among them.
    pub before: Vec<String>,
    /// The word at the cursor, as far as it is typed; may be empty.
    pub current: String,
    /// The quote that is open at the cursor.
    open: Option<char>,
    /// How much of `current` the shell does not replace.
    kept: usize,
}

impl std::str::FromStr for Shell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        <Self as ValueEnum>::from_str(text, false)
    }
}

impl Shell {
    pub fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../../completions/mcpfier.bash"),
            Self::Zsh => include_str!("../../../completions/_mcpfier"),
            Self::Fish => include_str!("../../../completions/mcpfier.fish"),
            Self::Powershell => include_str!("../../../completions/_mcpfier.ps1"),
            Self::Elvish => include_str!("../../../completions/mcpfier.elv"),
        }
    }

    /// Reads what its script says.
    pub fn read(self, words: &[String]) -> Option<Typed> {
        let (current, before) = words.split_last()?;
        let plain = |current: &str| Typed {
            before: before.to_vec(),
            current: current.to_owned(),
            ..Typed::default()
        };
        match self {
            Self::Bash => from_bash(before, current),
            Self::Fish => Some(plain(&quote::unquoted(current).text)),
            // Its script puts a dot before it: an empty word would not reach us.
            Self::Powershell => Some(plain(current.strip_prefix('.')?.trim_start_matches(['\'', '"']))),
            Self::Zsh | Self::Elvish => Some(plain(current)),
        }
    }

    /// Writes offers as its script reads them, one a line.
    pub fn render(self, offers: &Offers, typed: &Typed) -> String {
        let mut text = if self == Self::Zsh { format!("{}\n", offers.prefix) } else { String::new() };
        for offer in offers.list.iter().filter(|offer| self.wants(offer, &offers.prefix, typed)) {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{}", self.line(offer, &offers.prefix, typed));
        }
        text
    }

    /// Bash and PowerShell take what they are given; the others choose what fits by themselves.
    fn wants(self, offer: &Offer, prefix: &str, typed: &Typed) -> bool {
        let fits = || typed.current.get(prefix.len()..).is_some_and(|start| offer.text.starts_with(start));
        let chooses = !matches!(self, Self::Bash | Self::Powershell);
        !offer.text.contains(char::is_control) && (chooses || fits())
    }

    fn line(self, offer: &Offer, prefix: &str, typed: &Typed) -> String {
        let Offer { kind, text, description } = offer;
        let whole = format!("{prefix}{text}");
        match self {
            Self::Bash => quote::for_bash(whole.get(typed.kept..).unwrap_or_default(), typed.open),
            Self::Zsh => format!("{}\t{text}\t{description}", group(*kind)),
            Self::Fish => format!("{whole}\t{description}"),
            Self::Powershell => {
                let shown = if description.is_empty() { text } else { description };
                format!("{}\t{text}\t{shown}", quote::for_powershell(&whole))
            }
            Self::Elvish => format!("{whole}\t{}\t{description}", if is_open(text) { "" } else { " " }),
        }
    }
}

/// The script of bash gives raw words, and before them the part that readline will replace.
fn from_bash(before: &[String], current: &str) -> Option<Typed> {
    let (replaced, before) = before.split_first()?;
    let replaced = replaced.trim_start_matches(['=', ':']);
    let kept = current.strip_suffix(replaced).unwrap_or_default();
    let quote::Unquoted { text, open } = quote::unquoted(current);
    Some(Typed {
        before: before.iter().map(|word| quote::unquoted(word).text).collect(),
        current: text,
        open,
        kept: quote::unquoted(kept).text.len(),
    })
}

/// Whether more is to be written in the same word.
fn is_open(text: &str) -> bool {
    text.ends_with(['=', '/'])
}

fn group(kind: Kind) -> &'static str {
    match kind {
        Kind::Verb => "verbs",
        Kind::Tool => "tools",
        Kind::Option => "options",
        Kind::Parameter => "parameters",
        Kind::Value => "values",
        Kind::File => "files",
    }
}
