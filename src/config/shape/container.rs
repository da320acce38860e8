//! `container` of a command: the image that it runs in, and how far it is locked down.

use super::{Key, Kind, Names, Shape};

pub static CONTAINER: Shape = Shape {
    name: "container",
    what: "`container`",
    description: "The container in which `script` or `run` is executed; without either it is the image's own entrypoint. It has no network, no privileges, nothing writable but its `tmpfs`, and no variables of this host, unless these keys lift it.",
    tables: &[IMAGE, PROOF, INSIDE, REACH, LOCKDOWN],
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
static IMAGE: &[Key] = &[
    Key::new(
        "image",
        Kind::Filled,
        "The image: `NAME:TAG`, or `NAME@sha256:…`, which is the same for ever. `${VAR}` and `{{vars.NAME}}` may stand in it, and nothing that callers choose.",
    )
    .otherwise("what `build` makes: there has to be one of the two, here or in what the command extends")
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

/// Where it comes from, and what it has to prove.
static PROOF: &[Key] = &[
    Key::new(
        "build",
        Kind::Either(&[Kind::Path, Kind::Group(&BUILD)]),
        "A folder with a `Dockerfile`, of which the engine builds the image when a call needs it or `mcpfier images build` is run; only when something in it has changed. Beside it `image` is a name that the result gets.",
    )
    .otherwise("none")
    .examples(&["./tools", "{ context: ./tools, target: runtime, args: { VERSION: \"1.4\" } }"]),
    Key::new(
        "require_digest",
        Kind::Boolean,
        "`true`: an image without `@sha256:…`, also one that a `build` begins with, is an error. `mcpfier images pin` writes the digests.",
    )
    .default("false"),
    Key::new(
        "verify",
        Kind::Group(&VERIFY),
        "Who has to have signed the image: `cosign` of this host is asked before it runs, and without it nothing runs.",
    )
    .otherwise("nobody")
    .examples(&["{ key: ./cosign.pub }"]),
    Key::new(
        "scan",
        Kind::Group(&SCAN),
        "A scanner of this host looks through the image before it is first run, once for each image in a day, and what it knows of it may keep it from running.",
    )
    .otherwise("nobody looks")
    .examples(&["{ block_on: critical }"]),
];

pub static BUILD: Shape = Shape {
    name: "build",
    what: "`build`",
    description: "An image that the engine builds of files beside this one. Its steps have the engine's network and its root, and the result holds whatever they copy: no secrets.",
    tables: &[&[
        Key::new("context", Kind::Path, "The folder whose files the steps can copy, in the folder of this file. Its `.dockerignore` holds.")
            .required()
            .expands()
            .examples(&["./tools"]),
        Key::new("dockerfile", Kind::Path, "The Dockerfile, relative to the folder of this file as every path is.")
            .otherwise("`Dockerfile` in the context")
            .expands()
            .examples(&["./tools/Dockerfile.slim"]),
        Key::new(
            "args",
            Kind::MapOf(Names::Variable, &Kind::Text),
            "Values of its `ARG`s. `{{vars.NAME}}` may stand in them, and no secret: whoever has the image can read them.",
        )
        .otherwise("what the Dockerfile says")
        .examples(&["{ VERSION: \"1.4\" }"]),
        Key::new("target", Kind::Filled, "The stage that is the image.")
            .otherwise("the last one")
            .examples(&["runtime"]),
    ]],
};

pub static VERIFY: Shape = Shape {
    name: "verify",
    what: "`verify`",
    description: "Who has to have signed an image: a key, or an identity and who vouches for it.",
    tables: &[&[
        Key::new("key", Kind::Path, "The public key that `cosign` has to find on the signature.")
            .otherwise("none: `identity` and `issuer` stand in its place")
            .expands()
            .examples(&["./cosign.pub"]),
        Key::new("identity", Kind::Filled, "Who has signed, as the certificate names them.")
            .otherwise("none")
            .examples(&["\"https://github.com/acme/tools/.github/workflows/release.yml@refs/heads/main\""]),
        Key::new("issuer", Kind::Filled, "Who vouches for that identity.")
            .otherwise("none")
            .examples(&["\"https://token.actions.githubusercontent.com\""]),
        Key::new(
            "transparency_log",
            Kind::Boolean,
            "`false`: what a `key` has signed counts without an entry in Sigstore's public log, for images that were signed with `--tlog-upload=false`. Then nothing but the registry is asked.",
        )
        .default("true"),
    ]],
};

pub static SCAN: Shape = Shape {
    name: "scan",
    what: "`scan`",
    description: "Who looks through the image before it runs, and what must not be known of it.",
    tables: &[&[
        Key::new(
            "block_on",
            Kind::Choice(&["critical", "high", "medium", "low"]),
            "A known vulnerability that is so bad or worse keeps the image from running.",
        )
        .default("critical"),
        Key::new("with", Kind::Choice(&["trivy", "grype"]), "The scanner that is asked.")
            .otherwise("the one of the two that this host has"),
        Key::new(
            "when_absent",
            Kind::Choice(&["refuse", "warn"]),
            "Where this host has no such scanner: nothing runs, or the image runs and that is told.",
        )
        .default("refuse"),
    ]],
};

pub static REUSE: Shape = Shape {
    name: "reuse",
    what: "`reuse`",
    description: "How far one container is used by calls that follow each other.",
    tables: &[&[
        Key::new("calls", Kind::Count, "After so many calls it goes.").default("100"),
        Key::new("for", Kind::Duration, "It goes when it is so old, counted from its start.").default("10m"),
    ]],
};

/// How it is run.
static INSIDE: &[Key] = &[
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
        "reuse",
        Kind::Either(&[Kind::Boolean, Kind::Group(&REUSE)]),
        "A container stays for further calls of the same caller with the same mounts and files, one at a time; between them all of its processes are killed and its folders in memory are emptied. What else one call leaves, the next one finds.",
    )
    .default("false")
    .examples(&["true", "{ calls: 20, for: 5m }"]),
    Key::new(
        "labels",
        Kind::MapOf(Names::Any, &Kind::Text),
        "Labels of the container, for those who look at the engine. No secrets: everybody there can read them.",
    )
    .otherwise("none but ours, which begin with `mcpfier.`")
    .examples(&["{ team: data }"]),
];

/// What it can reach.
static REACH: &[Key] = &[
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
    Key::new(
        "gpus",
        Kind::Either(&[Kind::Filled, Kind::ListOf(&Kind::Text)]),
        "Graphics cards of the engine's host: `all`, how many, or which by their ids.",
    )
    .otherwise("none")
    .examples(&["all", "1", "[GPU-3faa8c21]"]),
];

/// What holds it back.
static LOCKDOWN: &[Key] = &[
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
