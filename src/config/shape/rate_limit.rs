//! How often somebody may ask, people with passwords, tenants, and the pool of connections.

use super::{Key, Kind, Names, QUOTA, Shape, TOOLSET};

const TEXTS: Kind = Kind::ListOf(&Kind::Text);

pub static RATE_LIMIT: Shape = Shape {
    name: "server_http_rate_limit",
    what: "`server.http.rate_limit`",
    description: "How often somebody may ask. One more request is answered with 429 and `Retry-After`.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: as often as they like, whatever else stands here.")
            .default("true")
            .expands(),
        PER_MINUTE,
        BURST,
        Key::new(
            "per",
            Kind::ListOf(&Kind::Choice(&["address", "caller", "key", "user", "tenant", "tool"])),
            "What is counted by itself; where there is more than one, each must have some left. `address` counts before anybody is asked who they are, `caller` is everybody who is known, `key` and `user` only those who are known by a key or otherwise, and `tool` counts the calls of each tool, whoever makes them.",
        )
        .default("[caller]")
        .expands()
        .examples(&["[caller, address]"]),
        Key::new(
            "tools",
            Kind::MapOf(Names::Any, &Kind::Group(&TOOL_RATE)),
            "How often tools may be called, by the pattern of their names. Tools of one pattern are counted together, and one more call is answered with a result that says when to try again.",
        )
        .default("{}")
        .expands()
        .examples(&["{ \"deploy-*\": { requests_per_minute: 2 } }"]),
    ]],
};

const PER_MINUTE: Key = Key::new("requests_per_minute", Kind::Count, "How many in a minute.")
    .otherwise("not limited")
    .expands()
    .examples(&["60"]);

const BURST: Key = Key::new("burst_size", Kind::Count, "How many of them at once.")
    .otherwise("those of a whole minute")
    .expands()
    .examples(&["10"]);

pub static TOOL_RATE: Shape = Shape {
    name: "server_http_rate_limit_tool",
    what: "a rate of tools",
    description: "How often the tools of a pattern may be called.",
    tables: &[&[
        PER_MINUTE,
        BURST,
        Key::new("per", Kind::Choice(&["caller", "all"]), "Whether each caller is counted, or all together.")
            .default("caller")
            .expands(),
    ]],
};

pub static RATE: Shape = Shape {
    name: "rate",
    what: "a rate",
    description: "How often somebody may ask.",
    tables: &[&[PER_MINUTE, BURST]],
};

pub static CONNECTION_POOL: Shape = Shape {
    name: "server_http_connection_pool",
    what: "`server.http.connection_pool`",
    description: "Connections that wait for a next request, and those of one address.",
    tables: &[&[
        Key::new(
            "max_idle_connections",
            Kind::Count,
            "Connections that may wait for a next request; beyond them each is closed with its answer.",
        )
        .otherwise("as many as `limits.connections`")
        .expands(),
        Key::new(
            "max_connections_per_host",
            Kind::Count,
            "Connections from one address; one more is closed at once. Behind a proxy all come from its address.",
        )
        .otherwise("as many as `limits.connections`")
        .expands(),
        Key::new(
            "idle_timeout",
            Kind::Duration,
            "How long a connection may wait for a next request; no longer than `limits.header_timeout`.",
        )
        .otherwise("`limits.header_timeout`")
        .expands(),
    ]],
};

pub static BASIC_AUTH: Shape = Shape {
    name: "server_http_auth_basic",
    what: "`basic`",
    description: "People with a name and a password. What stands here is on.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: no password lets in.").default("true").expands(),
        Key::new("users", Kind::ListOf(&Kind::Group(&BASIC_USER)), "Those who may come in.")
            .default("[]")
            .expands(),
    ]],
};

pub static BASIC_USER: Shape = Shape {
    name: "basic_user",
    what: "a user",
    description: "Somebody with a name and a password, and what it lets them do.",
    tables: &[&[
        Key::new("username", Kind::Filled, "The name that they give.").required().expands().examples(&["ann"]),
        Key::new(
            "password_hash",
            Kind::Text,
            "The hash of their password, by Argon2 or bcrypt; `mcpfier key hash-password` makes one.",
        )
        .required()
        .expands()
        .examples(&[
            "\"$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$qT5fJ0oVIJV6z9rzYzpJ0xWJmvmxKnWkO4Fv0BOuVZ0\"",
        ]),
    ], CALLER],
};

/// What a file says of a caller, whatever lets them in.
pub static CALLER: &[Key] = &[
    Key::new(
        "permissions",
        TEXTS,
        "The tools that it may see and call, by name; `*` stands for any text, `?` for a character. Others are not there for it.",
    )
    .otherwise("all; with roles, from `roles` or `user_roles`, what these let")
    .expands()
    .examples(&["[\"git-*\", search]"]),
    Key::new("roles", TEXTS, "The roles that they have.").default("[]").expands().examples(&["[developer]"]),
    Key::new("scopes", TEXTS, "What they may ask for, as a token would say it.")
        .otherwise("there are no scopes")
        .expands()
        .examples(&["[\"tools:read\"]"]),
    Key::new("tenant", Kind::Filled, "The tenant that they belong to.")
        .otherwise("none")
        .expands()
        .examples(&["acme"]),
    Key::new("rate_limit", Kind::Group(&RATE), "How often they may ask, in place of what holds for everybody.")
        .otherwise("that of `server.http.rate_limit`")
        .expands()
        .examples(&["{ requests_per_minute: 600, burst_size: 50 }"]),
    Key::new("quota", Kind::Group(&QUOTA), "How many calls they have, in place of what holds for everybody.")
        .otherwise("that of `server.http.quota`")
        .expands()
        .examples(&["{ calls_per_day: 1000 }"]),
    Key::new("tools", Kind::Group(&TOOLSET), "Which of the tools that they may call they are offered.")
        .otherwise("those of `server.http.tools`")
        .expands()
        .examples(&["{ tags: [git] }"]),
    Key::new("description", Kind::Text, "What it is for; for those who read the file.")
        .otherwise("none")
        .expands(),
];

pub static TENANT: Shape = Shape {
    name: "tenant",
    what: "a tenant",
    description: "Callers who belong together: the tools that can be theirs, and how often they may ask together.",
    tables: &[&[
        Key::new("id", Kind::Filled, "What callers name in `tenant`.").required().examples(&["acme"]),
        Key::new("name", Kind::Text, "Its name; for those who read the file.").otherwise("none"),
        Key::new(
            "commands",
            TEXTS,
            "The tools outside of which nothing is theirs, whatever their permissions and roles say. `*` stands for any text.",
        )
        .otherwise("all")
        .examples(&["[\"acme-*\", search]"]),
        Key::new("rate_limits", Kind::Group(&RATE), "How often all of its callers together may ask.")
            .otherwise("not limited")
            .examples(&["{ requests_per_minute: 300 }"]),
    ]],
};
