//! `mcpfier trust` from outside: what is served unasked, and that it is never served by mistake.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::place::Place;
use crate::support::skip::skip;

const TOOLS: &str = r#"version: 1
secrets:
  token: { env: TOKEN }
  printed: { script: sh, args: [-c, "pass show x"] }
commands:
  - name: say
    description: Say something.
    script: echo
    args: [hello, [--to, "{{who}}"], { if: loud, args: ["two words", "{{who}}"] }]
    params:
      who: { type: string, description: To whom, pattern: "^[a-z]+$", optional: true }
      loud: { type: boolean, description: How, default: false }
    env: { TOKEN: "{{secrets.token}}" }
  - name: report
    description: Write a report.
    shell: sh
    run: |
      echo "a\u202eb" | sort
      date
"#;

const STORE: &str = ".local/state/mcpfier/trust.json";

fn place() -> Place {
    Place::with(&[("project/config.yaml", TOOLS)])
}

/// What a server says that is started in the folder of the project, and ends at once.
fn serve(place: &Place) -> (i32, String) {
    let ran = place.run_in("project", &[]);
    (ran.status, ran.stderr)
}

#[test]
fn a_file_that_lies_about_is_served_once_it_is_trusted_and_until_it_changes() {
    let place = place();
    let (status, said) = serve(&place);
    assert_eq!(status, 4);
    insta::assert_snapshot!(said, @r"
    error: `config.yaml` was found in the current folder, and such a file is not served unasked
    help: name it: mcpfier --config config.yaml
    help: or see what it runs, and trust it as it is: mcpfier trust config.yaml
    ");
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    assert_eq!(serve(&place), (0, String::new()));
    place.write("project/config.yaml", &TOOLS.replace("hello", "hello, you"));
    let (status, said) = serve(&place);
    assert_eq!(status, 4);
    insta::assert_snapshot!(said.replace(&*place.path("").to_string_lossy(), "[home]/"), @r"
    error: `config.yaml` is not what you trusted: `[home]/project/config.yaml` changed since
    help: see what it runs now, and accept it: mcpfier trust config.yaml
    ");
    // As it was, it is trusted again.
    place.write("project/config.yaml", TOOLS);
    assert_eq!(serve(&place).0, 0);
}

#[test]
fn a_person_sees_everything_that_would_run() {
    let ran = place().run_in("project", &["trust", "--yes"]).ends_with(0);
    insta::assert_snapshot!(ran.stdout, @r#"
    [home]/project/config.yaml
      say     echo hello [--to {{who}}] [if loud: "two words" {{who}}]
              with the variables TOKEN
      report  sh -c, with this script:
                echo "a\u202eb" | sort
                date
      the secret printed is the output of sh -c "pass show x"
      the secret token is env:TOKEN
    [home]/project/config.yaml is trusted as it is now
    "#);
}

#[test]
fn programs_of_the_folder_are_named_as_not_covered() {
    let place = Place::with(&[
        ("project/build.sh", "#!/bin/sh\n"),
        (
            "project/config.yaml",
            "version: 1\ncommands:\n  - { name: build, description: Build., script: ./build.sh }\n",
        ),
    ]);
    let script = place.path("project/build.sh");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let ran = place.run_in("project", &["trust", "--yes"]).ends_with(0);
    assert!(ran.stdout.contains("Not covered: `./build.sh` in that folder"), "{}", ran.stdout);
}

#[test]
fn nobody_is_taken_to_agree() {
    let place = place();
    let ran = place.run_in("project", &["trust"]).ends_with(2);
    assert!(
        ran.stdout.contains("echo hello") && ran.stderr.contains("--yes"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(serve(&place).0, 4);
    assert!(!place.path(STORE).exists());
}

#[test]
fn what_is_trusted_can_be_listed_and_taken_back() {
    let place = place();
    let path = place.path("project/config.yaml");
    place.run(&["trust", "project/config.yaml", "--yes"]).ends_with(0);
    let list = |place: &Place| -> Value {
        let ran = place.run(&["trust", "--list", "--json"]).ends_with(0);
        serde_json::from_str(&ran.stdout).expect("JSON")
    };
    let entry = |state: &str| json!([{ "file": "[home]/project/config.yaml", "state": state, "files": ["[home]/project/config.yaml"] }]);
    assert_eq!(list(&place), entry("trusted"));
    place.write("project/config.yaml", &TOOLS.replace("hello", "bye"));
    assert_eq!(list(&place), entry("changed"));
    std::fs::remove_file(path).expect("it is there");
    assert_eq!(list(&place), entry("gone"));
    let ran = place.run(&["trust", "project/config.yaml", "--remove"]).ends_with(0);
    assert_eq!(ran.stdout, "[home]/project/config.yaml is not trusted any more\n");
    assert_eq!(list(&place), json!([]));
}

#[test]
fn a_file_of_variables_is_a_part_of_what_is_trusted() {
    let place = Place::with(&[
        ("project/.env", "WHAT=good\n"),
        (
            "project/config.yaml",
            "version: 1\nenv_file: .env\nvars: { what: \"${WHAT}\" }\ncommands:\n  \
             - { name: a, description: d, script: echo, args: [\"{{vars.what}}\"] }\n",
        ),
    ]);
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    assert_eq!(serve(&place).0, 0);
    place.write("project/.env", "WHAT=bad\n");
    let (status, said) = serve(&place);
    assert!(status == 4 && said.contains(".env` changed since"), "{status} {said}");
}

#[test]
fn a_link_to_a_trusted_file_is_another_file() {
    let place = place();
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    std::fs::create_dir(place.path("foreign")).expect("a folder");
    symlink(place.path("project/config.yaml"), place.path("foreign/config.yaml")).expect("a link");
    assert_eq!(place.run_in("foreign", &[]).status, 4);
    // A folder that is reached through a link is the same folder.
    symlink(place.path("project"), place.path("linked")).expect("a link");
    assert_eq!(place.run_in("linked", &[]).status, 0);
}

#[test]
fn a_store_that_cannot_be_believed_trusts_nothing() {
    let place = place();
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    let good = place.read(STORE);
    assert_eq!(
        std::fs::metadata(place.path(STORE)).expect("it is there").permissions().mode() & 0o777,
        0o600
    );
    for (bad, expected) in [
        ("", "it is not JSON"),
        ("{\"version\": 1, \"trusted\": {", "it is not JSON"),
        ("{\"version\": 2, \"trusted\": {}}", "expected `\"version\": 1`"),
        ("{\"version\": 1, \"trusted\": []}", "`trusted` is not a map"),
        ("{\"version\": 1, \"trusted\": {\"/x\": {}}}", "`/x` has no map of digests"),
        ("{\"version\": 1, \"trusted\": {\"/x\": {\"/x\": \"sha256:0\"}}}", "`/x` has no map of digests"),
        ("{\"version\": 1, \"trusted\": {\"/x\": true}}", "`/x` has no map of digests"),
    ] {
        place.write(STORE, bad);
        let (status, said) = serve(&place);
        assert!(
            status == 4 && said.contains(expected) && said.contains("is broken"),
            "{bad}: {status} {said}"
        );
        // It is not written over either.
        place.run_in("project", &["trust", "--yes"]).ends_with(1);
        place.run(&["trust", "--list"]).ends_with(1);
        assert_eq!(place.read(STORE), bad);
    }
    place.write(STORE, &good.replace("sha256:", "sha256:00").replacen("00", "", 0));
    assert_eq!(serve(&place).0, 4);
    place.write(STORE, &good);
    assert_eq!(serve(&place).0, 0);
}

#[test]
fn a_store_that_others_can_write_to_trusts_nothing() {
    let place = place();
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    let folder = ".local/state/mcpfier";
    for (what, mode, usual) in [(STORE, 0o620, 0o600), (STORE, 0o602, 0o600), (folder, 0o770, 0o700)] {
        let set = |mode| std::fs::set_permissions(place.path(what), std::fs::Permissions::from_mode(mode));
        set(mode).expect("permissions");
        let (status, said) = serve(&place);
        assert!(
            status == 4 && said.contains("can be written to by others"),
            "{what} {mode:o}: {status} {said}"
        );
        assert!(said.contains("chmod go-w"), "{said}");
        place.run_in("project", &["trust", "--yes"]).ends_with(1);
        set(usual).expect("permissions");
        assert_eq!(serve(&place).0, 0);
    }
}

#[test]
fn the_store_is_where_the_standard_says() {
    let place = place();
    let run = |state: &str| {
        let mut command = place.command("project", &["trust", "--yes"]);
        command.env("XDG_STATE_HOME", state);
        place.finish(command).ends_with(0)
    };
    run(&place.path("state").to_string_lossy());
    assert!(place.path("state/mcpfier/trust.json").exists() && !place.path(STORE).exists());
    // A relative folder means nothing there.
    run("state");
    assert!(place.path(STORE).exists());
}

#[test]
fn many_at_once_lose_nothing() {
    let names: Vec<String> = (0..12).map(|number| format!("p{number}/config.yaml")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), TOOLS)).collect();
    let place = Place::with(&files);
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            let mut command = place.command("", &["trust", name, "--yes"]);
            command.stdout(std::process::Stdio::null()).spawn().expect("it starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let list = place.run(&["trust", "--list"]).ends_with(0).stdout;
    assert_eq!(list.lines().filter(|line| line.starts_with("trusted ")).count(), 12, "{list}");
    let left: Vec<String> = std::fs::read_dir(place.path(".local/state/mcpfier"))
        .expect("the folder of the store")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_file_with_errors_is_not_trusted() {
    let place = Place::with(&[("config.yaml", "version: 1\ncommands: [{ name: a }]\n")]);
    let ran = place.run(&["trust", "--yes"]).ends_with(3);
    assert!(ran.stderr.contains("error[E0030]"), "{}", ran.stderr);
    place.run(&["trust", "nowhere.yaml", "--yes"]).ends_with(4);
}

#[test]
fn validation_and_doctor_say_how_it_stands() {
    let place = place();
    let said = |place: &Place, words: &[&str]| place.run_in("project", words).stdout;
    assert!(said(&place, &["--validate"]).contains("trust: not served unless"));
    assert!(said(&place, &["doctor"]).contains("is not served like that"));
    place.run_in("project", &["trust", "--yes"]).ends_with(0);
    assert!(said(&place, &["--validate"]).contains("trust: served in this folder"));
    assert!(said(&place, &["doctor"]).contains("is trusted as it is"));
    place.write("project/config.yaml", &TOOLS.replace("hello", "bye"));
    assert!(said(&place, &["--validate"]).contains("trust: changed since"));
    assert!(said(&place, &["doctor"]).contains("changed since it was trusted"));
}

#[test]
fn a_trusted_file_of_the_original_is_served_without_a_word() {
    let place = Place::with(&[("config.yaml", "commands: [{ name: a, script: echo }]\n")]);
    let before = place.run(&[]).ends_with(0);
    assert!(before.stderr.starts_with("warning: serving"), "{}", before.stderr);
    place.run(&["trust", "--yes"]).ends_with(0);
    assert_eq!(place.run(&[]).ends_with(0).stderr, "");
}

/// In a terminal of its own, which the program `script` makes.
#[test]
fn a_person_is_asked_in_a_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        return skip("`script` is not here to make a terminal");
    }
    let place = place();
    let ask = |answer: &str| {
        let words = format!("{} trust", env!("CARGO_BIN_EXE_mcpfier"));
        let mut command = Command::new("script");
        command.args(["-qec", &words, "/dev/null"]).env_clear().env("HOME", place.path(""));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(place.path("project"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut output = child.stdout.take().expect("it was piped");
        let mut said = String::new();
        let mut byte = [0];
        while !said.contains("[y/N]") && output.read(&mut byte).expect("it can be read") == 1 {
            said.push(char::from(byte[0]));
        }
        assert!(said.contains("echo hello"), "{said}");
        let mut input = child.stdin.take().expect("it was piped");
        input.write_all(answer.as_bytes()).expect("it reads");
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("text");
        (child.wait().expect("it ends").code(), rest)
    };
    for no in ["n\n", "\n", "no\n"] {
        let (status, said) = ask(no);
        assert!(status == Some(1) && said.contains("nothing was trusted"), "{no:?}: {status:?} {said}");
        assert_eq!(serve(&place).0, 4);
    }
    let (status, said) = ask("y\n");
    assert!(status == Some(0) && said.contains("is trusted as it is now"), "{status:?} {said}");
    assert_eq!(serve(&place).0, 0);
}
