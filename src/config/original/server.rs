//! `server.transport` and `server.cache`, which the original documents and does not read.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Stdio,
    Http,
    Both,
}

const TRANSPORTS: [(&str, Transport); 3] =
    [("stdio", Transport::Stdio), ("http", Transport::Http), ("both", Transport::Both)];

/// Whether the file is served over HTTP where the command line says neither `--mcp` nor `--server`.
pub fn prefers_http(reader: &Reader<'_>, fields: &mut Fields<'_>) -> bool {
    let Some(field) = fields.take("transport") else { return false };
    match reader.one_of(field.node, "transport", &TRANSPORTS) {
        Some(Transport::Http) => true,
        Some(Transport::Both) => {
            let message = "`transport: both` is stdio where the command line says nothing";
            let problem = Diagnostic::warning(Code::Differs, field.node.span, message);
            reader
                .problems
                .add(problem.help("one process serves one of them; start another with `--server`"));
            false
        }
        Some(Transport::Stdio) | None => false,
    }
}

/// A command may do something each time it runs, so results are remembered only where a command says so.
pub fn cache(reader: &Reader<'_>, fields: &mut Fields<'_>) {
    let Some(field) = fields.take("cache") else { return };
    let is_off = field.node.get("enabled").is_some_and(|on| reader.boolean(on, "enabled") == Some(false));
    if !is_off {
        let message = "`server.cache` remembers nothing here: every call runs its command";
        let problem = Diagnostic::warning(Code::Differs, field.key_span, message);
        reader.problems.add(problem.help(
            "whether a result may be told again is known of each command: in a native file, `cache: { ttl: 5m }` there",
        ));
    }
}
