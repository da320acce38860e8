//! What is done about failures and for repeated calls of a command.

use super::retry::RETRY_KIND;
use super::webhook::WEBHOOK_TLS;
use super::{Key, Kind, Names, Shape};

pub static CARE: &[Key] = &[
    Key::new(
        "retry",
        RETRY_KIND,
        "Tries the command again after a failure: how often, after which wait, and after which endings. Its `timeout` holds for all tries together; what a failed try printed is no part of the result, which says how many there were.",
    )
    .otherwise("no second try")
    .examples(&["3", "{ attempts: 5, delay: 500ms, on: [\"exit:75\"] }"]),
    Key::new(
        "fallback",
        Kind::Either(&[Kind::Filled, Kind::Group(&FALLBACK)]),
        "Another command of the file that is called when this one has failed after all its tries, or its breaker is open. By its name alone it gets those arguments of the call that it declares too. The result says whose it is, and why.",
    )
    .otherwise("none")
    .examples(&["last-known-prices", "{ command: search-archive, with: { words: \"{{query}}\" } }"]),
    Key::new(
        "breaker",
        Kind::Group(&BREAKER),
        "Leaves the command alone after it has failed several times in a row: calls are refused at once, until one that is let through succeeds again.",
    )
    .otherwise("none")
    .examples(&["{ failures: 5, window: 1m, cooldown: 30s }"]),
    Key::new(
        "cache",
        Kind::Group(&CACHE),
        "Remembers results of a command that changes nothing (`annotations: { read_only: true }`). Failures are never remembered. Equal calls that are made at the same time share one run.",
    )
    .otherwise("nothing is remembered")
    .examples(&["{ ttl: 5m }", "{ ttl: 1h, store: disk, invalidate_on: { files: [\"data/*.csv\"] } }"]),
    Key::new(
        "confirm",
        Kind::Either(&[Kind::Filled, Kind::Group(&CONFIRM)]),
        "Asks a person before the command runs: this text, and beneath it what exactly would run. The client shows it; at a shell the terminal does. Whoever declines, or does not answer, has the call refused, and so has a client that cannot ask. The text may hold `{{parameters}}`.",
    )
    .otherwise("nobody is asked")
    .examples(&["\"Deploy {{version}} to {{target}}?\"", "{ text: \"Drop {{table}}?\", ttl: 2m }"]),
];

pub static CONFIRM: Shape = Shape {
    name: "confirm",
    what: "`confirm`",
    description: "What a person is asked before a command runs, and what happens where nobody can be asked.",
    tables: &[&[
        Key::new("text", Kind::Filled, "What the person is asked. Values of sensitive parameters are `***`.")
            .required()
            .examples(&["\"Deploy {{version}} to {{target}}?\""]),
        Key::new(
            "fallback",
            Kind::Choice(&["refuse", "allow"]),
            "What happens to calls of clients that cannot ask anybody: `refuse`, or `allow`, which runs them without a question.",
        )
        .default("refuse"),
        Key::new(
            "ttl",
            Kind::Duration,
            "How long an answer is waited for, and how long an approval by `approve` holds.",
        )
        .default("5m")
        .examples(&["2m", "1h"]),
        Key::new(
            "approve",
            Kind::Group(&APPROVE),
            "Has somebody else decide, outside of the client that calls: its person is not asked then.",
        )
        .otherwise("the person at the client decides")
        .examples(&["{ cli: true }", "{ command: ask-the-duty-officer }", "{ webhook: \"https://approvals.example.com/ask\" }"]),
    ]],
};

pub static APPROVE: Shape = Shape {
    name: "approve",
    what: "`approve`",
    description: "Who decides about a call outside of the client that makes it: one of these keys.",
    tables: &[&[
        Key::new(
            "cli",
            Kind::Boolean,
            "Whoever works as the user of this server decides at a shell, with `mcpfier approvals`. The call is refused with words that say so; made again once it is approved, it runs, one time.",
        )
        .default("false"),
        Key::new(
            "command",
            Kind::ToolName,
            "A command of this file decides, often one with a `webhook` that asks a chat or a ticket system: if it succeeds the call is approved. It gets what it declares of the parameters `tool`, `by`, `text` and `plan`, which are texts.",
        )
        .otherwise("none")
        .examples(&["ask-the-duty-officer"]),
        Key::new(
            "webhook",
            Kind::Either(&[Kind::Template, Kind::Group(&APPROVE_WEBHOOK)]),
            "Where the call is sent to as JSON, for somebody to decide: `id`, `tool`, `caller`, `text`, `plan` and `expires`. The answer 200 with `{ \"decision\": \"approve\" }` or `\"deny\"` decides, and may say `by` and `reason`; 202 means later, and the call waits for `mcpfier approvals`. Any other answer, or none, refuses the call.",
        )
        .otherwise("none")
        .examples(&["\"https://approvals.example.com/ask\"", "{ url: \"https://approvals.example.com/ask\", secret: \"{{secrets.approvals}}\" }"]),
    ]],
};

pub static APPROVE_WEBHOOK: Shape = Shape {
    name: "approve_webhook",
    what: "`webhook` of `approve`",
    description: "Where a call is sent to for a decision, and how. Redirects are not followed.",
    tables: &[&[
        Key::new("url", Kind::Template, "Where the request goes, by POST.")
            .required()
            .examples(&["\"https://approvals.example.com/ask\""]),
        Key::new(
            "secret",
            Kind::Template,
            "The secret that the request is signed with, by HMAC-SHA256 in the headers of Standard Webhooks, as `{{secrets.NAME}}`.",
        )
        .otherwise("it is not signed")
        .examples(&["\"{{secrets.approvals}}\""]),
        Key::new(
            "headers",
            Kind::MapOf(Names::Any, &Kind::Template),
            "Headers of the request. `{{secrets.NAME}}` may stand here.",
        )
        .otherwise("none")
        .examples(&["{ Authorization: \"Bearer {{secrets.approvals}}\" }"]),
        Key::new("timeout", Kind::Duration, "How long an answer may take. Then the call is refused.")
            .default("30s")
            .examples(&["2m"]),
        Key::new(
            "allow_private",
            Kind::Boolean,
            "Lets the request go to this machine or its network, which is refused otherwise.",
        )
        .default("false"),
        Key::new("tls", Kind::Group(&WEBHOOK_TLS), "Whom the request believes over TLS, and who it says it is.")
            .otherwise("whom the system believes")
            .examples(&["{ ca: certs/ca.pem }"]),
        Key::new("proxy", Kind::Text, "The proxy that the request goes through, or `none`.")
            .otherwise("`proxy` of `defaults`, or none")
            .expands()
            .examples(&["http://proxy.example.com:3128"]),
    ]],
};

pub static FALLBACK: Shape = Shape {
    name: "fallback",
    what: "`fallback`",
    description: "Another command that is called when this one has failed.",
    tables: &[&[
        Key::new("command", Kind::Filled, "The name of the command. It may have `expose: false`.")
            .required()
            .examples(&["last-known-prices"]),
        Key::new(
            "with",
            Kind::MapOf(Names::Parameter, &Kind::Any),
            "Its arguments. A value that is exactly one `{{name}}` of a parameter keeps its type, and is left out where that is absent.",
        )
        .otherwise("the arguments of the call that it declares too")
        .examples(&["{ words: \"{{query}}\", limit: 10 }"]),
    ]],
};

pub static BREAKER: Shape = Shape {
    name: "breaker",
    what: "`breaker`",
    description: "When a command that keeps failing is left alone, and when it is tried again. It counts calls and not tries, in the memory of one server.",
    tables: &[&[
        Key::new("failures", Kind::Count, "After so many failures in a row it is left alone.")
            .default("5")
            .examples(&["3"]),
        Key::new("window", Kind::Duration, "Only failures within this time count.")
            .default("1m")
            .examples(&["10m"]),
        Key::new(
            "cooldown",
            Kind::Duration,
            "So long calls are refused at once. After it one call is let through: if it succeeds all are again.",
        )
        .default("30s")
        .examples(&["5m"]),
    ]],
};

pub static CACHE: Shape = Shape {
    name: "cache",
    what: "`cache`",
    description: "How results of a command are remembered: for how long, for whom, and what makes them worthless.",
    tables: &[&[
        Key::new("ttl", Kind::Duration, "How long a result is handed out again.")
            .required()
            .examples(&["5m"]),
        Key::new(
            "key",
            Kind::ListOf(&Kind::Template),
            "What makes two calls equal: names of parameters, or templates. Without it every word, variable and setting of what would run, and the file's own changes of those.",
        )
        .otherwise("everything that would run")
        .examples(&["[city]", "[\"{{city}}/{{day}}\"]"]),
        Key::new(
            "scope",
            Kind::Choice(&["caller", "all"]),
            "Whose results a caller may be given: those of its own calls alone, or those of all.",
        )
        .default("caller")
        .examples(&["all"]),
        Key::new(
            "invalidate_on",
            Kind::Either(&[Kind::ListOf(&Kind::Filled), Kind::Group(&INVALIDATE_ON)]),
            "What makes results worthless before their time: a change of files, or a successful call of other commands. A list alone is of commands.",
        )
        .otherwise("nothing")
        .examples(&["{ files: [\"data/**/*.csv\"], commands: [import] }", "[import]"]),
        Key::new(
            "stale_while_revalidate",
            Kind::Duration,
            "After `ttl` a result is handed out for so long once more, at once, while it is made anew behind the answer. Only in a server: at a shell nothing goes on behind an answer.",
        )
        .default("0s")
        .examples(&["1m"]),
        Key::new("max_size", Kind::Size, "A result whose output is larger is not remembered.")
            .otherwise("as large as `limits.output`")
            .examples(&["1MiB"]),
        Key::new(
            "store",
            Kind::Choice(&["memory", "disk"]),
            "Where results are: in the memory of one server, or in a folder of this user that every server and shell of theirs uses.",
        )
        .default("memory")
        .examples(&["disk"]),
    ]],
};

pub static INVALIDATE_ON: Shape = Shape {
    name: "invalidate_on",
    what: "`invalidate_on`",
    description: "What makes remembered results worthless before their time.",
    tables: &[&[
        Key::new(
            "files",
            Kind::ListOf(&Kind::Path),
            "Files, or patterns with `*`, `?`, `[a-z]` and `**`, relative to the folder of this file. When one is changed, replaced, added or removed, what was made before is worthless.",
        )
        .expands()
        .otherwise("none")
        .examples(&["[data.csv, \"reports/**/*.md\"]"]),
        Key::new(
            "commands",
            Kind::ListOf(&Kind::Filled),
            "Commands of the file whose successful calls make results worthless.",
        )
        .otherwise("none")
        .examples(&["[import]"]),
    ]],
};
