//! What a command does by itself under `--server`: `schedule` and `triggers`.

use super::{Key, Kind, Names, Shape};

pub(super) static AUTOMATION: &[Key] = &[
    Key::new(
        "schedule",
        Kind::Either(&[Kind::Group(&SCHEDULE), Kind::ListOf(&Kind::Group(&SCHEDULE))]),
        "Runs the command by the clock under `mcpfier --server`, as a caller of the file and within what that caller may: one schedule, or a list. What comes of a run is a job of that caller.",
    )
    .otherwise("only callers run it")
    .examples(&[
        "{ cron: \"0 3 * * *\", timezone: Europe/Paris, as: local }",
        "[{ cron: \"@hourly\", as: ci }, { cron: \"0 9 * * MON\", as: ci, with: { full: true } }]",
    ]),
    Key::new(
        "triggers",
        Kind::ListOf(&Kind::Group(&TRIGGER)),
        "What else sets the command off under `mcpfier --server`: files that change, and signed requests of others.",
    )
    .otherwise("none")
    .examples(&[
        "[{ on: file, paths: [\"inbox/*.csv\"], as: local, with: { file: \"{{path}}\" } }]",
        "[{ on: webhook, path: /hooks/deploy, secret: \"{{secrets.hook}}\", as: ci, with: { branch: \"{{body.ref}}\" } }]",
    ]),
];

const AS: Key = Key::new(
    "as",
    Kind::Filled,
    "The caller that it acts as, who may run it or not like anybody: `local` is the caller on stdio; a key, user or certificate of the file is named alone or with its method, as `key:ci`; `service:NAME` is nobody who can log in, and has the roles that `user_roles` gives to `service:NAME`.",
)
.required()
.examples(&["local", "key:ci", "service:nightly"]);

pub static SCHEDULE: Shape = Shape {
    name: "schedule",
    what: "`schedule`",
    description: "When a command runs by the clock, as whom, and what happens when it could not. Servers on stdio have no clock: every client starts one of its own.",
    tables: &[&[
        Key::new(
            "cron",
            Kind::Filled,
            "When it is due: minute, hour, day of the month, month and day of the week, as cron has them, with `L`, `W` and `#`; six fields begin with seconds. `@hourly`, `@daily`, `@weekly`, `@monthly` and `@yearly` stand for what they say.",
        )
        .required()
        .examples(&["\"0 3 * * *\"", "\"*/15 8-18 * * MON-FRI\"", "\"@daily\""]),
        Key::new(
            "timezone",
            Kind::Filled,
            "The time zone of `cron`, by its name in the tz database. What falls into the hour that is left out in spring runs right after it, and what falls into the hour that comes twice in autumn runs once.",
        )
        .default("UTC")
        .examples(&["Europe/Paris", "America/New_York"]),
        AS,
        Key::new(
            "with",
            Kind::MapOf(Names::Parameter, &Kind::Any),
            "The arguments of the call. They are checked when the file is loaded.",
        )
        .default("{}")
        .examples(&["{ depth: 2 }"]),
        Key::new(
            "missed",
            Kind::Choice(&["skip", "once", "all"]),
            "What is done about times at which no server ran: nothing, one run for all of them, or a run for each, of which the last hundred are made up for.",
        )
        .default("skip"),
        Key::new(
            "jitter",
            Kind::Duration,
            "At most this much later than it is due, by chance, so that not everything runs at the full hour.",
        )
        .default("0s")
        .examples(&["5m"]),
        Key::new(
            "overlap",
            Kind::Choice(&["skip", "queue", "kill"]),
            "What is done when the run before has not ended: nothing, waiting for its end, or cancelling it.",
        )
        .default("skip"),
        Key::new("enabled", Kind::Boolean, "`false`: it is checked and listed, and does nothing.").default("true"),
    ]],
};

pub static TRIGGER: Shape = Shape {
    name: "trigger",
    what: "a trigger",
    description: "What sets a command off, and as whom it runs then.",
    tables: &[&[
        Key::new("on", Kind::Choice(&["file", "webhook"]), "What sets it off: files of this host, or a signed request.")
            .required(),
        Key::new(
            "paths",
            Kind::ListOf(&Kind::Path),
            "With `on: file`: the files, as patterns with `*`, `?`, `[a-z]` and `**`, from the folder of this file on.",
        )
        .otherwise("needed with `on: file`")
        .examples(&["[\"inbox/*.csv\", \"drawings/**/*.svg\"]"]),
        Key::new(
            "changes",
            Kind::ListOf(&Kind::Choice(&["created", "changed", "removed"])),
            "With `on: file`: what of them counts.",
        )
        .default("[created, changed]")
        .examples(&["[removed]"]),
        Key::new(
            "debounce",
            Kind::Duration,
            "With `on: file`: how long they have to be left alone before it runs.",
        )
        .default("500ms")
        .examples(&["5s"]),
        Key::new(
            "path",
            Kind::Filled,
            "With `on: webhook`: where the request comes to, on the address of the server. It begins with `/hooks/`.",
        )
        .otherwise("needed with `on: webhook`")
        .examples(&["/hooks/deploy"]),
        Key::new(
            "secret",
            Kind::Template,
            "With `on: webhook`: the secret that requests are signed with, as `{{secrets.NAME}}`. Others are refused.",
        )
        .otherwise("needed with `on: webhook`")
        .examples(&["\"{{secrets.hook}}\""]),
        Key::new(
            "signed_by",
            Kind::Choice(&["standard", "github"]),
            "With `on: webhook`: how the sender signs. `standard` is Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), `github` is `X-Hub-Signature-256`, which says nothing of when a request was made.",
        )
        .default("standard"),
        Key::new("max_body", Kind::Size, "With `on: webhook`: how large a body may be.")
            .default("256KiB")
            .examples(&["1MiB"]),
        Key::new(
            "tolerance",
            Kind::Duration,
            "With `on: webhook`: how old a request may be, and how long the same one is not taken again.",
        )
        .default("5m")
        .examples(&["1m"]),
        AS,
        Key::new(
            "with",
            Kind::MapOf(Names::Parameter, &Kind::Any),
            "The arguments of the call. With `on: file`, `{{path}}` is one file, of which each gets a call of its own, and `{{paths}}` the list of all that changed together. With `on: webhook`, `{{body.NAME}}` is a value in the JSON of the request. A value that is exactly one `{{…}}` keeps its type, and is left out where there is nothing.",
        )
        .default("{}")
        .examples(&["{ file: \"{{path}}\" }", "{ branch: \"{{body.ref}}\" }"]),
        Key::new("enabled", Kind::Boolean, "`false`: it is checked, and nothing sets it off.").default("true"),
    ]],
};
