//! Everything that decides what a call of a tool does. Every field of the model is named here, so
//! that one that is new cannot be forgotten.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{
    Action, Annotations, Argument, Availability, Concurrency, Detach, Enforcement, EnvInherit, FileGlob,
    Limits, OnOverflow, OutputFormat, OutputRules, Param, ParamRule, Params, PathRule, Reference, Sandbox,
    Script, SecretName, SecretScript, SecretSource, Secrets, Select, Stdin, Template, TextTemplate, Tool,
    Variable, When, Workload, format_duration,
};

use super::care::care;
use super::container::container;
use super::digest::sha256;
use super::flow::flow;
use super::http::http;
use super::{access, automation, requires, written};

/// What the tools of one file share.
pub(super) struct Around<'a> {
    /// Of the file.
    pub folder: &'a Path,
    pub secrets: &'a Secrets,
}

pub(super) fn action(tool: &Tool, around: &Around<'_>) -> Value {
    let Tool {
        name: _,
        title: _,
        description: _,
        params,
        when,
        requires,
        authorization,
        action,
        retry: _,
        fallback: _,
        breaker: _,
        cache: _,
        confirm: _,
        timeout,
        detach,
        kill_grace,
        limits,
        concurrency: Concurrency { max, per_caller, lock },
        exit_codes,
        annotations: Annotations { .. },
        output,
        logging,
        availability,
        tags: _,
        scopes,
        automation,
        dialect: _,
    } = tool;
    let mut map = match action {
        Action::Process(workload) => process(workload, around),
        Action::Container(workload) => container(workload, around),
        Action::Http(call) => http(call, around),
        Action::Flow(steps) => flow(steps, around),
        Action::NotSupported(reason) => Map::from_iter([("not_supported".to_owned(), json!(reason))]),
    };
    let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
    put("rules", rules(params, around.folder));
    if let Some(when) = when {
        put("when", self::when(when, around.folder));
    }
    if let Some(requires) = requires {
        put("requires", self::requires::document(requires, around.folder));
    }
    if !authorization.is_empty() {
        put("authorization", access::authorization(authorization));
    }
    if *logging {
        put("logging", json!(true));
    }
    care(tool, around).into_iter().for_each(|(key, value)| put(&key, value));
    put("timeout", json!(format_duration(*timeout)));
    put("detach_after", self::detach(*detach));
    put("kill_grace", json!(format_duration(*kill_grace)));
    put("limits", self::limits(limits));
    put("concurrency", json!(max));
    if let Some(per_caller) = per_caller {
        put("concurrency_per_caller", json!(per_caller));
    }
    if let Some(automation) = automation {
        put("automation", self::automation::automation(automation, around));
    }
    put("lock", json!(lock));
    if !scopes.is_empty() {
        put("scopes", json!(scopes));
    }
    let codes = exit_codes.iter().map(|(code, text)| (code.to_string(), json!(text)));
    put("exit_codes", Value::Object(codes.collect()));
    put("output", self::output(output));
    put("expose", json!(*availability != Availability::Internal));
    let disabled = *availability == Availability::Disabled;
    put("enabled", if disabled { json!(false) } else { Value::Null });
    map.retain(|_, value| !is_nothing(value));
    Value::Object(map)
}

/// What is usual is not written down.
fn detach(detach: Detach) -> Value {
    match detach {
        Detach::USUAL => Value::Null,
        Detach::After(after) => json!(format_duration(after)),
        Detach::Never => json!("never"),
        Detach::AtOnce => json!("0s"),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

fn process(workload: &Workload, around: &Around<'_>) -> Map<String, Value> {
    let Workload { script, env, inherit, working_dir, per_caller, stdin, sandbox } = workload;
    let mut map = self::script(script);
    let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
    put("env", variables(env));
    put("env_inherit", self::inherit(inherit));
    let folder = written::template(working_dir);
    put("working_dir", json!(written::path(Path::new(&folder), around.folder)));
    put("per_caller", if *per_caller { json!(true) } else { Value::Null });
    put("stdin", self::stdin(stdin));
    put("secrets", secrets(workload, around));
    put("sandbox", sandbox.as_ref().map_or(Value::Null, |sandbox| self::sandbox(sandbox, around.folder)));
    map
}

pub(super) fn when(when: &When, folder: &Path) -> Value {
    let When { condition, vars, files } = when;
    let files: Vec<String> = files.iter().map(|(_, path)| written::path(path, folder)).collect();
    json!({ "condition": condition.text(), "vars": vars, "files": files })
}

fn sandbox(sandbox: &Sandbox, folder: &Path) -> Value {
    let Sandbox { read, write, network, tmp } = sandbox;
    let paths = |paths: &[std::path::PathBuf]| -> Vec<String> {
        paths.iter().map(|path| written::path(path, folder)).collect()
    };
    json!({ "read": paths(read), "write": paths(write), "network": network.word(), "tmp": tmp.word() })
}

pub(super) fn variables(env: &[Variable]) -> Value {
    Value::Object(env.iter().map(|Variable { name, value }| (name.clone(), private(value))).collect())
}

pub(super) fn stdin(stdin: &Stdin) -> Value {
    match stdin {
        Stdin::Null => Value::Null,
        Stdin::Text(text) => private(text),
    }
}

fn script(script: &Script) -> Map<String, Value> {
    let document = match script {
        Script::Program { program, args } => {
            json!({ "script": program.written, "args": written::arguments(args) })
        }
        // Line by line, so that a changed line is one in every tool that compares texts.
        Script::Shell { shell, flag, text } => {
            json!({ "shell": [shell.written, flag], "run": text.split('\n').collect::<Vec<_>>() })
        }
    };
    document.as_object().cloned().unwrap_or_default()
}

/// A text that may hold what nobody should read: its templates are shown, anything else is not.
pub(super) fn private(template: &Template) -> Value {
    let shown = written::template(template);
    let is_bare = template.as_literal().is_none_or(str::is_empty)
        && template.pieces().iter().all(|piece| !matches!(piece, crate::model::Piece::Text(_)));
    json!(if is_bare { shown } else { format!("sha256:{}", sha256(shown.as_bytes())) })
}

/// Where the secrets that the process gets come from.
fn secrets(workload: &Workload, around: &Around<'_>) -> Value {
    let Workload { script, env, stdin, inherit: _, working_dir, per_caller: _, sandbox: _ } = workload;
    let mut templates: Vec<&Template> = env.iter().map(|variable| &variable.value).collect();
    templates.push(working_dir);
    if let Stdin::Text(text) = stdin {
        templates.push(text);
    }
    if let Script::Program { args, .. } = script {
        collect(args, &mut templates);
    }
    secrets_of(templates.into_iter().flat_map(Template::references), around)
}

/// The sources of the secrets that are named.
pub(super) fn secrets_of<'a>(references: impl Iterator<Item = &'a Reference>, around: &Around<'_>) -> Value {
    let mut map = Map::new();
    for reference in references {
        if let Reference::Secret(name) = reference
            && let Some(source) = around.secrets.get(name)
        {
            put_secret(name, source, around, &mut map);
        }
    }
    Value::Object(map)
}

/// A source, and those of the secrets that its own program needs.
fn put_secret(name: &SecretName, source: &SecretSource, around: &Around<'_>, map: &mut Map<String, Value>) {
    let document = match source {
        SecretSource::Env(_) | SecretSource::Store(_) | SecretSource::Unset { .. } => {
            json!(source.to_string())
        }
        SecretSource::File(path) => json!(format!("file:{}", written::path(path, around.folder))),
        SecretSource::Script(script) => {
            let references = script.env.iter().flat_map(|variable| variable.value.references());
            for reference in references {
                if let Reference::Secret(needed) = reference
                    && let Some(source) = around.secrets.get(needed)
                {
                    put_secret(needed, source, around, map);
                }
            }
            secret_script(script, around.folder)
        }
    };
    map.insert(name.to_string(), document);
}

fn secret_script(script: &SecretScript, folder: &Path) -> Value {
    // How long it may take and how long its value is good for is no other thing to run.
    let SecretScript { program, args, env, inherit, working_dir, timeout: _, ttl: _ } = script;
    let env = env.iter().map(|Variable { name, value }| (name.clone(), private(value)));
    json!({
        "script": program.written,
        "args": args,
        "env": Value::Object(env.collect()),
        "env_inherit": self::inherit(inherit),
        "working_dir": written::path(working_dir, folder),
    })
}

pub(super) fn collect<'a>(args: &'a [Argument], into: &mut Vec<&'a Template>) {
    for argument in args {
        match argument {
            Argument::Word(template) => into.push(template),
            Argument::If { param: _, args } | Argument::Group(args) => collect(args, into),
        }
    }
}

fn inherit(inherit: &EnvInherit) -> Value {
    match inherit {
        EnvInherit::Minimal => json!("minimal"),
        EnvInherit::All => json!("all"),
        EnvInherit::None => json!("none"),
        EnvInherit::Also(names) => json!(names),
    }
}

/// Our own rules for values, which stand in no schema.
fn rules(params: &Params, folder: &Path) -> Value {
    let mut map = Map::new();
    for Param { name, schema: _, kind: _, presence: _, rule } in params.iter() {
        // Suggestions change no call.
        let ParamRule { allow_dash, ask, sensitive, path, max_bytes, suggest: _ } = rule;
        let mut rules = Map::new();
        if *allow_dash {
            rules.insert("allow_dash".to_owned(), json!(true));
        }
        if *ask {
            rules.insert("ask".to_owned(), json!(true));
        }
        if *sensitive {
            rules.insert("sensitive".to_owned(), json!(true));
        }
        if let Some(PathRule { within }) = path {
            let within = within.as_ref().map(|within| written::path(within, folder));
            rules.insert("within".to_owned(), json!(within));
        }
        if *max_bytes != Params::DEFAULT_MAX_BYTES {
            rules.insert("max_bytes".to_owned(), json!(max_bytes));
        }
        if !rules.is_empty() {
            map.insert(name.to_string(), Value::Object(rules));
        }
    }
    Value::Object(map)
}

fn limits(limits: &Limits) -> Value {
    let Limits { memory, cpu, pids, files, disk, output, enforcement } = limits;
    let mut map = Map::from_iter([
        ("memory".to_owned(), json!(memory.map(|size| size.to_string()))),
        ("cpu".to_owned(), json!(cpu.map(|cores| cores.to_string()))),
        ("pids".to_owned(), json!(pids)),
        ("files".to_owned(), json!(files)),
        ("disk".to_owned(), json!(disk.map(|size| size.to_string()))),
        ("output".to_owned(), json!(output.to_string())),
        ("required".to_owned(), json!((*enforcement == Enforcement::Required).then_some(true))),
    ]);
    map.retain(|_, value| !is_nothing(value));
    Value::Object(map)
}

fn output(rules: &OutputRules) -> Value {
    let OutputRules { format, show, on_overflow, mime, select, schema: _, template, files } = rules;
    let on_overflow = match on_overflow {
        OnOverflow::Truncate => "truncate",
        OnOverflow::Kill => "kill",
    };
    let (header, delimiter) = match format {
        OutputFormat::Csv(form) => ((!form.header).then_some(false), Some(form.delimiter)),
        _ => (None, None),
    };
    let delimiter =
        delimiter.filter(|delimiter| *delimiter != b',').map(|delimiter| char::from(delimiter).to_string());
    let pattern = match format {
        OutputFormat::Regex(pattern) => Some(pattern.text()),
        _ => None,
    };
    let files: Vec<&str> = files.iter().map(FileGlob::text).collect();
    let mut map = Map::from_iter([
        ("format".to_owned(), json!(format.name())),
        ("header".to_owned(), json!(header)),
        ("delimiter".to_owned(), json!(delimiter)),
        ("pattern".to_owned(), json!(pattern)),
        ("select".to_owned(), json!(select.as_ref().map(Select::text))),
        ("template".to_owned(), json!(template.as_ref().map(template_text))),
        ("files".to_owned(), json!((!files.is_empty()).then_some(files))),
        ("show".to_owned(), json!(show.to_string())),
        ("on_overflow".to_owned(), json!(on_overflow)),
        ("mime".to_owned(), json!(mime)),
    ]);
    map.retain(|_, value| !is_nothing(value));
    Value::Object(map)
}

/// A template with the variables of the file that it is filled with.
fn template_text(template: &TextTemplate) -> Value {
    match template.vars.is_empty() {
        true => json!(template.source()),
        false => json!({ "text": template.source(), "vars": template.vars }),
    }
}
