//! Which tools somebody is offered: by tags, and by search instead of a list.

use super::{Key, Kind, Shape};

pub static TOOLSET: Shape = Shape {
    name: "toolset",
    what: "`tools`",
    description: "Which of the tools that somebody may call are offered to them. Others are not there for them.",
    tables: &[&[Key::new(
        "tags",
        Kind::ListOf(&Kind::Text),
        "Only commands with one of these `tags` are offered. A command of theirs may run others in its steps all the same.",
    )
    .required()
    .expands()
    .examples(&["[git, search]"])]],
};

pub static DISCOVERY: Shape = Shape {
    name: "discovery",
    what: "`server.discovery`",
    description: "Whether a model is given all tools, or two with which it finds the others: `search_tools` and `call_tool`. Thousands of tools do not fit into what a model reads.",
    tables: &[&[
        Key::new(
            "search",
            Kind::Choice(&["never", "auto", "always"]),
            "`auto`: callers with more tools than `above` are given the two; `always`: all callers.",
        )
        .default("never")
        .expands(),
        Key::new("above", Kind::Whole, "With `search: auto`: how many tools are still given as a list.")
            .default("200")
            .expands()
            .examples(&["50"]),
    ]],
};
