//! A secret: where its value comes from.

use super::{Key, Kind, LITERAL, Names, Shape};

pub static SECRET: Shape = Shape {
    name: "secret",
    what: "a secret",
    description: "Where the value of a secret comes from: exactly one source. The value has no place in the file.",
    tables: &[&[
        Key::new(
            "env",
            Kind::Either(&[Kind::Text, Kind::MapOf(Names::Variable, &Kind::Template)]),
            "The variable that holds the value, of the server's environment or of `env_file`. No command inherits it. Beside `script` it is a map: variables that the program gets, where `{{secrets.NAME}}` of secrets without a `script` may stand.",
        )
        .expands()
        .examples(&["GITHUB_TOKEN"]),
        Key::new("file", Kind::Path, "A file that holds the value; a newline at its end does not count.")
            .expands()
            .examples(&["/run/secrets/token", "~/.config/service/token"]),
        Key::new(
            "script",
            Kind::Text,
            "A program that prints the value: its name or its path. It is run without a shell when a call first needs the value, and killed when it takes longer than `timeout`. Newlines at the end of what it prints do not count.",
        )
        .expands()
        .examples(&["pass", "op"]),
        Key::new(
            "args",
            Kind::ListOf(&Kind::Either(&[Kind::Text, Kind::Group(&LITERAL)])),
            "The words that `script` gets. They may hold `{{vars.NAME}}` and `${VAR}`, and nothing of a caller.",
        )
        .otherwise("none")
        .expands()
        .examples(&["[show, work/token]", "[read, \"op://Work/service/token\"]"]),
        Key::new(
            "env_inherit",
            Kind::Either(&[Kind::Choice(&["minimal", "all", "none"]), Kind::ListOf(&Kind::VariablePattern)]),
            "The variables of the server that `script` gets, as `env_inherit` of a command.",
        )
        .default("minimal")
        .examples(&["[\"VAULT_*\"]"]),
        Key::new("timeout", Kind::Duration, "How long `script` may take.").default("10s").examples(&["30s"]),
        Key::new(
            "ttl",
            Kind::Duration,
            "How long a value that `script` printed is used before it is run again. `0s` runs it for every call.",
        )
        .default("5m")
        .examples(&["1h"]),
        Key::new(
            "store",
            Kind::Text,
            "The name under which `mcpfier secret set` stored the value in the encrypted store; `true` is the secret's own name.",
        )
        .expands()
        .examples(&["github_token", "true"]),
        Key::later("keyring"),
        Key::later("vault"),
        Key::later("field"),
    ]],
};
