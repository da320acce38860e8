//! `concurrency` of a command, where it says more than one number.

use super::{Key, Kind, Shape};

pub static CONCURRENCY: Shape = Shape {
    name: "concurrency",
    what: "`concurrency`",
    description: "How many calls of a command may run at once.",
    tables: &[&[
        Key::new("max", Kind::Count, "In all; more wait.").otherwise("as many as `server.calls` has"),
        Key::new("per_caller", Kind::Count, "Of one caller; more wait.").otherwise("as many as `max`"),
    ]],
};
