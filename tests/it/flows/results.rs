//! What steps hand on, whether they run at all, and what a flow comes to, at a shell.

use serde_json::{Value, json};

use crate::support::program::{Said, mcpfier};

const COMMANDS: &str = r#"version: 1
vars: { hosts: [a, b, c] }
commands:
  - name: say
    description: Say.
    script: printf
    args: [--, "%s\n", "{{text}}"]
    params: { text: { type: string, description: What } }
  - name: number
    description: A number.
    script: printf
    args: ["%d\n", "{{n}}"]
    params: { n: { type: integer, description: Which } }
  - { name: fail, description: Fail., script: sh, args: [-c, "echo out; echo broken >&2; exit 3"] }
"#;

/// Runs the flow `it` with these keys; says its exit code apart from what it printed.
fn run(keys: &str, words: &[&str]) -> (i64, Value) {
    let (said, code) = (flow(keys, words), flow_code);
    (code(&said), said.json())
}

fn flow_code(said: &Said) -> i64 {
    said.json()["run"]["exitCode"].as_i64().unwrap_or(-1)
}

fn flow(keys: &str, words: &[&str]) -> Said {
    let file = format!("{COMMANDS}  - name: it\n    description: It.\n{keys}");
    let words: Vec<&str> = ["--json", "it"].iter().chain(words).copied().collect();
    mcpfier(&words).tools(&file).may_fail().run()
}

fn state<'v>(result: &'v Value, id: &str) -> &'v Value {
    let steps = result["run"]["steps"].as_array().unwrap_or_else(|| panic!("no steps: {result}"));
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step `{id}`: {result}"))
}

fn states(result: &Value) -> Vec<(String, String)> {
    let steps = result["run"]["steps"].as_array().unwrap_or_else(|| panic!("no steps: {result}"));
    let text = |step: &Value, key: &str| step[key].as_str().unwrap_or_default().to_owned();
    steps.iter().map(|step| (text(step, "id"), text(step, "state"))).collect()
}

/// `a succeeded, b failed`.
fn course(result: &Value) -> String {
    let states: Vec<String> = states(result).iter().map(|(id, state)| format!("{id} {state}")).collect();
    states.join(", ")
}

#[test]
fn a_result_is_handed_on_as_text_as_json_and_as_a_code() {
    let (_, result) = run(
        r#"    params: { who: { type: string, description: Who } }
    steps:
      - { id: make, script: printf, args: ['{"n": 7, "list": ["x y", "z"]}\n\n'] }
      - { id: typed, command: number, with: { n: "{{steps.make.json.n}}" } }
      - { id: mixed, command: say, with: { text: "{{who}} got {{steps.typed.stdout}} and {{json steps.make.json.list}}" } }
      - { id: words, script: printf, args: ["<%s>", "{{steps.make.json.list}}", "{{steps.make.exit_code}}"] }
      - { id: env, script: sh, args: [-c, 'printf "$X$Y"'], env: { X: "{{steps.typed.stdout}}", Y: "{{steps.make.stderr}}" } }
"#,
        &["who=you"],
    );
    assert_eq!(result["ok"], true, "{result}");
    let text = result["text"].as_str().unwrap();
    assert!(text.contains("env:\n7\n"), "{text}");
    let course = course(&result);
    assert_eq!(course, "make succeeded, typed succeeded, mixed succeeded, words succeeded, env succeeded");
}

#[test]
fn the_last_steps_are_shown_and_the_others_only_listed() {
    let (_, result) = run(
        "    steps:\n      - { id: one, command: say, with: { text: first } }\n      - { id: two, command: say, with: { text: second } }\n",
        &[],
    );
    let text = result["text"].as_str().unwrap();
    assert!(text.contains("two:\nsecond") && !text.contains("first"), "{text}");
    assert!(text.starts_with("1  one  succeeded"), "{text}");
}

#[test]
fn a_condition_skips_or_chooses_another_work_and_what_waits_goes_on() {
    let keys = r#"    steps:
      - { id: ask, script: printf, args: ["yes"] }
      - { id: no, command: fail, when: steps.ask.stdout == "no" }
      - { id: other, command: fail, when: steps.ask.exit_code > 0, else: { command: say, with: { text: "instead {{steps.no.stdout}}" } } }
      - { id: yes, command: say, with: { text: ok }, when: 'steps.no.state == "skipped" && steps.other.state == "succeeded"' }
"#;
    let (_, result) = run(keys, &[]);
    assert_eq!(course(&result), "ask succeeded, no skipped, other succeeded, yes succeeded");
    let reason = state(&result, "no")["reason"].as_str().unwrap();
    assert!(reason.contains("`steps.ask.stdout` is \"yes\""), "{reason}");
}

#[test]
fn a_condition_that_cannot_be_judged_fails_its_step() {
    let (_, result) = run(
        "    steps:\n      - { id: ask, script: printf, args: [x] }\n      - { id: bad, command: fail, when: steps.ask.json.n == 1 }\n",
        &[],
    );
    assert_eq!(course(&result), "ask succeeded, bad failed");
    let reason = state(&result, "bad")["reason"].as_str().unwrap();
    assert!(reason.contains("the output is no JSON"), "{reason}");
}

#[test]
fn a_step_runs_for_each_item_and_keeps_their_order() {
    let keys = r#"    params: { hosts: { type: array, items: { type: string }, description: Hosts, default: [a, b, c] } }
    steps:
      - { id: ping, for_each: { items: "{{hosts}}", concurrency: 3 }, script: sh, args: [-c, 'case $1 in a) sleep 0.3;; esac; echo "$1!"', x, "{{item}}"] }
      - { id: all, command: say, with: { text: "{{steps.ping.stdout}}" } }
      - { id: none, for_each: [], command: fail }
      - { id: some, for_each: "{{vars.hosts}}", command: say, with: { text: "{{item}}" }, when: item != "b" }
"#;
    let (_, result) = run(keys, &[]);
    assert_eq!(result["ok"], true, "{result}");
    assert_eq!(state(&result, "ping")["items"], 3);
    assert_eq!(state(&result, "none")["items"], 0);
    let text = result["text"].as_str().unwrap();
    assert!(text.contains("some:\na\nc"), "{text}");
    let (_, result) = run(
        r#"    steps:
      - { id: list, script: printf, args: ['[{"h":"x"},{"h":"y"}]'] }
      - { id: each, for_each: "{{steps.list.json}}", command: say, with: { text: "{{item.h}}" } }
      - { id: all, command: say, with: { text: "{{json steps.each.stdout}}" } }
"#,
        &[],
    );
    assert!(result["text"].as_str().unwrap().contains(r#""x\ny""#), "{result}");
}

#[test]
fn too_many_items_are_refused_before_anything_runs_for_them() {
    let (_, result) = run(
        r#"    steps:
      - id: list
        run: seq -s, 1 1000000 | sed 's/.*/[&]/'
        limits: { output: 16MiB }
      - { id: each, for_each: "{{steps.list.json}}", command: fail }
"#,
        &[],
    );
    let reason = state(&result, "each")["reason"].as_str().unwrap();
    assert!(reason.contains("got 1000000 items; a step runs for at most 10000"), "{reason}");
    assert_eq!(course(&result), "list succeeded, each failed");
}

#[test]
fn a_failure_ends_the_others_and_is_told_with_what_ran_before() {
    let keys = r#"    steps:
      - { id: first, command: say, with: { text: x } }
      - { id: bad, run: "until test -e begun; do sleep 0.01; done; echo out; echo broken >&2; exit 3", after: [first] }
      - { id: long, run: "touch begun; sleep 100", after: [first] }
      - { id: never, command: say, with: { text: x }, after: [bad] }
    finally:
      - { id: clean, command: say, with: { text: "{{steps.bad.exit_code}} {{steps.never.stdout}}" } }
"#;
    let (code, result) = run(keys, &[]);
    assert_eq!((code, &result["ok"]), (3, &json!(false)));
    let expected = "first succeeded, bad failed, long cancelled, never not reached, clean succeeded";
    assert_eq!(course(&result), expected);
    let text = result["text"].as_str().unwrap();
    // Its two streams have no order among each other.
    let shows = ["bad:\nout\nbroken", "bad:\nbroken\nout"].iter().any(|shown| text.contains(shown));
    assert!(text.starts_with("step `bad` failed: exit code 3") && shows, "{text}");
    let file = format!("{COMMANDS}  - name: it\n    description: It.\n{keys}");
    mcpfier(&["it"]).tools(&file).ends_with(3).run();
}

#[test]
fn a_failure_can_be_gone_past_or_followed_by_something() {
    let (_, result) = run(
        r#"    steps:
      - { id: lint, command: fail, on_error: continue }
      - { id: on, command: say, with: { text: "{{steps.lint.exit_code}} {{steps.lint.stdout}}" } }
"#,
        &[],
    );
    assert_eq!((&result["ok"], course(&result).as_str()), (&json!(true), "lint failed, on succeeded"));
    assert!(result["text"].as_str().unwrap().contains("on:\n3 out"), "{result}");
    let (_, result) = run(
        r#"    steps:
      - { id: publish, command: fail, on_error: { command: say, with: { text: "undo after {{steps.publish.exit_code}}" } } }
      - { id: never, command: say, with: { text: x } }
"#,
        &[],
    );
    assert_eq!(course(&result), "publish failed, never not reached");
    let undone = &state(&result, "publish")["steps"][0];
    assert_eq!((&undone["id"], &undone["state"]), (&json!("on_error"), &json!("succeeded")));
}

#[test]
fn a_step_is_tried_again_as_often_as_it_may() {
    let keys = r#"    steps:
      - id: flaky
        run: 'echo x >> tries; test "$(wc -l < tries)" -ge 3'
        retry: { attempts: 5, delay: 10ms, on: [failure] }
      - id: hopeless
        run: 'echo x >> more; exit 9'
        retry: { attempts: 2, delay: 10ms, backoff: fixed, on: ["exit:9"] }
        on_error: continue
      - { id: other, run: 'echo x >> once; exit 8', retry: { attempts: 5, delay: 10ms, on: ["exit:9"] } }
"#;
    let said = flow(keys, &[]);
    let result = said.json();
    assert_eq!(course(&result), "flaky succeeded, hopeless failed, other failed");
    let attempts = |id: &str| state(&result, id)["attempts"].as_i64();
    assert_eq!((attempts("flaky"), attempts("hopeless"), attempts("other")), (Some(3), Some(2), None));
    let lines = |file: &str| std::fs::read_to_string(said.folder().join(file)).unwrap().lines().count();
    assert_eq!((lines("tries"), lines("more"), lines("once")), (3, 2, 1));
}

#[test]
fn what_a_command_does_itself_is_tried_again_without_what_it_depends_on() {
    let file = r#"version: 1
commands:
  - { name: build, description: Build., run: 'echo x >> builds' }
  - name: it
    description: It.
    depends_on: [build]
    run: 'echo x >> tries; test "$(wc -l < tries)" -ge 3'
    retry: { attempts: 5, delay: 10ms, on: [failure] }
"#;
    let said = mcpfier(&["--json", "it"]).tools(file).run();
    let result = said.json();
    assert_eq!(course(&result), "build succeeded, it succeeded");
    assert_eq!(state(&result, "it")["attempts"], 3);
    let lines = |file: &str| std::fs::read_to_string(said.folder().join(file)).unwrap().lines().count();
    assert_eq!((lines("builds"), lines("tries")), (1, 3));
    let plan = mcpfier(&["--dry-run", "it"]).tools(file).run();
    assert_eq!(plan.stdout.matches("5 tries").count(), 1, "{}", plan.stdout);
    let vain = file.replace("on: [failure]", "on: [timeout]");
    let report = mcpfier(&["--validate"]).tools(&vain).may_fail().may_talk().run();
    assert!(report.stderr.contains("`timeout` never leads to another try"), "{}", report.stderr);
}

#[test]
fn the_timeout_of_a_step_is_for_all_of_it_and_that_of_a_flow_for_all_steps() {
    let (_, result) = run(
        "    steps:\n      - { id: slow, script: sleep, args: [\"100\"], timeout: 200ms, kill_grace: 100ms, retry: { attempts: 3, delay: 1h, on: [failure] } }\n",
        &[],
    );
    let reason = state(&result, "slow")["reason"].as_str().unwrap();
    assert!(reason.starts_with("timed out after 200ms"), "{reason}");
    let (_, result) = run(
        r#"    timeout: 300ms
    steps:
      - { id: a, script: sleep, args: ["100"], kill_grace: 100ms }
      - { id: b, command: say, with: { text: x } }
    finally:
      - { id: clean, command: say, with: { text: x } }
"#,
        &[],
    );
    assert_eq!(course(&result), "a cancelled, b not reached, clean succeeded");
    assert!(result["text"].as_str().unwrap().starts_with("`it` timed out after 300ms"), "{result}");
}

#[test]
fn the_end_has_its_own_time() {
    let (_, result) = run(
        r#"    cleanup_timeout: 300ms
    steps:
      - { id: a, command: say, with: { text: x } }
    finally:
      - { id: slow, script: sleep, args: ["100"], kill_grace: 100ms }
      - { id: late, command: say, with: { text: x } }
"#,
        &[],
    );
    assert_eq!(course(&result), "a succeeded, slow cancelled, late not reached");
}

#[test]
fn what_is_cleaned_up_with_a_failure_makes_the_flow_one() {
    let (_, result) = run(
        "    steps:\n      - { id: a, command: say, with: { text: x } }\n    finally:\n      - { id: clean, command: fail }\n",
        &[],
    );
    assert_eq!((&result["ok"], course(&result).as_str()), (&json!(false), "a succeeded, clean failed"));
}

#[test]
fn an_output_that_would_become_an_option_or_holds_what_no_word_can_is_refused_when_it_is_used() {
    for (printed, says) in [
        ("--rm", "begins with `-`"),
        ("a\\033[1mb", "control character U+001B"),
        ("a\\0b", "NUL"),
        ("\\377", "no text"),
    ] {
        let keys = format!(
            "    steps:\n      - {{ id: make, script: printf, args: ['{printed}'] }}\n      - {{ id: use, script: echo, args: [\"{{{{steps.make.stdout}}}}\"] }}\n"
        );
        let (_, result) =
            run(&keys.replace("'--rm'", "'%s', --, '--rm'").replace("'%s', --, ", "'%s', "), &[]);
        let reason = state(&result, "use")["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(says), "{printed}: {result}");
        assert_eq!(course(&result), "make succeeded, use failed");
    }
    let (_, result) = run(
        r#"    steps:
      - { id: make, run: 'head -c 200000 /dev/zero | tr "\0" x' }
      - { id: use, script: echo, args: ["{{steps.make.stdout}}"] }
"#,
        &[],
    );
    assert!(state(&result, "use")["reason"].as_str().unwrap().contains("at most 128 KiB"), "{result}");
}

#[test]
fn arguments_of_commands_are_checked_when_they_are_known() {
    let (_, result) = run(
        r#"    steps:
      - { id: make, script: printf, args: ['{"n": "seven"}'] }
      - { id: use, command: number, with: { n: "{{steps.make.json.n}}" } }
"#,
        &[],
    );
    let reason = state(&result, "use")["reason"].as_str().unwrap();
    assert!(reason.contains("the arguments of `number` do not fit") && reason.contains("`n`"), "{reason}");
    let (_, result) = run(
        r#"    steps:
      - { id: make, script: printf, args: ['{"n": 1}'] }
      - { id: use, script: echo, args: ["{{steps.make.json.m}}"] }
"#,
        &[],
    );
    let reason = state(&result, "use")["reason"].as_str().unwrap();
    assert!(reason.contains("there is no `m` in what it printed"), "{reason}");
}

#[test]
fn the_result_can_be_a_text_or_a_value_that_is_made_of_all_steps() {
    let file = format!(
        "{COMMANDS}{}",
        r#"  - name: it
    description: It.
    params: { version: { type: string, description: Which } }
    steps:
      - { id: make, script: printf, args: ['{"n": 7}'] }
      - { id: no, command: fail, when: "false" }
      - { id: publish, command: say, with: { text: "to the moon" } }
    output: { template: "Released {{version}} {{steps.publish.stdout}}{{#if (eq steps.no.state 'skipped')}}, no {{steps.no.stdout}}{{/if}}" }
  - name: outer
    description: Outer.
    steps:
      - { id: all, command: it, with: { version: "2" } }
      - { id: told, command: say, with: { text: "told: {{steps.all.stdout}}" } }
    output:
      format: json
      select: "steps.{code: all.exit_code, told: told.stdout}"
      schema: { type: object, properties: { code: { type: integer }, told: { type: string } } }
"#
    );
    let said = mcpfier(&["it", "version=1.2"]).tools(&file).may_talk().run();
    assert_eq!(said.stdout, "Released 1.2 to the moon, no \n");
    let said = mcpfier(&["--json", "outer"]).tools(&file).may_talk().run();
    let told = "told: Released 2 to the moon, no ";
    assert_eq!(said.json()["structured"], json!({ "code": 0, "told": told }));
}

#[test]
fn dependencies_run_first_and_equal_ones_once() {
    let file = format!(
        "{COMMANDS}{}",
        r#"  - { name: build, description: Build., run: 'echo x >> built; echo made' }
  - { name: lint, description: Lint., depends_on: [build], script: echo, args: [linted] }
  - name: it
    description: It.
    depends_on: [build, lint]
    script: sh
    args: [-c, 'echo "own $1"; echo err >&2; exit 4', x, "{{steps.build.stdout}}"]
    exit_codes: { 0: ok, 4: four }
"#
    );
    let said = mcpfier(&["--json", "it"]).tools(&file).ends_with(4).run();
    let result = said.json();
    assert_eq!(result["stdout"], "own made\n");
    assert_eq!(
        (&result["ok"], course(&result).as_str()),
        (&json!(true), "build succeeded, lint succeeded, it succeeded")
    );
    let built = std::fs::read_to_string(said.folder().join("built")).unwrap();
    assert_eq!(built, "x\n");
    let said = mcpfier(&["it"]).tools(&file).ends_with(4).run();
    assert_eq!(said.stdout, "own made\n");
}

#[test]
fn flows_run_flows_and_say_where_one_failed() {
    let file = format!(
        "{COMMANDS}{}",
        r#"  - name: inner
    description: Inner.
    params: { text: { type: string, description: What } }
    steps:
      - { id: one, command: say, with: { text: "{{text}}" } }
      - { id: two, command: fail }
  - name: it
    description: It.
    steps:
      - { id: first, command: say, with: { text: deep } }
      - { id: all, command: inner, with: { text: "{{steps.first.stdout}}" } }
"#
    );
    let said = mcpfier(&["--json", "it"]).tools(&file).ends_with(3).run();
    let result = said.json();
    assert_eq!(course(&result), "first succeeded, all failed");
    let reason = state(&result, "all")["reason"].as_str().unwrap();
    assert!(reason.contains("step `two` failed: exit code 3"), "{reason}");
    assert_eq!(state(&result, "all")["steps"][0]["state"], "succeeded");
}

#[test]
fn a_sensitive_value_is_shown_nowhere_however_it_is_handed_on() {
    let file = format!(
        "{COMMANDS}{}",
        r#"  - name: hush
    description: Hush.
    script: printf
    args: [--, "%s\n", "{{text}}"]
    params: { text: { type: string, description: What, sensitive: true } }
  - name: it
    description: It.
    params: { pin: { type: string, description: Pin, sensitive: true } }
    steps:
      - { id: one, command: hush, with: { text: "pin {{pin}}" } }
      - { id: own, script: "true", args: ["{{pin}}", "{{steps.one.exit_code}}"] }
      - { id: two, for_each: ["{{pin}}", "{{steps.one.exit_code}}"], command: hush, with: { text: "{{item}}" }, when: 'item == "never"' }
"#
    );
    for words in [["--dry-run", "it", "pin=topsecretpin"], ["--json", "it", "pin=topsecretpin"]] {
        let said = mcpfier(&words).tools(&file).may_talk().run();
        let shown = said.stdout;
        assert!(!shown.contains("topsecretpin"), "{words:?}: {shown}");
    }
}
