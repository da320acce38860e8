//! The command line from outside: what is printed where, and with which exit code.

use std::io::Read;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::program::mcpfier;

const TOOLS: &str = r#"version: 1
commands:
  - name: say
    title: Say
    description: Say something.
    script: printf
    args: ["%s\n", "{{text}}", "{{more}}"]
    params:
      text: { type: string, description: What to say, maxLength: 100, allow_dash: true, examples: [hello] }
      more: { type: array, description: What else, items: { type: string, pattern: "^[a-z]+$" }, optional: true }
    timeout: 5s
    limits: { files: 64 }
    annotations: { read_only: true }
  - name: add
    description: Add two numbers.
    shell: sh
    run: |
      echo "$((PARAM_a + PARAM_b))"
    params:
      a: { type: integer, description: One number, minimum: 0 }
      b: { type: integer, description: The other, minimum: 0, maximum: 10, default: 1 }
    kill_grace: 1s
  - name: fail
    description: Fail with a code.
    shell: sh
    run: |
      echo partial
      echo broken >&2
      exit 3
  - name: stay
    description: Stay too long.
    script: sleep
    args: ["60"]
    timeout: 100ms
    kill_grace: 100ms
  - name: absent
    description: Needs a program that is not here.
    script: no-such-program-anywhere
"#;

/// The tools without the one that this host cannot run.
fn runnable() -> String {
    TOOLS.split("  - name: absent").next().expect("a text before it").to_owned()
}

#[test]
fn the_short_help_names_every_verb_and_flag() {
    let help = mcpfier(&["-h"]).run().stdout;
    for word in ["--config", "--validate", "--dry-run", "--strict", "--json", "--setup", "call", "list"] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "a line is too long:\n{help}");
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(mcpfier(&["--version"]).run().stdout, format!("mcpfier {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_list_shows_what_is_offered_and_all_says_why_something_is_hidden() {
    let said = mcpfier(&["list"]).tools(TOOLS).may_talk().run();
    insta::assert_snapshot!(said.stdout, @r"
    say text= [more=]  Say something.
    add a= [b=]        Add two numbers.
    fail               Fail with a code.
    stay               Stay too long.
    ");
    assert!(said.stderr.contains("list --all"), "{}", said.stderr);
    let all = mcpfier(&["list", "--all"]).tools(TOOLS).may_talk().run().stdout;
    assert!(all.contains("no-such-program-anywhere"), "{all}");
}

#[test]
fn a_list_for_programs_has_the_schemas() {
    let tools = mcpfier(&["list", "--json"]).tools(&runnable()).run().json();
    let add = &tools[1];
    assert_eq!((&add["name"], &add["state"]), (&json!("add"), &json!("offered")));
    assert_eq!(add["inputSchema"]["required"], json!(["a"]));
    assert_eq!(add["inputSchema"]["properties"]["b"]["default"], 1);
}

#[test]
fn a_list_for_programs_has_prompts_and_resources_behind_the_tools() {
    let offers = r#"
prompts: [{ name: review, title: Review, arguments: { diff: { type: string, description: The change }, style: { type: string, optional: true } }, text: "{{diff}}" }]
resources:
  - { uri: "docs://runbook", name: runbook, text: Stay calm., mime: text/plain, description: At night }
  - { uri: "user://{id}", name: user, text: "{{id}}" }
"#;
    let list = mcpfier(&["list", "--json"]).tools(&format!("{}{offers}", runnable())).run().json();
    let list = list.as_array().expect("an array");
    let kinds: Vec<&str> = list.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "tool").count(), list.len() - 3);
    assert_eq!(
        list[list.len() - 3..],
        [
            json!({
                "kind": "prompt", "name": "review", "title": "Review", "description": null,
                "arguments": [
                    { "name": "diff", "description": "The change", "required": true },
                    { "name": "style", "description": null, "required": false },
                ],
            }),
            json!({
                "kind": "resource", "name": "runbook", "title": null, "description": "At night",
                "uri": "docs://runbook", "mimeType": "text/plain",
            }),
            json!({
                "kind": "resource", "name": "user", "title": null, "description": null,
                "uriTemplate": "user://{id}", "mimeType": null,
            }),
        ]
    );
}

#[test]
fn a_plan_says_everything_that_a_call_would_do() {
    let said = mcpfier(&["--dry-run", "say", "text=two words", "more=a", "more=b"]).tools(TOOLS).run();
    insta::assert_snapshot!(said.stdout.replace(&program("printf"), "[printf]"), @r"
    say  Say
      command  printf $'%s\n' 'two words' a b
      program  [printf]
      folder   [folder]
      input    none
      env      inherited: HOME PATH
      timeout  5s, then TERM to the whole tree, KILL 3s later
      limits   files 64 (rlimit)
               output 1MiB (counted)
      caller   local
    ");
}

#[test]
fn a_plan_of_a_script_shows_the_values_as_variables() {
    let said = mcpfier(&["--dry-run", "call", "add", "a=2"]).tools(TOOLS).run();
    insta::assert_snapshot!(said.stdout.replace(&program("sh"), "[sh]"), @r#"
    add
      command  sh -c $'echo "$((PARAM_a + PARAM_b))"\n'
      program  [sh]
      folder   [folder]
      input    none
      env      PARAM_a=2
               PARAM_b=1
               PARAMS_JSON='{"a":2,"b":1}'
               inherited: HOME PATH
      timeout  30s, then TERM to the whole tree, KILL 1s later
      limits   output 1MiB (counted)
      caller   local
    "#);
}

#[test]
fn a_plan_for_programs_has_the_same() {
    let plan = mcpfier(&["--dry-run", "say", "text=two words", "--json"]).tools(TOOLS).run().json();
    assert_eq!(plan["argv"], json!(["printf", "%s\n", "two words"]));
    assert_eq!(plan["workingDir"], "[folder]");
    assert_eq!((&plan["timeoutMs"], &plan["killGraceMs"]), (&json!(5000), &json!(3000)));
    assert_eq!(plan["limits"]["files"], json!({ "value": 64, "by": "rlimit" }));
}

#[test]
fn a_dry_run_of_everything_says_which_arguments_are_wanted() {
    let said = mcpfier(&["--dry-run"]).tools(TOOLS).may_talk().run().stdout;
    assert!(said.contains(r"printf $'%s\n' hello"), "{said}");
    assert!(said.contains("add\n  needs arguments: mcpfier --dry-run add a=…"), "{said}");
    assert!(said.contains("absent\n  not available: "), "{said}");
}

#[test]
fn a_printed_command_can_be_pasted_into_a_shell() {
    for text in ["plain", "it's \"quoted\"", "$(id) `id` $HOME", "a\nb\t\\c", "-n", "*", "", "\u{202e}x"] {
        let word = format!("text={text}");
        let plan = mcpfier(&["--dry-run", "say", &word]).tools(TOOLS).run().stdout;
        let (_, rest) = plan.split_once("  command  ").expect("a plan has a command");
        let (line, _) = rest.split_once("\n  program  ").expect("a plan has a program");
        let pasted = Command::new("bash").args(["-c", line]).output().expect("bash starts");
        let called = mcpfier(&["say", &word]).tools(TOOLS).run().stdout;
        assert_eq!(String::from_utf8_lossy(&pasted.stdout), called, "{line}");
    }
}

#[test]
fn nothing_is_started_by_a_dry_run() {
    let touch = "version: 1\ncommands:\n  - { name: touch, description: Leave a mark., script: touch, args: [mark] }\n";
    let said = mcpfier(&["--dry-run", "touch"]).tools(touch).run();
    assert!(!said.folder().join("mark").exists());
    let said = mcpfier(&["touch"]).tools(touch).run();
    assert!(said.folder().join("mark").exists());
}

#[test]
fn a_call_hands_streams_and_exit_code_on() {
    let said = mcpfier(&["fail"]).tools(TOOLS).ends_with(3).run();
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("partial\n", "broken\n"));
    assert_eq!(mcpfier(&["call", "add", "a=2", "b=3"]).tools(TOOLS).run().stdout, "5\n");
}

#[test]
fn a_result_for_programs_is_one_document() {
    let result = mcpfier(&["call", "fail", "--json"]).tools(TOOLS).ends_with(3).run().json();
    assert_eq!((&result["ok"], &result["run"]["exitCode"]), (&json!(false), &json!(3)));
    assert_eq!((&result["stdout"], &result["stderr"]), (&json!("partial\n"), &json!("broken\n")));
    assert!(result["reason"].as_str().is_some_and(|reason| reason.starts_with("exit code 3 · ")), "{result}");
}

#[test]
fn a_timeout_has_an_exit_code_of_its_own() {
    let said = mcpfier(&["stay"]).tools(TOOLS).ends_with(124).run();
    assert_eq!(said.stderr, "mcpfier: timed out after 100ms and was killed\n");
}

#[test]
fn bad_arguments_are_all_reported_at_once() {
    let said = mcpfier(&["call", "add", "aa=1", "b=99"]).tools(TOOLS).ends_with(2).run();
    insta::assert_snapshot!(said.stderr, @r"
    error: the arguments of `add` do not fit:
    - `b`: 99 is greater than the maximum of 10
    - `aa`: there is no such parameter; did you mean `a`?
    - `a`: is required (integer: One number)
    ");
    let said = mcpfier(&["say", "hello"]).tools(TOOLS).ends_with(2).run();
    assert_eq!(said.stderr, "error: `hello` is no argument; expected `name=value` or `name:=JSON`\n");
    let said = mcpfier(&["say", "text:={"]).tools(TOOLS).ends_with(2).run();
    assert!(said.stderr.starts_with("error: `text:={` is not JSON: "), "{}", said.stderr);
}

#[test]
fn a_misspelt_tool_is_answered_with_the_nearest() {
    let said = mcpfier(&["ad", "a=1"]).tools(TOOLS).ends_with(5).run();
    assert_eq!(said.stderr, "error: there is no tool `ad`; did you mean `add`?\n");
    mcpfier(&["--dry-run", "ad"]).tools(TOOLS).ends_with(5).run();
    let said = mcpfier(&["absent"]).tools(TOOLS).ends_with(5).run();
    assert!(said.stderr.contains("no-such-program-anywhere"), "{}", said.stderr);
}

#[test]
fn every_value_can_be_given_as_json() {
    let said = mcpfier(&["say", "text:=\"a\\nb\"", "more:=[\"c\",\"d\"]"]).tools(TOOLS).run();
    assert_eq!(said.stdout, "a\nb\nc\nd\n");
}

#[test]
fn validation_ends_with_3_when_something_is_wrong() {
    mcpfier(&["--validate"]).tools(&runnable()).may_talk().run();
    mcpfier(&["--validate"]).tools(TOOLS).ends_with(3).run();
    let said = mcpfier(&["--validate"]).tools(&runnable().replace("timeout:", "timout:")).ends_with(3).run();
    assert!(said.stderr.contains("did you mean `timeout`?"), "{}", said.stderr);
}

#[test]
fn strict_validation_takes_no_warnings() {
    let unanchored = runnable().replace("^[a-z]+$", "[a-z]+");
    mcpfier(&["--validate"]).tools(&unanchored).may_talk().run();
    mcpfier(&["--validate", "--strict"]).tools(&unanchored).ends_with(3).run();
}

#[test]
fn validation_takes_the_environment_of_another_host() {
    let tools = runnable().replace("    timeout: 5s", "    env: { A: \"${THERE}\" }\n    timeout: 5s");
    let validate = |status, words: &[&str]| {
        let words: Vec<&str> = ["--validate"].iter().chain(words).copied().collect();
        mcpfier(&words).tools(&tools).file("there.env", "THERE=1").file("bad.env", "THERE").ends_with(status)
    };
    let said = validate(3, &[]).run();
    assert!(
        said.stderr.contains("error[E0065]: the environment variable `THERE` is not set"),
        "{}",
        said.stderr
    );
    assert!(validate(0, &["--offline"]).run().stderr.contains("note[N0065]"));
    let said = validate(0, &["--env-file", "there.env"]).run();
    assert!(!said.stderr.contains("0065"), "{}", said.stderr);
    let said = validate(4, &["--env-file", "bad.env"]).run();
    assert_eq!(said.stderr, "error: cannot use `bad.env`: line 1 is no `NAME=value`\n");
}

#[test]
fn a_tool_without_its_variable_says_so_and_does_not_run() {
    let tools = "version: 1\nsecrets: { s: { file: \"${NOWHERE_SET}/s\" } }\ncommands:\n  \
        - { name: a, description: d, script: printenv, args: [X], env: { X: \"${NOWHERE_SET}\" } }\n  \
        - { name: b, description: d, script: printenv, args: [X], env: { X: \"{{secrets.s}}\" } }\n";
    let said = mcpfier(&["a"]).tools(tools).ends_with(5).run();
    assert!(said.stderr.contains("the environment variable `NOWHERE_SET` is not set"), "{}", said.stderr);
    let said = mcpfier(&["b"]).tools(tools).ends_with(125).run();
    assert!(said.stdout.is_empty() && said.stderr.contains("secret"), "{}{}", said.stdout, said.stderr);
    let said = mcpfier(&["a"]).tools(tools).env("NOWHERE_SET", "here {{x}}").run();
    assert_eq!(said.stdout, "here {{x}}\n");
}

#[test]
fn a_file_with_errors_runs_nothing() {
    for words in [&["call", "add", "a=1"][..], &["list"], &["--dry-run"], &["--setup"]] {
        let said =
            mcpfier(words).tools(&runnable().replace("script: printf", "scrip: printf")).ends_with(3).run();
        assert!(said.stderr.contains("did you mean `script`?"), "{words:?}: {}", said.stderr);
    }
}

#[test]
fn a_file_that_is_not_there_ends_with_4() {
    mcpfier(&["--config", "nowhere.yaml", "list"]).ends_with(4).run();
}

#[test]
fn a_file_in_the_current_folder_is_for_people_until_it_is_named() {
    let list = mcpfier(&["list"]).file("config.yaml", &runnable()).run();
    assert!(list.stdout.starts_with("say text="), "{}", list.stdout);
    let said = mcpfier(&[]).file("config.yaml", &runnable()).ends_with(4).run();
    assert!(said.stderr.contains("mcpfier --config config.yaml"), "{}", said.stderr);
    mcpfier(&["list"]).file("c.yaml", &runnable()).env("MCPFIER_CONFIG", "c.yaml").run();
}

#[test]
fn what_is_not_built_yet_says_so() {
    let said = mcpfier(&["--analytics"]).ends_with(7).run();
    assert_eq!(said.stderr, "error: `--analytics` is not supported yet\n");
}

#[test]
fn a_flag_that_does_not_exist_ends_with_2() {
    mcpfier(&["--nope"]).ends_with(2).run();
    mcpfier(&["call"]).tools(TOOLS).ends_with(2).run();
}

#[test]
fn nobody_reading_any_more_is_no_failure() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, runnable()).expect("a scratch file");
    let file = file.to_string_lossy().into_owned();
    for words in [&["list", "-c", &file][..], &["--dry-run", "-c", &file], &["-h"], &["completions", "bash"]]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcpfier"))
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut said).expect("stderr is text");
        let status = child.wait().expect("it ends");
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn a_command_of_the_original_wins_over_a_verb() {
    let original = "commands:\n  - { name: list, script: echo, args: [mine] }\n";
    assert_eq!(mcpfier(&["list"]).tools(original).may_talk().run().stdout, "mine\n");
    let native = format!("version: 1\n{}", original.replace("script", "description: Mine., script"));
    let said = mcpfier(&["list"]).tools(&native).may_talk().run();
    assert_eq!(said.stdout, "list  Mine.\n");
    assert_eq!(mcpfier(&["call", "list"]).tools(&native).may_talk().run().stdout, "mine\n");
}

/// Where a program is found.
fn program(name: &str) -> String {
    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.expect("it is here").to_string_lossy().into_owned()
}
