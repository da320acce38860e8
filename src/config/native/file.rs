//! The root of a file.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader};
use crate::config::shape;
use crate::config::syntax::{Entry, Kind, Node};

use super::{Access, AuditKeys, ExecutorEntry, OfferKeys, SecretEntry, Server, Settings, Tenant};

#[derive(Default)]
pub struct File<'n> {
    /// Read one by one: there may be thousands.
    pub commands: &'n [Node<'n>],
    pub defaults: Settings,
    /// Read when the environment is known.
    pub vars: &'n [Entry<'n>],
    pub secrets: Vec<SecretEntry<'n>>,
    pub server: Server<'n>,
    pub executors: Vec<ExecutorEntry<'n>>,
    pub access: Access<'n>,
    pub audit: Option<AuditKeys<'n>>,
    pub offers: OfferKeys<'n>,
}

impl<'n> File<'n> {
    pub fn read(reader: &'n Reader<'n>, root: &'n Node<'n>) -> Self {
        let Some(mut fields) = Fields::open(reader, root, &shape::ROOT) else { return Self::default() };
        fields.take("version");
        // Read before anything else.
        for key in ["env_file", "include", "profiles", "templates"] {
            fields.take(key);
        }
        let mut file = Self {
            commands: commands(reader, &mut fields),
            defaults: Settings::read_defaults(reader, &mut fields),
            vars: vars(reader, &mut fields),
            secrets: SecretEntry::read_all(reader, &mut fields),
            server: Server::read(reader, &mut fields),
            executors: ExecutorEntry::read_all(reader, &mut fields),
            access: Access::read(reader, &mut fields),
            audit: AuditKeys::read(reader, &mut fields),
            offers: OfferKeys::read(reader, &mut fields),
        };
        file.server.http.tenants = Tenant::read_all(reader, &mut fields);
        fields.close();
        file
    }
}

fn vars<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> &'n [Entry<'n>] {
    let Some(field) = fields.take("vars") else { return &[] };
    if !matches!(field.node.kind, Kind::Map(_)) {
        reader.wrong_type(field.node, "`vars`", "a map of names and values");
    }
    field.node.entries()
}

fn commands<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> &'n [Node<'n>] {
    let Some(field) = fields.take("commands") else {
        let problem = Diagnostic::warning(Code::NoCommands, fields.span, "the file has no `commands`");
        reader.problems.add(problem.help("without commands there is nothing to offer"));
        return &[];
    };
    if let Kind::Map(_) = field.node.kind {
        let message = "`commands` has to be a list; found a map";
        let problem = Diagnostic::error(Code::WrongType, field.key_span, message);
        reader.problems.add(problem.help("each command is an item with a name: `- name: NAME`"));
        return &[];
    }
    reader.list(field.node, "commands").unwrap_or_default()
}
