//! `server.http` and the maps in it, in both dialects. `${VAR}` is expanded in all of them.

use super::rate_limit::CALLER;
use super::{
    BASIC_AUTH, CONNECTION_POOL, COPIES, ENTERPRISE, JWT, Key, Kind, MTLS, Names, OAUTH, RATE_LIMIT,
    SERVER_QUOTA, SERVER_TLS, Shape, TOOLSET,
};

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
        Key::new("tools", Kind::Group(&TOOLSET), "Which tools callers over HTTP are offered who have no `tools` of their own.")
            .otherwise("all that they may call")
            .examples(&["{ tags: [web] }"]),
        Key::new("limits", Kind::Group(&HTTP_LIMITS), "Bounds for clients that are slow, large or many."),
        Key::new("sessions", Kind::Group(&COPIES), "What several copies of the server know of each other's sessions."),
        Key::new(
            "legacy_sse",
            Kind::Boolean,
            "`true`: also serve clients that know only the transport of 2024-11-05, at `/sse` and `/messages`.",
        )
        .default("false")
        .expands(),
        Key::new(
            "notice",
            Kind::Duration,
            "How long a server that is told to stop still takes calls while `/readyz` and `Connection: close` say that it goes, so that a balancer has time to notice. `server.drain` begins afterwards.",
        )
        .default("0s")
        .expands()
        .examples(&["5s"]),
        Key::new(
            "security_headers",
            Kind::Group(&SECURITY_HEADERS),
            "Headers of every answer, beside our own or in their place.",
        ),
        Key::new("enabled", Kind::Boolean, "Means nothing here: `--server` says whether HTTP is served.")
            .default("true")
            .expands(),
        Key::new("rate_limit", Kind::Group(&RATE_LIMIT), "How often somebody may ask.")
            .otherwise("as often as they like")
            .examples(&["{ requests_per_minute: 60, burst_size: 10 }"]),
        Key::new("quota", Kind::Group(&SERVER_QUOTA), "How many calls each caller has in an hour and in a day.")
            .otherwise("as many as they like")
            .examples(&["{ calls_per_day: 1000 }"]),
        Key::new(
            "connection_pool",
            Kind::Group(&CONNECTION_POOL),
            "Connections that wait for a next request, and those of one address.",
        )
        .otherwise("bounded by `limits` alone"),
        Key::new("tls", Kind::Group(&SERVER_TLS), "TLS, which keeps what is said from those on its way.")
            .otherwise("none: put a proxy in front that speaks it")
            .examples(&["{ cert: certs/server.pem, key: certs/server.key }", "{ self_signed: true }"]),
        Key::new(
            "trusted_proxies",
            TEXTS,
            "The proxies whose word counts for whom they ask: addresses, networks, or `socket` for those that use the socket in the file system. Nobody else is believed.",
        )
        .default("[]")
        .expands()
        .examples(&["[10.0.0.0/8, \"fd00::/8\"]", "[socket]"]),
        Key::new(
            "proxy_headers",
            Kind::Choice(&["x-forwarded", "forwarded"]),
            "How they say it: `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded`. The other kind is not looked at, for a proxy hands on what clients write there.",
        )
        .default("x-forwarded")
        .expands(),
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
        Key::new("mtls", Kind::Group(&MTLS), "Callers who are known by the certificate of their client.")
            .otherwise("none")
            .examples(&["{ users: [{ subject: \"CN=ci,O=Example\", permissions: [\"test-*\"] }] }"]),
        Key::new("enabled", Kind::Boolean, "`false`: nobody is asked, whatever else stands here.")
            .default("true")
            .expands(),
        Key::new("mode", Kind::Choice(&["simple", "enterprise"]), "A word of the original. `simple`: the tokens of `enterprise` let nobody in.")
            .otherwise("what stands here is on")
            .expands(),
        Key::new("simple", Kind::Group(&SIMPLE_AUTH), "Where the original has its keys."),
        Key::new(
            "oauth",
            Kind::Group(&OAUTH),
            "The tokens of an OAuth 2.1 issuer let in, and clients are told where people log in.",
        )
        .otherwise("no tokens do")
        .examples(&["{ issuer: \"https://id.example.com\", audience: \"https://tools.example.com/mcp\" }"]),
        Key::new("jwt", Kind::Group(&JWT), "Signed tokens of an issuer let in, which clients have already.")
            .otherwise("no tokens do")
            .examples(&["{ issuer: \"https://ci.example.com\", audience: \"api://tools\" }"]),
        Key::new("enterprise", Kind::Group(&ENTERPRISE), "Where the original has its issuer of tokens, and roles.")
            .otherwise("none"),
        Key::new("basic", Kind::Group(&BASIC_AUTH), "People with a name and a password.").otherwise("none"),
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
        Key::new("basic_auth", Kind::Group(&BASIC_AUTH), "The same as `auth.basic`.").otherwise("none"),
    ]],
};

pub static API_KEY: Shape = Shape {
    name: "api_key",
    what: "a key",
    description: "A caller's key, and what it lets them do. `mcpfier key create` makes one.",
    tables: &[
        &[
            Key::new("name", Kind::Filled, "Who calls with it, for logs and policies.")
                .otherwise("`key-1`, by its place")
                .expands()
                .examples(&["ci"]),
            Key::new("key", Kind::Text, "The key itself; from a secret or a variable, so that the file does not hold it. A secret is read when the server starts and when it loads its file.")
                .otherwise("`key_hash`")
                .expands()
                .examples(&["\"{{secrets.ci_key}}\"", "\"${CI_KEY}\""]),
            Key::new(
                "key_hash",
                Kind::Text,
                "In place of the key: its SHA-256, which lets nobody in by itself; also from a secret.",
            )
            .otherwise("`key`")
            .expands()
            .examples(&["\"sha256:6ca13d52ca70c883e0f0bb101e425a89e8624de51db2d2392593af6a84118090\""]),
            Key::new("expires", Kind::Text, "The day, or the moment, from which on it lets nobody in; UTC.")
                .otherwise("never")
                .expands()
                .examples(&["2027-01-01", "\"2027-01-01T12:00:00Z\""]),
            Key::new(
                "previous",
                Kind::Group(&PREVIOUS_KEY),
                "The key that this one replaced, for those who have not changed it yet. `mcpfier key rotate --keep-until` writes it.",
            )
            .otherwise("none"),
        ],
        CALLER,
    ],
};

pub static PREVIOUS_KEY: Shape = Shape {
    name: "previous_key",
    what: "`previous`",
    description: "A key that was replaced and lets in for a while longer.",
    tables: &[&[
        Key::new("key_hash", Kind::Text, "The SHA-256 of the key that was replaced.").required().expands(),
        Key::new("expires", Kind::Text, "The day, or the moment, from which on it lets nobody in; UTC.")
            .required()
            .expands()
            .examples(&["2027-01-01"]),
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
        Key::new(
            "bodies",
            Kind::Size,
            "Of all bodies together that are being received and are larger than 16KiB; no less than `body`. When it is more, the largest is refused.",
        )
        .default("64MiB")
        .expands(),
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
        Key::new(
            "connections",
            Kind::Count,
            "Connections at once; when there are more, those go first that ask for nothing.",
        )
        .default("10000")
        .expands(),
        Key::new(
            "streams_per_caller",
            Kind::Count,
            "Answers of one caller that are being sent as streams, at once: of events, and of calls that take a while.",
        )
        .otherwise("a quarter of `connections`, and at least 16")
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
