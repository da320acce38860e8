//! `tests` of a command: calls, and what is expected of them.

use super::{Key, Kind, Names, Shape, TEST_CALLER};

/// A text, or several.
const TEXTS: Kind = Kind::Either(&[Kind::Text, Kind::ListOf(&Kind::Text)]);
/// A text that has to be equal, or checks.
const CHECKED: Kind = Kind::Either(&[Kind::Text, Kind::Group(&CHECKS)]);
/// `true`, or a text that the answer contains.
const SAYS: Kind = Kind::Text;

pub static TEST: Shape = Shape {
    name: "test",
    what: "a test",
    description: "One call of the command, and what is expected of it. `mcpfier test` runs it.",
    tables: &[&[
        Key::new("name", Kind::Text, "What it shows, in a few words. No two tests of a command have the same.")
            .otherwise("made of the arguments")
            .examples(&["finds a TODO"]),
        Key::new(
            "with",
            Kind::MapOf(Names::Any, &Kind::Any),
            "The arguments of the call, by parameter. They have to fit, unless the test expects `invalid`.",
        )
        .default("{}")
        .examples(&["{ pattern: TODO, limit: 5 }"]),
        Key::new(
            "as",
            Kind::Either(&[Kind::Filled, Kind::Group(&TEST_CALLER)]),
            "Who calls: a caller such as `key:ci`, or a map. What they may is what the file says.",
        )
        .otherwise("the caller on stdio")
        .examples(&["key:ci", "{ caller: \"token:ann@example.com\", claims: { groups: [tool-admins] } }"]),
        Key::new(
            "expect",
            Kind::Group(&EXPECT),
            "What has to come of it. Without it: the call succeeds.",
        )
        .default("{}")
        .examples(&["{ exit_code: 0, stdout: { contains: TODO } }", "{ invalid: is required }"]),
        Key::new(
            "mock",
            Kind::Group(&MOCK),
            "What the command would have printed. Nothing is started then: the call is checked and planned, and this stands for its output.",
        )
        .otherwise("the command runs")
        .examples(&["{ stdout: \"3 files\\n\", exit_code: 1 }"]),
    ]],
};

pub static EXPECT: Shape = Shape {
    name: "expect",
    what: "`expect`",
    description: "What has to come of a call. All of it has to hold; without a word about its end the call has to succeed.",
    tables: &[&[
        Key::new(
            "exit_code",
            Kind::ExitCode,
            "The exit code of the command. Where `exit_codes` calls it a success, the result may be no error either.",
        )
        .otherwise("any that is a success")
        .examples(&["2"]),
        Key::new("timed_out", Kind::Boolean, "The command is killed at its `timeout`.").default("false"),
        Key::new(
            "fails",
            SAYS,
            "The result is an error, for whatever reason: `true`, or a text that it contains.",
        )
        .otherwise("the call succeeds")
        .examples(&["true", "out of memory"]),
        Key::new(
            "invalid",
            SAYS,
            "The arguments are refused before anything runs: `true`, or a text that the refusal contains.",
        )
        .otherwise("the call is accepted")
        .examples(&["true", "leads out of"]),
        Key::new(
            "denied",
            SAYS,
            "The caller may not: `true`, or a text that the refusal contains. Nothing runs.",
        )
        .otherwise("the call is allowed")
        .examples(&["true"]),
        Key::new(
            "argv",
            Kind::ListOf(&CHECKED),
            "The words of the command line, the program first. A test that expects only this starts nothing.",
        )
        .otherwise("any")
        .examples(&["[rm, --force, --, build]", "[ls, { matches: \"/src$\" }]"]),
        Key::new("stdout", CHECKED, "What the command writes to its standard output.")
            .otherwise("anything")
            .examples(&["hello", "{ contains: [first, second] }", "{ json: { /count: 3 } }"]),
        Key::new("stderr", CHECKED, "What the command writes to its standard error.")
            .otherwise("anything")
            .examples(&["\"\"", "{ lacks: warning }"]),
        Key::new("result", CHECKED, "The text that a model is shown: shaped, cut, with the reason of a failure.")
            .otherwise("anything")
            .examples(&["no matches"]),
        Key::new(
            "structured",
            Kind::Any,
            "The structured result, where the command has an `output.schema`: the whole value, or a map of JSON pointers.",
        )
        .otherwise("anything")
        .examples(&["{ /matches/0: first }"]),
        Key::new("duration_under", Kind::Duration, "The run takes less than this.")
            .otherwise("as long as `timeout` allows")
            .examples(&["2s"]),
    ]],
};

pub static CHECKS: Shape = Shape {
    name: "checks",
    what: "what is expected of a text",
    description: "What holds of a text, without the line ends at its end. A bare text instead of this map is short for `equals`.",
    tables: &[&[
        Key::new("equals", Kind::Text, "It is this, line for line.")
            .otherwise("anything")
            .examples(&["hello"]),
        Key::new("contains", TEXTS, "It contains this text, or all of these.")
            .default("[]")
            .examples(&["TODO", "[first, second]"]),
        Key::new("lacks", TEXTS, "It does not contain this text, nor any of these.")
            .default("[]")
            .examples(&["warning"]),
        Key::new("matches", TEXTS, "It matches this regular expression, or all of these. `(?m)` makes `^` and `$` those of a line.")
            .default("[]")
            .examples(&["\"^v\\\\d+\\\\.\\\\d+\""]),
        Key::new(
            "json",
            Kind::Any,
            "It is a JSON document: equal to this value or, for a map whose keys are JSON pointers, with these values at those places.",
        )
        .otherwise("anything")
        .examples(&["[1, 2]", "{ /name: x, /tags/0: y }"]),
    ]],
};

pub static MOCK: Shape = Shape {
    name: "mock",
    what: "`mock`",
    description: "What a command would have done. Nothing is started.",
    tables: &[&[
        Key::new("stdout", Kind::Text, "What it would have written to its standard output.")
            .default("\"\"")
            .examples(&["\"3 files\\n\""]),
        Key::new("stderr", Kind::Text, "What it would have written to its standard error.").default("\"\""),
        Key::new("exit_code", Kind::ExitCode, "How it would have ended.").default("0").examples(&["1"]),
        Key::new(
            "delay",
            Kind::Duration,
            "How long it would have taken. Nobody waits for it; from the `timeout` of the command on, it has timed out.",
        )
        .default("0s")
        .examples(&["1h"]),
    ]],
};
