//! The command line; the only module that prints, reads the environment or exits. A verb a file.

mod add;
mod approvals;
mod arguments;
mod asking;
mod audit;
mod bundle;
mod cache;
mod call;
mod clean;
mod complete;
mod completions;
mod config;
mod consent;
mod containers;
mod doctor;
mod dry_run;
mod evidence;
mod examples;
mod exit;
mod explain;
mod graph;
mod help;
mod images;
mod import;
mod init;
mod into;
mod jobs;
mod key;
mod list;
mod lock;
mod log;
mod migrate;
mod new;
mod pairs;
mod parser;
mod place;
mod policy;
mod print;
mod reload;
mod replace;
mod requirements;
mod schedule;
mod schema;
mod secret;
mod secret_keys;
mod serve;
#[cfg(all(unix, feature = "server"))]
mod serve_http;
mod session;
mod setup;
#[cfg_attr(not(feature = "server"), allow(dead_code))]
mod started_by;
mod terminal;
mod test;
mod tool_help;
mod trust;
mod validate;
mod waiting;

use std::os::fd::OwnedFd;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::engine::CacheUse;
use crate::runner::process::{self, ForkServer};

use arguments::{Arguments, ScheduleAction, Verb};
use exit::Exit;
use print::Printer;
use requirements::Whose;
use session::Session;

pub use arguments::Arguments as CommandLine;

/// The whole program.
pub fn main() -> ExitCode {
    let first = std::env::args_os().nth(1);
    match first.as_ref().and_then(|word| word.to_str()) {
        Some(process::FORK_SERVER_ARGUMENT) => return process::fork_server_main(),
        Some(complete::ARGUMENT) => return complete::main(std::env::args_os().skip(2)),
        _ => {}
    }
    let read = command().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match read {
        Ok(arguments) => arguments,
        Err(error) => return help::instead_of(&error).unwrap_or_else(|| clap_exit(&error)).into(),
    };
    // Before anything else is opened.
    let sockets = if arguments.server { started_by::handed_over() } else { Ok(Vec::new()) };
    let sockets = match sockets {
        Ok(sockets) => sockets,
        Err(problem) => {
            Printer::new(arguments.json).error(&problem);
            return Exit::FAILURE.into();
        }
    };
    // Forked here, before any thread exists and while the program is still small.
    let fork_server = if runs_something(&arguments) { Some(ForkServer::split_off()) } else { None };
    dispatch(arguments, fork_server.and_then(Result::ok), sockets).into()
}

/// The parser, also for generated documents.
pub fn command() -> clap::Command {
    parser::command()
}

fn clap_exit(error: &clap::Error) -> Exit {
    // A closed pipe behind `--help` is no failure.
    let _ = error.print();
    if error.use_stderr() { Exit::USAGE } else { Exit::OK }
}

fn runs_something(arguments: &Arguments) -> bool {
    let previews = arguments.validate || arguments.dry_run || arguments.setup;
    let runs = match &arguments.verb {
        None | Some(Verb::Call(_) | Verb::Add { .. }) => true,
        Some(Verb::Test(words)) => !words.list,
        Some(Verb::Schedule { action }) => matches!(action, Some(ScheduleAction::Run { .. })),
        Some(_) => false,
    };
    runs && !previews
}

#[cfg_attr(not(feature = "server"), allow(unused_variables))]
fn dispatch(arguments: Arguments, fork_server: Option<ForkServer>, sockets: Vec<OwnedFd>) -> Exit {
    let printer = Printer::new(arguments.json);
    if let Some(flag) = not_supported(&arguments) {
        printer.error(&format!("`{flag}` is not supported yet"));
        return Exit::NOT_SUPPORTED;
    }
    if let Some(verb) = &arguments.verb
        && verb.stands_alone()
        && !session::command_takes(verb.word(), &arguments)
    {
        return alone(verb, &arguments, &printer, fork_server);
    }
    if arguments.validate {
        return validate::run(&arguments, &printer);
    }
    let mut session = match Session::open(&arguments, &printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    if arguments.wants_anew() {
        session.cache_use = CacheUse::Renew;
    }
    session.agrees = arguments.agrees();
    if arguments.setup {
        return setup::show(&session);
    }
    if arguments.locked {
        match lock::judge(&session.evidence) {
            Ok(agreed) => session.facts = session.facts.with_locked(agreed.images()),
            Err(refusal) => return lock::refuse(&refusal, &printer),
        }
    }
    match words(&arguments, &session) {
        Some(words) if arguments.dry_run => {
            session.settle(words.first().map_or(Whose::All, |name| Whose::Of(name)), &printer);
            dry_run::run(&session, &words, &printer)
        }
        Some(words) if !words.is_empty() => {
            session.settle_to_run(words.first().map_or(Whose::All, |name| Whose::Of(name)), &printer);
            call::run(session, &words, &printer, fork_server)
        }
        #[cfg(all(unix, feature = "server"))]
        Some(_) if arguments.server || session.catalog.server.prefers_http && !arguments.mcp => {
            let wanted = serve_http::Wanted { host: arguments.host, port: arguments.port, sockets };
            serve_http::run(session, wanted, arguments.locked, &printer, fork_server)
        }
        Some(_) => serve::run(session, arguments.locked, &printer, fork_server),
        None => match arguments.verb {
            Some(Verb::List { all }) => {
                session.settle(Whose::All, &printer);
                list::run(&session, all, &printer)
            }
            _ => Exit::USAGE,
        },
    }
}

/// The verbs that need no file of ours, or find it by themselves.
fn alone(verb: &Verb, arguments: &Arguments, printer: &Printer, fork_server: Option<ForkServer>) -> Exit {
    if let Some(problem) = refused(arguments, verb) {
        printer.error(&problem);
        return Exit::USAGE;
    }
    match verb {
        Verb::Completions { shell } => completions::run(*shell, printer),
        Verb::Config { what } => config::run(arguments, what, printer),
        Verb::Graph(words) => graph::run(arguments, words, printer),
        Verb::Explain { code } => explain::run(code.as_deref(), printer),
        Verb::Schema { document } => schema::run(document),
        Verb::Help { topic } => help::run(topic.as_deref(), arguments, printer),
        Verb::Setup(words) => setup::run(arguments, words, printer),
        Verb::Bundle(words) => bundle::run(arguments, words, printer),
        Verb::Images { action } => images::run(arguments, action.as_ref(), printer),
        Verb::Approvals { action } => approvals::run(action.as_ref(), printer),
        Verb::Jobs { action } => jobs::run(arguments, action.as_ref(), printer),
        Verb::Cache { action } => cache::run(action.as_ref(), printer),
        Verb::Clean => clean::run(arguments, printer),
        Verb::Doctor => doctor::run(arguments, printer),
        Verb::Secret { action } => secret::run(action.as_ref(), printer),
        Verb::Schedule { action } => schedule::run(arguments, action.as_ref(), printer, fork_server),
        Verb::Audit { action } => audit::run(arguments, action.as_ref(), printer),
        Verb::Key { action } => key::run(arguments, action.as_ref(), printer),
        Verb::Policy { action } => policy::run(arguments, action.as_ref(), printer),
        Verb::Test(words) => test::run(arguments, words, printer, fork_server),
        Verb::Trust(words) => trust::run(arguments, words, printer),
        Verb::Migrate(words) => migrate::run(words, printer),
        Verb::Lock { check } => lock::run(arguments, *check, printer),
        Verb::Init { file, templates, .. } => init::run(file, templates, printer),
        Verb::New(words) => new::run(words, printer),
        Verb::Add { from_help, name, into, .. } => {
            let (from_help, name) = (from_help.as_deref(), name.as_deref());
            add::run(add::Wanted { from_help, name, into: into.as_deref() }, printer, fork_server)
        }
        Verb::Import(words) => import::run(words, printer),
        // `Verb::stands_alone` says that these do not.
        Verb::Call(_) | Verb::List { .. } => Exit::USAGE,
    }
}

/// Words and flags that such a verb does not have.
fn refused(arguments: &Arguments, verb: &Verb) -> Option<String> {
    let verb_word = verb.word();
    let previews = matches!(verb, Verb::Setup(_) | Verb::Bundle(_));
    if let Some(word) = verb.strange_word() {
        return Some(format!(
            "`{verb_word}` does not take `{word}`; a command of that name is run by `mcpfier call {verb_word} …`"
        ));
    }
    let flag = if arguments.dry_run { "--dry-run" } else { "--validate" };
    (arguments.dry_run && !previews || arguments.validate)
        .then(|| format!("`{verb_word}` does not take `{flag}`"))
}

fn not_supported(arguments: &Arguments) -> Option<&'static str> {
    if arguments.server && cfg!(not(all(unix, feature = "server"))) {
        return Some("--server");
    }
    arguments.analytics.then_some("--analytics")
}

/// The tool and its arguments, if the line names a tool. In a file of the original a command wins
/// over a verb of that name.
fn words(arguments: &Arguments, session: &Session) -> Option<Vec<String>> {
    match &arguments.verb {
        None => Some(arguments.words.clone()),
        Some(verb) if session.command_wins(verb.word()) => {
            Some(std::iter::once(verb.word().to_owned()).chain(verb.rest()).collect())
        }
        Some(verb @ Verb::Call(_)) => Some(verb.rest()),
        Some(_) => None,
    }
}
