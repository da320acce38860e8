//! Who may: roles, rules that deny, and what a command asks of its callers.

use super::{Key, Kind, Names, OAUTH21, Shape};

const TEXTS: Kind = Kind::ListOf(&Kind::Text);
const PERMISSIONS: &str = "The tools that it lets see and call, by name; `*` stands for any text, `?` for a character. Also words that commands name in `authorization.required_permissions`.";

/// At the root of a file.
pub(super) static ACCESS: &[Key] = &[
    Key::new(
        "roles",
        Kind::ListOf(&Kind::Group(&ROLE)),
        "Names for what several callers may. As soon as there are any, every role that the file names has to be one of these.",
    )
    .otherwise("none")
    .examples(&[
        "[{ name: viewer, permissions: [\"list-*\"] }, { name: developer, permissions: [\"git-*\"], inherits: [viewer] }]",
    ]),
    Key::new(
        "user_roles",
        Kind::MapOf(Names::Any, &TEXTS),
        "Which roles callers have, by name. A bare name is a user who says it and proves it: on stdio, by password, token or certificate. `key:ci` is the key `ci` and nobody else; so it is with `local:`, `basic:`, `token:` and `certificate:`.",
    )
    .otherwise("none")
    .examples(&["{ ann@example.com: [admin], \"key:ci\": [deployer] }"]),
    Key::new(
        "role_claims",
        Kind::MapOf(Names::Any, &Kind::MapOf(Names::Any, &TEXTS)),
        "Which roles callers have by the claims of their token: the claim, a value that is in it, and the roles for that. A `.` leads into a claim.",
    )
    .otherwise("none")
    .examples(&["{ groups: { tool-admins: [admin] }, realm_access.roles: { dev: [developer] } }"]),
    Key::new(
        "policies",
        Kind::ListOf(&Kind::Group(&POLICY)),
        "Rules that deny calls, whoever asks and whatever else they may. A profile adds to them.",
    )
    .otherwise("none")
    .examples(&["[{ name: no-deploys-on-friday, commands: [\"deploy*\"], deny: now.getDayOfWeek() == 5 }]"]),
];

pub static ROLE: Shape = Shape {
    name: "role",
    what: "a role",
    description: "A name for what several callers may.",
    tables: &[&[
        Key::new("name", Kind::Filled, "The name of the role.").required().examples(&["developer"]),
        Key::new("permissions", TEXTS, PERMISSIONS).default("[]").examples(&["[\"git-*\", search]"]),
        Key::new("inherits", TEXTS, "Roles that come with it: whoever has this one has those.")
            .default("[]")
            .examples(&["[viewer]"]),
        Key::new("description", Kind::Text, "What it is for; for those who read the file.").otherwise("none"),
    ]],
};

pub static POLICY: Shape = Shape {
    name: "policy",
    what: "a policy",
    description: "A rule that denies calls, or has somebody agree to them. It is judged when tools are listed, when one is called, and on the finished plan; what it cannot judge it denies.",
    tables: &[&[
        Key::new("name", Kind::Filled, "Its name, for callers and logs. No two have the same.")
            .required()
            .examples(&["no-deploys-on-friday"]),
        Key::new(
            "commands",
            TEXTS,
            "The commands that it is about, by name; `*` stands for any text, `?` for a character. Steps, dependencies and fallbacks of others are among them.",
        )
        .default("[\"*\"]")
        .examples(&["[\"deploy*\"]"]),
        Key::new(
            "deny",
            Kind::Filled,
            "A condition in CEL; where it holds the call is denied. A policy has `deny`, `confirm` or both. It sees `caller` (`name`, `method`, `roles`, `scopes`, `claims`, `tenant`, `address`), `tool` (`name`, `tags`, `annotations`), `args`, `now`, and as `plan` what would run (`kind`, `argv`, `image`, `url`, …). `has(args.x)` asks whether there is one.",
        )
        .otherwise("it denies nothing")
        .examples(&["args.target == \"prod\" && !(\"release-manager\" in caller.roles)"]),
        Key::new(
            "confirm",
            Kind::Filled,
            "A condition in CEL; where it holds, or cannot be judged, a person has to agree before the call runs, as the `confirm` of a command has it. It sees what `deny` sees.",
        )
        .otherwise("nobody is asked")
        .examples(&["tool.annotations.destructive && args.target == \"prod\""]),
        Key::new("message", Kind::Text, "What the caller is told, or what is asked.")
            .otherwise("the name of the policy")
            .examples(&["Nothing is deployed on Fridays."]),
    ]],
};

pub static AUTHORIZATION: Shape = Shape {
    name: "authorization",
    what: "`authorization`",
    description: "What a command asks of its callers beside a permission for its name, and what it lends them.",
    tables: &[REQUIRED, &[
        Key::new(
            "grants",
            Kind::ListOf(&Kind::ToolName),
            "Commands that run in this one (its steps, its dependencies, its fallback) whether its caller may call them or not. Rules of `policies` deny them still.",
        )
        .default("[]")
        .examples(&["[git-tag, publish]"]),
    ]],
};

pub static ORIGINAL_AUTHORIZATION: Shape =
    Shape { name: "original authorization", what: "`authorization`", description: "", tables: &[REQUIRED] };

static REQUIRED: &[Key] = &[
    Key::new("required_roles", TEXTS, "Roles that its caller has to have, all of them.")
        .default("[]")
        .examples(&["[release-manager]"]),
    Key::new(
        "required_permissions",
        TEXTS,
        "Words that the permissions of its caller have to let, all of them, by the same patterns as names of tools.",
    )
    .default("[]")
    .examples(&["[\"deploy:prod\"]"]),
    Key::new(
        "audit",
        Kind::Boolean,
        "`true`: it runs only if the call has been recorded. The file needs `audit` for that.",
    )
    .default("false"),
];

/// What the original documents, in both dialects.
pub static RBAC: Shape = Shape {
    name: "server_http_auth_rbac",
    what: "`enterprise.rbac`",
    description: "Roles as the original has them; `roles` and `user_roles` at the root of the file are the same.",
    tables: &[&[
        Key::new("enabled", Kind::Boolean, "`false`: nothing of it counts.").default("true").expands(),
        Key::new("roles", Kind::ListOf(&Kind::Group(&ROLE)), "The same as `roles` of the file.")
            .default("[]")
            .expands(),
        Key::new("user_roles", Kind::MapOf(Names::Any, &TEXTS), "The same as `user_roles` of the file.")
            .default("{}")
            .expands(),
    ]],
};

pub static ENTERPRISE: Shape = Shape {
    name: "server_http_auth_enterprise",
    what: "`auth.enterprise`",
    description: "Where the original has what companies use.",
    tables: &[&[
        Key::new("rbac", Kind::Group(&RBAC), "Roles, and who has them.").otherwise("none"),
        Key::new("oauth21", Kind::Group(&OAUTH21), "The same as `auth.oauth`, in the words of the original.")
            .otherwise("no tokens let in"),
    ]],
};

pub static TEST_CALLER: Shape = Shape {
    name: "test_caller",
    what: "`as`",
    description: "Who calls in a test. Nobody has to prove it.",
    tables: &[&[
        Key::new(
            "caller",
            Kind::Filled,
            "`local`, `anonymous`, or a method and a name: `key:ci`, `token:ann@example.com`, `basic:ann`, `certificate:build-1`.",
        )
        .default("local")
        .examples(&["key:ci"]),
        Key::new("roles", TEXTS, "Roles beside those that the file gives.").default("[]").examples(&["[developer]"]),
        Key::new("scopes", TEXTS, "The scopes of the token.").default("[]"),
        Key::new("claims", Kind::MapOf(Names::Any, &Kind::Any), "The claims of the token.")
            .default("{}")
            .examples(&["{ groups: [tool-admins] }"]),
        Key::new("tenant", Kind::Filled, "The tenant that they belong to.").otherwise("none"),
    ]],
};
