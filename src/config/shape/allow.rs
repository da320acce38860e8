//! An element of `allow`.

use super::{Key, Kind, Shape};

pub static ALLOWANCE: Shape = Shape {
    name: "allowance",
    what: "an element of `allow`",
    description: "A warning that is silent in this command, and why.",
    tables: &[&[
        Key::new(
            "code",
            Kind::WarningCode,
            "The code of the warning or the note, as `mcpfier --validate` prints it.",
        )
        .required()
        .examples(&["W0040", "W0054"]),
        Key::new("reason", Kind::Filled, "Why the warning does not matter here.")
            .required()
            .examples(&["the program takes any word"]),
    ]],
};
