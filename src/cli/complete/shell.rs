//! The shells that we complete in: how each asks and how it wants to be answered.

use std::fmt::Write;

use clap_complete::Shell;

use super::offer::{Kind, Offer, Offers};
use super::quote;

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

/// What teaches a shell to ask us; `None` for one that `clap_complete` has learned to know since.
pub fn script(shell: Shell) -> Option<&'static str> {
    match shell {
        Shell::Bash => Some(include_str!("../../../completions/mcpfier.bash")),
        Shell::Zsh => Some(include_str!("../../../completions/_mcpfier")),
        Shell::Fish => Some(include_str!("../../../completions/mcpfier.fish")),
        Shell::PowerShell => Some(include_str!("../../../completions/_mcpfier.ps1")),
        Shell::Elvish => Some(include_str!("../../../completions/mcpfier.elv")),
        _ => None,
    }
}

/// Reads what its script says.
pub fn read(shell: Shell, words: &[String]) -> Option<Typed> {
    let (current, before) = words.split_last()?;
    let plain =
        |current: &str| Typed { before: before.to_vec(), current: current.to_owned(), ..Typed::default() };
    match shell {
        Shell::Bash => from_bash(before, current),
        Shell::Fish => Some(plain(&quote::unquoted(current).text)),
        // Its script puts a dot before it: an empty word would not reach us.
        Shell::PowerShell => Some(plain(current.strip_prefix('.')?.trim_start_matches(['\'', '"']))),
        _ => Some(plain(current)),
    }
}

/// Writes offers as its script reads them, one a line.
pub fn render(shell: Shell, offers: &Offers, typed: &Typed) -> String {
    let mut text = if shell == Shell::Zsh { format!("{}\n", offers.prefix) } else { String::new() };
    for offer in offers.list.iter().filter(|offer| wants(shell, offer, &offers.prefix, typed)) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{}", line(shell, offer, &offers.prefix, typed));
    }
    text
}

/// Bash and PowerShell take what they are given; the others choose what fits by themselves.
fn wants(shell: Shell, offer: &Offer, prefix: &str, typed: &Typed) -> bool {
    let fits = || typed.current.get(prefix.len()..).is_some_and(|start| offer.text.starts_with(start));
    let chooses = !matches!(shell, Shell::Bash | Shell::PowerShell);
    !offer.text.contains(char::is_control) && (chooses || fits())
}

fn line(shell: Shell, offer: &Offer, prefix: &str, typed: &Typed) -> String {
    let Offer { kind, text, description } = offer;
    let whole = format!("{prefix}{text}");
    match shell {
        Shell::Bash => quote::for_bash(whole.get(typed.kept..).unwrap_or_default(), typed.open),
        Shell::Zsh => format!("{}\t{text}\t{description}", kind.name()),
        Shell::PowerShell => {
            let shown = if description.is_empty() { text } else { description };
            format!("{}\t{text}\t{shown}", quote::for_powershell(&whole))
        }
        Shell::Elvish => format!("{whole}\t{}\t{description}", if is_open(offer) { "" } else { " " }),
        _ => format!("{whole}\t{description}"),
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

/// Whether more is to be written in the same word: keys of a path end in a dot.
fn is_open(offer: &Offer) -> bool {
    offer.text.ends_with(['=', '/']) || offer.kind == Kind::Parameter && offer.text.ends_with('.')
}
