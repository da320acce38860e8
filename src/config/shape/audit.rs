//! `audit` and the maps in it.

use super::{Key, Kind, Shape};

const KINDS: [&str; 6] = ["calls", "steps", "refusals", "reads", "requests", "server"];

const FACILITIES: [&str; 11] = [
    "auth", "authpriv", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];

pub static AUDIT: Shape = Shape {
    name: "audit",
    what: "`audit`",
    description: "Where it is recorded who called what, what was decided, and how it ended: one line of JSON for each. Needs `file`, `stdout` or `syslog`; all that are given are written.",
    tables: &[&[
        Key::new(
            "file",
            Kind::Path,
            "The file of the records, which only its owner can read. Several servers can write one file.",
        )
        .otherwise("none")
        .expands()
        .examples(&["audit.jsonl", "/var/log/mcpfier/audit.jsonl"]),
        Key::new(
            "stdout",
            Kind::Boolean,
            "`true`: to standard output under `--server`, for whoever collects that. On stdio and at a shell it is standard error.",
        )
        .default("false"),
        Key::new(
            "syslog",
            Kind::Either(&[Kind::Boolean, Kind::Group(&AUDIT_SYSLOG)]),
            "`true`, or how: to the log of the system.",
        )
        .default("false")
        .examples(&["true", "{ facility: local3 }"]),
        Key::new(
            "chain",
            Kind::Boolean,
            "Each record holds the digest of the one before, so that `mcpfier audit verify` finds what was changed, taken out or moved.",
        )
        .default("true"),
        Key::new(
            "on_failure",
            Kind::Choice(&["refuse", "warn"]),
            "What happens to a call that cannot be recorded: it is not run, or it is run and the log of the server says so.",
        )
        .default("refuse")
        .examples(&["warn"]),
        Key::new(
            "sync",
            Kind::Boolean,
            "`true`: a call begins when its record is on the disk, and not only handed to the system. Calls that begin together wait together.",
        )
        .default("false"),
        Key::new("rotate", Kind::Group(&AUDIT_ROTATE), "When the file is put aside for a new one."),
        Key::new("include", Kind::ListOf(&Kind::Choice(&KINDS)), "What there are records of.")
            .default("[calls, steps, refusals, reads, requests, server]")
            .examples(&["[calls, refusals]"]),
        Key::new(
            "mask",
            Kind::ListOf(&Kind::Text),
            "Names of arguments whose values are not recorded, whatever their upper and lower case; `*` stands for any text. Those of `sensitive` parameters never are.",
        )
        .default("[]")
        .examples(&["[\"*password*\", body]"]),
        Key::new("checkpoint", Kind::Group(&AUDIT_CHECKPOINT), "How often the chain is signed, and with which key."),
    ]],
};

pub static AUDIT_ROTATE: Shape = Shape {
    name: "audit_rotate",
    what: "`audit.rotate`",
    description: "When the file is put aside for a new one. The chain goes on in that.",
    tables: &[&[
        Key::new("size", Kind::Size, "From which size on; at least 16KiB.")
            .default("64MiB")
            .examples(&["256MiB"]),
        Key::new("keep", Kind::Count, "How many are kept beside the current one; older ones are removed.")
            .default("16")
            .examples(&["365"]),
    ]],
};

pub static AUDIT_CHECKPOINT: Shape = Shape {
    name: "audit_checkpoint",
    what: "`audit.checkpoint`",
    description: "How often the chain is signed. Whoever has no key cannot write another chain in its place.",
    tables: &[&[
        Key::new(
            "every",
            Kind::Count,
            "After so many records; also when the server stops, and before a new file.",
        )
        .default("1000")
        .examples(&["100"]),
        Key::new("key", Kind::Path, "The file of the key, which `mcpfier audit key` makes: a secret, with which records are signed and verified (HMAC-SHA-256), or the private half of a pair (Ed25519), whose public half verifies.")
            .otherwise("nothing is signed")
            .expands()
            .examples(&["/etc/mcpfier/audit.key"]),
    ]],
};

pub static AUDIT_SYSLOG: Shape = Shape {
    name: "audit_syslog",
    what: "`audit.syslog`",
    description: "How records reach the log of the system.",
    tables: &[&[
        Key::new("socket", Kind::Path, "Where it listens.")
            .default("/dev/log")
            .expands()
            .examples(&["/run/systemd/journal/dev-log"]),
        Key::new("facility", Kind::Choice(&FACILITIES), "What the records belong to there.")
            .default("authpriv")
            .examples(&["local3"]),
        Key::new("tag", Kind::Filled, "The name of the program there.")
            .default("mcpfier")
            .examples(&["mcpfier-prod"]),
    ]],
};
