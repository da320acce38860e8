//! `server.http` and the maps in it, in both dialects. `${VAR}` is expanded in all of them.

use super::{Key, Kind, Names, Shape};

const TEXTS: Kind = Kind::ListOf(&Kind::Text);

pub static HTTP_SERVER: Shape = Shape {
    name: "server_http",
    what: "`server.http`",
    description: "The server over HTTP, for `mcpfier --server`: where it listens, whom it lets in, and how much it takes from anybody.",
    tables: &[&[
        Key::new(
            "host",
            Kind::Filled,
            "The name or address on which the server listens. One that other machines reach needs `auth`. `--host` wins.",
        )
        .default("127.0.0.1")
        .expands()
        .examples(&["0.0.0.0"]),
        Key::new("port", Kind::Whole, "The port on which it listens; 0 takes one that is free. `--port` and the variable `PORT` win.")
            .default("8080")
            .expands()
            .examples(&["9000"]),
        Key::new(
            "socket",
            Kind::Path,
            "A socket in the file system, in place of host and port. Its owner and their group reach it.",
        )
        .otherwise("none")
        .expands()
        .examples(&["/run/mcpfier/tools.sock"]),
        Key::new(
            "allowed_hosts",
            TEXTS,
            "Names by which clients may address the server, beside those of this machine: those that a proxy passes on. Others are refused, so that no page leads a browser here under its own name.",
        )
        .default("[]")
        .expands()
        .examples(&["[tools.example.com]"]),
        Key::new(
            "allowed_origins",
            TEXTS,
            "Origins of pages that may call. A browser says whose page it is; other clients say nothing.",
        )
        .default("[]")
        .expands()
        .examples(&["[\"https://tools.example.com\"]"]),
        Key::new(
            "insecure",
            Kind::Boolean,
            "`true`: also serve without `auth` where other machines reach the server. Everyone who does can run every tool.",
        )
        .default("false")
        .expands(),
        Key::new("auth", Kind::Group(&HTTP_AUTH), "Who may call. Without it nobody is asked.")
            .otherwise("nobody is asked")
            .examples(&["{ api_keys: [{ name: ci, key: \"${CI_KEY}\", permissions: [\"test-*\"] }] }"]),
        Key::new("cors", Kind::Group(&CORS), "Which pages of other origins may call and read the answers.")
            .otherwise("none may"),
        Key::new("limits", Kind::Group(&HTTP_LIMITS), "Bounds for clients that are slow, large or many."),
        Key::new(
            "security_headers",
            Kind::Group(&SECURITY_HEADERS),
            "Headers of every answer, beside our own or in their place.",
        ),
        Key::new("enabled", Kind::Boolean, "Means nothing here: `--server` says whether HTTP is served.")
            .default("true")
            .expands(),
        Key::later("tls"),
        Key::later("rate_limit"),
        Key::later("connection_pool"),
        Key::later("trusted_proxies"),
    ]],
};

pub static HTTP_AUTH: Shape = Shape {
    name: "server_http_auth",
    what: "`server.http.auth`",
    description: "Who may call over HTTP. What stands here is on.",
    tables: &[&[
        Key::new(
            "api_keys",
            KEYS,
            "The keys that let in: a list of maps, a list of keys, or a map from each key to what it may. Clients send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
        )
        .default("[]")
        .expands()
        .examples(&[
            "[{ name: ci, key_hash: \"sha256:6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090\", permissions: [\"test-*\"] }]",
            "[{ name: ann, key: \"${ANN_KEY}\" }]",
        ]),
        Key::new("enabled", Kind::Boolean, "`false`: nobody is asked, whatever else stands here.")
            .default("true")
            .expands(),
        Key::new("mode", Kind::Choice(&["simple"]), "What the original calls keys.")
            .default("simple")
            .expands(),
        Key::new("simple", Kind::Group(&SIMPLE_AUTH), "Where the original has its keys."),
        Key::later("enterprise"),
        Key::later("oauth"),
        Key::later("jwt"),
        Key::later("basic"),
        Key::later("mtls"),
    ]],
};

const KEYS: Kind = Kind::Either(&[
    Kind::ListOf(&Kind::Either(&[Kind::Text, Kind::Group(&API_KEY)])),
    Kind::MapOf(Names::Any, &Kind::Group(&API_KEY)),
]);

pub static SIMPLE_AUTH: Shape = Shape {
    name: "server_http_auth_simple",
    what: "`server.http.auth.simple`",
    description: "Keys as the original has them.",
    tables: &[&[
        Key::new("api_keys", KEYS, "The same as `auth.api_keys`.").default("[]").expands(),
        Key::later("basic_auth"),
    ]],
};

pub static API_KEY: Shape = Shape {
    name: "api_key",
    what: "a key",
    description: "A caller's key, and what it lets them do. `mcpfier key create` makes one.",
    tables: &[&[
        Key::new("name", Kind::Filled, "Who calls with it, for logs and policies.")
            .otherwise("`key-1`, by its place")
            .expands()
            .examples(&["ci"]),
        Key::new("key", Kind::Text, "The key itself; from a variable, so that the file holds no secret.")
            .otherwise("`key_hash`")
            .expands()
            .examples(&["\"${CI_KEY}\""]),
        Key::new("key_hash", Kind::Text, "In place of the key: its SHA-256, which lets nobody in by itself.")
            .otherwise("`key`")
            .expands()
            .examples(&["\"sha256:6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090\""]),
        Key::new(
            "permissions",
            TEXTS,
            "The tools that it may see and call, by name; `*` stands for any text, `?` for a character. Others are not there for it.",
        )
        .default("[\"*\"]")
        .expands()
        .examples(&["[\"git-*\", search]"]),
        Key::new("expires", Kind::Text, "The day, or the moment, from which on it lets nobody in; UTC.")
            .otherwise("never")
            .expands()
            .examples(&["2027-01-01", "\"2027-01-01T12:00:00Z\""]),
        Key::new("description", Kind::Text, "What it is for; for those who read the file.")
            .otherwise("none")
            .expands(),
    ]],
};

pub static CORS: Shape = Shape {
    name: "server_http_cors",
    what: "`server.http.cors`",
    description: "Which pages of other origins may call and read the answers. What stands here is on.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: none may.").default("true").expands(),
        Key::new("allowed_origins", TEXTS, "Their origins. `*` is every one, and counts only with `auth`.")
            .default("[]")
            .expands()
            .examples(&["[\"https://app.example.com\"]"]),
        Key::new("allowed_methods", TEXTS, "The methods that they may use.")
            .default("[GET, POST, DELETE, OPTIONS]")
            .expands(),
        Key::new("allowed_headers", TEXTS, "The headers that they may send, beside those of the protocol.")
            .default("[Authorization, Content-Type, X-API-Key]")
            .expands(),
    ]],
};

pub static SECURITY_HEADERS: Shape = Shape {
    name: "server_http_security_headers",
    what: "`server.http.security_headers`",
    description: "Headers of every answer.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: only our own.").default("true").expands(),
        Key::new("headers", Kind::MapOf(Names::Any, &Kind::Text), "Names and values.")
            .default("{}")
            .expands()
            .examples(&["{ Strict-Transport-Security: max-age=31536000 }"]),
    ]],
};

pub static HTTP_LIMITS: Shape = Shape {
    name: "server_http_limits",
    what: "`server.http.limits`",
    description: "Bounds for clients that are slow, large or many.",
    tables: &[&[
        Key::new("body", Kind::Size, "Of the body of one request.").default("4MiB").expands(),
        Key::new("headers", Kind::Size, "Of the line and the headers of one request; at least 8KiB.")
            .default("32KiB")
            .expands(),
        Key::new(
            "header_timeout",
            Kind::Duration,
            "How long a connection may take until the head of a request is there, also between requests.",
        )
        .default("60s")
        .expands(),
        Key::new("body_timeout", Kind::Duration, "How long a body may take until it is there.")
            .default("30s")
            .expands(),
        Key::new("stall_timeout", Kind::Duration, "How long a client may take nothing of its answer.")
            .default("60s")
            .expands(),
        Key::new("connections", Kind::Count, "Connections at once; more wait to be taken.")
            .default("10000")
            .expands(),
        Key::new(
            "sessions",
            Kind::Count,
            "Sessions of clients that say `initialize`; for one more, that which was used least lately ends.",
        )
        .default("10000")
        .expands(),
        Key::new("session_timeout", Kind::Duration, "How long a session lives that nobody uses.")
            .default("24h")
            .expands(),
    ]],
};
