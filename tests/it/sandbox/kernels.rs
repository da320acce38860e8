//! Kernels that cannot keep all of a sandbox: what is said, what runs all the same, what is refused.

use std::process::Command;

use serde_json::Value;

use super::{is_kept, tools};
use crate::support::machine::{Machine, passes};
use crate::support::place::{Place, Ran};
use crate::support::processes::example;

/// The program on a kernel without some parts.
fn run_without(parts: &str, place: &Place, words: &[&str]) -> Ran {
    let mut command = Command::new(example("older"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args([parts, env!("CARGO_BIN_EXE_mcpfier")]).args(words);
    command.env_clear().env("PATH", path).env("HOME", place.path("")).current_dir(place.path(""));
    place.finish(command)
}

#[test]
fn what_a_kernel_lacks_is_said_and_the_rest_holds() {
    if !is_kept() {
        return;
    }
    // A local socket is made by the filter's leave only, a file by the ruleset's.
    let script = "cat outside 2>/dev/null || echo refused\nperl -e 'use Socket; socket(S, AF_INET, SOCK_STREAM, 0) or exit 1' && echo a socket || echo no socket";
    let place = Place::with(&[("tools.yaml", &tools("{ read: [] }", script)), ("outside", "content\n")]);
    for (parts, lacks, said) in [
        ("landlock", &["files", "signals"][..], "content\nno socket\n"),
        ("seccomp", &["network", "system calls"], "refused\na socket\n"),
        ("landlock,seccomp", &["files", "signals", "network", "system calls"], "content\na socket\n"),
    ] {
        let ran = |words: &[&str]| run_without(parts, &place, &[&["--config", "tools.yaml"], words].concat());
        let called = ran(&["call", "it"]);
        assert_eq!((called.status, called.stdout.as_str()), (0, said), "{parts}: {}", called.stderr);
        let plan: Value =
            serde_json::from_str(&ran(&["--dry-run", "it", "--json"]).ends_with(0).stdout).unwrap();
        assert_eq!(plan["sandbox"]["notEnforced"], serde_json::json!(lacks), "{parts}");
        let validated = ran(&["--validate"]).stdout;
        assert!(validated.contains("sandbox on this host: not kept:"), "{validated}");
    }
}

#[test]
fn a_sandbox_that_is_required_and_cannot_be_kept_runs_nothing() {
    if !is_kept() {
        return;
    }
    let commands = tools("true", "echo ran");
    let commands =
        commands.replace("version: 1\n", "version: 1\ndefaults: { limits_enforcement: required }\n");
    let place = Place::with(&[("tools.yaml", &commands)]);
    for (parts, what) in [("landlock", "files"), ("seccomp", "the network"), ("landlock,seccomp", "files")] {
        let ran = run_without(parts, &place, &["--config", "tools.yaml", "call", "it"]);
        assert_ne!(ran.status, 0);
        assert!(!ran.stdout.contains("ran"), "{}", ran.stdout);
        assert!(ran.stderr.contains(what) && ran.stderr.contains("limits_enforcement"), "{}", ran.stderr);
    }
    let kept = place.run(&["--config", "tools.yaml", "call", "it"]).ends_with(0);
    assert_eq!(kept.stdout, "ran\n");
}

/// Debian's kernel is a real one with an older Landlock.
#[test]
fn an_older_kernel_keeps_what_it_can() {
    let Some(machine) = Machine::with_mcpfier() else { return };
    for name in ["escape", "host"] {
        machine.write(&format!("bin/{name}"), &std::fs::read(example(name)).expect("a built example"));
    }
    passes(machine, include_str!("../../vm/sandbox.sh"));
}
