//! `webhook` of a command: a call of an HTTP interface.

use super::{Key, Kind, Names, Shape};

/// A text, or several.
const VALUES: Kind = Kind::Either(&[Kind::Template, Kind::ListOf(&Kind::Template)]);

pub static WEBHOOK: Shape = Shape {
    name: "webhook",
    what: "`webhook`",
    description: "A call of an HTTP interface, in place of `script` or `run`. Values of parameters are encoded for the place where they stand.",
    tables: &[&[
        Key::new(
            "url",
            Kind::Template,
            "Where the call goes. `{{name}}` may stand for parts of the path and for values of the query, where it is encoded; scheme, host and port are fixed, or come from `vars`.",
        )
        .required()
        .examples(&["\"https://api.example.com/items/{{id}}\"", "\"{{vars.base_url}}/items\""]),
        Key::new(
            "method",
            Kind::Choice(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
            "The method of the call.",
        )
        .otherwise("`GET`, or `POST` with a `body` or a `form`")
        .examples(&["PUT"]),
        Key::new(
            "query",
            Kind::MapOf(Names::Any, &VALUES),
            "Pairs that follow the `?` of the URL. One whose parameter is absent is left out; a list stands several times.",
        )
        .otherwise("none")
        .examples(&["{ q: \"{{text}}\", tag: \"{{tags}}\" }"]),
        Key::new(
            "headers",
            Kind::MapOf(Names::Any, &VALUES),
            "Headers of the call. `{{secrets.NAME}}` may stand here; line breaks may not. One whose parameter is absent is left out.",
        )
        .otherwise("none")
        .examples(&["{ Accept: application/json, X-Team: \"{{secrets.team}}\" }"]),
        Key::new(
            "body",
            Kind::Any,
            "What the call carries. A map or a list is JSON, in which a value that is exactly one `{{name}}` keeps its type and one that is absent is left out. A text is sent as written.",
        )
        .otherwise("none")
        .examples(&["{ title: \"{{title}}\", labels: \"{{labels}}\" }", "\"{{document}}\""]),
        Key::new(
            "form",
            Kind::MapOf(Names::Any, &VALUES),
            "In place of `body`: fields that are sent as `application/x-www-form-urlencoded`.",
        )
        .otherwise("none")
        .examples(&["{ user: \"{{user}}\", remember: yes }"]),
        Key::new(
            "multipart",
            Kind::MapOf(Names::Any, &PARTS),
            "In place of `body`: fields that are sent as `multipart/form-data`, texts or files. A file is read while it is sent, and a missing one is told before anything is. A field whose parameter is absent is left out; a list stands several times.",
        )
        .otherwise("none")
        .examples(&["{ title: \"{{title}}\", report: { file: \"{{report}}\", content_type: application/pdf } }"]),
        Key::new("auth", Kind::Group(&WEBHOOK_AUTH), "Who the caller says it is.")
            .otherwise("nobody")
            .examples(&["{ type: bearer, token: \"{{secrets.token}}\" }"]),
        Key::new(
            "success",
            Kind::Either(&[Kind::StatusCodes, Kind::ListOf(&Kind::StatusCodes)]),
            "The status codes that are success: numbers and ranges. Any other makes the call an error that names it and shows the answer.",
        )
        .default("[200-299]")
        .examples(&["[200-299, 404]"]),
        Key::new(
            "follow_redirects",
            Kind::Boolean,
            "Whether redirects are followed. Each hop is judged as the first URL is; credentials and bodies stay with the first host.",
        )
        .default("true"),
        Key::new("max_redirects", Kind::Whole, "How many redirects are followed, at most 20.")
            .default("5")
            .examples(&["0"]),
        Key::new(
            "allow_private",
            Kind::Boolean,
            "Lets the call go to this machine or its network, which is refused otherwise after the name has been looked up. Redirects to other hosts of a private network stay refused.",
        )
        .default("false"),
        Key::new("tls", Kind::Group(&WEBHOOK_TLS), "Whom the call believes over TLS, and who it says it is. It is for the host of `url` and that of `token_url`; on others the system is believed.")
            .otherwise("whom the system believes")
            .examples(&["{ ca: certs/ca.pem }", "{ client_cert: certs/me.pem, client_key: certs/me.key }"]),
        Key::new(
            "proxy",
            Kind::Text,
            "The proxy that the call goes through, `http://HOST:PORT` or `https://HOST:PORT`, or `none`. Variables such as `HTTP_PROXY` are not used. What a name leads to is judged here before the proxy is asked, which looks it up once more.",
        )
        .otherwise("`proxy` of `defaults`, or none")
        .expands()
        .examples(&["http://proxy.example.com:3128", "none"]),
        Key::new(
            "connect_timeout",
            Kind::Duration,
            "How long it may take until there is a connection, TLS included.",
        )
        .default("10s")
        .examples(&["2s"]),
        Key::new(
            "try_timeout",
            Kind::Duration,
            "How long one try may take with its redirects, where the command has `retry`. `timeout` of the command covers all of them.",
        )
        .otherwise("as long as `timeout`")
        .examples(&["5s"]),
        Key::new(
            "read_timeout",
            Kind::Duration,
            "The longest silence inside of an answer that has begun.",
        )
        .otherwise("as long as `timeout`")
        .examples(&["10s"]),
        Key::new(
            "stream",
            Kind::Either(&[Kind::Boolean, Kind::Group(&WEBHOOK_STREAM)]),
            "Whether the events of `text/event-stream` are read: the data of each becomes a line of output when it comes. `false` shows the answer as it is sent. Any other answer is shown as it comes.",
        )
        .default("true")
        .examples(&["false", "{ until: \"[DONE]\" }"]),
        Key::later("retry"),
        Key::later("breaker"),
    ]],
};

pub static WEBHOOK_AUTH: Shape = Shape {
    name: "auth",
    what: "`auth`",
    description: "Credentials of a call. Secrets are named, and their values stay out of the file.",
    tables: &[&[
        Key::new(
            "type",
            Kind::Choice(&["bearer", "basic", "api_key", "oauth2"]),
            "How credentials are sent: a bearer token, a user name with a password, a key in a header, or a token that is fetched by the client credentials of OAuth 2, kept in memory until it expires, and fetched anew once if it is refused.",
        )
        .required()
        .examples(&["bearer"]),
        Key::new("token", Kind::Template, "The token of `type: bearer`.")
            .examples(&["\"{{secrets.token}}\""]),
        Key::new("username", Kind::Template, "The user name of `type: basic`.").examples(&["deploy"]),
        Key::new("password", Kind::Template, "The password of `type: basic`.")
            .examples(&["\"{{secrets.password}}\""]),
        Key::new("key", Kind::Template, "The key of `type: api_key`.").examples(&["\"{{secrets.key}}\""]),
        Key::new("header", Kind::Text, "The header that carries the key of `type: api_key`.")
            .default("X-API-Key")
            .examples(&["X-Shop-Key"]),
        Key::new("token_url", Kind::Template, "Where a token is fetched for `type: oauth2`. It is judged as `url` is; redirects are not followed.")
            .examples(&["https://auth.example.com/oauth/token"]),
        Key::new("client_id", Kind::Template, "The name of the client for `type: oauth2`.")
            .examples(&["shop-tools"]),
        Key::new("client_secret", Kind::Template, "The secret of the client for `type: oauth2`.")
            .examples(&["\"{{secrets.client_secret}}\""]),
        Key::new(
            "scopes",
            Kind::Either(&[Kind::Text, Kind::ListOf(&Kind::Text)]),
            "What the token of `type: oauth2` is for.",
        )
        .otherwise("what the server thinks right")
        .examples(&["[orders:read, orders:write]"]),
        Key::new("audience", Kind::Text, "Whom the token of `type: oauth2` is for, where its server asks.")
            .otherwise("not said")
            .examples(&["https://api.example.com"]),
        Key::new(
            "auth_style",
            Kind::Choice(&["header", "body"]),
            "How `client_id` and `client_secret` are sent: as user name and password in a header, or as fields of the form.",
        )
        .default("header")
        .examples(&["body"]),
    ]],
};

/// What a field of a form with files may be.
const PARTS: Kind = Kind::Either(&[Kind::Template, Kind::ListOf(&PART), Kind::Group(&WEBHOOK_PART)]);
const PART: Kind = Kind::Either(&[Kind::Template, Kind::Group(&WEBHOOK_PART)]);

pub static WEBHOOK_PART: Shape = Shape {
    name: "webhook_part",
    what: "a field of `multipart`",
    description: "A file, or a text of a type.",
    tables: &[&[
        Key::new(
            "file",
            Kind::Template,
            "The path of a file: one of the file's own, or exactly one parameter with `format: path` and `within`. A list of paths is a field each.",
        )
        .examples(&["\"{{report}}\"", "templates/letter.pdf"]),
        Key::new("text", Kind::Template, "A text, in place of `file`.").examples(&["\"{{json labels}}\""]),
        Key::new("filename", Kind::Template, "What the server is told the file is called.")
            .otherwise("the last name of the path")
            .examples(&["report.pdf"]),
        Key::new("content_type", Kind::Text, "What the server is told it is.")
            .otherwise("`application/octet-stream` for a file, nothing for a text")
            .examples(&["application/pdf"]),
    ]],
};

pub static WEBHOOK_TLS: Shape = Shape {
    name: "webhook_tls",
    what: "`tls`",
    description: "Whom a call believes over TLS, and who it says it is. The files are read at each call, so one that is exchanged is used from then on.",
    tables: &[&[
        Key::new(
            "ca",
            Kind::Either(&[Kind::Path, Kind::ListOf(&Kind::Path)]),
            "Certificates of the authorities that are believed, in the form PEM; they stand in place of those of the system.",
        )
        .otherwise("those of the system")
        .expands()
        .examples(&["certs/ca.pem", "[certs/ca.pem, certs/old-ca.pem]"]),
        Key::new("client_cert", Kind::Path, "Our own certificate, in the form PEM, for servers that ask for one; with `client_key`.")
            .otherwise("none")
            .expands()
            .examples(&["certs/me.pem"]),
        Key::new("client_key", Kind::Path, "The private key of `client_cert`. Nobody else should be able to read it.")
            .otherwise("none")
            .expands()
            .examples(&["certs/me.key"]),
        Key::new("min_version", Kind::Choice(&["1.2", "1.3"]), "The oldest version of TLS that is spoken.")
            .default("\"1.2\"")
            .examples(&["\"1.3\""]),
        Key::new(
            "insecure",
            Kind::Boolean,
            "Believes whoever answers, who can then read and change everything. It is a warning that only `allow` with a reason takes away.",
        )
        .default("false"),
    ]],
};

pub static WEBHOOK_STREAM: Shape = Shape {
    name: "webhook_stream",
    what: "`stream`",
    description: "How the events of an answer are read.",
    tables: &[&[Key::new(
        "until",
        Kind::Filled,
        "An event with exactly this data ends the call, and is not shown.",
    )
    .otherwise("the server ends it")
    .examples(&["\"[DONE]\""])]],
};
