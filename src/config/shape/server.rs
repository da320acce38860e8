//! `server` and the maps in it. `${VAR}` is expanded in all of them.

use super::{DISCOVERY, HTTP_SERVER, JOBS, Key, Kind, Shape, TOOLSET};

pub static SERVER: Shape = Shape {
    name: "server",
    what: "`server`",
    description: "What the server tells clients of itself, and how many calls it takes.",
    tables: &[&[
        Key::new("name", Kind::Filled, "The name that clients are told.")
            .default("mcpfier")
            .expands()
            .examples(&["my-tools"]),
        Key::new(
            "instructions",
            Kind::Text,
            "What the model is told about the tools as a whole: when to use them, and in which order.",
        )
        .otherwise("none")
        .expands()
        .examples(&["Search before you read whole files."]),
        Key::new("calls", Kind::Group(&CALLS), "How many calls run and wait at once."),
        Key::new(
            "drain",
            Kind::Duration,
            "How long running calls may go on after the client has closed its end.",
        )
        .default("30s")
        .expands()
        .examples(&["5s"]),
        Key::new("stdio", Kind::Group(&STDIO), "Who a caller on stdio is."),
        Key::new("warm", Kind::Group(&WARM), "How many containers may wait for calls, over all commands."),
        Key::new("http", Kind::Group(&HTTP_SERVER), "The server over HTTP, for `mcpfier --server`."),
        Key::new(
            "cache",
            Kind::Group(&SERVER_CACHE),
            "How much may be remembered, over all commands with `cache`.",
        ),
        Key::new(
            "discovery",
            Kind::Group(&DISCOVERY),
            "Whether callers with many tools search them instead of being given all.",
        )
        .otherwise("all tools are listed")
        .examples(&["{ search: auto, above: 100 }"]),
        Key::new(
            "jobs",
            Kind::Group(&JOBS),
            "How many calls may go on when nobody waits for them, and what is kept of them.",
        ),
        Key::later("transport"),
        Key::later("metrics"),
        Key::later("shared_socket"),
        Key::later("approvals"),
    ]],
};

pub static CALLS: Shape = Shape {
    name: "calls",
    what: "`server.calls`",
    description: "How many calls run and wait at once, over all commands.",
    tables: &[&[
        Key::new("max", Kind::Count, "Calls that run at once; more wait in the queue.")
            .default("64")
            .expands()
            .examples(&["8"]),
        Key::new("queue", Kind::Whole, "Calls that may wait; one more is refused.")
            .default("256")
            .expands()
            .examples(&["0"]),
        Key::new("queue_timeout", Kind::Duration, "How long a call may wait before it is refused.")
            .default("20s")
            .expands()
            .examples(&["5s"]),
        Key::new(
            "per_caller",
            Kind::Count,
            "Calls that run at once of one caller who is known by a key or the like. Such a caller also takes no more of the queue than they leave free.",
        )
        .otherwise("seven eighths of `max`")
        .expands()
        .examples(&["8"]),
    ]],
};

pub static WARM: Shape = Shape {
    name: "server_warm",
    what: "`server.warm`",
    description: "How many containers may wait for calls, over all commands with `container.warm`.",
    tables: &[&[
        Key::new("max", Kind::Whole, "Containers that wait at once.")
            .default("16")
            .expands()
            .examples(&["4"]),
        Key::new(
            "memory",
            Kind::Size,
            "What the waiting ones may use in all: the sum of their `limits.memory`, 512 MiB for one without.",
        )
        .default("4GiB")
        .expands()
        .examples(&["1GiB"]),
        Key::new(
            "stdio",
            Kind::Boolean,
            "`true`: also in servers on stdio, of which every client starts one of its own.",
        )
        .default("false")
        .expands(),
    ]],
};

pub static SERVER_CACHE: Shape = Shape {
    name: "server_cache",
    what: "`server.cache`",
    description: "How much may be remembered, over all commands with `cache`. What was not asked for longest goes first.",
    tables: &[&[
        Key::new("memory", Kind::Size, "What results in memory may take in all.")
            .default("64MiB")
            .expands()
            .examples(&["256MiB"]),
        Key::new("disk", Kind::Size, "What results on disk may take in all.")
            .default("256MiB")
            .expands()
            .examples(&["2GiB"]),
    ]],
};

pub static STDIO: Shape = Shape {
    name: "stdio",
    what: "`server.stdio`",
    description: "Who a caller on stdio is.",
    tables: &[&[
        Key::new("name", Kind::Filled, "Who a caller on stdio is, for logs and policies.")
            .default("local")
            .expands()
            .examples(&["alice"]),
        Key::new("roles", Kind::ListOf(&Kind::Text), "The roles of a caller on stdio.")
            .default("[]")
            .expands()
            .examples(&["[developer]"]),
        Key::new(
            "permissions",
            Kind::ListOf(&Kind::Text),
            "The tools that a caller on stdio may see and call beside those of their roles. Without it and without `roles` they may everything that no policy denies.",
        )
        .otherwise("what `roles` let; everything if the file has no `roles`")
        .expands()
        .examples(&["[\"git-*\"]"]),
        Key::new("tools", Kind::Group(&TOOLSET), "Which tools clients on stdio are offered. At a shell all are there.")
            .otherwise("all that they may call")
            .examples(&["{ tags: [git] }"]),
    ]],
};
