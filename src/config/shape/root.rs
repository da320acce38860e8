//! The root of a file.

use super::access::ACCESS;
use super::offer::OFFERS;
use super::{
    AUDIT, CHANGE, COMMAND, DEFAULTS, EXECUTOR, Key, Kind, Names, SECRET, SERVER, Shape, TEMPLATE, TENANT,
};

pub static ROOT: Shape = Shape {
    name: "file",
    what: "the file",
    description: "One file declares commands, and mcpfier makes each of them a tool that AI assistants can call.",
    tables: &[SETTLED, COMMANDS, ACCESS, SHARED, OFFERS],
};

pub static PROFILE: Shape = Shape {
    name: "profile",
    what: "a profile",
    description: "What is different when this profile is chosen: maps are joined, lists and single values replaced, and commands are found by their name.",
    tables: &[CHANGES, ACCESS, SHARED, OFFERS],
};

/// What is settled before a profile is laid over the file.
static SETTLED: &[Key] = &[
    Key::new("version", Kind::Const("1"), "The version of the language of this file. It is always 1.")
        .required()
        .examples(&["1"]),
    Key::new(
        "include",
        Kind::ListOf(&Kind::Path),
        "Files that belong to this one, as paths and patterns with `*`, `?`, `[a-z]` and `**`, relative to the folder of this file. They hold `commands`, `prompts`, `resources`, `vars` and `secrets`; paths in them are relative to themselves.",
    )
    .default("[]")
    .expands()
    .examples(&["[tools/*.yaml]", "[\"${TEAM:-tools}/*.yaml\", more.toml]"]),
    Key::new(
        "profiles",
        Kind::MapOf(Names::Any, &Kind::Group(&PROFILE)),
        "What is different where a profile is chosen, by `--profile NAME` or MCPFIER_PROFILE. Maps are joined, lists and single values replaced, commands are found by their name.",
    )
    .otherwise("none")
    .examples(&["{ prod: { defaults: { timeout: 10s } } }"]),
];

static COMMANDS: &[Key] = &[Key::new(
    "commands",
    Kind::ListOf(&Kind::Group(&COMMAND)),
    "The commands; each becomes a tool of its name.",
)];

static CHANGES: &[Key] = &[Key::new(
    "commands",
    Kind::ListOf(&Kind::Group(&CHANGE)),
    "Commands that are different, found by their name, and commands that are only here.",
)];

/// What a profile can say too.
static SHARED: &[Key] = &[
    Key::new(
        "env_file",
        Kind::Path,
        "A file of environment variables for `${VAR}` in this file, one `NAME=value` a line. Commands do not inherit them, and the environment wins over it.",
    )
    .otherwise("none")
    .expands()
    .examples(&[".env"]),
    Key::new(
        "templates",
        Kind::MapOf(Names::Any, &Kind::Group(&TEMPLATE)),
        "Keys that several commands share, by a name that they name in `extends`.",
    )
    .otherwise("none")
    .examples(&["{ careful: { timeout: 5s, limits: { memory: 64MiB } } }"]),
    Key::new(
        "defaults",
        Kind::Group(&DEFAULTS),
        "Settings of all commands that do not say otherwise themselves.",
    )
    .examples(&["{ timeout: 10s, limits: { memory: 512MiB } }"]),
    Key::new(
        "vars",
        Kind::MapOf(Names::Parameter, &Kind::Either(&[Kind::Text, Kind::ListOf(&Kind::Text)])),
        "Names for texts and lists of texts that stand in more than one place or differ between hosts. `{{vars.NAME}}` is filled in when the file is loaded; `${VAR}` in a value is an environment variable.",
    )
    .otherwise("none")
    .expands()
    .examples(&["{ project: \"${PROJECT:-~/src/project}\" }"]),
    Key::new(
        "secrets",
        Kind::MapOf(Names::Identifier, &Kind::Group(&SECRET)),
        "Names of secrets, and where their values come from. `{{secrets.NAME}}` may stand in `env` and `stdin` of a command, and in `auth`, `headers`, `body` and `form` of a `webhook`; the value is shown nowhere and cut out of output.",
    )
    .otherwise("none")
    .examples(&["{ github_token: { env: GITHUB_TOKEN } }"]),
    Key::new(
        "server",
        Kind::Group(&SERVER),
        "What the server tells clients of itself, and how many calls it takes.",
    )
    .examples(&["{ name: my-tools }"]),
    Key::new(
        "executors",
        Kind::MapOf(Names::Any, &Kind::Group(&EXECUTOR)),
        "Names for engines other than the one that is found by itself. A command with `container` names one of them in `run_on`.",
    )
    .otherwise("none")
    .expands()
    .examples(&["{ remote: { docker: { host: ssh://ci@build-1 } } }"]),
    Key::later("upstreams"),
    Key::later("telemetry"),
    Key::later("analytics"),
    Key::new(
        "audit",
        Kind::Group(&AUDIT),
        "Where it is recorded who called what, what was decided, and how it ended. A call that cannot be recorded is not run.",
    )
    .otherwise("nothing is recorded")
    .examples(&["{ file: audit.jsonl }"]),
    Key::later("schedules"),
    Key::later("tags"),
    Key::later("composite_tools"),
    Key::later("proxies"),
    Key::new(
        "tenants",
        Kind::ListOf(&Kind::Group(&TENANT)),
        "Callers over HTTP who belong together, and what they share. A caller names theirs in `tenant`.",
    )
    .otherwise("none")
    .examples(&["[{ id: acme, commands: [\"acme-*\"], rate_limits: { requests_per_minute: 300 } }]"]),
];
