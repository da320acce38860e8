//! What a command and `defaults` can both say, and `defaults` itself.

use super::{CONCURRENCY, CONTAINER, Key, Kind, LIMITS, SANDBOX, Shape};

pub(super) static SETTINGS: &[Key] = &[
    Key::new(
        "timeout",
        Kind::Duration,
        "How long a call may take, without its time in the queue. Then its whole process tree is ended.",
    )
    .default("30s")
    .examples(&["10s", "1m30s"]),
    Key::new(
        "kill_grace",
        Kind::Duration,
        "The time between the polite signal to the whole process tree and the kill.",
    )
    .default("3s")
    .examples(&["500ms"]),
    Key::new("limits", Kind::Group(&LIMITS), "What one call may use.")
        .examples(&["{ memory: 512MiB, cpu: 1 }"]),
    Key::new(
        "limits_enforcement",
        Kind::Choice(&["best_effort", "required"]),
        "What happens where this host cannot enforce a limit: `best_effort` runs the command all the same and says so in its plan, `required` refuses the call.",
    )
    .default("best_effort")
    .examples(&["required"]),
    Key::new(
        "concurrency",
        Kind::Either(&[Kind::Count, Kind::Group(&CONCURRENCY)]),
        "How many calls of this command may run at once; more wait. As a map, also how many of one caller.",
    )
    .otherwise("no cap")
    .examples(&["1", "{ max: 4, per_caller: 1 }"]),
    Key::new(
        "env_inherit",
        Kind::Either(&[Kind::Choice(&["minimal", "all", "none"]), Kind::ListOf(&Kind::VariablePattern)]),
        "The variables of the server that the command gets. `minimal` is PATH, HOME, USER, LOGNAME, SHELL, LANG, LC_*, TZ and TMPDIR; a list is these and the names in it, where `AWS_*` is every name that begins so. Variables that feed secrets are never inherited.",
    )
    .default("minimal")
    .examples(&["all", "none", "[EDITOR, \"AWS_*\"]"]),
    Key::new(
        "sandbox",
        Kind::Either(&[Kind::Boolean, Kind::Group(&SANDBOX)]),
        "Runs a local command in a sandbox of the kernel (Linux). `true`: it reads the system's folders and the working directory, writes only a private folder for temporary files, has no network, no privileges, and reaches no other process. A map allows more, or less. What this host's kernel cannot enforce is said by `--validate` and in the plan, and refused under `limits_enforcement: required`.",
    )
    .default("false")
    .examples(&["true", "{ write: [out] }", "{ read: [., ~/.gitconfig], network: host }"]),
    Key::new(
        "run_on",
        Kind::Filled,
        "The engine that carries out the container of this command: a name of `executors`, or `default`, the one that is found without a name. In `defaults` it is for every command with `container`.",
    )
    .default("default")
    .examples(&["remote"]),
];

pub(super) const DETACH_AFTER: Key = Key::new(
    "detach_after",
    Kind::OrWord("never", &Kind::Duration),
    "A call that still runs after so long is answered with the name of a job, which goes on by itself until its `timeout`: clients give up on what takes longer. `never`: it is waited for to its end. Without effect if `timeout` is not longer.",
)
.default("45s")
.examples(&["20s", "never"]);

pub static DEFAULTS: Shape = Shape {
    name: "defaults",
    what: "`defaults`",
    description: "Settings of all commands that do not say otherwise themselves.",
    tables: &[
        SETTINGS,
        &[
            Key::new(
                "workflow_timeout",
                Kind::Duration,
                "How long a call of a command with `steps` or `depends_on` may take that has no `timeout` of its own.",
            )
            .default("10m"),
            DETACH_AFTER,
            Key::new(
                "cleanup_timeout",
                Kind::Duration,
                "How long `finally` of a command may take that does not say so itself.",
            )
            .default("30s"),
            Key::new(
                "container",
                Kind::Group(&CONTAINER),
                "What every container of the file begins with. A command's own `container` is laid over it: maps are joined, lists and single values replaced. It makes no command one with a container.",
            )
            .otherwise("nothing")
            .examples(&["{ network: none, labels: { team: data } }"]),
            Key::new(
                "proxy",
                Kind::Text,
                "The proxy that every `webhook` goes through that names none itself: `http://HOST:PORT` or `https://HOST:PORT`.",
            )
            .otherwise("none")
            .expands()
            .examples(&["http://proxy.example.com:3128"]),
            Key::later("retry"),
            Key::later("output"),
        ],
    ],
};
