//! Secrets by variables and files: what feeds them, and what is said when nothing does.

use std::fs;

use super::house::{House, reversed, reversing};

const FED: &str = "env_file: .env\nsecrets: { token: { env: TOKEN } }\ncommands:\n";

#[test]
fn a_file_of_variables_feeds_secrets_and_no_command_inherits_that() {
    let all = "  - { name: all, description: d, script: env, env_inherit: all }\n";
    let house = House::of(&format!("{FED}{}{all}", reversing("show", "token")));
    fs::write(house.path(".env"), "TOKEN=from-the-file-of-variables\n").unwrap();
    assert_eq!(house.run(&["show"]).succeeds(), reversed("from-the-file-of-variables"));
    house.run(&["--validate"]).succeeds();
    assert!(!house.run(&["all"]).succeeds().contains("TOKEN"));
    let house = house.with("TOKEN", "from-the-environment-itself");
    assert_eq!(house.run(&["show"]).succeeds(), reversed("from-the-environment-itself"));
    assert!(!house.run(&["all"]).succeeds().contains("TOKEN"));
}

#[test]
fn a_foreign_environment_is_looked_up_beside_the_file_of_variables() {
    let file =
        "env_file: .env\nsecrets: { a: { env: TOKEN }, b: { env: THERE }, c: { env: HERE } }\ncommands:\n";
    let commands = ["a", "b", "c"].map(|secret| reversing(secret, secret)).concat();
    let house = House::of(&format!("{file}{commands}")).with("HERE", "a-value-of-here");
    fs::write(house.path(".env"), "TOKEN=from-the-file-of-variables\n").unwrap();
    fs::write(house.path("there.env"), "THERE=a-value-of-there\n").unwrap();
    let said = house.run(&["--validate", "--env-file", "there.env"]);
    assert_eq!(said.code, 3, "{}", said.all());
    assert!(
        said.stderr.contains("the secret `c` has no value on this host: the environment variable `HERE`")
    );
    assert!(said.stdout.contains("1 error"), "{}", said.stdout);
}

#[test]
fn a_secret_whose_source_needs_a_missing_variable_says_so() {
    for source in [
        "{ file: \"${NOT_SET}/token\" }",
        "{ env: \"${NOT_SET}\" }",
        "{ store: \"${NOT_SET}\" }",
        "{ script: \"${NOT_SET}\" }",
    ] {
        let house =
            House::of(&format!("secrets: {{ token: {source} }}\ncommands:\n{}", reversing("show", "token")));
        let said = house.run(&["show"]).fails(125);
        let reason = "the environment variable `NOT_SET` is not set";
        assert_eq!(said, format!("error: the secret `token` is not available: {reason}\n"), "{source}");
    }
}

#[test]
fn a_pipe_is_no_source_that_could_keep_the_server_waiting() {
    let house = House::of(&format!(
        "secrets: {{ token: {{ file: token }} }}\ncommands:\n{}",
        reversing("show", "token")
    ));
    nix::unistd::mkfifo(&house.path("token"), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let said = house.run(&["show"]).fails(125);
    assert!(said.ends_with("cannot be read: it is no regular file\n"), "{said}");
}

#[test]
fn doctor_says_which_secrets_are_in_the_way_and_shows_none() {
    let house = House::of(&format!(
        "secrets: {{ a: {{ env: A_TOKEN }}, b: {{ file: b }}, c: {{ store: true }}, d: {{ script: no-such-program }} }}\ncommands:\n{}",
        ["a", "b", "c", "d"].map(|secret| reversing(secret, secret)).concat()
    ));
    let said = house.run(&["doctor"]).stdout;
    for (name, reason) in [
        ("a", "the environment variable `A_TOKEN` is not set"),
        ("b", "`"),
        ("c", "nothing is stored as `c`"),
        ("d", "there is no executable `no-such-program`"),
    ] {
        let line = format!("problem  secrets: `{name}` is not available: {reason}");
        assert!(said.contains(&line), "{line} in:\n{said}");
    }
    let house =
        House::of(&format!("secrets: {{ a: {{ env: A_TOKEN }} }}\ncommands:\n{}", reversing("a", "a")));
    let house = house.with("A_TOKEN", "a-value-of-its-own");
    let said = house.run(&["doctor"]).stdout;
    assert!(said.contains("fine     secrets: nothing is in the way of a\n"), "{said}");
    assert!(!said.contains("a-value-of-its-own"));
}
