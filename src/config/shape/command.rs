//! One element of `commands`.

use super::automation::AUTOMATION;
use super::care::CARE;
use super::settings::{DETACH_AFTER, SETTINGS};
use super::{
    ALLOWANCE, ANNOTATIONS, AUTHORIZATION, CONTAINER, DEPENDENCY, Key, Kind, Names, OUTPUT, REQUIRES, STEP,
    Shape, TEST, WEBHOOK, WORKING_DIR,
};

/// Of a command, and of what a profile says of one.
static ALL: &[&[Key]] = &[
    NAME,
    ABOUT,
    WORK,
    FLOW,
    PARAMS,
    SURROUNDINGS,
    SETTINGS,
    CARE,
    OUTCOME,
    RESULT,
    DETACHING,
    CHOOSING,
    AUTOMATION,
    LATER,
];

pub static COMMAND: Shape = Shape {
    name: "command",
    what: "a command",
    description: "A command that becomes a tool: a program with arguments (`script`) or a script for a shell (`run`), on this host or in a container (`container`), or a call of an HTTP interface (`webhook`).",
    tables: ALL,
};

pub static CHANGE: Shape = Shape {
    name: "change",
    what: "a command",
    description: "What is different of the command of this name where the profile is chosen; a name that the file does not have is a command of its own.",
    tables: ALL,
};

pub static TEMPLATE: Shape = Shape {
    name: "template",
    what: "a template",
    description: "Keys that several commands share. A command that names it in `extends` is laid over it: its own keys win, maps are joined, lists replaced.",
    // All but the name.
    tables: ALL.split_at(1).1,
};

static NAME: &[Key] = &[
    Key::new(
        "name",
        Kind::ToolName,
        "The name of the tool: letters, digits, `_` and `-`, at most 64. Clients put the name of the server before it.",
    )
    .required()
    .examples(&["search-code"]),
];

/// What people and models are told of it.
static ABOUT: &[Key] = &[
    Key::new("title", Kind::Text, "The name that people are shown.")
        .otherwise("none")
        .examples(&["Search code"]),
    Key::new(
        "description",
        Kind::Text,
        "What the command does and when to use it. A model chooses by it, so it is worth two good sentences.",
    )
    .otherwise("`Execute NAME with configured arguments`, and a warning")
    .examples(&["Search the files of this folder for a regular expression."]),
];

/// What is done: by a command, or by a step of one.
pub(super) static WORK: &[Key] = &[
    Key::new(
        "script",
        Kind::Text,
        "The executable that is run, by name or by path, with the words of `args`. No shell comes near it, and it is never a template: callers do not choose the program. Without it there is `run`, `container` or `webhook`. In a container it is a program of the image, in place of its entrypoint.",
    )
    .examples(&["git", "./bin/report"]),
    Key::new(
        "args",
        Kind::ListOf(&Kind::Argument),
        "The words that `script` gets. An element is a word, which may hold `{{name}}` of a parameter and is never split; `{ if: PARAMETER, args: […] }`; `{ literal: TEXT }`; or a list of words that vanishes as a whole if a parameter in it is absent.",
    )
    .otherwise("none")
    .examples(&["[--max-count, \"{{limit}}\", --, \"{{pattern}}\"]"]),
    Key::new(
        "shell",
        Kind::Text,
        "What executes `run`: sh, bash, dash, zsh, ksh, fish, python, python3, node, ruby, perl or pwsh, or the path of one.",
    )
    .default("sh")
    .examples(&["bash", "python3"]),
    Key::new(
        "run",
        Kind::Text,
        "A script for `shell`, instead of `script`. Parameters arrive as variables `PARAM_name`, and all of them as JSON in `PARAMS_JSON`; it is never a template.",
    )
    .examples(&["wc -l \"$PARAM_file\""]),
    Key::new(
        "container",
        Kind::Either(&[Kind::Filled, Kind::Group(&CONTAINER)]),
        "Runs `script` or `run` in a container, locked down unless it says otherwise: the name of an image, or a map. Without either it is the image's own entrypoint, with `args`.",
    )
    .otherwise("none: it runs on this host")
    .expands()
    .examples(&["python:3.12-slim", "{ image: \"alpine:3.22\", mounts: [{ source: ./data, target: /data }] }"]),
    Key::new(
        "webhook",
        Kind::Group(&WEBHOOK),
        "A call of an HTTP interface, in place of `script` or `run`.",
    )
    .examples(&["{ url: \"https://api.example.com/items/{{id}}\" }"]),
];

/// Other commands that take part.
static FLOW: &[Key] = &[
    Key::new(
        "steps",
        Kind::ListOf(&Kind::Group(&STEP)),
        "Makes of the command a workflow, in place of `script` or `run`: steps that run one after the other or, by `after`, side by side. Without `output.template` its result is a table of the steps.",
    )
    .examples(&["[{ command: test }, { id: tag, script: git, args: [tag, \"v{{version}}\"] }]"]),
    Key::new(
        "finally",
        Kind::ListOf(&Kind::Group(&STEP)),
        "Steps that run one after the other when no other step runs any more, whatever has happened: also after a failure, a timeout or a cancelled call.",
    )
    .otherwise("none")
    .examples(&["[{ script: rm, args: [-rf, build/tmp] }]"]),
    Key::new("cleanup_timeout", Kind::Duration, "How long all of `finally` may take together.")
        .default("30s")
        .examples(&["1m"]),
    Key::new(
        "depends_on",
        Kind::ListOf(&Kind::Either(&[Kind::ToolName, Kind::Group(&DEPENDENCY)])),
        "Commands that run before this one, side by side unless one reads the result of another. If one fails nothing else runs. The same command with the same arguments runs once in a call, however often it is named.",
    )
    .otherwise("none")
    .examples(&["[build, { command: lint-all, as: lint, on_error: continue }]"]),
];

static PARAMS: &[Key] = &[
    Key::new(
        "params",
        Kind::MapOf(Names::Parameter, &Kind::Parameter),
        "What a caller may say, by name: each a JSON Schema, or just a type as in `title: string`. A parameter is required unless it has a `default` or says `optional: true`.",
    )
    .otherwise("none")
    .examples(&["{ pattern: { type: string, description: A regular expression } }"]),
    Key::new(
        "input_schema",
        Kind::FreeSchema,
        "What a caller may say, as one JSON Schema 2020-12 that clients are shown as it stands, instead of `params`. Its `properties` are the parameters; those that `required` does not name are optional. For what `params` cannot say: rules over several parameters, `$defs`, anchors.",
    )
    .otherwise("made of `params`")
    .examples(&["{ type: object, properties: { from: { type: integer }, to: { type: integer } }, anyOf: [{ required: [from] }, { required: [to] }], additionalProperties: false }"]),
];

/// What surrounds a process.
pub(super) static SURROUNDINGS: &[Key] = &[
    Key::new(
        "env",
        Kind::MapOf(Names::Variable, &Kind::Template),
        "Variables that the command gets beside the inherited ones. Values may hold `{{name}}` of a parameter, `{{secrets.NAME}}`, `{{vars.NAME}}` and `${VAR}`.",
    )
    .otherwise("none")
    .expands()
    .examples(&["{ TOKEN: \"{{secrets.token}}\" }"]),
    Key::new(
        "working_dir",
        Kind::Either(&[Kind::Path, Kind::Group(&WORKING_DIR)]),
        "The folder in which the command runs, relative to the folder of this file; or one in which each caller has a folder of their own.",
    )
    .otherwise("the folder of the file")
    .expands()
    .examples(&["./data", "~/src", "{ per_caller: ./work }"]),
    Key::new("stdin", Kind::Template, "What the command reads. `{{secrets.NAME}}` may stand here.")
        .otherwise("nothing to read")
        .examples(&["\"{{text}}\""]),
];

/// How an ending and an output are taken.
pub(super) static OUTCOME: &[Key] = &[
    Key::new("lock", Kind::Filled, "Calls of all commands that name the same lock exclude each other.")
        .otherwise("none")
        .examples(&["database"]),
    Key::new(
        "exit_codes",
        Kind::Either(&[Kind::MapOf(Names::ExitCode, &Kind::Text), Kind::ListOf(&Kind::ExitCode)]),
        "The exit codes that are success: a list, or a map in which a text instead of `ok` is what an empty result says.",
    )
    .default("{ 0: ok }")
    .examples(&["{ 0: ok, 1: no matches }", "[0, 2]"]),
    Key::new("output", Kind::Group(&OUTPUT), "What the command prints, and how a client is shown it.")
        .examples(&["{ format: json }"]),
];

/// What clients are told of it.
static RESULT: &[Key] = &[
    Key::new(
        "annotations",
        Kind::Group(&ANNOTATIONS),
        "Hints for clients: whether the command changes or destroys something.",
    )
    .examples(&["{ read_only: true, open_world: false }"]),
    Key::new(
        "logging",
        Kind::Boolean,
        "Clients that ask for log messages are told what the command writes to stderr, line by line. A line `::log LEVEL TEXT::`, on either stream, says its level; others are `info`. Callers without that wish notice nothing.",
    )
    .default("false"),
    Key::new("expose", Kind::Boolean, "`false`: clients neither see nor call it.").default("true"),
    Key::new(
        "tests",
        Kind::ListOf(&Kind::Group(&TEST)),
        "Calls of this command with what is expected of each. `mcpfier test` runs them; a server does not look at them.",
    )
    .default("[]")
    .examples(&["[{ with: { pattern: TODO }, expect: { stdout: { contains: TODO } } }]"]),
    Key::new(
        "allow",
        Kind::ListOf(&Kind::Group(&ALLOWANCE)),
        "Warnings that are silent in this command, each with the reason.",
    )
    .otherwise("none")
    .examples(&["[{ code: W0054, reason: only trusted people call it }]"]),
];

/// Whether it is there, and what it shares with others.
static CHOOSING: &[Key] = &[
    Key::new(
        "when",
        Kind::Filled,
        "A condition in CEL. If it is false nothing runs, and the result says why. It sees the parameters by name and as `params`, `vars`, `os`, `env`, `now`, `caller.name` and `caller.roles`; `has(params.x)` asks whether an optional one is there; `file_exists(\"PATH\")`, `has_env(\"NAME\")` and `semver(VERSION, \">=1.2\")` ask for the rest.",
    )
    .otherwise("it always runs")
    .examples(&["target in [\"unit\", \"all\"] && os == \"linux\""]),
    Key::new(
        "requires",
        Kind::Group(&REQUIRES),
        "What the host has to have for the command to be offered: an operating system, programs of certain versions, variables, files, a container engine, other commands.",
    )
    .otherwise("nothing")
    .examples(&["{ os: [linux], executables: [du, sort] }", "{ executables: { node: \">=18\" }, recheck: 5m }"]),
    Key::new(
        "authorization",
        Kind::Group(&AUTHORIZATION),
        "What the command asks of its callers beside a permission for its name, and what it lends them.",
    )
    .otherwise("nothing")
    .examples(&["{ required_roles: [release-manager], grants: [git-tag, publish] }"]),
    Key::new(
        "enabled",
        Kind::Boolean,
        "`false`: the command is checked and listed as disabled, and nobody can call it. A profile or `--set` may enable it.",
    )
    .default("true"),
    Key::new(
        "tags",
        Kind::ListOf(&Kind::Text),
        "Words by which commands are chosen: with `--tags git,slow` only those with one of these are there. No spaces, no commas.",
    )
    .default("[]")
    .examples(&["[git, slow]"]),
    Key::new(
        "scopes",
        Kind::ListOf(&Kind::Text),
        "What the token of a caller, or a key with `scopes`, has to be good for, beside `required_scopes` of its issuer. A client whose token lacks one is told which, and can ask its user for more. Other callers need none.",
    )
    .default("[]")
    .examples(&["[\"deploy:write\"]"]),
    Key::new(
        "extends",
        Kind::Either(&[Kind::Text, Kind::ListOf(&Kind::Text)]),
        "The name of an entry of `templates`, or several, whose keys this command has unless it says otherwise. Of several the later wins.",
    )
    .otherwise("none")
    .examples(&["careful", "[careful, quiet]"]),
];

static DETACHING: &[Key] = &[
    DETACH_AFTER,
    Key::new(
        "background",
        Kind::Boolean,
        "`true`: a call is answered at once with the name of a job, which goes on by itself; `job_wait` waits for it, `job_output` reads what it has written. It excludes `detach_after`.",
    )
    .default("false"),
];

static LATER: &[Key] = &[Key::later("else"), Key::later("mock"), Key::later("deprecated")];
