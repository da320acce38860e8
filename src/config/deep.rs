//! Checks that cost too much for every start of a server: schemas are compiled, defaults tried
//! against them, folders and secrets looked for on this host.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use crate::model::{
    Action, ContainerWorkload, Kind, Param, ParamRule, Params, Presence, Sandbox, Scanner, SecretName,
    SecretSource, SecretText, Tool, WhenAbsent, safe_folder, sealed_file,
};

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::lower::{Place, host_root};
use super::native::{Command, Container, SandboxKeys, SandboxSetting, SecretEntry};
use super::possible::{self, Values};
use super::read::Spanned;
use super::source::Span;
use super::syntax::Entry;

/// The schemas that have been compiled. Most parameters of a large file are made like another one.
#[derive(Default)]
pub struct Schemas {
    /// By their rules, as `write_entry` writes them.
    known: RefCell<HashMap<Vec<u8>, Rc<Params>>>,
    /// Where those are written to be looked up.
    text: RefCell<Vec<u8>>,
}

/// What a command tells of its parameters and its output.
pub fn check_promises(place: &Place<'_>, schemas: &Schemas, tool: &Tool, command: &Command<'_>) {
    for param in tool.params.iter() {
        let written = command.params.map(|field| field.node.entries()).unwrap_or_default();
        if let Some(entry) = written.iter().find(|entry| entry.key.text == param.name.as_str()) {
            check_param(place, schemas, param, entry);
            check_default_path(place, tool, param, entry);
        }
    }
    if let (Some(schema), Some(field)) = (&tool.output.schema, command.output.schema) {
        check_schema(place, schemas, schema, field.key_span, "`output.schema`");
    }
}

/// What it does on this host.
pub fn check_action(place: &Place<'_>, tool: &Tool, command: &Command<'_>) {
    if let (Some(written), Action::Process(workload)) = (&command.working_dir, &tool.action)
        // Those of callers are made when they call.
        && !written.per_caller
        // Where no folder could be made of it, the base stands in its place.
        && let Some(folder) = workload.working_dir.as_literal().map(Path::new)
        && folder != place.base
    {
        check_folder(place, Some(folder), written.path.span);
    }
    if let (Some(written), Action::Container(container)) = (&command.container, &tool.action)
        && container.executor.as_ref().is_none_or(|executor| executor.host.is_here())
    {
        check_mounts(place, container, written);
        check_build(place, container, written);
        check_verify(place, container, written);
    }
    if let (Some(written), Action::Container(container)) = (&command.container, &tool.action) {
        check_scan(place, container, written);
    }
    if let Action::Process(workload) = &tool.action
        && let (Some(sandbox), Some(SandboxSetting::Keys(keys))) =
            (&workload.sandbox, &command.settings.sandbox)
    {
        check_sandbox(place, sandbox, keys);
    }
}

/// Whether this host has what is mounted, and whether that is what its name says.
fn check_mounts(place: &Place<'_>, container: &ContainerWorkload, written: &Container<'_>) {
    for (mount, entry) in container.mounts.iter().zip(&written.mounts) {
        let (Some(path), Some(source)) = (mount.source.as_literal().map(Path::new), entry.source) else {
            if let (Some(within), Some(written)) = (&mount.within, entry.within) {
                check_folder(place, Some(within), written.span);
            }
            continue;
        };
        let home = place.host.home.as_deref();
        let Ok(real) = path.canonicalize() else {
            if host_root(path, home).is_some() && entry.allow.is_none() {
                continue;
            }
            let message = format!("there is nothing to mount at `{}` on this host", path.display());
            place.reader.problems.add(Diagnostic::error(Code::NoMountSource, source.span, message).of_host());
            continue;
        };
        // By name it was judged when it was read.
        if entry.allow.is_none()
            && host_root(path, home).is_none()
            && let Some(danger) = host_root(&real, home)
        {
            let message = format!("this mount hands over {danger}, to which a link leads");
            place.reader.problems.add(Diagnostic::error(Code::HostMount, source.span, message).of_host());
        }
    }
}

/// Whether this host has what the image is built of.
fn check_build(place: &Place<'_>, container: &ContainerWorkload, written: &Container<'_>) {
    let (Some(build), Some(keys)) = (&container.build, &written.proof.build) else { return };
    let context = keys.context.map_or(keys.span, |context| context.span);
    let (span, message, help) = if !build.context.is_dir() {
        let message = format!("there is no folder `{}` on this host", build.context.display());
        (context, message, "`build` names the folder whose files the image is built of")
    } else if !build.dockerfile.is_file() {
        let span = keys.dockerfile.map_or(context, |dockerfile| dockerfile.span);
        let message = format!("there is no Dockerfile `{}` on this host", build.dockerfile.display());
        (span, message, "`dockerfile` names another one, relative to the folder of this file")
    } else {
        return;
    };
    place.reader.problems.add(Diagnostic::error(Code::BadBuild, span, message).help(help).of_host());
}

/// Without `cosign` nothing that has to be signed ever runs.
fn check_verify(place: &Place<'_>, container: &ContainerWorkload, written: &Container<'_>) {
    let (Some(_), Some(keys)) = (&container.verify, &written.proof.verify) else { return };
    if place.executables.find("cosign", &place.base).is_none() {
        let message = "there is no `cosign` on this host, so the image is never taken for signed";
        let problem = Diagnostic::error(Code::MissingExecutable, keys.span, message).of_host();
        place.reader.problems.add(problem.help("install it: https://docs.sigstore.dev"));
    }
}

/// Scanners are of this host, wherever the engine is.
fn check_scan(place: &Place<'_>, container: &ContainerWorkload, written: &Container<'_>) {
    let (Some(scan), Some(keys)) = (&container.scan, &written.proof.scan) else { return };
    let is_here = |scanner: &Scanner| place.executables.find(scanner.name(), &place.base).is_some();
    if scan.scanners().iter().any(is_here) {
        return;
    }
    let names: Vec<&str> = scan.scanners().iter().map(|scanner| scanner.name()).collect();
    let none = format!("there is no `{}` on this host", names.join("` and no `"));
    let problem = match scan.when_absent {
        WhenAbsent::Refuse => {
            let message = format!("{none}, so nothing runs in the image");
            let problem = Diagnostic::error(Code::NoScanner, keys.span, message);
            problem.help(
                "install one; `scan: { when_absent: warn }` lets images run that nobody has looked through",
            )
        }
        WhenAbsent::Warn => {
            let message = format!("{none}, so the image runs and nobody has looked through it");
            Diagnostic::warning(Code::NoScanner, keys.span, message).help("install one")
        }
    };
    place.reader.problems.add(problem.of_host());
}

/// What cannot be read is passed over; what cannot be written fails every call.
fn check_sandbox(place: &Place<'_>, sandbox: &Sandbox, keys: &SandboxKeys) {
    let missing = |path: &&std::path::PathBuf| !path.exists();
    let written = |keys: &Option<Vec<Spanned<String>>>, path: &Path| {
        let resolved = |written: &&Spanned<String>| {
            let written = Spanned { value: written.value.as_str(), span: written.span };
            place.path(written, "sandbox").as_deref() == Some(path)
        };
        keys.iter().flatten().find(resolved).map(|written| written.span)
    };
    for path in sandbox.write.iter().filter(missing) {
        let Some(span) = written(&keys.write, path) else { continue };
        let message = format!("there is no `{}` on this host to be written", path.display());
        let problem = Diagnostic::error(Code::SandboxPath, span, message).of_host();
        place.reader.problems.add(problem.help("make it: a sandbox can only open what is there"));
    }
    for path in sandbox.read.iter().filter(missing) {
        let Some(span) = written(&keys.read, path) else { continue };
        let message = format!("there is no `{}` on this host to be read", path.display());
        place.reader.problems.add(Diagnostic::warning(Code::SandboxPath, span, message).of_host());
    }
}

fn check_param(place: &Place<'_>, schemas: &Schemas, param: &Param, entry: &Entry<'_>) {
    let written = |key: &str| {
        let items = entry.value.get("items").and_then(|items| items.get(key));
        entry.value.get(key).or(items).map_or(entry.key.span, |node| node.span)
    };
    if let Some(problem) = bad_pattern(&param.schema) {
        let message = format!("the pattern of `{}` is not valid: {problem}", param.name);
        place.reader.problems.add(Diagnostic::error(Code::BadSchema, written("pattern"), message));
        return;
    }
    let what = format!("`{}`", param.name);
    let Some(compiled) = check_schema(place, schemas, &param.schema, entry.key.span, &what) else { return };
    if let Presence::Default(default) = &param.presence {
        check_default(place, param, &compiled, default, written("default"));
    }
    possible::check_written(place.reader.problems, &entry.value);
    let values = Values { problems: place.reader.problems, param, entry };
    values.check(ALONE, |schema| schemas.compiled(schema));
    if let Some(within) = param.rule.path.as_ref().and_then(|rule| rule.within.as_deref()) {
        check_folder(place, Some(within), written("within"));
    }
}

/// Why the pattern of a schema, or of its items, cannot be used.
fn bad_pattern(schema: &Map<String, Value>) -> Option<String> {
    let items = schema.get("items").and_then(Value::as_object);
    let pattern = schema.get("pattern").or_else(|| items?.get("pattern"))?.as_str()?;
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| pattern.contains(look)) {
        return Some("it looks around, which cannot be matched in linear time".to_owned());
    }
    // The last line says what is wrong; those before draw the pattern once more.
    let error = regex::Regex::new(pattern).err()?.to_string();
    let reason = error.lines().last().unwrap_or(&error);
    Some(reason.trim_start_matches("error: ").to_owned())
}

/// The compiled schema; if it cannot be, that has been reported.
fn check_schema(
    place: &Place<'_>,
    schemas: &Schemas,
    schema: &Map<String, Value>,
    span: Span,
    what: &str,
) -> Option<Rc<Params>> {
    let params = schemas.compiled(schema)?;
    if let Err(error) = params.validator() {
        let message = format!("the schema of {what} is not valid: {}", error.0);
        place.reader.problems.add(Diagnostic::error(Code::BadSchema, span, message));
        return None;
    }
    Some(params)
}

fn check_default(place: &Place<'_>, param: &Param, compiled: &Params, default: &Value, span: Span) {
    let Ok(validator) = compiled.validator() else { return };
    let value = Value::Object(Map::from_iter([(ALONE.to_owned(), default.clone())]));
    if let Some(error) = validator.iter_errors(&value).next() {
        let message = format!("`{}` refuses its own default: {error}", param.name);
        place.reader.problems.add(Diagnostic::error(Code::BadDefault, span, message));
    }
}

/// A default that lies outside of `within` on this host would refuse every call that leaves it out.
fn check_default_path(place: &Place<'_>, tool: &Tool, param: &Param, entry: &Entry<'_>) {
    let Presence::Default(default) = &param.presence else { return };
    let within = param.rule.path.as_ref().and_then(|rule| rule.within.as_deref());
    let Some(folder) = within.and_then(|within| within.canonicalize().ok()) else { return };
    let base = match &tool.action {
        Action::Process(workload) => workload.working_dir.as_literal().map_or(&*place.base, Path::new),
        Action::Container(workload) => &*workload.folder,
        Action::Http(_) | Action::Flow(_) | Action::NotSupported(_) => return,
    };
    let texts = default.as_array().map_or(std::slice::from_ref(default), Vec::as_slice);
    let leaves = |text: &&str| base.join(text).canonicalize().is_ok_and(|path| !path.starts_with(&folder));
    let Some(text) = texts.iter().filter_map(Value::as_str).find(leaves) else { return };
    let span = entry.value.get("default").map_or(entry.key.span, |node| node.span);
    let message = format!("`{}` refuses its own default: `{text}` lies outside of `within`", param.name);
    let problem = Diagnostic::error(Code::BadDefault, span, message).of_host();
    place.reader.problems.add(problem.help(format!("name a path in `{}`", folder.display())));
}

impl Schemas {
    fn compiled(&self, schema: &Map<String, Value>) -> Option<Rc<Params>> {
        let mut text = self.text.borrow_mut();
        text.clear();
        rules(schema).for_each(|(key, value)| write_entry(key, value, &mut text));
        let mut known = self.known.borrow_mut();
        if let Some(params) = known.get(&*text) {
            return Some(Rc::clone(params));
        }
        let rules = rules(schema).map(|(key, value)| (key.clone(), value.clone())).collect();
        let params = Rc::new(alone(rules)?);
        known.insert(text.clone(), Rc::clone(&params));
        Some(params)
    }
}

/// What decides about values: the rest only speaks of them.
fn rules(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.iter().filter(|(key, _)| !matches!(key.as_str(), "title" | "description" | "default"))
}

/// Different values are written differently; nobody reads them.
fn write_entry(key: &str, value: &Value, text: &mut Vec<u8>) {
    write_text(key, text);
    write_value(value, text);
}

fn write_value(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Null => text.push(b'0'),
        Value::Bool(truth) => text.push(if *truth { b't' } else { b'f' }),
        Value::Number(number) => {
            text.push(b'n');
            write_text(&number.to_string(), text);
        }
        Value::String(string) => {
            text.push(b's');
            write_text(string, text);
        }
        Value::Array(items) => {
            text.push(b'[');
            items.iter().for_each(|item| write_value(item, text));
            text.push(b']');
        }
        Value::Object(map) => {
            text.push(b'{');
            map.iter().for_each(|(key, value)| write_entry(key, value, text));
            text.push(b'}');
        }
    }
}

fn write_text(written: &str, text: &mut Vec<u8>) {
    text.extend_from_slice(&written.len().to_le_bytes());
    text.extend_from_slice(written.as_bytes());
}

const ALONE: &str = "value";

/// A schema as the only parameter of a tool.
fn alone(schema: Map<String, Value>) -> Option<Params> {
    let param = Param {
        name: ALONE.parse().ok()?,
        kind: Kind::of(&schema),
        schema,
        presence: Presence::Optional,
        rule: ParamRule::default(),
    };
    Some(Params::new(vec![param]))
}

fn check_folder(place: &Place<'_>, folder: Option<&Path>, span: Span) {
    let Some(folder) = folder.filter(|folder| !folder.is_dir()) else { return };
    let message = format!("there is no folder `{}` on this host", folder.display());
    place.reader.problems.add(Diagnostic::error(Code::NoFolder, span, message).of_host());
}

/// Whether this host has a declared secret. Its value is not read and no program is run.
pub fn check_secret(place: &Place<'_>, secret: &SecretEntry<'_>, source: &SecretSource) {
    let missing = match (source, secret.env, secret.file, secret.store) {
        (SecretSource::Env(name), Some(variable), ..) if place.expander.variables.get(name).is_none() => {
            (variable.span, format!("the environment variable `{name}` is not set"))
        }
        (SecretSource::Env(name), Some(variable), ..)
            if place.expander.variables.get(name).is_some_and(is_short) =>
        {
            (variable.span, format!("what the environment variable `{name}` holds is {TOO_SHORT}"))
        }
        (SecretSource::File(path), _, Some(file), _) if !path.is_file() => {
            (file.span, format!("there is no file `{}`", file.value))
        }
        (SecretSource::File(path), _, Some(file), _) if holds_little(path) => {
            (file.span, format!("what the file `{}` holds is {TOO_SHORT}", file.value))
        }
        (SecretSource::Store(name), .., Some(store)) if !is_stored(place, name) => {
            (store.span, format!("nothing is stored as `{name}`"))
        }
        _ => return,
    };
    let (span, reason) = missing;
    let message = format!("the secret `{}` has no value on this host: {reason}", secret.name.value);
    let problem = Diagnostic::error(Code::NoSecret, span, message).of_host();
    place.reader.problems.add(match source {
        SecretSource::Store(name) => problem.help(format!("store it: `mcpfier secret set {name}`")),
        SecretSource::Env(name) => {
            problem.help(format!("set `{name}` where this program is started, or in the file of `env_file`"))
        }
        SecretSource::File(path) => problem
            .help(format!("write the value into `{}`, where only its user may read it", path.display())),
        SecretSource::Script(_) | SecretSource::Unset { .. } => problem,
    });
}

const TOO_SHORT: &str = "shorter than 8 bytes, too short to be kept out of outputs";

fn is_short(value: &str) -> bool {
    value.len() < SecretText::LEAST
}

/// By its size alone: the file is not read.
fn holds_little(path: &Path) -> bool {
    let least = u64::try_from(SecretText::LEAST).unwrap_or(u64::MAX);
    path.metadata().is_ok_and(|file| file.len() < least)
}

/// Of another host whose home is not known nothing can be said.
fn is_stored(place: &Place<'_>, name: &SecretName) -> bool {
    safe_folder(place.host.variables()).is_none_or(|folder| sealed_file(&folder, name).is_file())
}
