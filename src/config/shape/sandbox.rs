//! `sandbox` of a command and of `defaults`.

use super::{Key, Kind, Shape};

pub static SANDBOX: Shape = Shape {
    name: "sandbox",
    what: "`sandbox`",
    description: "What a local command may touch. Whatever is not named is out of reach, save the system's own folders, which can be read.",
    tables: &[&[
        Key::new(
            "read",
            Kind::ListOf(&Kind::Path),
            "Files and folders that the command may read and execute, relative to the folder of this file. They take the place of the working directory. What does not exist is passed over. The system's programs and libraries, and the program itself, can always be read.",
        )
        .otherwise("the working directory")
        .expands()
        .examples(&["[., ~/.gitconfig]", "[]"]),
        Key::new(
            "write",
            Kind::ListOf(&Kind::Path),
            "Files and folders that the command may read and change, relative to the folder of this file. They have to exist.",
        )
        .otherwise("nothing but the private folder for temporary files")
        .expands()
        .examples(&["[out]"]),
        Key::new(
            "network",
            Kind::Choice(&["none", "host"]),
            "`none`: no socket of any kind, neither to the network nor to programs of this host. `host`: the network as the host has it.",
        )
        .default("none")
        .examples(&["host"]),
        Key::new(
            "tmp",
            Kind::Choice(&["private", "host"]),
            "`private`: an empty folder for each call, which `TMPDIR` and `HOME` name and whose contents go with the call; `/tmp` is out of reach. `host`: `/tmp` and `/var/tmp` as everybody has them.",
        )
        .default("private")
        .examples(&["host"]),
    ]],
};
