//! `webhook` of a command: a call of an HTTP interface.

use super::{Key, Kind, Names, Shape};

/// Types of authentication that are known and not built yet.
pub const LATER_AUTH: [&str; 2] = ["oauth", "oauth2"];

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
        Key::later("multipart"),
        Key::later("tls"),
        Key::later("proxy"),
        Key::later("retry"),
        Key::later("stream"),
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
            Kind::Choice(&["bearer", "basic", "api_key"]),
            "How credentials are sent: a bearer token, a user name with a password, or a key in a header.",
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
        Key::later("client_id"),
        Key::later("client_secret"),
        Key::later("token_url"),
        Key::later("scopes"),
    ]],
};
