//! `mcpfier test`: the tests in a file, run from outside.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mcpfier::scaffold::LIBRARY;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::processes::{assert_none_left, mark};
use crate::support::program::{Said, mcpfier};
use crate::support::skip::skip;

/// Commands whose tests all hold.
const GOOD: &str = r#"version: 1
commands:
  - name: greet
    description: Greet somebody.
    script: printf
    args: ['hello %s\n', "{{who}}"]
    params: { who: { type: string, description: Who, minLength: 1 } }
    tests:
      - { name: greets, with: { who: you }, expect: { stdout: hello you, stderr: "", exit_code: 0 } }
      - { with: { who: you }, expect: { stdout: { contains: [hello, you], lacks: me, matches: ^hello } } }
      - { with: { who: you }, expect: { argv: [printf, 'hello %s\n', { contains: yo }], duration_under: 10s } }
      - { name: needs somebody, with: { who: "" }, expect: { invalid: who } }
      - { name: has no size, with: { size: 3 }, expect: { invalid: there is no such parameter } }
      - { name: options are refused, with: { who: --help }, expect: { invalid: begins with } }
  - name: count
    description: Count in JSON.
    shell: sh
    run: |
      echo '{"count": 2, "items": ["a", "b"]}'
    output:
      format: json
      schema: { type: object, properties: { count: { type: integer } } }
    tests:
      - expect: { structured: { count: 2, items: [a, b] }, stdout: { json: { /count: 2.0, /items/1: b } } }
      - { name: what is no JSON fails, mock: { stdout: nothing }, expect: { fails: true } }
  - name: code
    description: End with a code.
    script: sh
    args: [-c, "exit 3"]
    exit_codes: { 0: ok, 3: nothing found }
    tests:
      - { name: a success without output, expect: { exit_code: 3, result: nothing found } }
      - { name: a failure, mock: { stderr: "broken\n", exit_code: 4 }, expect: { exit_code: 4, stderr: broken, result: { contains: exit code 4 } } }
      - { name: whatever the code, mock: { stderr: broken, exit_code: 4 }, expect: { fails: broken } }
  - name: inner
    description: Only for other commands.
    script: echo
    expose: false
    tests: [{ name: can be tested too, expect: { result: "" } }]
  - name: idle
    description: Has no tests.
    script: "true"
"#;

/// Commands whose tests all fail, each in another way.
const BAD: &str = r#"version: 1
secrets: { token: { env: TOKEN } }
commands:
  - name: greet
    description: Greet somebody.
    script: printf
    args: ['hello\n%s  \r\n', "{{who}}"]
    params: { who: { type: string, description: Who, minLength: 1 } }
    tests:
      - { name: other text, with: { who: you }, expect: { stdout: "hello\nme" } }
      - { name: not contained, with: { who: you }, expect: { stdout: { contains: bye, matches: "^bye" } } }
      - { name: contained, with: { who: you }, expect: { stdout: { lacks: hello } } }
      - { name: accepted, with: { who: you }, expect: { invalid: true } }
      - { name: allowed, with: { who: you }, expect: { denied: true } }
      - { name: other words of refusal, with: { who: "" }, expect: { invalid: too long } }
      - { name: refused otherwise, with: { who: --help }, expect: { denied: true } }
      - { name: refused, with: { who: --help } }
      - { name: other words, with: { who: you }, expect: { argv: [printf, --, you] } }
      - { name: other code, with: { who: you }, mock: { stderr: "out of luck\n", exit_code: 2 }, expect: { exit_code: 1 } }
      - { name: no success, with: { who: you }, mock: { stdout: "half\n", exit_code: 2 } }
      - { name: no failure, with: { who: you }, expect: { fails: true } }
      - { name: no timeout, with: { who: you }, expect: { timed_out: true } }
      - { name: too slow, with: { who: you }, mock: { delay: 2s }, expect: { duration_under: 1s } }
      - { name: no JSON, with: { who: you }, expect: { stdout: { json: [] } } }
      - { name: other JSON, with: { who: you }, mock: { stdout: '{"a": 1, "b": [1, 2]}' }, expect: { stdout: { json: { a: 1, b: [1, 3] } } } }
      - { name: nothing there, with: { who: you }, mock: { stdout: '{"a": 1}' }, expect: { stdout: { json: { /b: 1 } } } }
      - { name: nothing structured, with: { who: you }, expect: { structured: 1 } }
  - name: leak
    description: Print secrets.
    shell: sh
    run: echo "$TOKEN $PARAM_pin"
    env: { TOKEN: "{{secrets.token}}" }
    params: { pin: { type: string, description: The PIN, sensitive: true } }
    tests:
      - { with: { pin: "834159" }, expect: { stdout: "hunter2-hunter2 834159" } }
"#;

#[test]
fn tests_that_hold_are_told_in_the_order_of_the_file() {
    insta::assert_snapshot!(timeless(&mcpfier(&["test"]).tools(GOOD).run().stdout));
}

#[test]
fn tests_that_fail_say_what_differs() {
    let said = mcpfier(&["test"]).tools(BAD).env("TOKEN", "hunter2-hunter2").ends_with(1).run();
    assert_eq!(said.stderr, "");
    for secret in ["hunter2", "834159"] {
        assert!(!said.stdout.contains(secret), "{}", said.stdout);
    }
    insta::assert_snapshot!(timeless(&said.stdout));
}

#[test]
fn verdicts_for_programs_say_the_same() {
    let document = mcpfier(&["test", "--json"]).tools(GOOD).run().json();
    assert_eq!(document["passed"], 12);
    assert_eq!(document["untested"], json!(["idle"]));
    let test = &document["tests"][0];
    assert_eq!(
        (&test["command"], &test["name"], &test["line"]),
        (&json!("greet"), &json!("greets"), &json!(9))
    );
    let said = mcpfier(&["test", "--json", "greet: other text"]).tools(BAD).ends_with(1).run();
    assert_eq!(said.stderr, "");
    let problems = &said.json()["tests"][0]["problems"];
    assert_eq!(problems[0]["message"], "`stdout` differs (- expected, + found)");
    assert_eq!(problems[0]["detail"], json!(["  hello", "- me", r"+ you  \r"]));
}

#[test]
fn tests_are_chosen_by_command_by_name_and_by_pattern() {
    let listed = |words: &[&str]| {
        let words: Vec<&str> = ["test", "--list"].iter().chain(words).copied().collect();
        mcpfier(&words).tools(GOOD).run().stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(listed(&[]).len(), 12);
    assert_eq!(listed(&["inner"]), ["inner: can be tested too"]);
    assert_eq!(listed(&["co*"]).len(), 5);
    assert_eq!(listed(&["greet: greets", "code: a ?ailure"]), ["greet: greets", "code: a failure"]);
    assert_eq!(listed(&["idle"]), [""; 0]);
    let said = mcpfier(&["test", "gret"]).tools(GOOD).ends_with(2).run();
    assert_eq!(said.stderr, "error: no command and no test is called `gret`; did you mean `greet`?\n");
}

#[test]
fn nothing_is_started_that_is_mocked_refused_or_only_planned() {
    let text = r#"version: 1
commands:
  - name: touch
    description: Leave a trace.
    script: touch
    args: [--, trace, "{{more}}"]
    params: { more: { type: string, description: More, optional: true, pattern: "^[a-z]+$" } }
    tests:
      - { name: mocked, mock: { stdout: done }, expect: { stdout: done, argv: [touch, --, trace] } }
      - { name: planned, expect: { argv: [touch, --, trace] } }
      - { name: refused, with: { more: "1" }, expect: { invalid: true } }
      - { name: accepted, expect: { invalid: true } }
      - { name: allowed, expect: { denied: true } }
      - { name: other words, expect: { argv: [touch], exit_code: 0 } }
"#;
    let said = mcpfier(&["test"]).tools(text).ends_with(1).run();
    assert!(said.stdout.contains("3 passed, 3 failed"), "{}", said.stdout);
    assert!(said.stdout.contains("would run: touch -- trace"), "{}", said.stdout);
    assert!(!said.folder().join("trace").exists(), "something ran:\n{}", said.stdout);
    let ran = mcpfier(&["test"])
        .tools(&text.replace("mock: { stdout: done }, expect: { stdout: done, ", "expect: { exit_code: 0, "));
    assert!(ran.ends_with(1).run().folder().join("trace").exists(), "the trace shows nothing");
}

#[test]
fn a_mocked_test_does_not_look_at_what_an_image_is_built_of() {
    let file = r#"version: 1
commands:
  - name: report
    description: Runs in an image that is built here.
    container: { build: ./there-is-no-such-folder }
    script: /bin/report
    tests: [{ mock: { stdout: done }, expect: { stdout: done } }]
"#;
    let said = mcpfier(&["test"]).tools(file).may_talk().run();
    assert!(
        said.stdout.contains("1 passed") || said.stdout.contains("1 held") || !said.stdout.contains("✗"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_command_that_takes_too_long_has_timed_out() {
    let text = |timeout: &str, mock: &str| {
        format!(
            "version: 1\ncommands:\n  - name: stay\n    description: Stay.\n    script: sleep\n    args: [\"60\"]\n    timeout: {timeout}\n    kill_grace: 100ms\n    tests: [{{ name: is killed, {mock}expect: {{ timed_out: true, result: {{ contains: timed out after }} }} }}]\n"
        )
    };
    mcpfier(&["test"]).tools(&text("100ms", "")).run();
    // Nobody waits for a delay that is pretended.
    mcpfier(&["test"]).tools(&text("10m", "mock: { stdout: begun, delay: 10m }, ")).run();
    let said = mcpfier(&["test"]).tools(&text("10m", "mock: { delay: 9m }, ")).ends_with(1).run();
    assert!(said.stdout.contains("exit code 0 · "), "{}", said.stdout);
}

#[test]
fn what_this_host_cannot_run_is_skipped_unless_everything_has_to_run() {
    let text = r#"version: 1
secrets: { token: { env: NO_SUCH_VARIABLE } }
commands:
  - name: absent
    description: Needs a program that is not here.
    script: no-such-program
    tests:
      - { name: runs }
      - { name: is planned, expect: { argv: [no-such-program] } }
      - { name: is mocked, mock: { stdout: hello }, expect: { stdout: hello } }
  - name: sealed
    description: Needs a secret that is not here.
    script: echo
    env: { TOKEN: "{{secrets.token}}" }
    tests: [{ name: runs }]
"#;
    insta::assert_snapshot!(timeless(&mcpfier(&["test"]).tools(text).run().stdout));
    let said = mcpfier(&["test", "--strict"]).tools(text).ends_with(1).run();
    assert!(said.stderr.contains("with --strict"), "{}", said.stderr);
    mcpfier(&["test", "--strict", "absent: is*"]).tools(text).run();
}

#[test]
fn a_file_without_tests_says_so() {
    let text = "version: 1\ncommands:\n  - { name: say, description: d, script: echo }\n  - { name: do, description: d, script: echo }\n";
    assert_eq!(mcpfier(&["test"]).tools(text).run().stdout, "no tests; 2 commands have no tests\n");
    mcpfier(&["test", "--strict"]).tools(text).ends_with(1).run();
}

#[test]
fn a_file_with_errors_is_not_tested() {
    let text = GOOD.replace("with: { who: you }", "with: { whom: you }");
    let said = mcpfier(&["test"]).tools(&text).ends_with(3).run();
    assert!(said.stderr.contains("error[E0100]: `whom` is no parameter of this command"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    // A server does not look at tests, so their mistakes do not stop it.
    let said = mcpfier(&["greet", "who=you"]).tools(&text).run();
    assert_eq!(said.stdout, "hello you\n");
}

#[test]
fn after_the_first_failure_nothing_else_begins_if_that_is_asked_for() {
    let said = mcpfier(&["test", "--fail-fast", "--jobs", "1", "greet"]).tools(BAD).ends_with(1).run();
    assert!(said.stdout.contains("\n0 passed, 1 failed, 17 not run in "), "{}", said.stdout);
    let document =
        mcpfier(&["test", "--fail-fast", "--jobs", "1", "--json"]).tools(BAD).ends_with(1).run().json();
    assert_eq!(document["notRun"], 18);
}

#[test]
fn tests_of_one_command_run_one_after_the_other_and_commands_side_by_side() {
    // `first` ends when `second` has run, and fails if it has to wait for long.
    let text = r#"version: 1
commands:
  - name: first
    description: Wait for the other command.
    shell: sh
    run: |
      for _ in $(seq 100); do [ -e there ] && exit 0; sleep 0.1; done
      exit 1
    tests: [{ name: waits }]
  - name: second
    description: Let the other command go on.
    script: touch
    args: [there]
    tests: [{ name: comes }]
  - name: alone
    description: Hold that nobody else of us is here.
    shell: sh
    run: |
      mkdir alone && sleep 0.05 && rmdir alone
    tests: [{}, {}, {}, {}]
"#;
    let said = mcpfier(&["test", "--jobs", "4"]).tools(text).run();
    assert!(said.stdout.starts_with("ok   first: waits"), "{}", said.stdout);
    assert!(said.stdout.contains("\n6 passed in "), "{}", said.stdout);
}

#[test]
fn what_was_not_kept_of_an_output_is_not_told_to_lack_anything() {
    let text = r#"version: 1
commands:
  - name: flood
    description: Write much.
    shell: sh
    run: seq 20000
    limits: { output: 4KiB }
    tests:
      - { name: has an end, expect: { stdout: { contains: ["1\n2\n", "\n20000"] } } }
      - { name: lacks the middle, expect: { stdout: { lacks: "\n10000\n" } } }
"#;
    let said = mcpfier(&["test"]).tools(text).ends_with(1).run();
    assert!(said.stdout.contains("ok   flood: has an end"), "{}", said.stdout);
    assert!(said.stdout.contains("bytes of the output were not kept (limits.output)"), "{}", said.stdout);
}

#[test]
fn junit_is_read_by_an_xml_parser() {
    let text = r#"version: 1
commands:
  - name: odd
    description: Write odd characters.
    script: printf
    args: ['a<b>&"\033[1m\000]]>\n']
    tests:
      - { name: "<odd> & \"quoted\"", expect: { stdout: "x]]>" } }
      - { name: holds, expect: { stdout: { contains: a<b> } } }
      - { name: is mocked, mock: { stdout: "\x01\ufffe" }, expect: { stdout: "" } }
  - name: absent
    description: Needs a program that is not here.
    script: no-such-program
    tests: [{ name: runs }]
"#;
    let said = mcpfier(&["test", "--junit", "out.xml"]).tools(text).ends_with(1).run();
    let Some(read) = read_junit(&said) else { return skip("there is no python3 to read XML with") };
    let expected = json!({
        "totals": { "tests": "4", "failures": "2", "errors": "0", "skipped": "1" },
        "cases": [
            ["odd", "<odd> & \"quoted\"", "tools.yaml", "8", "failure"],
            ["odd", "holds", "tools.yaml", "9", ""],
            ["odd", "is mocked", "tools.yaml", "10", "failure"],
            ["absent", "runs", "tools.yaml", "14", "skipped"],
        ],
    });
    assert_eq!(read["totals"], expected["totals"]);
    assert_eq!(read["cases"], expected["cases"]);
    let failure = read["failures"][0].as_str().expect("the text of a failure");
    assert!(failure.contains("- x]]>\n+ a<b>&\"\\u{1b}[1m\\u{0}]]>"), "{failure}");
}

#[test]
fn junit_that_cannot_be_written_is_a_failure() {
    let said = mcpfier(&["test", "--junit", "no/such/folder.xml"]).tools(GOOD).ends_with(1).run();
    assert!(said.stderr.contains("cannot write `no/such/folder.xml`"), "{}", said.stderr);
}

#[test]
fn at_a_terminal_the_last_line_shows_what_runs() {
    let text = "version: 1\ncommands:\n  - { name: nap, description: d, script: sleep, args: [\"0.1\"], tests: [{ name: wakes }] }\n";
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join("tools.yaml"), text).expect("a file");
    let line = format!("{} --config tools.yaml test", env!("CARGO_BIN_EXE_mcpfier"));
    let mut script = Command::new("script");
    let script = script.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let Ok(output) = script.current_dir(folder.path()).env_remove("NO_COLOR").stdin(Stdio::null()).output()
    else {
        return skip("there is no `script` to make a terminal with");
    };
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    // Written, taken away again, and the verdict in its place.
    let live = said.find("0/1  nap: wakes 0s").expect("the line of what runs");
    let verdict = said.find("\u{1b}[32mok\u{1b}[0m   nap: wakes (").expect("the verdict");
    assert!(said[live..verdict].ends_with("\r\u{1b}[2K"), "{said:?}");
    assert!(said.trim_end().ends_with('s') && said.contains("1 passed in "), "{said:?}");
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    let mark = mark();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("tools.yaml");
    let text = format!(
        "version: 1\ncommands:\n  - name: quick\n    description: d\n    script: echo\n    tests: [{{ name: ends }}]\n  - name: stay\n    description: d\n    shell: sh\n    run: |\n      touch begun; sleep 600 & exec -a {mark} sh -c 'sleep 600; : {mark}'\n    tests: [{{ name: stays }}, {{ name: never begins }}]\n"
    );
    std::fs::write(&file, text.replace("shell: sh", "shell: bash")).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcpfier"))
        .arg("--config")
        .arg(&file)
        .args(["test", "--junit"])
        .arg(folder.path().join("out.xml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // Told as soon as it has ended, though other tests still run.
    let first = lines.next().expect("a line").expect("text");
    assert!(first.starts_with("ok   quick: ends"), "{first}");
    while !folder.path().join("begun").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = i32::try_from(child.id()).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("a signal");
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert_none_left(&mark, Duration::from_secs(5));
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    assert!(rest.iter().any(|line| line.starts_with("1 passed, 2 not run in ")), "{rest:?}");
    assert!(folder.path().join("out.xml").exists());
}

#[test]
fn a_lock_is_waited_for() {
    let commands: String = (0..4)
        .map(|number| {
            format!(
                "  - {{ name: c{number}, description: d, shell: sh, run: 'mkdir held && sleep 0.05 && rmdir held', lock: held, tests: [{{}}, {{}}] }}\n"
            )
        })
        .collect();
    let text = format!(
        "version: 1\nserver: {{ calls: {{ max: 1, queue: 1, queue_timeout: 1ms }} }}\ncommands:\n{commands}"
    );
    mcpfier(&["test", "--jobs", "8"]).tools(&text).run();
}

#[test]
fn the_tests_of_every_example_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root.join("examples")).expect("the examples").flatten();
    let files =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "yaml"));
    let files: Vec<PathBuf> = files.chain([root.join("config.example.yaml")]).collect();
    let tested: u64 = files.iter().map(|file| holds(mcpfier(&["test", "--json"]).config(file))).sum();
    assert!(tested > 20, "only {tested} tests ran");
}

#[test]
fn the_tests_of_every_template_hold() {
    let hold = |text: &str| holds(mcpfier(&["test", "--json"]).tools(text));
    let tested: u64 = LIBRARY.iter().map(|template| hold(&template.text())).sum();
    assert!(tested > 15, "only {tested} tests ran");
}

/// How many tests of a file hold; none may fail.
fn holds(program: crate::support::program::Program) -> u64 {
    let said = program.env("EXAMPLE_TOKEN", "correct-horse-battery").ends_somehow().run();
    let document = said.json();
    assert_eq!(document["failed"], 0, "{document:#}");
    document["passed"].as_u64().expect("a number")
}

/// Output without what is different each time.
fn timeless(text: &str) -> String {
    let took = regex::Regex::new(r"\b\d+(\.\d+)? ?(ms|s|us)\b").expect("the pattern is written here");
    took.replace_all(text, "[time]").into_owned()
}

/// What Python's XML parser makes of `out.xml`.
fn read_junit(said: &Said) -> Option<Value> {
    const READ: &str = r#"
import json, sys, xml.etree.ElementTree as xml
root = xml.parse(sys.argv[1]).getroot()
kind = lambda case: next((child.tag for child in case), "")
print(json.dumps({
    "totals": {key: root.get(key) for key in ("tests", "failures", "errors", "skipped")},
    "cases": [[case.get("classname"), case.get("name"), case.get("file"), case.get("line"), kind(case)] for case in root.iter("testcase")],
    "failures": [failure.text for failure in root.iter("failure")],
}))
"#;
    let output =
        Command::new("python3").args(["-c", READ]).arg(said.folder().join("out.xml")).output().ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}
