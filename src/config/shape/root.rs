//! The root of a file.

use super::{COMMAND, DEFAULTS, Key, Kind, Names, SECRET, SERVER, Shape};

pub static ROOT: Shape = Shape {
    name: "file",
    what: "the file",
    description: "One file declares commands, and mcpfier makes each of them a tool that AI assistants can call.",
    tables: &[&[
        Key::new("version", Kind::Const("1"), "The version of the language of this file. It is always 1.")
            .required()
            .examples(&["1"]),
        Key::new(
            "env_file",
            Kind::Path,
            "A file of environment variables for `${VAR}` in this file, one `NAME=value` a line. Commands do not inherit them, and the environment wins over it.",
        )
        .otherwise("none")
        .expands()
        .examples(&[".env"]),
        Key::new(
            "commands",
            Kind::ListOf(&Kind::Group(&COMMAND)),
            "The commands; each becomes a tool of its name.",
        ),
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
        Key::later("include"),
        Key::later("profiles"),
        Key::later("executors"),
        Key::later("prompts"),
        Key::later("resources"),
        Key::later("upstreams"),
        Key::later("roles"),
        Key::later("user_roles"),
        Key::later("policies"),
        Key::later("telemetry"),
        Key::later("analytics"),
        Key::later("audit"),
        Key::later("schedules"),
        Key::later("templates"),
        Key::later("tags"),
        Key::later("composite_tools"),
        Key::later("proxies"),
        Key::later("tenants"),
    ]],
};
