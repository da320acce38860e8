//! `mcpfier migrate` from outside: where the new file goes, and what is said of it.

use crate::support::place::Place;

const OLD: &str =
    "# Mine.\ncommands:\n  - name: hello # greets\n    script: sh\n    args: [-c, pwd]\n    timeout: 5\n";

#[test]
fn the_new_file_is_data_and_what_changed_is_talk() {
    let place = Place::with(&[("config.yaml", OLD)]);
    let ran = place.run(&["migrate"]).ends_with(0);
    insta::assert_snapshot!(ran.stdout, @r##"
    # Made of a file of the original mcpfier by `mcpfier migrate`; a comment says where something changed.
    version: 1

    defaults:
      timeout: 1h  # the original stopped no command; without this line it would be 30s
      env_inherit: all  # a command gets the whole environment, as before; without this line PATH, HOME and the like
      limits: { output: 4MiB }  # the original cut no output; without this line 1MiB of it is kept

    # Mine.
    commands:
      - name: hello # greets
        script: sh
        args: [-c, pwd]
        # `timeout: 5` had no unit and counted as seconds
        timeout: 5s
        working_dir: "${PWD}"  # as before the folder in which the server was started; without this line that of this file
        output: { show: 4MiB }  # as before everything is shown; without this line 32KiB of it
    "##);
    insta::assert_snapshot!(ran.stderr, @r"
    the file:
      - an unknown key is an error now, and not passed over
      - a call with arguments that its tool does not have is refused, and not passed over
      - a command whose `${NAME}` is not set is hidden with that reason; before, the text was passed as it is written
    hello:
      - `timeout: 5` had no unit and counted as seconds
    config.yaml: it loads
    ");
    assert_eq!(place.read("config.yaml"), OLD);
}

#[test]
fn a_file_is_replaced_once_and_kept_as_it_was() {
    let place = Place::with(&[("old.yaml", OLD)]);
    let ran = place.run(&["migrate", "old.yaml", "--in-place"]).ends_with(0);
    assert_eq!(ran.stdout, "written: old.yaml\nas it was: old.yaml.original\n");
    assert_eq!(place.read("old.yaml.original"), OLD);
    let new = place.read("old.yaml");
    assert!(new.contains("version: 1"));
    let again = place.run(&["migrate", "old.yaml", "--in-place"]).ends_with(0);
    assert_eq!(
        (again.stdout.as_str(), again.stderr.as_str()),
        ("", "old.yaml has a version already: there is nothing to do\n")
    );
    assert_eq!((place.read("old.yaml"), place.read("old.yaml.original")), (new, OLD.to_owned()));
    // What is kept is never written over.
    place.write("old.yaml", OLD);
    let ran = place.run(&["migrate", "old.yaml", "--in-place"]).ends_with(1);
    assert!(ran.stderr.contains("cannot write `old.yaml.original`"), "{}", ran.stderr);
    assert_eq!(place.read("old.yaml"), OLD);
}

#[test]
fn another_file_is_written_where_none_is() {
    let place = Place::with(&[("old.yaml", OLD)]);
    place.run(&["migrate", "old.yaml", "--output", "new.yaml"]).ends_with(0);
    assert!(place.read("new.yaml").contains("version: 1"));
    assert_eq!(place.read("old.yaml"), OLD);
    let said = place.run(&["migrate", "old.yaml", "--output", "new.yaml"]).ends_with(1);
    assert!(said.stderr.contains("`new.yaml` is there already"), "{}", said.stderr);
    assert!(!said.stderr.contains("it loads"), "{}", said.stderr);
}

#[test]
fn a_check_writes_nothing_and_says_whether_there_is_something_to_do() {
    let place = Place::with(&[("old.yaml", OLD), ("new.yaml", "version: 1\ncommands: []\n")]);
    let ran = place.run(&["migrate", "old.yaml", "--check"]).ends_with(1);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("had no unit"), "{}", ran.stderr);
    place.run(&["migrate", "new.yaml", "--check"]).ends_with(0);
    assert_eq!(place.read("old.yaml"), OLD);
    place.run(&["migrate", "nowhere.yaml"]).ends_with(4);
    place.write("bad.yaml", "commands: [{ name: a, script: echo, args: text }]\n");
    let ran = place.run(&["migrate", "bad.yaml"]).ends_with(3);
    assert!(ran.stderr.contains("correct them first") && ran.stdout.is_empty(), "{}", ran.stderr);
}

/// The original runs a command where the server was started, wherever its file is; so does the new
/// file, also if those who start it left another folder in `PWD`.
#[test]
fn a_command_still_runs_where_the_server_was_started() {
    let place = Place::with(&[("conf/old.yaml", OLD), ("work/x", ""), ("away/x", "")]);
    place.run(&["migrate", "conf/old.yaml", "--output", "conf/new.yaml"]).ends_with(0);
    for file in ["old.yaml", "new.yaml"] {
        for told in ["work", "away"] {
            let path = place.path("conf").join(file);
            let mut command = place.command("work", &["--config", &path.to_string_lossy(), "hello"]);
            command.env("PWD", place.path(told));
            assert_eq!(place.finish(command).ends_with(0).stdout, "[home]/work\n", "{file} {told}");
        }
        let mut command = place.command("work", &["--config", &format!("../conf/{file}"), "hello"]);
        command.env_remove("PWD");
        assert_eq!(place.finish(command).ends_with(0).stdout, "[home]/work\n", "{file}");
    }
}

#[test]
fn what_is_not_built_yet_is_named_and_no_failure() {
    let old = "commands:\n  - { name: a, script: echo }\nproxies: [{ name: other }]\n";
    let place = Place::with(&[("old.yaml", old)]);
    let ran = place.run(&["migrate", "old.yaml"]).ends_with(0);
    assert!(ran.stdout.contains("proxies: [{"), "{}", ran.stdout);
    assert!(ran.stderr.contains("`proxies` stays as it is; it is not supported yet"), "{}", ran.stderr);
}

#[test]
fn who_may_is_the_same_in_the_new_file() {
    let old = "commands:\n  - { name: a, script: echo, authorization: { required_roles: [x], audit: no } }\ncomposite_tools:\n  - { name: b, permissions: [run-b], workflow: [{ tool: a }] }\n";
    let place = Place::with(&[("old.yaml", old)]);
    place.run(&["migrate", "old.yaml", "-o", "new.yaml"]).ends_with(0);
    for file in ["old.yaml", "new.yaml"] {
        let words = ["--config", file, "--json", "policy", "check", "--as", "anonymous"];
        let told = place.run(&words).ends_with(0);
        let standings: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        assert_eq!(standings[0]["reason"], "`anonymous` may not call `a`: it needs the role `x`", "{file}");
        let reason =
            "`anonymous` may not call `b`: it calls `a`, which they may not call: it needs the role `x`";
        assert_eq!(standings[1]["reason"], reason, "{file}");
    }
}
