//! Reads files of the original mcpfier: lenient, and with a warning for whatever it reads
//! otherwise than the original did.
//!
//! Nothing here is templated, and `${…}` is expanded in `env` and `webhook` only: in arguments people write `sh -c 'echo ${X}'`.

mod command;
mod composite;
mod container;
mod native_keys;
mod notices;
mod retry;
mod server;
mod webhook;

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::{Beside, Place, access, http_server};
use crate::config::native;
use crate::config::read::{Fields, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{Catalog, Secrets, ServerSettings, Tool};

use command::Commands;

pub use native_keys::refuse_native_keys;
pub use retry::STATUS_CODES as RETRIED_STATUS_CODES;

/// Reads a file that has no `version`. `None` if it is no map.
pub fn catalog<'a>(place: &'a Place<'a>, root: &'a Node<'a>) -> Option<Catalog> {
    let reader = place.reader;
    let mut fields = Fields::open(reader, root, &shape::ORIGINAL_ROOT)?;
    let mut commands = Commands::new(place);
    let mut tools: Vec<Tool> = Vec::new();
    let mut names: HashMap<String, Span> = HashMap::new();
    if let Some(field) = fields.take("commands") {
        for node in reader.list(field.node, "commands").unwrap_or_default() {
            let Some((tool, span)) = commands.read(node) else { continue };
            match names.get(tool.name.as_str()) {
                Some(first) => reader.problems.add(duplicate(&tool, span, *first)),
                None => drop(names.insert(tool.name.to_string(), span)),
            }
            tools.push(tool);
        }
    } else {
        let problem = Diagnostic::warning(Code::NoCommands, root.span, "the file has no `commands`");
        reader.problems.add(problem.help("`mcpfier init` writes a file to begin with"));
    }
    commands.report_differences();
    if let Some(field) = fields.take("composite_tools") {
        composite::add(place, field.node, &mut tools);
    }
    let (server, rbac) = server(place, &mut fields);
    fields.close();
    let mut catalog = Catalog::new(tools, server, Secrets::new());
    let mut settings = catalog.server.clone();
    let beside = Beside {
        reader,
        tools: catalog.tools(),
        asking: &commands.asking,
        local_roles: None,
        local_permissions: false,
        has_audit: false,
        is_selection: false,
    };
    let access = access(&beside, rbac.unwrap_or_default(), &mut settings);
    (catalog.access, catalog.server) = (Arc::new(access), settings);
    Some(catalog)
}

fn duplicate(tool: &Tool, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error(
        Code::DuplicateName,
        span,
        format!("there are two commands of the name `{}`", tool.name),
    )
    .other(first, "the first is here")
    .help("the original lists the second and runs the first; rename one of them")
}

/// The server, and the roles that stand there.
fn server<'a>(place: &'a Place<'a>, fields: &mut Fields<'a>) -> (ServerSettings, Option<native::Access<'a>>) {
    let reader = place.reader;
    let tenants = native::Tenant::read_all(reader, fields);
    let Some(mut fields) =
        fields.take("server").and_then(|field| Fields::open(reader, field.node, &shape::ORIGINAL_SERVER))
    else {
        return Default::default();
    };
    let mut http = native::HttpServer { tenants, ..native::HttpServer::read(reader, &mut fields) };
    let prefers_http = server::prefers_http(reader, &mut fields);
    server::cache(reader, &mut fields);
    fields.close();
    let rbac = http.auth.as_mut().and_then(|auth| auth.rbac.take());
    let path = |path: Spanned<&str>| place.host.resolve(path.value, place.folder(path.span));
    let http = http_server(reader, http, &Secrets::new(), &[], path);
    (ServerSettings { http, prefers_http, ..ServerSettings::default() }, rbac)
}
