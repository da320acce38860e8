//! Whether the tags that somebody is offered are there, and the names of our own tools are free.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Server;
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::syntax::Node;
use crate::model::{CALL_TOOL, Catalog, SEARCH_TOOLS, Search};

/// Every tag in a `tools`, and where.
pub struct Toolsets<'n>(Vec<Spanned<&'n str>>);

impl<'n> Toolsets<'n> {
    pub fn of(server: &Server<'n>) -> Self {
        let auth = server.http.auth.as_ref();
        let keys = auth.map(|auth| auth.api_keys.iter().map(|key| &key.caller)).into_iter().flatten();
        let users = auth.map(|auth| auth.users.iter().map(|user| &user.caller)).into_iter().flatten();
        let callers = keys.chain(users).filter_map(|caller| caller.tools.as_ref());
        let all = server.stdio.tools.iter().chain(&server.http.tools).chain(callers);
        Self(all.flatten().copied().collect())
    }

    /// A tag that no command has offers nothing.
    pub fn check(&self, reader: &Reader<'_>, catalog: &Catalog) {
        let tags = || catalog.tools().iter().flat_map(|tool| tool.tags.iter().map(String::as_str));
        for tag in self.0.iter().filter(|tag| !tags().any(|known| known == tag.value)) {
            let message = format!("no command has the tag `{}`", tag.value);
            let problem = Diagnostic::warning(Code::EmptyToolset, tag.span, message);
            let known: Vec<&str> = tags().collect();
            reader.problems.add(match nearest(tag.value, known.iter().copied()) {
                Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                None => problem.help("give it to the commands that are meant: `tags: [TAG]`"),
            });
        }
    }
}

/// Where tools are searched, the two that do it have their names.
pub fn check_discovery(reader: &Reader<'_>, catalog: &Catalog, commands: &[Node<'_>]) {
    if catalog.server.discovery.search == Search::Never {
        return;
    }
    for name in commands.iter().filter_map(|command| command.get("name")) {
        let Some(text) = name.as_text().filter(|name| [SEARCH_TOOLS, CALL_TOOL].contains(name)) else {
            continue;
        };
        let message = format!("`{text}` is a tool of the server itself, by which clients find others");
        let problem = Diagnostic::error(Code::OwnName, name.span, message);
        reader.problems.add(problem.help("choose another name, or leave `server.discovery.search` out"));
    }
}
