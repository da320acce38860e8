//! The help of the program, of each verb and of a tool.

use crate::support::program::mcpfier;

const TOOLS: &str = r#"version: 1
commands:
  - name: search
    title: Search
    description: |
      Search files for a text, line by line.
      Says nothing where nothing is found.
    script: sh
    args: [-c, "true", "{{glob}}", "{{limit}}", "{{where}}", "{{mode}}", "{{paths}}", --, "{{pattern}}"]
    params:
      limit: { type: integer, description: How many, minimum: 1, maximum: 500, default: 50 }
      pattern: { type: string, description: What to look for, minLength: 1, examples: [two words] }
      glob: { type: string, description: "Files that are looked at, all of them without it, which may take long where there are many of them", pattern: '^[a-z*.]+$', optional: true }
      where: { type: string, description: Where, format: path, optional: true, within: . }
      mode: { type: string, description: How, enum: [fast, "very thorough indeed"], default: fast, }
      paths: { type: array, description: Which, items: { type: string, enum: [src, tests] }, maxItems: 2, optional: true }
      key: { type: string, description: A key, sensitive: true, optional: true, pattern: "^[a-z]+$" }
      shape: { type: object, description: A shape, optional: true }
    env: { KEY: "{{key}}", SHAPE: "{{shape}}" }
    timeout: 90s
  - name: list
    description: Has the name of a verb.
    script: echo
  - name: absent
    description: Needs a program that is not here.
    script: no-such-program-anywhere
"#;

#[test]
fn a_tool_has_a_help_of_its_own() {
    let said = mcpfier(&["search", "--help"]).tools(TOOLS).may_talk().run();
    insta::assert_snapshot!(said.stdout);
    for words in [&["call", "search", "-h"][..], &["help", "search"], &["search", "pattern=x", "--help"]] {
        assert_eq!(mcpfier(words).tools(TOOLS).may_talk().run().stdout, said.stdout, "{words:?}");
    }
}

#[test]
fn the_example_of_a_tool_can_be_pasted() {
    let help = mcpfier(&["search", "--help"]).tools(TOOLS).may_talk().run().stdout;
    let example = help.lines().skip_while(|line| *line != "Example:").nth(1).expect("there is one");
    let words = shell_words::split(example.trim().trim_start_matches("mcpfier ")).expect("it is quoted");
    let words: Vec<&str> = std::iter::once("--dry-run").chain(words.iter().map(String::as_str)).collect();
    mcpfier(&words).tools(TOOLS).may_talk().run();
}

#[test]
fn a_tool_with_the_name_of_a_verb_is_explained_as_it_is_called() {
    let said = mcpfier(&["call", "list", "--help"]).tools(TOOLS).may_talk().run().stdout;
    assert!(said.contains("Usage: mcpfier call list\n"), "{said}");
    assert!(mcpfier(&["list", "--help"]).tools(TOOLS).run().stdout.contains("--all"));
}

#[test]
fn a_tool_that_this_host_lacks_says_so_in_its_help() {
    let said = mcpfier(&["absent", "--help"]).tools(TOOLS).may_talk().run().stdout;
    assert!(said.contains("Not available here:") && said.contains("no-such-program-anywhere"), "{said}");
}

#[test]
fn help_about_something_that_is_not_there_names_the_nearest() {
    for (words, expected) in [
        (&["serch", "--help"][..], "neither a verb nor a tool `serch`; did you mean `search`?"),
        (&["help", "doctro"], "did you mean `doctor`?"),
    ] {
        let said = mcpfier(words).tools(TOOLS).ends_with(5).run();
        assert!(said.stderr.contains(expected) && said.stdout.is_empty(), "{}", said.stderr);
    }
    mcpfier(&["help", "search"]).ends_with(4).run();
}

#[test]
fn verbs_are_explained_without_a_file() {
    let whole = mcpfier(&["help"]).run().stdout;
    assert_eq!(whole, mcpfier(&["--help"]).run().stdout);
    assert_eq!(mcpfier(&["help", "bundle"]).run().stdout, mcpfier(&["bundle", "--help"]).run().stdout);
}

#[test]
fn every_verb_shows_examples_that_are_right_and_fits_a_terminal() {
    let root = mcpfier::cli::command();
    for verb in root.get_subcommands().map(clap::Command::get_name) {
        let help = mcpfier(&[verb, "-h"]).run().stdout;
        assert!(help.lines().all(|line| line.chars().count() <= 100), "a line is too long:\n{help}");
        check_examples(&help, verb);
    }
    check_examples(&mcpfier(&["-h"]).run().stdout, "mcpfier");
}

/// What stands in a line up to a gap or a redirection is understood by the parser.
fn check_examples(help: &str, of: &str) {
    let joined = help.replace("\\\n", " ");
    let lines: Vec<&str> =
        joined.lines().filter_map(|line| line.find("  mcpfier ").map(|at| line[at..].trim())).collect();
    assert!(!lines.is_empty(), "{of} shows no example");
    for line in lines.iter().filter(|line| !line.contains("[OPTIONS]")) {
        let command = line.replace("    --", " --");
        let command =
            command.split("   ").next().unwrap_or_default().split(['<', '>']).next().unwrap_or_default();
        let words = shell_words::split(command).expect("quotes are closed");
        let problem = mcpfier::cli::command().try_get_matches_from(&words).err();
        let is_fine = problem.as_ref().is_none_or(|problem| !problem.use_stderr());
        assert!(is_fine, "{of}: {line}\n{}", problem.map(|problem| problem.to_string()).unwrap_or_default());
    }
}

#[test]
fn a_verb_shows_only_options_that_mean_something_to_it() {
    let shows = |verb: &str, option: &str| {
        let help = mcpfier(&[verb, "--help"]).run().stdout;
        help.lines().any(|line| line.trim_start().trim_start_matches("-c, ").starts_with(option))
    };
    for (verb, option) in
        [("explain", "--config"), ("list", "--dry-run"), ("schema", "--json"), ("bundle", "--json")]
    {
        assert!(!shows(verb, option), "{verb} {option}");
    }
    for (verb, option) in
        [("call", "--dry-run"), ("setup", "--dry-run"), ("list", "--json"), ("doctor", "--config")]
    {
        assert!(shows(verb, option), "{verb} {option}");
    }
    // It is taken all the same: a command of the original may be meant.
    mcpfier(&["list", "--dry-run"]).tools(TOOLS).may_talk().run();
}

#[test]
fn a_command_with_the_name_of_any_verb_is_warned_of() {
    let root = mcpfier::cli::command();
    let verbs: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
    let commands: String = verbs
        .iter()
        .map(|verb| format!("  - {{ name: {verb}, description: Has the name of a verb., script: echo }}\n"))
        .collect();
    let said = mcpfier(&["--validate"]).tools(&format!("version: 1\ncommands:\n{commands}")).may_talk().run();
    for verb in verbs {
        let warning = format!("`{verb}` is also a word of the command line");
        assert!(said.stderr.contains(&warning), "nothing warns of `{verb}`");
    }
}
