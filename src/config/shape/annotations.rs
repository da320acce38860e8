//! `annotations` of a command.

use super::{Key, Kind, Shape};

pub static ANNOTATIONS: Shape = Shape {
    name: "annotations",
    what: "`annotations`",
    description: "Hints that clients show or act on: many ask before a tool that is not read-only.",
    tables: &[&[
        Key::new("read_only", Kind::Boolean, "The command changes nothing. Clients may then run it unasked.")
            .default("false"),
        Key::new("destructive", Kind::Boolean, "The command may destroy or overwrite something.")
            .otherwise("`true`, or `false` if `read_only`")
            .examples(&["false"]),
        Key::new(
            "idempotent",
            Kind::Boolean,
            "A second call with the same arguments changes nothing more, so that it may be repeated.",
        )
        .default("false"),
        Key::new("open_world", Kind::Boolean, "The command deals with things outside of this host.")
            .default("true"),
    ]],
};
