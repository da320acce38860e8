//! What is written, and above all what is not: a file that is there is never replaced, and what is
//! added leaves every other byte as it was.

use std::path::Path;

use crate::support::program::mcpfier;

const MINE: &str = "version: 1\n# mine\ncommands:\n    - name: say   # hello\n      description: Say hello.\n      script: echo\n      args: [hello]\n\n# the end\nserver: { name: mine }\n";

#[test]
fn init_writes_a_file_that_works_and_says_what_to_type_next() {
    let words = ["init", "my tools.yaml", "--template", "files,git", "--template", "disk"];
    let said = mcpfier(&words).run();
    let file = said.folder().join("my tools.yaml");
    let schema = mcpfier(&["schema"]).run().stdout;
    assert_eq!(read(&said.folder().join("mcpfier.schema.json")), schema);
    assert!(read(&file).contains("\n# yaml-language-server: $schema=mcpfier.schema.json\nversion: 1\n"));
    for option in ["--validate", "--dry-run", "test", "setup"] {
        let next = format!("mcpfier --config 'my tools.yaml' {option}");
        assert!(said.stdout.contains(&next), "{}", said.stdout);
    }
    mcpfier(&["--validate", "--strict", "--offline"]).config(&file).may_talk().run();
    let listed = mcpfier(&["list", "--all"]).config(&file).may_talk().run().stdout;
    for name in ["list-folder", "git-log", "disk-free"] {
        assert!(listed.contains(name), "{listed}");
    }
}

#[test]
fn init_without_a_terminal_and_without_templates_takes_the_usual_ones() {
    let said = mcpfier(&["init"]).run();
    assert!(said.stdout.starts_with("wrote config.yaml: list-folder find-files"), "{}", said.stdout);
    mcpfier(&["--validate", "--strict"]).config(&said.folder().join("config.yaml")).run();
}

#[test]
fn init_writes_yaml_into_no_file_that_is_read_as_something_else() {
    for (name, language) in [("tools.toml", "TOML"), ("tools.JSON", "JSON")] {
        let said = mcpfier(&["init", name]).ends_with(2).run();
        let expected = format!(
            "error: `{name}` would be read as {language}, and what is written is YAML; name it `tools.yaml`\n"
        );
        assert_eq!(said.stderr, expected);
        assert!(!said.folder().join(name).exists());
    }
}

#[test]
fn init_never_writes_over_a_file() {
    let said = mcpfier(&["init", "mine.yaml"]).file("mine.yaml", MINE).ends_with(1).run();
    assert_eq!(read(&said.folder().join("mine.yaml")), MINE);
    assert_eq!(
        said.stderr,
        "error: `mine.yaml` is there already and stays as it is; `mcpfier new NAME --into mine.yaml` adds a template to it\n"
    );
}

#[test]
fn init_leaves_a_schema_as_it_is() {
    let said = mcpfier(&["init"]).file("mcpfier.schema.json", "{}").run();
    assert_eq!(read(&said.folder().join("mcpfier.schema.json")), "{}");
    assert!(!said.stdout.contains("schema"), "{}", said.stdout);
}

#[test]
fn init_says_what_is_wrong_and_leaves_nothing() {
    let said = mcpfier(&["init", "x.yaml", "--template", "flies"]).ends_with(2).run();
    assert_eq!(said.stderr, "error: there is no template `flies`; did you mean `files`?\n");
    assert!(!said.folder().join("x.yaml").exists() && !said.folder().join("mcpfier.schema.json").exists());
    let said = mcpfier(&["init", "no/such/x.yaml"]).ends_with(1).run();
    assert!(said.stderr.starts_with("error: `no/such/x.yaml` cannot be written: "), "{}", said.stderr);
}

#[test]
fn a_template_is_added_behind_what_is_there_and_every_other_byte_stays() {
    let said = mcpfier(&["new", "jq", "--into", "mine.yaml"]).file("mine.yaml", MINE).run();
    assert_eq!(said.stdout, "added to mine.yaml: json-query json-shape\n");
    let text = read(&said.folder().join("mine.yaml"));
    let (head, tail) = MINE.split_at(MINE.find("\n# the end").expect("it is there"));
    assert!(text.starts_with(head) && text.ends_with(tail), "{text}");
    assert!(text.contains("\n    - name: json-query\n      title: "), "{text}");
    mcpfier(&["--validate", "--strict", "--offline"])
        .config(&said.folder().join("mine.yaml"))
        .may_talk()
        .run();
}

#[test]
fn what_cannot_be_added_is_refused_and_the_file_stays() {
    let taken = MINE.replace("name: say ", "name: json-shape ");
    let one_line = "version: 1\ncommands: [{ name: say, description: Say., script: echo }]\n";
    let flow_key = "version: 1\n\"commands\":\n  - { name: say, description: Say., script: echo }\n";
    let original = "commands:\n  - name: say\n    script: echo\n    description: Say.\n";
    let wrong = "version: 1\ncommands:\n  - name: say\n    scirpt: echo\n";
    for (text, reason) in [
        (taken.as_str(), "it has a command `json-shape` already"),
        (
            one_line,
            "its `commands` stand on one line; write each on lines of its own, beginning with `- name:`",
        ),
        (flow_key, "its `commands` cannot be added to as text"),
        (original, "it has no `version: 1`, so it is one of the original, which has no parameters"),
        (wrong, "it has errors; `mcpfier --validate` says which"),
    ] {
        let said = mcpfier(&["new", "jq", "--into", "t.yaml"]).file("t.yaml", text).ends_with(1).run();
        assert_eq!(said.stderr, format!("error: nothing was added to t.yaml: {reason}\n"));
        assert_eq!(read(&said.folder().join("t.yaml")), text);
    }
    let said = mcpfier(&["new", "jq", "--into", "none.yaml"]).ends_with(1).run();
    assert!(said.stderr.contains("there is no such file; `mcpfier init FILE` makes one"), "{}", said.stderr);
}

#[test]
fn a_command_of_the_original_wins_over_a_new_verb() {
    let text = "commands:\n  - name: add\n    script: echo\n    args: [mine]\n    description: Add.\n";
    let said = mcpfier(&["add"]).tools(text).may_talk().run();
    assert_eq!(said.stdout, "mine\n");
    let said = mcpfier(&["add", "x=1"]).tools(text).may_talk().ends_somehow().run();
    assert!(!said.stderr.contains("mcpfier call add"), "{}", said.stderr);
}

#[test]
fn a_new_verb_wins_in_a_file_of_ours_and_names_the_way_to_the_command() {
    let text =
        "version: 1\ncommands:\n  - name: new\n    description: New.\n    script: echo\n    args: [mine]\n";
    let said = mcpfier(&["new", "jq", "x=1"]).tools(text).ends_with(2).run();
    assert_eq!(
        said.stderr,
        "error: `new` does not take `x=1`; a command of that name is run by `mcpfier call new …`\n"
    );
    assert_eq!(mcpfier(&["call", "new"]).tools(text).run().stdout, "mine\n");
    let said = mcpfier(&["--dry-run", "init"]).ends_with(2).run();
    assert_eq!(said.stderr, "error: `init` does not take `--dry-run`\n");
    assert!(!said.folder().join("config.yaml").exists());
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("the file is there")
}
