//! Elements of `args` that are maps.

use super::{Key, Kind, Shape};

pub static CONDITION: Shape = Shape {
    name: "condition",
    what: "a condition",
    description: "Words that are there only if a boolean parameter is true.",
    tables: &[&[
        Key::new(
            "if",
            Kind::Text,
            "The bare name of a boolean parameter. `args` is there only if it is true.",
        )
        .required()
        .examples(&["ignore_case"]),
        Key::new("args", Kind::ListOf(&Kind::Argument), "The words that are there if the parameter is true.")
            .required()
            .examples(&["[--ignore-case]"]),
    ]],
};

pub static LITERAL: Shape = Shape {
    name: "literal",
    what: "a literal",
    description: "A word that is passed as it stands.",
    tables: &[&[Key::new(
        "literal",
        Kind::Text,
        "A word that is passed as it stands, braces and all: for programs with templates of their own.",
    )
    .required()
    .examples(&["\"{{.Names}}\""])]],
};
