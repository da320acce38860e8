//! `output` of a command.

use super::{Key, Kind, Shape};

/// Formats that are known and not built yet.
pub const LATER_FORMATS: [&str; 4] = ["csv", "regex", "yaml", "mcp"];

pub static OUTPUT: Shape = Shape {
    name: "output",
    what: "`output`",
    description: "What the command prints, and how a client is shown it.",
    tables: &[&[
        Key::new(
            "format",
            Kind::Choice(&["text", "json", "lines", "binary"]),
            "What the command prints. `json` becomes a structured result, `lines` a list of texts, `binary` an image, a sound or a file by its `mime` type.",
        )
        .default("text")
        .examples(&["json"]),
        Key::new(
            "show",
            Kind::Size,
            "How much of a text the model sees: its head and its tail. The rest is counted and left out.",
        )
        .default("32KiB")
        .examples(&["8KiB"]),
        Key::new(
            "on_overflow",
            Kind::Choice(&["truncate", "kill"]),
            "What happens to output beyond `limits.output`: `truncate` drops it, `kill` ends the command and makes the call an error.",
        )
        .default("truncate"),
        Key::new("mime", Kind::Mime, "The MIME type of what the command prints, for `format: binary`.")
            .otherwise("`application/octet-stream`")
            .examples(&["image/png"]),
        Key::new(
            "schema",
            Kind::FreeSchema,
            "A JSON Schema of the structured result, for `format: json` and `format: lines`. Clients see it, and results are checked against it.",
        )
        .otherwise("none")
        .examples(&["{ type: object, properties: { total: { type: integer } } }"]),
        Key::later("pattern"),
        Key::later("select"),
        Key::later("template"),
        Key::later("files"),
    ]],
};
