//! Commands proposed from help texts and from files of other tools. What is proposed for each file in
//! `tests/data/help` and `tests/data/import` stands beside it, byte for byte; `UPDATE_PROPOSALS=1`
//! writes it anew, to be reviewed by eye.

use std::path::{Path, PathBuf};

use mcpfier::scaffold::help;

use crate::support::program::{Program, mcpfier};

#[test]
fn help_texts_of_all_layouts_become_commands() {
    for (file, words) in [
        ("getopt", "seek"),
        ("clap", "finder"),
        ("argparse", "convert.py"),
        ("cobra", "fleetctl list"),
        ("docopt", "naval ship new"),
        ("git", "vcs log"),
        ("find", "seek"),
    ] {
        let text = read(&data("help").join(format!("{file}.txt")));
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let proposal = help::propose(&words, &text, None).expect("it is help").to_yaml();
        let proposed = format!("version: 1\n\ncommands:\n{proposal}");
        compare(&data("help").join(format!("{file}.expected.yaml")), &proposed);
        validate(&proposed);
    }
}

#[test]
fn files_of_other_tools_become_commands() {
    for file in [
        "package.json",
        "justfile",
        "Makefile",
        "mcpshell.yaml",
        "mcp-this.yaml",
        "any-script.yaml",
        "openapi.yaml",
        "nasty.openapi.yaml",
    ] {
        let proposed = import(file, &[]).may_talk().run().stdout;
        compare(&data("import").join(format!("{file}.expected.yaml")), &proposed);
        validate(&proposed);
    }
}

#[test]
fn what_is_left_out_of_an_import_is_told() {
    assert_eq!(
        import("package.json", &[]).may_talk().run().stderr,
        "note: left out the script `prepare`: npm runs it by itself\nnote: left out the script `pretest`: npm runs it with `test`\n"
    );
    let told = "note: left out the tool `fancy`: its template has logic; write it as a shell script with `\"$PARAM_name\"`\n";
    assert!(import("mcpshell.yaml", &[]).may_talk().run().stderr.starts_with(told));
}

#[test]
fn an_imported_script_takes_a_value_as_a_value() {
    let proposed = import("any-script.yaml", &[]).may_talk().run().stdout;
    let words = ["call", "echo", "message=$(id); `id` 'x'", "times=2"];
    let said = mcpfier(&words).tools(&proposed).run();
    assert_eq!(said.stdout, "$(id); `id` 'x'\n$(id); `id` 'x'\n");
    let value = "folder=/nonexistent'; echo hacked; '";
    let proposed = import("mcpshell.yaml", &[]).may_talk().run().stdout;
    let said = mcpfier(&["call", "disk_usage", value]).tools(&proposed).may_talk().ends_somehow().run();
    assert!(said.stdout.starts_with("Usage of /nonexistent'; echo hacked; ':\n"), "{}", said.stdout);
}

#[test]
fn an_import_can_go_into_a_file_and_runs_in_its_own_folder() {
    let mine = "version: 1\ncommands:\n  - name: say\n    description: Say.\n    script: echo\n";
    let file = data("import").join("Makefile");
    let words = ["import", &file.to_string_lossy(), "--into", "t.yaml"];
    let said = mcpfier(&words).file("t.yaml", mine).run();
    assert_eq!(said.stdout, "added to t.yaml: make-all make-clean make-test\n");
    let text = read(&said.folder().join("t.yaml"));
    assert!(text.starts_with(mine), "{text}");
    assert!(text.contains(&format!("working_dir: {}", data("import").display())), "{text}");
}

#[test]
fn what_cannot_be_imported_is_said() {
    for (name, text, words, status, told) in [
        ("openapi.yaml", "openapi: 3.1.0\n", &[][..], 1, "error: `openapi.yaml`: it has no `paths`\n"),
        ("package.json", "{", &[], 1, "error: `package.json`: it is not JSON: "),
        ("package.json", "{}", &[], 1, "error: `package.json`: it has no `scripts`\n"),
        (
            "Makefile",
            "a: b\n",
            &[],
            1,
            "error: `Makefile`: there is nothing to import in it: no target is phony or documented with `##`\n",
        ),
        (
            "x.yaml",
            "a: 1\n",
            &[],
            2,
            "error: it cannot be told what `x.yaml` is; say it with `--as npm|just|make|openapi|mcpshell|mcp-this|any-script`\n",
        ),
        ("x.yaml", "a: 1\n", &["--as", "nix"], 2, "error: there is no format `nix`; expected one of "),
        ("x.yaml", "a: [\n", &[], 1, "error[E0004]: "),
        (
            "package.json",
            "{}",
            &["--only", "GET /x"],
            2,
            "error: `--only` and `--tag` choose operations of OpenAPI, and `package.json` has none\n",
        ),
        ("none", "", &["--as", "npm"], 1, "error: `none`: it is not JSON: "),
    ] {
        let mut all = vec!["import", name];
        all.extend(words);
        let said = mcpfier(&all).file(name, text).ends_with(status).run();
        assert!(said.stderr.starts_with(told), "{name}: {}", said.stderr);
        assert_eq!(said.stdout, "");
    }
    let said = mcpfier(&["import", "absent.json"]).ends_with(1).run();
    assert!(said.stderr.starts_with("error: "), "{}", said.stderr);
    assert!(mcpfier(&["import"]).ends_with(2).run().stderr.contains("name a file"));
}

#[test]
fn programs_that_this_host_has_are_asked_for_their_help() {
    for (command, name, word) in [
        ("grep --help", "grep", "{ if: ignore_case, args: [--ignore-case] }"),
        ("git grep -h", "git-grep", "{ if: ignore_case, args: [--ignore-case] }"),
        ("cargo build --help", "cargo-build", "{ if: release, args: [--release] }"),
        ("rg --help", "rg", "{ if: ignore_case, args: [--ignore-case] }"),
        ("python3 -m http.server --help", "python3-http-server", "[--bind, \"{{bind}}\"]"),
    ] {
        let said = mcpfier(&["add", "--from-help", command]).may_talk().ends_somehow().run();
        // Every host that runs these tests has the first two.
        if said.stdout.is_empty() && !["grep", "git-grep"].contains(&name) {
            continue;
        }
        assert!(said.stdout.contains(&format!("  - name: {name}\n")), "{}", said.stdout);
        assert!(said.stdout.contains(word), "{}", said.stdout);
        validate(&said.stdout);
    }
}

#[test]
fn a_program_without_help_is_said() {
    for (words, status, told) in [
        (&["add"][..], 2, "error: name a program: `mcpfier add --from-help 'rg --help'`\n"),
        (&["add", "--from-help=--help"], 2, "error: name a program: "),
        (&["add", "--from-help", "grep 'x"], 2, "error: `grep 'x` has a quote that is not closed\n"),
        (&["add", "--from-help", "grep", "--name", "a b"], 2, "error: `a b` is no name for a command; "),
        (
            &["add", "--from-help", "echo {{x}} $(id)"],
            1,
            "error: `echo {{x}} $(id) --help` gave no help that can be read: ",
        ),
        (&["add", "--from-help", "no-such-program-anywhere"], 5, "error: "),
    ] {
        let said = mcpfier(words).ends_with(status).run();
        assert!(said.stderr.starts_with(told), "{words:?}: {}", said.stderr);
    }
}

fn import(file: &str, words: &[&str]) -> Program {
    let text = read(&data("import").join(file));
    let all: Vec<&str> = ["import", file].into_iter().chain(words.iter().copied()).collect();
    mcpfier(&all).file(file, &text)
}

/// A file that the program takes on every host.
fn validate(text: &str) {
    mcpfier(&["--validate", "--offline", "proposed.yaml"]).file("proposed.yaml", text).may_talk().run();
}

fn compare(kept: &Path, found: &str) {
    if std::env::var_os("UPDATE_PROPOSALS").is_some() {
        std::fs::write(kept, found).expect("it can be written");
    }
    let name = kept.display();
    assert_eq!(found, std::fs::read_to_string(kept).unwrap_or_default(), "{name} is not what is proposed");
}

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).expect("the file is there")
}
