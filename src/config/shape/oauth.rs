//! `server.http.auth.oauth`, `jwt`, and what the original has in their place.

use super::{Key, Kind, Shape};
use crate::model::Algorithm;

const TEXTS: Kind = Kind::ListOf(&Kind::Text);
const TEXT_OR_TEXTS: Kind = Kind::Either(&[Kind::Text, TEXTS]);

pub static OAUTH: Shape = Shape {
    name: "server_http_auth_oauth",
    what: "`oauth`",
    description: "The tokens of an OAuth 2.1 issuer let in. Clients without one are told where to get it, so people just log in there.",
    tables: &[
        TOKENS,
        &[
            Key::new(
                "resource",
                Kind::Text,
                "The address under which clients know this server, if it is none of `audience`.",
            )
            .otherwise("the first address in `audience`, or the one that a client uses")
            .expands()
            .examples(&["https://tools.example.com/mcp"]),
            Key::new("scopes", TEXTS, "What clients may ask the issuer for, so that they know.")
                .otherwise("`required_scopes`, and the `scopes` of all commands")
                .expands()
                .examples(&["[\"mcp:read\", \"deploy:write\"]"]),
            Key::new(
                "introspection",
                Kind::Group(&INTROSPECTION),
                "Asks the issuer about tokens that say nothing themselves (RFC 7662).",
            )
            .otherwise("such tokens let nobody in")
            .examples(&["{ client_id: mcpfier, client_secret: \"${INTROSPECTION_SECRET}\" }"]),
        ],
    ],
};

pub static JWT: Shape = Shape {
    name: "server_http_auth_jwt",
    what: "`jwt`",
    description: "Signed tokens of an issuer let in. Clients have theirs already: nobody is told where to get one.",
    tables: &[TOKENS],
};

static TOKENS: &[Key] = &[
    Key::new(
        "issuer",
        Kind::Filled,
        "Who makes the tokens, as they say in `iss`. Its keys are found below it, and fetched when the first token comes.",
    )
    .required()
    .expands()
    .examples(&["https://id.example.com"]),
    Key::new(
        "audience",
        TEXT_OR_TEXTS,
        "Whom a token has to be for (`aud`): the address of this server, or the name that the issuer has for it. A token for anybody else lets nobody in.",
    )
    .required()
    .expands()
    .examples(&["https://tools.example.com/mcp", "[\"api://tools\"]"]),
    Key::new("jwks_uri", Kind::Text, "Where the issuer's keys are.")
        .otherwise("where the issuer says")
        .expands()
        .examples(&["https://id.example.com/jwks"]),
    Key::new(
        "algorithms",
        Kind::ListOf(&Kind::Choice(&Algorithm::NAMES)),
        "How a token may be signed. Shared keys and `none` are not possible.",
    )
    .otherwise("all of these")
    .expands()
    .examples(&["[RS256, ES256]"]),
    Key::new("required_scopes", TEXTS, "What every token has to be good for.")
        .default("[]")
        .expands()
        .examples(&["[\"mcp:use\"]"]),
    Key::new("leeway", Kind::Duration, "By how much the clocks of issuer and server may differ.")
        .default("30s")
        .expands(),
    Key::new("claims", Kind::Group(&CLAIMS), "Which claims of a token say who it is."),
    Key::new(
        "permissions",
        TEXTS,
        "The tools that bearers of these tokens may see and call, beside what their roles let them.",
    )
    .otherwise("all; none where the file has `roles`, or with `claims.roles`")
    .expands()
    .examples(&["[\"git-*\", search]"]),
];

pub static CLAIMS: Shape = Shape {
    name: "server_http_auth_claims",
    what: "`claims`",
    description: "Which claims of a token say who it is. A dot leads into a claim: `realm_access.roles`.",
    tables: &[&[
        Key::new(
            "name",
            Kind::Filled,
            "Who calls, for roles, policies and logs. A token without it lets nobody in, and an `email` counts only with `email_verified: true` beside it.",
        )
        .otherwise("`sub`, or else `client_id`")
        .expands()
        .examples(&["email"]),
        Key::new("roles", Kind::Filled, "The caller's roles: a text, or a list of them.")
            .otherwise("none")
            .expands()
            .examples(&["realm_access.roles"]),
        Key::new("tenant", Kind::Filled, "The tenant that the caller belongs to. Where the file has `tenants`, a token that names none lets in to no tool.")
            .otherwise("none")
            .expands()
            .examples(&["org_id"]),
    ]],
};

pub static INTROSPECTION: Shape = Shape {
    name: "server_http_auth_introspection",
    what: "`introspection`",
    description: "How the issuer is asked about tokens that say nothing themselves.",
    tables: &[&[
        Key::new("endpoint", Kind::Text, "Where it is asked.")
            .otherwise("where the issuer says")
            .expands()
            .examples(&["https://id.example.com/introspect"]),
        Key::new("client_id", Kind::Filled, "As whom this server asks.")
            .required()
            .expands()
            .examples(&["mcpfier"]),
        Key::new(
            "client_secret",
            Kind::Filled,
            "Its secret there; from a variable, so that the file holds none.",
        )
        .required()
        .expands()
        .examples(&["\"${INTROSPECTION_SECRET}\""]),
        Key::new("cache", Kind::Duration, "For how long an answer counts, at most; a minute is the longest.")
            .default("30s")
            .expands(),
    ]],
};

pub static OAUTH21: Shape = Shape {
    name: "server_http_auth_oauth21",
    what: "`oauth21`",
    description: "An issuer of tokens in the words of the original; `auth.oauth` can say more. Callers are called by their `email` if the issuer has verified it, or else by `sub` or `client_id`.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: its tokens let nobody in.").default("true").expands(),
        Key::new("issuer", Kind::Filled, "Who makes the tokens, as they say in `iss`.").required().expands(),
        Key::new("audience", TEXT_OR_TEXTS, "Whom a token has to be for (`aud`).").required().expands(),
        Key::new(
            "client_id",
            Kind::Text,
            "As whom this server asks the issuer about tokens that say nothing themselves.",
        )
        .otherwise("such tokens let nobody in")
        .expands(),
        Key::new("client_secret", Kind::Text, "Its secret there.")
            .otherwise("such tokens let nobody in")
            .expands(),
        Key::new(
            "authorization_endpoint",
            Kind::Text,
            "Where people log in, for clients that ask this server.",
        )
        .otherwise("the issuer says")
        .expands(),
        Key::new("token_endpoint", Kind::Text, "Where tokens are made, for clients that ask this server.")
            .otherwise("the issuer says")
            .expands(),
        Key::new("jwks_uri", Kind::Text, "Where the issuer's keys are.")
            .otherwise("where the issuer says")
            .expands(),
        Key::new("scopes", TEXTS, "What clients may ask the issuer for.").default("[]").expands(),
    ]],
};
