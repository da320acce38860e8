//! `limits` of a command and of `defaults`.

use super::{Key, Kind, Shape};

pub static LIMITS: Shape = Shape {
    name: "limits",
    what: "`limits`",
    description: "What one call may use. Limits of a command and of `defaults` are joined key by key; `none` lifts one.",
    tables: &[&[
        Key::new(
            "memory",
            Kind::OrWord("none", &Kind::Size),
            "Memory of the whole process tree of a call, with what is swapped out. A tree that wants more is killed.",
        )
        .otherwise("none; `512MiB` in a container")
        .examples(&["512MiB", "2GiB"]),
        Key::new("cpu", Kind::OrWord("none", &Kind::Cores), "Processor cores of the whole process tree; half a core is `0.5`.")
            .otherwise("none; `1` in a container")
            .examples(&["0.5", "2"]),
        Key::new("pids", Kind::OrWord("none", &Kind::Count), "Processes and threads of the whole tree, against fork bombs.")
            .otherwise("none; `256` in a container")
            .examples(&["64"]),
        Key::new("files", Kind::OrWord("none", &Kind::Count), "Open files of each process.").otherwise("none; `1024` in a container").examples(&["1024"]),
        Key::new(
            "disk",
            Kind::Size,
            "Written bytes. No local command can be held to it, and plans say so. In a container it is the size of each `tmpfs` that says none, and of what is written to a root that is not `read_only`, where the engine's storage knows quotas.",
        )
        .otherwise("none")
        .examples(&["1GiB"]),
        Key::new(
            "output",
            Kind::Size,
            "Bytes of output that are kept of a call. What is beyond is read, counted and marked, and the call still succeeds unless `output.on_overflow` is `kill`.",
        )
        .default("1MiB")
        .examples(&["64KiB"]),
        Key::later("network"),
        Key::later("io"),
        Key::later("gpu"),
    ]],
};
