//! A document and what was chosen beside it → what it means in its dialect.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Catalog, Dialect, HostFindings, SecretName, TrialSet};

use super::allow;
use super::choice::Choice;
use super::compose::{self, Composing, Layers};
use super::deep;
use super::diagnostic::Problems;
use super::executable::Executables;
use super::expansion::{Expander, Variables, expand_server, read_env_file};
use super::host::Host;
use super::lint;
use super::load::{AskedAt, Depth};
use super::lower::{self, Commands, Place, Vars, Whole};
use super::native;
use super::original;
use super::read::{Lines, Reader};
use super::schema;
use super::show::{self, Effective, Wanted};
use super::source::{SourceId, Span};
use super::sources::Sources;
use super::syntax::{Document, Node};
use super::unreadable::{bad_env_file, judge};

pub struct Interpreting<'a, 's> {
    pub host: &'a Host,
    pub choice: &'a Choice,
    pub depth: Depth,
    /// Whether the file is to be shown, and how.
    pub shown: Option<Wanted>,
    pub sources: &'s Sources,
    pub problems: &'a Problems,
}

/// What a document means, and what else was read for it.
#[derive(Default)]
pub struct Meaning<'s> {
    pub catalog: Option<Catalog>,
    pub shown: Option<Effective>,
    /// The tests in the files, where everything is checked.
    pub trials: Vec<TrialSet>,
    /// What programs and engines are asked for, where everything is checked. Its path is not known yet.
    pub asked: Vec<AskedAt>,
    /// What each included file says.
    pub parts: Vec<(SourceId, Node<'s>)>,
    /// Included texts that could not be read.
    pub raw: Vec<SourceId>,
    /// Values that no excerpt may show, beside those in the documents.
    pub hidden: Vec<Span>,
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
    /// It was put together, so that one mistake may have been met several times.
    pub is_composed: bool,
}

impl<'s> Interpreting<'_, 's> {
    pub fn run(&self, document: &Document<'s>, dialect: Dialect, beside: &[PathBuf]) -> Meaning<'s> {
        document.oddities.iter().for_each(|oddity| self.problems.add(judge(oddity, dialect)));
        let reader = Reader { dialect, problems: self.problems, sources: self.sources };
        match dialect {
            Dialect::Native => self.native(&reader, &document.root, beside),
            Dialect::Original => self.original(&reader, &document.root),
        }
    }

    fn original(&self, reader: &Reader<'_>, root: &Node<'s>) -> Meaning<'s> {
        compose::refuse_choice(self.choice, self.sources, self.problems);
        if original::refuse_native_keys(self.problems, root) {
            return Meaning::default();
        }
        let variables = Variables::of(self.host);
        let expander = Expander { reader, variables: &variables };
        let root = &expand_server(&expander, root);
        let place = Place {
            reader,
            host: self.host,
            executables: Executables::new(self.host),
            base: self.host.cwd.clone(),
            expander,
            vars: Vars::default(),
            missing: RefCell::default(),
            suggesting: RefCell::default(),
        };
        let shown = self.shown.map(|wanted| show::show(&place, root, wanted));
        Meaning { catalog: original::catalog(&place, root), shown, ..Meaning::default() }
    }

    /// A native file, put together.
    pub fn whole(&self, root: &Node<'s>, beside: &[PathBuf]) -> Node<'s> {
        let (problems, sources) = (self.problems, self.sources);
        let reader = &Reader { dialect: Dialect::Native, problems, sources };
        let layers = &Layers::read(self.choice, root, sources, problems);
        let (variables, _) = self.variables(reader, layers.of_root(root, "env_file"));
        Composing { reader, host: self.host, sources, variables: &variables, beside, layers }.run(root).root
    }

    fn native(&self, reader: &Reader<'_>, root: &Node<'s>, beside: &[PathBuf]) -> Meaning<'s> {
        let layers = Layers::read(self.choice, root, self.sources, self.problems);
        let (variables, env_file) = self.variables(reader, layers.of_root(root, "env_file"));
        let (host, sources) = (self.host, self.sources);
        let composing = Composing { reader, host, sources, variables: &variables, beside, layers: &layers };
        let composed = composing.run(root);
        let expander = Expander { reader, variables: &variables };
        let whole = &expand_server(&expander, &composed.root);
        let file = native::File::read(reader, whole);
        let commands = file.commands;
        let place = Place {
            reader,
            host,
            executables: Executables::new(host),
            base: sources.root_folder().to_path_buf(),
            vars: Vars::read(&expander, file.vars),
            expander,
            missing: RefCell::default(),
            suggesting: RefCell::default(),
        };
        let (catalog, trials, asked) = self.catalog(&place, file);
        let checks_all = self.depth == Depth::Everything;
        if checks_all {
            // As it is written: what comes from the environment does not stand in the file.
            let documents: Vec<&Node<'_>> =
                std::iter::once(root).chain(composed.parts.iter().map(|(_, part)| part)).collect();
            lint::lint(self.problems, &documents, commands, whole.get("defaults"), whole.get("server"));
        }
        allow::apply(reader, commands, whole.get("defaults"), checks_all);
        if checks_all && self.choice.is_empty() {
            // What a profile says is judged when it is laid over the file.
            schema::check(self.problems, &root.without("profiles"));
        }
        let shown = self.shown.map(|wanted| show::show(&place, &composed.root, wanted));
        Meaning {
            catalog: Some(catalog),
            shown,
            trials,
            asked,
            hidden: layers.hidden(),
            parts: composed.parts,
            raw: composed.raw,
            files: env_file.into_iter().chain(composed.files).collect(),
            folders: composed.folders,
            is_composed: composed.is_composed,
        }
    }

    /// What `${…}` can name: the environment, and what the file of variables adds to it.
    fn variables(
        &self,
        reader: &Reader<'_>,
        env_file: Option<&Node<'_>>,
    ) -> (Variables<'_>, Option<PathBuf>) {
        let as_written = self.host.as_written;
        // Which files belong to it is asked even where nothing else is.
        let variables = Variables::of(self.host).taken_as_written(false);
        let (variables, path) = self.with_file(reader, env_file, variables);
        (variables.taken_as_written(as_written), path)
    }

    fn with_file<'v>(
        &self,
        reader: &Reader<'_>,
        env_file: Option<&Node<'_>>,
        variables: Variables<'v>,
    ) -> (Variables<'v>, Option<PathBuf>) {
        let Some(written) = env_file.and_then(|node| reader.text(node, "env_file")) else {
            return (variables, None);
        };
        let Ok(name) = (Expander { reader, variables: &variables }).expand(written) else {
            return (variables, None);
        };
        let path = self.host.resolve(&name, self.sources.folder(written.span));
        match read_env_file(&path) {
            Ok(file) => (variables.with_file(file), Some(path)),
            Err(error) => {
                reader.problems.add(bad_env_file(written, &error));
                // It may yet come.
                (variables, Some(path))
            }
        }
    }

    fn catalog(&self, place: &Place<'_>, file: native::File<'_>) -> (Catalog, Vec<TrialSet>, Vec<AskedAt>) {
        let native::File {
            commands,
            defaults,
            secrets,
            mut server,
            executors,
            vars: _,
            access,
            audit,
            offers,
        } = file;
        let access = access.and(server.http.auth.as_mut().and_then(|auth| auth.rbac.take()));
        let declared: BTreeSet<String> = secrets.iter().map(|secret| secret.name.value.to_owned()).collect();
        let usable = lower::secrets(place, &secrets);
        let executors = lower::Executors::read(place, &executors);
        let checks_all = self.depth == Depth::Everything;
        let (schemas, lines) = (deep::Schemas::default(), Lines::default());
        let trials: RefCell<Vec<TrialSet>> = RefCell::default();
        let asking: RefCell<Vec<(String, native::Authorization)>> = RefCell::default();
        let asked: RefCell<Vec<AskedAt>> = RefCell::default();
        let automated: RefCell<Vec<lower::Automated>> = RefCell::default();
        let lowering = Commands {
            place,
            defaults: &defaults,
            secrets: &declared,
            executors: &executors,
            is_selection: !self.choice.tags.is_empty(),
        };
        let mut tools = lowering.lower(commands, |tool, command, whole| {
            if whole == Whole::Command && command.automation.is_some() {
                automated.borrow_mut().extend(lower::automated(place, &declared, tool, command));
            }
            if let Some(asked) = command.authorization.as_deref().filter(|_| whole == Whole::Command) {
                asking.borrow_mut().push((tool.name.to_string(), asked.clone()));
            }
            if !checks_all {
                return;
            }
            if whole != Whole::Own {
                deep::check_promises(place, &schemas, tool, command);
            }
            deep::check_action(place, tool, command);
            if whole == Whole::Command {
                trials.borrow_mut().push(lower::trials(place.reader, &lines, tool, command));
                asked.borrow_mut().extend(lower::asked(tool, command));
            }
        });
        if checks_all {
            executors.report_rest(place, defaults.run_on.as_ref());
            for secret in &secrets {
                let name = secret.name.value.parse::<SecretName>().ok();
                if let Some(source) = name.and_then(|name| usable.get(&name)) {
                    deep::check_secret(place, secret, source);
                }
            }
        }
        let fed = lower::fed(place, &usable);
        let mut automated = automated.take();
        lower::automate(&mut tools, &mut automated);
        let toolsets = lower::Toolsets::of(&server);
        let (local_roles, local_permissions) =
            (server.stdio.roles.clone(), server.stdio.permissions.is_some());
        let with_roles: Vec<&str> = access.user_roles.iter().map(|given| given.of.value.trim()).collect();
        let server = lower::server(place, server, &usable, &with_roles);
        let mut catalog = Catalog::new(tools, server, usable);
        let mut asking = asking.take();
        let offering = lower::Offering {
            place,
            secrets: &declared,
            tools: catalog.tools(),
            is_selection: !self.choice.tags.is_empty(),
            checks_all,
            asking: RefCell::default(),
        };
        let offers = offering.lower(&offers);
        asking.extend(offering.asking.take());
        let mut settings = catalog.server.clone();
        let beside = lower::Beside {
            reader: place.reader,
            tools: catalog.tools(),
            asking: &asking,
            local_roles,
            local_permissions,
            has_audit: audit.is_some(),
            is_selection: !self.choice.tags.is_empty(),
        };
        let access = lower::access(&beside, access, &mut settings);
        (catalog.access, catalog.server) = (Arc::new(access), settings);
        lower::check_automated(place.reader, &catalog, &automated);
        lower::check_discovery(place.reader, &catalog, commands);
        if self.choice.tags.is_empty() {
            toolsets.check(place.reader, &catalog);
        }
        catalog.fed = fed;
        catalog.audit = audit.map(|written| lower::audit(place, written));
        catalog.executors = executors.usable();
        catalog.offers = offers;
        catalog.settle(&HostFindings::default());
        (catalog, trials.take(), asked.take())
    }
}
