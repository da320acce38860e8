//! `output` of a command.

use super::{Key, Kind, Shape};

pub static OUTPUT: Shape = Shape {
    name: "output",
    what: "`output`",
    description: "What the command prints, and how a client is shown it.",
    tables: &[&[
        Key::new(
            "format",
            Kind::Choice(&["text", "json", "lines", "csv", "regex", "yaml", "binary", "mcp"]),
            "What the command prints. `json` and `yaml` are one document, `lines` a list of texts, `csv` a table whose header names its columns, `regex` a list of what the named groups of `pattern` match; each becomes a value that `select`, `schema` and `template` work on. `binary` is an image, a sound or a file by its `mime` type. `mcp` is a result as the protocol has it: a list of blocks of content, or a map with `content`, `structuredContent`, `isError` and `_meta`, or with `input_required`, which asks the client and runs the command again with what it says.",
        )
        .default("text")
        .examples(&["json", "csv"]),
        Key::new(
            "header",
            Kind::Boolean,
            "Whether the first row names the columns, for `format: csv`. Without it each row is a list of texts.",
        )
        .default("true"),
        Key::new("delimiter", Kind::Text, "The character between two cells, for `format: csv`.")
            .default("\",\"")
            .examples(&["\";\"", "\"\\t\""]),
        Key::new(
            "pattern",
            Kind::Pattern,
            "For `format: regex`: a regular expression whose named groups make an object of each match. `^` and `$` are the ends of a line; with `(?s)` and without them it goes over lines. It is matched in linear time.",
        )
        .otherwise("none")
        .examples(&["'^(?<file>[^:]+):(?<line>\\d+):(?<text>.*)$'"]),
        Key::new(
            "select",
            Kind::Filled,
            "The part of the value that is the result: a JSON pointer (it begins with `/`), or an expression of JMESPath. It is taken before `schema` and `template` see the value, and is shown as JSON unless it is a text.",
        )
        .otherwise("the whole value")
        .examples(&["/items/0/name", "\"items[?status=='failed'].name\""]),
        Key::new(
            "schema",
            Kind::FreeSchema,
            "A JSON Schema of the structured result, for every format with structure. Clients see it, and results are checked against it. Texts of `csv`, `regex` and `lines` become the numbers and booleans that it names.",
        )
        .otherwise("none")
        .examples(&["{ type: object, properties: { total: { type: integer } } }"]),
        Key::new(
            "template",
            Kind::Filled,
            "The text that a model reads, made of the result: handlebars with `{{#each}}`, `{{#if}}`, `{{#with}}`, `{{#unless}}` and functions such as `{{json x}}` and `(eq a b)`, without partials; nothing is escaped. It sees the parameters by name, `params`, `vars`, `result`, `stdout`, `stderr`, `exit_code` and, of a flow, `steps`. Values of sensitive parameters are `***`.",
        )
        .otherwise("what the command printed")
        .examples(&["\"{{len result}} open issues in {{repo}}\""]),
        Key::new(
            "show",
            Kind::Size,
            "How much of a text the model sees: its head and its tail. The rest is counted and left out.",
        )
        .default("32KiB")
        .examples(&["8KiB"]),
        Key::new(
            "on_overflow",
            Kind::Choice(&["truncate", "kill"]),
            "What happens to output beyond `limits.output`: `truncate` drops it, `kill` ends the command and makes the call an error.",
        )
        .default("truncate"),
        Key::new(
            "files",
            Kind::ListOf(&Kind::Filled),
            "Files that the command writes, by patterns (`*`, `?`, `[a-z]`, `**`) from its folder on. Those that a successful run has written or changed are a part of the result: small images, sounds and texts themselves, others as links. Symbolic links are not followed. In containers they have to lie in a mount that can be written.",
        )
        .default("[]")
        .examples(&["[out/*.png, report.csv]"]),
        Key::new(
            "mime",
            Kind::Mime,
            "The MIME type of what the command prints, for `format: binary` and `format: text`, or of what `template` makes. A text of another type than `text/plain` is handed over as a resource.",
        )
        .otherwise("`application/octet-stream` or `text/plain`")
        .examples(&["image/png", "text/markdown"]),
    ]],
};
