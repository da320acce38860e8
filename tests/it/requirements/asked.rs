//! Programs that are asked for their version, above all those that do not behave.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{place, program, reason, requiring};
use crate::support::place::Place;

const OLD: &str = "{ executables: { ./bin/asked: '>=2' } }";

fn asked(script: &str) -> Place {
    place(OLD, &[("asked", script)])
}

#[test]
fn what_says_no_version_is_unmet_with_what_it_says() {
    for (script, expected) in [
        ("echo 1.9.9", "`./bin/asked` is 1.9.9, and `>=2` is required"),
        ("echo v1.9", "`./bin/asked` is 1.9.0, and `>=2` is required"),
        (
            "echo unknown option",
            "the version of `./bin/asked` is not known: it says \"unknown option\"; `>=2` is required",
        ),
        ("true", "the version of `./bin/asked` is not known: it says nothing; `>=2` is required"),
        (
            "echo no such option: 3.1 >&2; exit 4",
            "the version of `./bin/asked` is not known: it ends with exit code 4; it says \"no such option: 3.1\"; `>=2` is required",
        ),
        (
            "kill -9 $$",
            "the version of `./bin/asked` is not known: it is ended by signal 9; `>=2` is required",
        ),
    ] {
        assert_eq!(reason(&asked(script)), expected, "{script}");
    }
}

#[test]
fn it_gets_little_of_this_host() {
    let script = "cat; echo \"$0 $# $1\" > said; env >> said; pwd >> said; echo 2.0";
    let place = asked(script);
    let mut command = place.command("", &["--config", "tools.yaml", "list", "--json"]);
    command.env("SECRET_OF_HOST", "correct-horse").env("LANG", "fr_FR.UTF-8");
    let listed = place.finish(command);
    assert_eq!(listed.status, 0, "{}", listed.stderr);
    let said = place.read("said");
    assert!(said.contains("bin/asked 1 --version") && said.contains("LC_ALL=C"), "{said}");
    assert!(!said.contains("SECRET_OF_HOST"), "{said}");
    assert!(said.trim_end().ends_with(place.path("").to_string_lossy().trim_end_matches('/')), "{said}");
}

#[test]
fn one_that_hangs_is_killed_with_all_that_it_started() {
    let place = asked("echo $$ > pids; setsid sleep 61 & echo $! >> pids; sleep 62");
    let started = Instant::now();
    let expected =
        "the version of `./bin/asked` is not known: it does not say it within 2s; `>=2` is required";
    assert_eq!(reason(&place), expected);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    for pid in place.read("pids").lines() {
        assert!(!std::path::Path::new(&format!("/proc/{pid}/stat")).exists(), "{pid} is alive");
    }
}

#[test]
fn one_that_never_stops_talking_is_stopped() {
    let place = asked("yes 3.1 | head -c 1073741824");
    let started = Instant::now();
    let expected = "the version of `./bin/asked` is not known: it says more than 64 KiB; `>=2` is required";
    assert_eq!(reason(&place), expected);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn many_that_hang_do_not_hold_up_for_long() {
    let names: Vec<String> = (0..30).map(|number| format!("hanging-{number}")).collect();
    let wanted: Vec<String> = names.iter().map(|name| format!("./bin/{name}: '>=1'")).collect();
    let place = Place::with(&[(
        "tools.yaml",
        &requiring(&format!("{{ executables: {{ {} }} }}", wanted.join(", "))),
    )]);
    names.iter().for_each(|name| program(&place, name, "sleep 63"));
    let started = Instant::now();
    let reason = reason(&place).to_string();
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_eq!(reason.matches("is not known").count(), 30, "{reason}");
    assert!(reason.contains("there was no time left to ask"), "{reason}");
}

#[test]
fn a_thousand_commands_ask_once() {
    let commands: Vec<String> = (0..1_000)
        .map(|number| {
            format!(
                "  - {{ name: tool_{number}, description: A tool., script: echo, requires: {{ executables: {{ ./bin/asked: '>=2' }} }} }}\n"
            )
        })
        .collect();
    let place = Place::with(&[("tools.yaml", &format!("version: 1\ncommands:\n{}", commands.concat()))]);
    program(&place, "asked", "echo asked >> count; echo 2.1");
    let listed = place.run(&["--config", "tools.yaml", "list"]);
    assert_eq!(listed.stdout.lines().count(), 1_000);
    assert_eq!(place.read("count"), "asked\n");
}

#[test]
fn a_file_that_is_not_trusted_runs_nothing() {
    let place = Place::with(&[("project/config.yaml", &requiring(OLD))]);
    program(&place, "asked", "echo ran > ran; echo 2.1");
    std::fs::rename(place.path("bin"), place.path("project/bin")).expect("both are ours");
    let ran = || place.path("project/ran").exists();
    for words in [
        &["list"] as &[&str],
        &["--dry-run"],
        &["--dry-run", "tool"],
        &["tool", "--help"],
        &["--validate"],
        &["--validate", "config.yaml"],
        &["--validate", "--offline"],
        &["doctor"],
        &["lock"],
        &["--locked", "list"],
        &["--setup"],
    ] {
        let said = place.run_in("project", words);
        assert!(!ran(), "{words:?}: {}{}", said.stdout, said.stderr);
        if words == ["list"] {
            assert!(said.stderr.contains("`asked` was not asked for its version"), "{}", said.stderr);
            assert!(said.stdout.contains("tool"), "{}", said.stdout);
        }
        if words.contains(&"--validate") {
            assert!(said.stderr.contains("N0229"), "{words:?}: {}{}", said.stdout, said.stderr);
        }
    }
    // A person runs it.
    assert_eq!(place.run_in("project", &["tool"]).stdout, "done\n");
    assert!(ran());
    std::fs::remove_file(place.path("project/ran")).expect("it is there");
    place.run_in("project", &["trust", "--yes"]);
    assert!(!ran(), "trust itself runs nothing");
    for words in [&["list"] as &[&str], &["--validate"], &["--validate", "config.yaml"]] {
        place.run_in("project", words);
        assert!(ran(), "{words:?}");
        std::fs::remove_file(place.path("project/ran")).expect("it is there");
    }
    place.run_in("project", &["--config", "config.yaml", "--validate", "--offline"]);
    assert!(!ran(), "offline runs nothing");
}

#[test]
fn validation_says_what_programs_say() {
    let place = asked("echo 1.9.9");
    let validated = place.run(&["--config", "tools.yaml", "--validate"]);
    assert_eq!(validated.status, 3);
    let text = validated.stderr;
    assert!(
        text.contains(
            "error[E0225]: `tool` cannot be offered: `./bin/asked` is 1.9.9, and `>=2` is required"
        ),
        "{text}"
    );
    assert!(
        text.contains("tools.yaml:7:45") && text.contains("executables: { ./bin/asked: '>=2' }"),
        "{text}"
    );
    let validated = place.run(&["--config", "tools.yaml", "--validate", "--json"]);
    let report: Value = serde_json::from_str(&validated.stdout).expect("JSON");
    assert_eq!(report[0]["problems"][0]["path"], "commands[0].requires.executables../bin/asked", "{report}");
    let named = place.run(&["--validate", "tools.yaml", "--json"]);
    assert_eq!(named.status, 0, "{}{}", named.stdout, named.stderr);
    let report: Value = serde_json::from_str(&named.stdout).expect("JSON");
    assert_eq!(report[0]["problems"][0]["code"], "N0229", "{report}");
}

#[test]
fn an_engine_that_is_away_is_said_at_once() {
    let place = place("{ engine: true }", &[]);
    let mut command = place.command("", &["--config", "tools.yaml", "list", "--all", "--json"]);
    command.env("DOCKER_HOST", format!("unix://{}", place.path("no.sock").display()));
    let started = Instant::now();
    let listed = place.finish(command);
    let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let reason = listed[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("no container engine"), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(5));
}
