//! `container` of a command: the image that it runs in, and how far it is locked down.

use super::{Key, Kind, Names, Shape};

pub static CONTAINER: Shape = Shape {
    name: "container",
    what: "`container`",
    description: "The container in which `script` or `run` is executed; without either it is the image's own entrypoint. It has no network, no privileges, nothing writable but its `tmpfs`, and no variables of this host, unless these keys lift it.",
    tables: &[&IMAGE, &INSIDE, &REACH, &LOCKDOWN, &LATER],
};

pub static MOUNT: Shape = Shape {
    name: "mount",
    what: "a mount",
    description: "A file or folder of this host that the container sees.",
    tables: &[&[
        Key::new(
            "source",
            Kind::Template,
            "The file or folder of this host, relative to the folder of this file. With `{{name}}` callers choose it, which needs `within`; one whose parameter is absent is not mounted.",
        )
        .required()
        .expands()
        .examples(&["./data", "\"./reports/{{month}}\""]),
        Key::new("target", Kind::Filled, "Where the container sees it: an absolute path.")
            .required()
            .examples(&["/data"]),
        Key::new("read_only", Kind::Boolean, "`false` lets the container write there.").default("true"),
        Key::new(
            "within",
            Kind::Path,
            "The folder that the source cannot leave, neither by `..` nor through a symbolic link.",
        )
        .otherwise("no limit, which only a source without `{{name}}` may have")
        .expands()
        .examples(&["./reports"]),
        Key::new(
            "allow",
            Kind::Text,
            "Why this mount has to be, where it hands this host over: the socket of an engine, `/`, `/etc` and the like are errors without it.",
        )
        .otherwise("none")
        .examples(&["it lists the containers for operators"]),
    ]],
};

pub static NETWORK: Shape = Shape {
    name: "network",
    what: "`network`",
    description: "The few destinations that a container can talk to. It has no network: every connection is made for it by mcpfier, to what is listed and to nothing else.",
    tables: &[&[Key::new(
        "allow",
        Kind::ListOf(&Kind::Either(&[Kind::Filled, Kind::Group(&DESTINATION)])),
        "The destinations, each with its port: `NAME:PORT`, which any program reaches; `*.NAME:PORT` and `ADDRESS:PORT`, which programs reach that speak to a proxy. A name that leads into a private network is refused, unless its entry is a map with `private: true`.",
    )
    .required()
    .examples(&["[\"api.example.com:443\", \"*.example.org:443\", \"10.0.0.7:5432\"]"])]],
};

pub static DESTINATION: Shape = Shape {
    name: "destination",
    what: "an element of `allow`",
    description: "A destination that a container can talk to.",
    tables: &[&[
        Key::new("host", Kind::Filled, "A name, `*.NAME`, or an address.")
            .required()
            .examples(&["db.internal", "10.0.0.7"]),
        Key::new("port", Kind::Count, "Its port, up to 65535.").required().examples(&["5432"]),
        Key::new(
            "private",
            Kind::Boolean,
            "`true`: the name may lead to addresses of private networks, and of this host. Those of the metadata of a cloud stay out of reach.",
        )
        .default("false"),
    ]],
};

pub static TMPFS: Shape = Shape {
    name: "tmpfs",
    what: "an element of `tmpfs`",
    description: "A folder in memory, empty at the start of each call and gone at its end.",
    tables: &[&[
        Key::new("target", Kind::Filled, "Where it is: an absolute path.").required().examples(&["/tmp"]),
        Key::new("size", Kind::Size, "How much can be written there. It counts as memory of the container.")
            .otherwise("`limits.disk`, or what `limits.memory` leaves")
            .examples(&["64MiB"]),
    ]],
};

/// What is run.
static IMAGE: [Key; 3] = [
    Key::new(
        "image",
        Kind::Filled,
        "The image: `NAME:TAG`, or `NAME@sha256:…`, which is the same for ever. `${VAR}` and `{{vars.NAME}}` may stand in it, and nothing that callers choose.",
    )
    .otherwise("none: there has to be one, here or in what the command extends")
    .expands()
    .examples(&["python:3.12-slim", "\"ghcr.io/example/tool:${TOOL_VERSION:-1.4}\""]),
    Key::new(
        "pull",
        Kind::Choice(&["missing", "always", "never"]),
        "When the engine fetches the image: if it does not have it, before every call, or never.",
    )
    .default("missing"),
    Key::new("platform", Kind::Filled, "The platform of the image, where it has several.")
        .otherwise("that of the engine")
        .examples(&["linux/amd64"]),
];

/// How it is run.
static INSIDE: [Key; 7] = [
    Key::new(
        "entrypoint",
        Kind::Either(&[Kind::Filled, Kind::ListOf(&Kind::Filled)]),
        "In place of the image's own entrypoint, where the command has neither `script` nor `run`. `args` follow it.",
    )
    .otherwise("the image's own")
    .examples(&["/usr/bin/tool", "[python, -m, tool]"]),
    Key::new("workdir", Kind::Filled, "The folder in the container in which it runs: an absolute path.")
        .otherwise("what the image says")
        .examples(&["/data"]),
    Key::new(
        "files",
        Kind::MapOf(Names::Any, &Kind::Template),
        "Files that are there when it starts, by absolute path, with their text. `{{secrets.NAME}}` may stand here.",
    )
    .otherwise("none")
    .examples(&["{ /run/secrets/token: \"{{secrets.token}}\" }"]),
    Key::new(
        "init",
        Kind::Boolean,
        "`true`: a small init of the engine's runs first, which passes signals on and reaps orphans.",
    )
    .default("false"),
    Key::new("stop_signal", Kind::Filled, "The polite signal, `kill_grace` before the kill.")
        .otherwise("what the image says, or SIGTERM")
        .examples(&["SIGINT"]),
    Key::new(
        "warm",
        Kind::Whole,
        "So many containers are made ahead and wait, each for one call, so that it starts at once. They wait in servers over HTTP, and on stdio with `server.warm.stdio`.",
    )
    .default("0")
    .examples(&["2"]),
    Key::new(
        "labels",
        Kind::MapOf(Names::Any, &Kind::Text),
        "Labels of the container, for those who look at the engine. No secrets: everybody there can read them.",
    )
    .otherwise("none but ours, which begin with `mcpfier.`")
    .examples(&["{ team: data }"]),
];

/// What it can reach.
static REACH: [Key; 6] = [
    Key::new(
        "mounts",
        Kind::ListOf(&Kind::Group(&MOUNT)),
        "Files and folders of this host that it sees, read only unless they say otherwise.",
    )
    .default("[]")
    .examples(&["[{ source: ./data, target: /data }]"]),
    Key::new(
        "tmpfs",
        Kind::ListOf(&Kind::Either(&[Kind::Filled, Kind::Group(&TMPFS)])),
        "Folders in memory that can be written to.",
    )
    .default("[/tmp]")
    .examples(&["[/tmp, { target: /var/cache, size: 64MiB }]", "[]"]),
    Key::new(
        "network",
        Kind::Either(&[Kind::Filled, Kind::Group(&NETWORK)]),
        "What it can talk to: `none`, `bridge` (the internet, your network, and the services of this host that listen there), the name of a network of the engine's, or `{ allow: [HOST:PORT, …] }` for these and nothing else.",
    )
    .default("none")
    .examples(&["bridge", "database", "{ allow: [\"api.example.com:443\"] }"]),
    Key::new(
        "extra_hosts",
        Kind::MapOf(Names::Any, &Kind::Text),
        "Names that it resolves to these addresses.",
    )
    .otherwise("none")
    .examples(&["{ db.internal: 10.0.0.7 }"]),
    Key::new("dns", Kind::ListOf(&Kind::Text), "The addresses of the name servers that it asks.")
        .otherwise("those of the engine")
        .examples(&["[1.1.1.1]"]),
    Key::new("devices", Kind::ListOf(&Kind::Text), "Devices of this host that it may use.")
        .default("[]")
        .examples(&["[/dev/ttyUSB0]"]),
];

/// What holds it back.
static LOCKDOWN: [Key; 5] = [
    Key::new(
        "user",
        Kind::Filled,
        "Who it runs as: `UID[:GID]` or names that the image knows. `image` is whoever the image says, which mostly is root.",
    )
    .default("\"65534:65534\"")
    .examples(&["\"1000:1000\"", "image"]),
    Key::new("read_only", Kind::Boolean, "`false`: it can write everywhere in its copy of the image.")
        .default("true"),
    Key::new(
        "cap_drop",
        Kind::ListOf(&Kind::Choice(&["ALL"])),
        "`[]`: it keeps the capabilities that the engine gives by itself.",
    )
    .default("[ALL]")
    .examples(&["[]"]),
    Key::new("cap_add", Kind::ListOf(&Kind::Text), "Capabilities that it is given all the same.")
        .default("[]")
        .examples(&["[NET_BIND_SERVICE]"]),
    Key::new(
        "no_new_privileges",
        Kind::Boolean,
        "`false`: programs such as sudo can give it more privileges than it began with.",
    )
    .default("true"),
];

static LATER: [Key; 4] =
    [Key::later("build"), Key::later("reuse"), Key::later("gpus"), Key::later("require_digest")];
