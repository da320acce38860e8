//! `working_dir` of a command, where it is more than one folder.

use super::{Key, Kind, Shape};

pub static WORKING_DIR: Shape = Shape {
    name: "working_dir",
    what: "`working_dir`",
    description: "Folders of which each caller has one.",
    tables: &[&[Key::new(
        "per_caller",
        Kind::Path,
        "The folder in which each caller has one for themselves, relative to the folder of this file. It is made when they call, for the user of the server alone.",
    )
    .required()
    .expands()
    .examples(&["./work"])]],
};
