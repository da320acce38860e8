//! What a file offers beside its commands: prompts and resources, and suggestions for values.

use super::{Key, Kind, Names, Shape};

const TEXTS: Kind = Kind::ListOf(&Kind::Text);

pub(super) static OFFERS: &[Key] = &[
    Key::new(
        "prompts",
        Kind::ListOf(&Kind::Group(&PROMPT)),
        "Texts with holes that a person picks and fills in a client: `/review` and the like. Clients list them by their names.",
    )
    .otherwise("none")
    .examples(&["[{ name: review, description: Review a change, arguments: { diff: string }, text: \"Review this change: {{diff}}\" }]"]),
    Key::new(
        "resources",
        Kind::ListOf(&Kind::Group(&RESOURCE)),
        "Things that clients can read under a URI: texts, files, folders, and what commands print that only read.",
    )
    .otherwise("none")
    .examples(&["[{ uri: \"docs://runbook\", file: docs/runbook.md }, { uri: \"status://disk\", command: disk-report }]"]),
];

pub static PROMPT: Shape = Shape {
    name: "prompt",
    what: "a prompt",
    description: "A text with holes, or a list of messages, that a person picks in a client. It says what it is made of in exactly one of `text`, `file` and `messages`.",
    tables: &[&[
        Key::new("name", Kind::ToolName, "The name of the prompt: 1 to 64 letters, digits, `_` and `-`. No two prompts have the same.")
            .required()
            .examples(&["review"]),
        Key::new("title", Kind::Filled, "A name for people, which clients show in its place.")
            .otherwise("none")
            .examples(&["Review a change"]),
        Key::new("description", Kind::Filled, "What the prompt is for. Clients show it beside the name.")
            .otherwise("none")
            .examples(&["Looks for mistakes in a change before it is merged"]),
        Key::new(
            "arguments",
            Kind::MapOf(Names::Parameter, &Kind::Parameter),
            "What is filled in, written like the `params` of a command. All of them are texts, because clients send nothing else; `enum` and `complete` say what is suggested.",
        )
        .otherwise("none")
        .examples(&["{ diff: string, style: { type: string, enum: [short, thorough], default: short } }"]),
        Key::new("text", Kind::Template, "The one message of the prompt, from the user. `{{name}}` puts an argument in; blocks such as `{{#if name}}` work.")
            .examples(&["\"Review this change:\\n{{diff}}\""]),
        Key::new("file", Kind::Path, "The same in a file, which is read whenever the prompt is asked for. A path is relative to this file.")
            .expands()
            .examples(&["prompts/review.md"]),
        Key::new("messages", Kind::ListOf(&Kind::Group(&MESSAGE)), "Several messages, in their order.")
            .examples(&["[{ text: \"What is wrong here?\" }, { image: shot.png }, { role: assistant, text: \"I see:\" }]"]),
        AUTHORIZED,
    ]],
};

pub static MESSAGE: Shape = Shape {
    name: "message",
    what: "a message",
    description: "One message of a prompt. It says what it holds in exactly one of `text`, `file`, `image`, `audio` and `resource`.",
    tables: &[&[
        Key::new("role", Kind::Choice(&["user", "assistant"]), "Which of the two says it: the user, or the assistant.").default("user"),
        Key::new("text", Kind::Template, "A text with holes for the arguments of the prompt.")
            .examples(&["\"Explain {{topic}}.\""]),
        Key::new("file", Kind::Path, "A file with such a text, which is read whenever the prompt is asked for.")
            .expands()
            .examples(&["prompts/explain.md"]),
        Key::new("image", Kind::Path, "A file with an image: PNG, JPEG, GIF or WebP.")
            .expands()
            .examples(&["screens/start.png"]),
        Key::new("audio", Kind::Path, "A file with a sound: WAV, MP3, OGG or FLAC.")
            .expands()
            .examples(&["sounds/call.wav"]),
        Key::new(
            "resource",
            Kind::Either(&[Kind::Template, Kind::Group(&EMBEDDED)]),
            "A resource that is sent along: the URI of one of this file, which is read for whoever asks and only if they may; or a map that says it itself.",
        )
        .examples(&["\"docs://runbook\"", "{ uri: \"{{uri}}\", text: \"What stands there.\" }"]),
    ]],
};

pub static EMBEDDED: Shape = Shape {
    name: "embedded_resource",
    what: "`resource`",
    description: "A resource that stands in the message itself.",
    tables: &[&[
        Key::new("uri", Kind::Template, "What the resource is called. Nothing is read from there.")
            .required()
            .examples(&["\"{{uri}}\"", "\"note://style\""]),
        Key::new(
            "text",
            Kind::Template,
            "What stands in it: a text with holes for the arguments of the prompt.",
        )
        .examples(&["Names are whole words."]),
        Key::new("file", Kind::Path, "A file with such a text.").expands().examples(&["style.md"]),
        Key::new("mime", Kind::Mime, "What kind of text it is.").default("text/plain"),
    ]],
};

pub static RESOURCE: Shape = Shape {
    name: "resource",
    what: "a resource",
    description: "Something to read under a URI. It says what that is in exactly one of `text`, `file`, `directory` and `command`.",
    tables: &[&[
        Key::new(
            "uri",
            Kind::Filled,
            "The URI, of any scheme but `run` and `mcpfier`. `{name}` is a hole for one part of a path, `{+name}` for several: the resource is then a template, and whoever reads it fills the holes.",
        )
        .required()
        .examples(&["\"docs://runbook\"", "\"logs://{service}/today\"", "\"docs://{+path}\""]),
        Key::new("name", Kind::Filled, "A short name, which clients list.")
            .otherwise("what follows `://` in the URI")
            .examples(&["runbook"]),
        Key::new("title", Kind::Filled, "A name for people, which clients show in its place.")
            .otherwise("none")
            .examples(&["What to do at night"]),
        Key::new("description", Kind::Filled, "What can be read there.")
            .otherwise("none")
            .examples(&["What whoever is on call needs to know"]),
        Key::new("mime", Kind::Mime, "What kind of content it is. Texts are sent as text, everything else as base64.")
            .otherwise("told by the content and the name of the file")
            .examples(&["text/markdown", "application/json"]),
        Key::new(
            "params",
            Kind::MapOf(Names::Parameter, &Kind::Parameter),
            "What may stand in the holes of the URI, written like the `params` of a command. A hole that is not among them takes any text.",
        )
        .otherwise("any text")
        .examples(&["{ service: { type: string, enum: [web, mail] } }"]),
        Key::new("text", Kind::Template, "The text itself, with holes for what stands in the URI.")
            .examples(&["\"{\\\"id\\\": \\\"{{id}}\\\"}\""]),
        Key::new("file", Kind::Path, "A file, which is read whenever it is asked for. Clients that subscribe are told when it changes.")
            .expands()
            .examples(&["docs/runbook.md"]),
        Key::new(
            "directory",
            Kind::Path,
            "A folder, whose files are listed one by one. Its URI has one hole, the path of the file below it; neither `..` nor links leave the folder.",
        )
        .expands()
        .examples(&["docs"]),
        Key::new(
            "files",
            TEXTS,
            "Which files of the folder are handed out, as patterns with `*`, `?`, `[a-z]` and `**`; beside `directory`. Names that begin with a dot have to be written out.",
        )
        .otherwise("all of them, in subfolders too where the hole is `{+name}`")
        .examples(&["[\"**/*.md\"]"]),
        Key::new(
            "command",
            Kind::ToolName,
            "A command whose output is read. It has to say `annotations: { read_only: true }`, and whoever reads has to be allowed to call it. Its own `cache` keeps what it printed.",
        )
        .examples(&["disk-report"]),
        Key::new(
            "with",
            Kind::MapOf(Names::Parameter, &Kind::Any),
            "The arguments of the command. A value that is exactly one `{{name}}` keeps its type.",
        )
        .otherwise("what stands in the holes of the URI, by name")
        .examples(&["{ depth: 2, where: \"{{folder}}\" }"]),
        AUTHORIZED,
    ]],
};

const AUTHORIZED: Key = Key::new(
    "authorization",
    Kind::Group(&OFFER_AUTHORIZATION),
    "What it asks of whoever wants it. Others do not see that it is there.",
)
.otherwise("everybody whom the server lets in")
.examples(&["{ required_roles: [on-call] }"]);

pub static OFFER_AUTHORIZATION: Shape = Shape {
    name: "offer_authorization",
    what: "`authorization`",
    description: "What a prompt or a resource asks of whoever wants it.",
    tables: &[&[
        Key::new("required_roles", TEXTS, "The roles that a caller has to have, all of them.")
            .default("[]")
            .examples(&["[on-call]"]),
        Key::new(
            "required_permissions",
            TEXTS,
            "Words that the permissions of a caller have to cover, all of them.",
        )
        .default("[]")
        .examples(&["[\"read-runbooks\"]"]),
    ]],
};

/// Of a parameter.
pub const COMPLETE: Key = Key::new(
    "complete",
    Kind::Group(&SUGGEST),
    "What is suggested while a value is typed, beside what `enum` says. It allows nothing and refuses nothing.",
)
.otherwise("what `enum` says")
.examples(&["{ values: [main, develop] }", "{ command: list-branches }"]);

pub static SUGGEST: Shape = Shape {
    name: "complete",
    what: "`complete`",
    description: "Where suggestions for a value come from: exactly one of these.",
    tables: &[&[
        Key::new("values", TEXTS, "The suggestions themselves.").examples(&["[main, develop]"]),
        Key::new(
            "files",
            TEXTS,
            "Paths of files below the folder of this file, as patterns with `*`, `?`, `[a-z]` and `**`.",
        )
        .examples(&["[\"docs/**/*.md\"]"]),
        Key::new(
            "command",
            Kind::ToolName,
            "A command that prints them: one a line, or a JSON array of texts. It has to say `annotations: { read_only: true }`, and whoever types has to be allowed to call it. Parameters of it that are called like other arguments get what is known of those; `typed` gets what has been typed.",
        )
        .examples(&["list-branches"]),
    ]],
};
