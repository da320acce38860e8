//! The parser: what `arguments` says, without what a verb has no use for.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, CommandFactory, value_parser};

use super::arguments::Arguments;

/// Options of the whole program that these verbs have no use for. They are taken, since a command of
/// that name may be meant, and shown nowhere.
const IDLE: [(&[&str], &[&str]); 9] = [
    (
        &["explain", "init", "new", "add", "import", "migrate", "completions", "schema"],
        &["config", "dry_run", "json", "locked"],
    ),
    (&["doctor", "setup", "trust", "lock", "bundle", "help"], &["locked"]),
    (&["list", "test", "doctor", "trust", "lock", "help"], &["dry_run"]),
    (&["bundle", "help"], &["json"]),
    (&["secret"], &["config", "dry_run", "locked"]),
    (&["audit", "schedule"], &["dry_run", "locked"]),
    (&["approvals", "cache", "clean"], &["config", "dry_run", "locked", "profile", "set", "tags"]),
    (
        &["explain", "init", "new", "add", "import", "completions", "schema", "secret", "migrate"],
        &["profile", "set", "tags"],
    ),
    (&["config"], &["dry_run", "locked"]),
];

/// The parser.
pub fn command() -> Command {
    Arguments::command().mut_subcommands(|verb| {
        let idle_here = IDLE.iter().filter(|(verbs, _)| verbs.contains(&verb.get_name()));
        let ids: Vec<&str> = idle_here.flat_map(|(_, ids)| ids.iter().copied()).collect();
        ids.into_iter().fold(verb, |verb, id| verb.arg(idle(id)))
    })
}

/// Takes the place of an option of the whole program.
fn idle(id: &'static str) -> Arg {
    match id {
        "config" => Arg::new(id).short('c').long(id).value_name("FILE").value_parser(value_parser!(PathBuf)),
        "dry_run" => Arg::new(id).long("dry-run").action(ArgAction::SetTrue),
        "profile" | "set" | "tags" => Arg::new(id).long(id).action(ArgAction::Append),
        _ => Arg::new(id).long(id).action(ArgAction::SetTrue),
    }
    .hide(true)
    .global(true)
}
