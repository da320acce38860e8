//! A secret: where its value comes from.

use super::{Key, Kind, Shape};

pub static SECRET: Shape = Shape {
    name: "secret",
    what: "a secret",
    description: "Where the value of a secret comes from: exactly one source. The value has no place in the file.",
    tables: &[&[
        Key::new(
            "env",
            Kind::Text,
            "The environment variable of the server that holds the value. No command inherits it.",
        )
        .expands()
        .examples(&["GITHUB_TOKEN"]),
        Key::new("file", Kind::Path, "A file that holds the value; a newline at its end does not count.")
            .expands()
            .examples(&["/run/secrets/token", "~/.config/service/token"]),
        Key::later("command"),
        Key::later("keyring"),
        Key::later("store"),
        Key::later("vault"),
        Key::later("field"),
    ]],
};
