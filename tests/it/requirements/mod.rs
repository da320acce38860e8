//! What commands require of the host: met, unmet, and programs that do not say their version as they should.

mod asked;

use serde_json::{Value, json};

use crate::support::place::Place;

/// A file with one command that requires this.
fn requiring(requires: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: tool\n    description: A tool.\n    script: echo\n    args: [done]\n    \
         requires: {requires}\n"
    )
}

/// A place with that file and programs below `bin`, each a script.
fn place(requires: &str, programs: &[(&str, &str)]) -> Place {
    let place = Place::with(&[("tools.yaml", &requiring(requires))]);
    programs.iter().for_each(|(name, text)| program(&place, name, text));
    place
}

fn program(place: &Place, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = format!("bin/{name}");
    place.write(&path, &format!("#!/bin/sh\n{script}\n"));
    let permissions = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path(&path), permissions).expect("it is ours");
}

/// Why the tool is hidden; `null` if it is offered.
fn reason(place: &Place) -> Value {
    let listed = place.run(&["--config", "tools.yaml", "list", "--all", "--json"]);
    assert_eq!((listed.status, listed.stderr.as_str()), (0, ""));
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    listed[0]["reason"].clone()
}

#[test]
fn what_the_host_has_is_offered() {
    let here = format!("{{ os: {}, arch: [{}] }}", std::env::consts::OS, std::env::consts::ARCH);
    for requires in [
        here.as_str(),
        "{}",
        "{ executables: [sh, ./bin/mine] }",
        "{ executables: { sh: '*' } }",
        "{ env: [HOME] }",
        "{ files: [tools.yaml, bin, '~/tools.yaml'] }",
        "{ executables: [{ name: ./bin/mine, version: '>=2 <3' }] }",
        "{ executables: { ./bin/mine: '^2.5 || >=9' } }",
        "{ executables: [{ name: ./bin/odd, version: '>=7', args: [say, it], pattern: 'is (\\S+)$' }] }",
    ] {
        let place =
            place(requires, &[("mine", "echo mine version 2.5.1"), ("odd", "echo 1.2 \"$1 $2\" is 7.1 >&2")]);
        assert_eq!(reason(&place), Value::Null, "{requires}");
        assert_eq!(place.run(&["--config", "tools.yaml", "tool"]).stdout, "done\n");
    }
}

#[test]
fn everything_that_is_missing_is_said() {
    let other = if cfg!(target_os = "linux") { "macos" } else { "linux" };
    let requires = format!(
        "{{ os: [{other}], arch: [s390x], executables: [no-such-program, sh], env: [NO_SUCH_VARIABLE], files: [nothing/here] }}"
    );
    let place = place(&requires, &[]);
    let here = (std::env::consts::OS, std::env::consts::ARCH);
    let expected = [
        format!("the operating system is {}, and {other} is required", here.0),
        format!("the processor is {}, and s390x is required", here.1),
        "there is no executable `no-such-program` on this host".to_owned(),
        "the environment variable `NO_SUCH_VARIABLE` is not set".to_owned(),
        "there is no `nothing/here`".to_owned(),
    ];
    assert_eq!(reason(&place), expected.join("; "));
    let called = place.run(&["--config", "tools.yaml", "tool"]);
    assert_eq!((called.status, called.stdout.as_str()), (5, ""));
    assert!(called.stderr.contains(&expected[2]), "{}", called.stderr);
    let validated = place.run(&["--validate", "tools.yaml", "--json"]);
    assert_eq!(validated.status, 3);
    let report: Value = serde_json::from_str(&validated.stdout).expect("JSON");
    let problems = report[0]["problems"].as_array().expect("problems").iter();
    let problems: Vec<(&str, bool)> = problems
        .map(|problem| (problem["code"].as_str().unwrap_or_default(), problem["host"] == json!(true)))
        .collect();
    assert_eq!(problems.iter().filter(|problem| **problem == ("E0225", true)).count(), 3, "{problems:?}");
    assert_eq!(problems.iter().filter(|problem| **problem == ("N0225", true)).count(), 2, "{problems:?}");
    assert_eq!(place.run(&["--validate", "tools.yaml", "--offline"]).status, 0);
}

#[test]
fn a_file_below_a_variable_that_is_not_set_is_missing() {
    let place = place("{ files: ['${NO_SUCH_VARIABLE}/here'] }", &[]);
    assert_eq!(reason(&place), "the environment variable `NO_SUCH_VARIABLE` is not set");
}

#[test]
fn a_foreign_environment_stands_in_for_that_of_this_host() {
    let place = place("{ env: [ONLY_THERE] }", &[]);
    assert_eq!(place.run(&["--validate", "tools.yaml"]).status, 3);
    place.write("there.env", "ONLY_THERE=yes\n");
    let validated = place.run(&["--validate", "tools.yaml", "--env-file", "there.env"]);
    assert_eq!(validated.status, 0, "{}", validated.stderr);
    place.write("there.env", "ONLY_THERE=\n");
    assert_eq!(place.run(&["--validate", "tools.yaml", "--env-file", "there.env"]).status, 3);
}

#[test]
fn a_command_waits_for_those_that_it_requires() {
    let place = Place::with(&[(
        "tools.yaml",
        "version: 1
commands:
  - { name: first, description: First., script: echo, requires: { commands: [second] } }
  - { name: second, description: Second., script: echo, requires: { commands: [third, hidden] } }
  - { name: third, description: Third., script: echo, requires: { executables: { ./bin/old: '>=2' } } }
  - { name: hidden, description: Not exposed., script: echo, expose: false }
  - { name: off, description: Disabled., script: echo, enabled: false }
  - { name: last, description: Last., script: echo, requires: { commands: ['off'] } }
",
    )]);
    program(&place, "old", "echo 1.9");
    let states = || -> Vec<String> {
        let listed = place.run(&["--config", "tools.yaml", "list", "--all", "--json"]);
        let listed: Vec<Value> = serde_json::from_str(&listed.stdout).expect("JSON");
        listed.iter().map(|tool| tool["reason"].as_str().unwrap_or("offered").to_owned()).collect()
    };
    assert_eq!(
        states(),
        [
            "the command `second` is not available",
            "the command `third` is not available",
            "`./bin/old` is 1.9.0, and `>=2` is required",
            "offered",
            "offered",
            "the command `off` is not available",
        ]
    );
    program(&place, "old", "echo 2.0");
    assert_eq!(states().iter().filter(|state| *state == "offered").count(), 5);
}

#[test]
fn a_command_goes_with_those_that_its_steps_run() {
    let place = Place::with(&[(
        "tools.yaml",
        "version: 1
commands:
  - { name: old, description: Old., script: echo, requires: { executables: { ./bin/old: '>=2' } } }
  - { name: here, description: Here., script: echo, requires: { env: [NO_SUCH_VARIABLE] } }
  - { name: steps, description: Steps., steps: [{ command: old }] }
  - { name: outer, description: Steps of steps., steps: [{ script: echo }, { command: steps }] }
  - { name: after, description: Dependencies., depends_on: [old], script: echo, requires: { commands: [here] } }
  - { name: other, description: Something else., steps: [{ script: echo }] }
  - { name: on_error, description: If it fails., steps: [{ script: echo, on_error: { command: here } }] }
",
    )]);
    program(&place, "old", "echo 1.9");
    let states = || -> Vec<String> {
        let listed = place.run(&["--config", "tools.yaml", "list", "--all", "--json"]);
        let listed: Vec<Value> = serde_json::from_str(&listed.stdout).expect("JSON");
        listed.iter().skip(2).map(|tool| tool["reason"].as_str().unwrap_or("offered").to_owned()).collect()
    };
    let old = "it runs `old`: `./bin/old` is 1.9.0, and `>=2` is required";
    let unset = "the environment variable `NO_SUCH_VARIABLE` is not set";
    let here = "the command `here` is not available";
    let after = format!("{here}; {old}");
    let on_error = format!("it runs `here`: {unset}");
    assert_eq!(states(), [old, old, after.as_str(), "offered", on_error.as_str()]);
    let called = place.run(&["--config", "tools.yaml", "outer"]);
    assert_eq!(called.status, 5, "{}", called.stderr);
    assert!(called.stderr.contains(old), "{}", called.stderr);
    program(&place, "old", "echo 2.0");
    assert_eq!(states(), ["offered", "offered", here, "offered", on_error.as_str()]);
    assert_eq!(place.run(&["--config", "tools.yaml", "outer"]).status, 0);
}

#[test]
fn a_plan_and_help_say_what_is_missing() {
    let place = place("{ executables: { ./bin/old: '>=2' } }", &[("old", "echo 1.9")]);
    for words in [&["--dry-run", "tool"] as &[&str], &["--dry-run"], &["tool", "--help"]] {
        let said = place.run(&[&["--config", "tools.yaml"], words].concat());
        let text = said.stdout + &said.stderr;
        assert!(text.contains("`./bin/old` is 1.9.0, and `>=2` is required"), "{text}");
    }
}

#[test]
fn a_lock_holds_what_is_required_and_trust_shows_what_is_run_for_it() {
    let place = place("{ executables: { ./bin/old: '>=1' } }", &[("old", "echo 1.9")]);
    place.run(&["--config", "tools.yaml", "lock"]);
    assert_eq!(place.run(&["--config", "tools.yaml", "--locked", "list"]).status, 0);
    place.write(
        "tools.yaml",
        &requiring("{ executables: [{ name: ./bin/old, version: '>=1', args: [-c, evil] }] }"),
    );
    let refused = place.run(&["--config", "tools.yaml", "--locked", "list"]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    assert!(refused.stderr.contains("evil"), "{}", refused.stderr);
    let trusted = place.run(&["trust", "tools.yaml", "--yes"]);
    let shown = trusted.stdout + &trusted.stderr;
    assert!(shown.contains("asks for a version: ./bin/old -c evil"), "{shown}");
}
