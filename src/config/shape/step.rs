//! `steps`, `finally` and `depends_on` of a command.

use super::command::{OUTCOME, SURROUNDINGS, WORK};
use super::retry::RETRY_KIND;
use super::settings::SETTINGS;
use super::{Key, Kind, Names, Shape};

/// What a failed step does to the others.
const ON_ERROR: Kind = Kind::Either(&[Kind::Choice(&["abort", "continue"]), Kind::Group(&ALTERNATIVE)]);

pub static STEP: Shape = Shape {
    name: "step",
    what: "a step",
    description: "A step of a workflow: another command of the file (`command` and `with`), or work that is written here with the keys of a command (`script`, `run`, `webhook`, `container`), which sees the parameters of the workflow. `{{steps.ID.stdout}}`, `.stderr`, `.json` and `.exit_code` stand for what a step above has come to.",
    tables: &[NAME, CALL, ORDER, WORK, SURROUNDINGS, SETTINGS, OUTCOME],
};

pub static ALTERNATIVE: Shape = Shape {
    name: "alternative",
    what: "work in place of a step",
    description: "What is done in place of a step, or because it failed: another command of the file, or work that is written here with the keys of a command.",
    tables: &[CALL, WORK, SURROUNDINGS, SETTINGS, OUTCOME],
};

pub static FOR_EACH: Shape = Shape {
    name: "for_each",
    what: "`for_each`",
    description: "The items that a step runs for, and how many at once.",
    tables: &[&[
        Key::new(
            "items",
            Kind::Any,
            "A list, whose items may hold templates, or one template that becomes a list. At most 10,000 items.",
        )
        .required()
        .examples(&["[web-1, web-2]", "\"{{hosts}}\"", "\"{{steps.find.json}}\""]),
        Key::new(
            "concurrency",
            Kind::Count,
            "How many items are worked on at once. The results stay in the order of the items.",
        )
        .default("1")
        .examples(&["4"]),
    ]],
};

pub static DEPENDENCY: Shape = Shape {
    name: "dependency",
    what: "a dependency",
    description: "A command of the file that runs before this one. `{{steps.NAME.stdout}}`, `.stderr`, `.json` and `.exit_code` stand for what it has come to.",
    tables: &[&[
        COMMAND,
        Key::new(
            "as",
            Kind::Text,
            "The name by which this command reads the result. A command with a hyphen in its name needs one for that.",
        )
        .otherwise("the name of the command")
        .examples(&["lint"]),
        WITH,
        Key::new(
            "on_error",
            ON_ERROR,
            "What happens if it fails: `abort` ends the call, `continue` goes on as after a success, and a map is done before the call ends as failed.",
        )
        .default("abort")
        .examples(&["continue"]),
    ]],
};

static NAME: &[Key] = &[Key::new(
    "id",
    Kind::Text,
    "The name by which others refer to this step: letters, digits and `_`, no digit first.",
)
.otherwise("the name of its command if that can be one, else `step_` and its number")
.examples(&["build"])];

const COMMAND: Key = Key::new(
    "command",
    Kind::ToolName,
    "The command of the file that is run. One with `expose: false` can be run here, too.",
)
.examples(&["git-tag"]);

const WITH: Key = Key::new(
    "with",
    Kind::MapOf(Names::Any, &Kind::Any),
    "The arguments of `command`, by parameter. A value that is exactly one `{{name}}` keeps its type, and is left out if it is absent.",
)
.otherwise("none")
.examples(&["{ version: \"{{version}}\", force: false }"]);

static CALL: &[Key] = &[COMMAND, WITH];

/// When it runs, how often, and what follows.
static ORDER: &[Key] = &[
    Key::new(
        "when",
        Kind::Filled,
        "A condition in CEL, judged when the steps before have ended. If it is false the step is skipped, or `else` is done. It sees what the condition of a command sees, `steps` and `item`.",
    )
    .otherwise("it always runs")
    .examples(&["steps.publish.exit_code == 0"]),
    Key::new(
        "else",
        Kind::Either(&[Kind::ToolName, Kind::Group(&ALTERNATIVE)]),
        "What is done where `when` is false: the name of a command, or a map.",
    )
    .otherwise("nothing")
    .examples(&["report", "{ command: notify, with: { text: nothing to do } }"]),
    Key::new(
        "after",
        Kind::ListOf(&Kind::Text),
        "The steps above that have to end first. `[]` begins at once. A step whose result this one reads is always among them.",
    )
    .otherwise("the step above")
    .examples(&["[build, lint]", "[]"]),
    Key::new(
        "for_each",
        Kind::Either(&[Kind::Template, Kind::ListOf(&Kind::Any), Kind::Group(&FOR_EACH)]),
        "Runs the step once for each item: a list, a template that becomes one, or a map with `items` and `concurrency`. `{{item}}` is the item. The step's own result is the list of results.",
    )
    .otherwise("it runs once")
    .examples(&["[web-1, web-2]", "\"{{hosts}}\"", "{ items: \"{{hosts}}\", concurrency: 4 }"]),
    Key::new("retry", RETRY_KIND, "Tries again what has failed.")
        .otherwise("it is tried once")
        .examples(&["3", "{ attempts: 5, delay: 2s, on: [\"exit:75\"] }"]),
    Key::new(
        "on_error",
        ON_ERROR,
        "What happens if the step fails: `abort` begins no other step and the workflow fails, `continue` goes on as after a success, and a map is done before the workflow fails.",
    )
    .default("abort")
    .examples(&["continue", "{ command: untag, with: { version: \"{{version}}\" } }"]),
];
