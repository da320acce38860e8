//! What is offered where, asked as the script of fish asks.

use crate::support::program::{Program, mcpfier};

use super::TOOLS;

fn asked(words: &[&str]) -> Program {
    let words: Vec<&str> = ["__complete", "fish"].iter().chain(words).copied().collect();
    mcpfier(&words)
        .file("t.yaml", TOOLS)
        .file("other.yaml", "version: 1\ncommands: [{ name: only, description: D., script: echo }]\n")
        .file("old.yaml", "commands: [{ name: list, script: echo }, { name: sum, script: echo }]\n")
        .file("broken.yaml", "version: 1\ncommands: [{ name: only, scrip: echo }]\n")
        .file_below("below/inside.txt", "")
        .file_below("below/folder/x", "")
        .file_below("below/.hidden", "")
}

fn offered(words: &[&str]) -> Vec<String> {
    let said = asked(words).run().stdout;
    said.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn tools_and_verbs_are_offered_first_and_tools_alone_where_only_they_fit() {
    let first = offered(&["-c", "t.yaml", ""]);
    // A verb wins over the tool `list`, and `inner` is not for callers.
    assert_eq!(first.iter().filter(|word| *word == "list").count(), 1);
    assert_eq!(first.get(..4).unwrap_or_default(), ["greet", "group", "call", "list"]);
    assert!(!first.contains(&"inner".to_owned()) && first.contains(&"help".to_owned()));
    assert_eq!(offered(&["-c", "t.yaml", "call", ""]), ["greet", "group", "list"]);
    assert_eq!(offered(&["-c", "t.yaml", "--dry-run", ""]), ["greet", "group", "call", "setup", "bundle"]);
    assert!(offered(&["-c", "t.yaml", "--setup", ""]).is_empty());
}

#[test]
fn the_file_is_the_one_that_the_line_would_use() {
    for line in [
        &["--config", "other.yaml", "call", ""][..],
        &["--config=other.yaml", "call", ""],
        &["-cother.yaml", "call", ""],
        &["call", "-c", "~/other.yaml", ""],
        &["call", "--json", "-c", "other.yaml", ""],
    ] {
        assert_eq!(offered(line), ["only"], "{line:?}");
    }
    let by_variable = asked(&["call", ""]).env("MCPFIER_CONFIG", "other.yaml").run().stdout;
    assert_eq!(by_variable, "only\tD.\n");
    let lying_about = asked(&["call", ""]).file("config.yaml", TOOLS).run().stdout;
    assert!(lying_about.starts_with("greet\t"), "{lying_about}");
    // In a file of the original the command wins over the verb.
    let old = offered(&["-c", "old.yaml", ""]);
    assert_eq!(old.get(..3).unwrap_or_default(), ["list", "sum", "call"]);
    assert_eq!(old.iter().filter(|word| *word == "list").count(), 1);
}

#[test]
fn a_wrong_or_missing_file_offers_nothing_and_says_nothing() {
    for file in ["broken.yaml", "nowhere.yaml", ".", "/dev/null"] {
        for line in
            [&["-c", file, "call", ""][..], &["-c", file, "greet", ""], &["-c", file, "greet", "mode="]]
        {
            let said = asked(line).run();
            assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""), "{line:?}");
        }
        // Verbs need no file.
        assert!(offered(&["-c", file, "do"]).contains(&"doctor".to_owned()));
    }
    for odd in [&["__complete"][..], &["__complete", "tcsh", "x"], &["__complete", "bash"]] {
        assert_eq!(mcpfier(odd).run().stdout, "", "{odd:?}");
    }
}

#[test]
fn parameters_are_offered_until_they_are_given() {
    let group =
        |words: &[&str]| offered(&["-c", "t.yaml", "group"].iter().chain(words).copied().collect::<Vec<_>>());
    // What is required comes first, and an object can only be JSON.
    assert_eq!(group(&[""]), ["first=", "limit=", "colours=", "size:=", "file=", "token="]);
    assert_eq!(group(&["first=x", "limit:=1", "colours=red", ""]), ["colours=", "size:=", "file=", "token="]);
    assert_eq!(group(&["colours:=[]", "first=x", "size:={}", "file=.", ""]), ["limit=", "token="]);
    let said = asked(&["-c", "t.yaml", "call", "group", ""]).run().stdout;
    assert!(said.contains("limit=\tHow many [default: 3]\n") && !said.contains("hunter22"), "{said}");
}

#[test]
fn values_are_offered_where_the_file_says_which() {
    let value = |tool: &str, words: &[&str]| {
        offered(&["-c", "t.yaml", tool].iter().chain(words).copied().collect::<Vec<_>>())
    };
    assert_eq!(value("greet", &["mode="]), ["mode=fast", "mode=very slow", "mode=a:b", "mode=it's $x"]);
    assert_eq!(value("greet", &["deep="]), ["deep=true", "deep=false"]);
    assert_eq!(value("greet", &["deep:="]), ["deep:=true", "deep:=false"]);
    assert_eq!(value("group", &["colours=red", "colours="]), ["colours=green"]);
    assert_eq!(value("group", &["first="]), ["first=one"]);
    assert_eq!(value("group", &["limit="]), ["limit=3"]);
    assert!(value("group", &["token="]).is_empty());
    assert!(value("group", &["nothing="]).is_empty());
}

#[test]
fn paths_are_completed_where_the_tool_will_look_for_them() {
    let file = |written: &str| offered(&["-c", "t.yaml", "group", written]);
    assert_eq!(file("file="), ["file=folder/", "file=inside.txt"]);
    assert_eq!(file("file=in"), ["file=inside.txt"]);
    assert_eq!(file("file=."), ["file=.hidden"]);
    assert_eq!(file("file=folder/"), ["file=folder/x"]);
    assert_eq!(offered(&["-c", "ot"]), ["other.yaml"]);
    assert_eq!(offered(&["--config=ot"]), ["--config=other.yaml"]);
    assert_eq!(offered(&["--validate", "-c", "t.yaml", "br"]), ["broken.yaml"]);
}

#[test]
fn what_complete_says_is_offered_and_no_command_runs_for_it() {
    let file = r#"version: 1
commands:
  - name: release
    description: Release a branch.
    script: echo
    args: ["{{branch}}", "{{notes}}", "{{of}}", "{{stage}}"]
    params:
      branch: { type: string, complete: { values: [main, develop] } }
      notes: { type: string, complete: { files: ["docs/**/*.md"] } }
      of: { type: string, complete: { command: people } }
      stage: { type: string, enum: [test, live], complete: { values: [live, other] } }
  - { name: people, description: Who there is., shell: sh, run: "touch ran; echo ann", annotations: { read_only: true } }
"#;
    let value = |word: &str| {
        let said = mcpfier(&["__complete", "fish", "-c", "c.yaml", "release", word])
            .file("c.yaml", file)
            .file_below("docs/a.md", "")
            .file_below("docs/deep/b.md", "")
            .file_below("docs/c.txt", "")
            .run();
        assert_eq!(said.stderr, "");
        let lines = said.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(value("branch="), ["branch=main", "branch=develop"]);
    assert_eq!(value("branch:="), ["branch:=\"main\"", "branch:=\"develop\""]);
    assert_eq!(value("notes="), ["notes=docs/a.md", "notes=docs/deep/b.md"]);
    assert!(value("of=").is_empty(), "a command ran because somebody pressed TAB");
    assert_eq!(value("stage="), ["stage=test", "stage=live", "stage=other"]);
}

#[test]
fn options_are_offered_where_they_mean_something() {
    let has = |line: &[&str], option: &str| offered(line).contains(&option.to_owned());
    assert!(has(&["list", "--"], "--all") && has(&["list", "--"], "--json"));
    assert!(!has(&["list", "--all", "--"], "--all") && has(&["list", "--all", "--"], "--json"));
    assert!(!has(&["list", "--"], "--dry-run") && has(&["call", "--"], "--dry-run"));
    let root = offered(&["-"]);
    assert!(root.contains(&"--validate".to_owned()) && !root.contains(&"--strict".to_owned()), "{root:?}");
    assert!(root.contains(&"--server".to_owned()), "{root:?}");
    assert!(offered(&["--validate", "--"]).contains(&"--strict".to_owned()));
    assert!(!offered(&["--validate", "--"]).contains(&"--mcp".to_owned()));
    assert!(offered(&["-c", "t.yaml", "greet", "--"]).contains(&"--dry-run".to_owned()));
}

#[test]
fn options_of_a_verb_come_before_those_of_the_program() {
    let options = offered(&["trust", "--"]);
    assert_eq!(options.get(..4).unwrap_or_default(), ["--yes", "--list", "--remove", "--config"]);
    assert_eq!(options.last().map(String::as_str), Some("--help"));
}

#[test]
fn a_word_is_a_verb_only_where_the_line_can_have_one() {
    // The name of a file, of a template, of a tool.
    assert!(offered(&["-c", "list", ""]).contains(&"doctor".to_owned()));
    assert!(offered(&["init", "--template", "list", "--"]).contains(&"--template".to_owned()));
    assert_eq!(offered(&["-c", "t.yaml", "--", ""]), ["greet", "group", "list"]);
    assert!(offered(&["-c", "t.yaml", "--", "-"]).iter().all(|word| !word.starts_with('-')));
}

#[test]
fn a_value_is_completed_in_the_word_of_its_option() {
    assert_eq!(offered(&["-cot"]), ["-cother.yaml"]);
    assert_eq!(offered(&["--json", "-c=ot"]), ["-c=other.yaml"]);
    assert!(offered(&["init", "--template=git,"]).contains(&"--template=git,npm".to_owned()));
    assert_eq!(offered(&["-c", "below/."]), ["below/.hidden"]);
    assert!(offered(&["--nowhere="]).is_empty() && offered(&["-x"]).iter().all(|word| word.len() > 2));
}

#[test]
fn what_a_verb_takes_is_offered() {
    for (line, some) in [
        (&["explain", ""][..], "0012"),
        (&["explain", "E00"], "E0012"),
        (&["new", ""], "git"),
        (&["init", "--template", ""], "git"),
        (&["init", "--template", "git,"], "git,npm"),
        (&["import", "--as", ""], "just"),
        (&["setup", ""], "cursor"),
        (&["setup", "zed", ""], "cursor"),
        (&["completions", ""], "powershell"),
        (&["schema", ""], "plan"),
        (&["help", ""], "setup"),
        (&["secret", ""], "set"),
        (&["config", ""], "show"),
        (&["secret", "set", "--"], "--from-file"),
        (&["-c", "t.yaml", "help", ""], "greet"),
    ] {
        assert!(offered(line).contains(&some.to_owned()), "{line:?}: {:?}", offered(line));
    }
    assert!(offered(&["doctor", ""]).is_empty() && offered(&["explain", "0012", ""]).is_empty());
}

const CHOICES: &str = "version: 1
include: [more.yaml]
vars: { place: here }
profiles:
  prod: { defaults: { timeout: 5s }, commands: [{ name: build, tags: [slow] }] }
  test: {}
commands:
  - { name: build, description: Builds., script: make, tags: [ci, fast], params: { dir: { type: string, optional: true } }, nonsense: 1 }
";

/// The file has an error, which is no reason to be silent about what it has.
fn chosen(words: &[&str]) -> Vec<String> {
    let words: Vec<&str> = ["__complete", "fish", "-c", "c.yaml"].iter().chain(words).copied().collect();
    let more = "commands: [{ name: other, script: echo, tags: [ci] }]\n";
    let said = mcpfier(&words).file("c.yaml", CHOICES).file("more.yaml", more).run().stdout;
    said.lines().map(str::to_owned).collect()
}

#[test]
fn profiles_and_tags_are_those_of_the_file() {
    assert_eq!(chosen(&["--profile", ""]), ["prod\tdefaults, commands", "test\t"]);
    assert_eq!(chosen(&["list", "--profile=p"]), ["--profile=prod\tdefaults, commands", "--profile=test\t"]);
    assert_eq!(chosen(&["--profile", "prod", "--profile", ""]), ["test\t"]);
    assert_eq!(chosen(&["--tags", ""]), ["ci\t2 commands", "fast\t1 command"]);
    assert_eq!(chosen(&["--tags=ci,"]), ["--tags=ci,fast\t1 command"]);
    assert_eq!(chosen(&["--profile", "prod", "--tags", "fa"]), ["ci\t1 command", "slow\t1 command"]);
    for option in ["--profile", "--tags", "--set"] {
        assert!(offered(&["-c", "old.yaml", option, ""]).is_empty(), "{option}");
        assert!(offered(&["-c", "nowhere.yaml", option, ""]).is_empty(), "{option}");
    }
}

#[test]
fn the_path_of_a_setting_is_completed_key_by_key() {
    let texts = |words: &[&str]| -> Vec<String> {
        chosen(words).iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    };
    let root = texts(&["--set", ""]);
    assert!(root.contains(&"commands.".to_owned()) && root.contains(&"env_file=".to_owned()), "{root:?}");
    assert!(!root.iter().any(|key| key.starts_with("include") || key.starts_with("version")), "{root:?}");
    assert_eq!(chosen(&["--set", "commands."]), ["commands.build.\tBuilds.", "commands.other.\t"]);
    let keys = texts(&["--set=commands.build.ti"]);
    assert!(keys.contains(&"--set=commands.build.timeout=".to_owned()), "{keys:?}");
    assert!(keys.contains(&"--set=commands.build.limits.".to_owned()), "{keys:?}");
    assert!(!keys.contains(&"--set=commands.build.name=".to_owned()), "{keys:?}");
    assert_eq!(texts(&["--set", "vars."]), ["vars.place="]);
    assert_eq!(texts(&["--set", "commands.build.params."]), ["commands.build.params.dir."]);
    assert_eq!(
        texts(&["--set", "commands.build.limits_enforcement=r"]),
        ["best_effort", "required"].map(|word| format!("commands.build.limits_enforcement={word}"))
    );
    for nowhere in ["commands.nothing.", "version.", "commands.build.timeout=", "..", "a=b=", "=", "."] {
        let said = texts(&["--set", nowhere]);
        assert!(said.iter().all(|offer| offer.starts_with(nowhere)), "{nowhere}: {said:?}");
    }
}

#[test]
fn each_shell_is_answered_in_its_own_way() {
    let answer = |words: &[&str]| {
        let (shell, rest) = words.split_first().expect("a shell");
        let words: Vec<&str> = ["__complete", shell].iter().chain(rest).copied().collect();
        mcpfier(&words).file("config.yaml", TOOLS).run().stdout
    };
    // Bash says first what it will replace, and gives words as they are typed.
    assert_eq!(answer(&["bash", "v", "greet", "mode=v"]), "very\\ slow\n");
    assert_eq!(answer(&["bash", "mode=ve", "greet", "\"mode=ve"]), "mode=very slow\n");
    assert_eq!(answer(&["bash", "", "greet", "mode=a:"]), "b\n");
    assert_eq!(answer(&["bash", "it", "greet", "mode=it"]), "it\\'s\\ \\$x\n");
    // Zsh is told what stays, and the group of each offer.
    assert_eq!(answer(&["zsh", "call", "gre"]).lines().nth(1), Some("tools\tgreet\tGreet: politely"));
    assert!(answer(&["zsh", "greet", "mode="]).starts_with("mode=\nvalues\tfast\tthe default\n"));
    // PowerShell has a dot before the word, and wants a text for each offer.
    assert_eq!(answer(&["powershell", "call", ".gre"]), "greet\tgreet\tGreet: politely\n");
    assert_eq!(answer(&["powershell", "greet", ".mode=ve"]), "'mode=very slow'\tvery slow\tvery slow\n");
    assert_eq!(answer(&["powershell", "greet", ".mode=it"]), "'mode=it''s $x'\tit's $x\tit's $x\n");
    assert_eq!(answer(&["elvish", "greet", "de"]).lines().last(), Some("deep=\t\tHow far [optional]"));
}

#[test]
fn a_large_file_is_completed_like_a_small_one() {
    let more: String = (0..1000)
        .map(|number| format!("  - name: more-{number:04}\n    description: Number {number}, of a thousand.\n    script: echo\n"))
        .collect();
    let plain = TOOLS.replace("    expose: false\n", "") + &more;
    let asked = |text: &str, words: &[&str]| {
        let words: Vec<&str> =
            ["__complete", "fish", "-c", "large.yaml"].iter().chain(words).copied().collect();
        mcpfier(&words).file("large.yaml", text).run().stdout
    };
    assert!(plain.len() > 64 * 1024, "it is not large");
    let tools = asked(&plain, &["call", ""]);
    assert_eq!(tools.lines().count(), 1004);
    assert!(
        tools.starts_with("greet\tGreet: politely\n")
            && tools.ends_with("more-0999\tNumber 999, of a thousand.\n")
    );
    // The same text with a key that cannot be judged by its looks is loaded.
    let loaded = asked(&(TOOLS.to_owned() + &more), &["call", ""]);
    assert_eq!(loaded, tools.replace("inner\tIs for others.\n", ""));
    for words in [&["greet", "mode="][..], &["group", ""], &["more-0500", ""], &["nowhere", ""]] {
        assert_eq!(asked(&plain, words), asked(TOOLS, words), "{words:?}");
    }
}

#[test]
fn what_is_skimmed_is_what_would_be_loaded() {
    let project = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut understood = 0;
    for folder in ["src/scaffold/templates", "tests/data/valid", "examples"] {
        for entry in std::fs::read_dir(project.join(folder)).expect("the folder is there").flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let Some(skimmed) = mcpfier::config::skim(&text) else { continue };
            let loaded =
                mcpfier::config::load(&entry.path(), &mcpfier::config::Host::default(), &Default::default());
            let Some(catalog) = loaded.catalog else { continue };
            let names: Vec<&str> = skimmed.iter().map(|tool| tool.name).collect();
            let tools: Vec<&str> = catalog.tools().iter().map(|tool| tool.name.as_str()).collect();
            assert_eq!(names, tools, "{}", entry.path().display());
            understood += 1;
        }
    }
    assert!(understood >= 18, "only {understood} files were understood");
}
