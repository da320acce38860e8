//! Flags that choose, and files that belong together, as somebody at a shell meets them.

use crate::support::place::Place;
use crate::support::program::{Program, mcpfier};

const FILE: &str = "version: 1
include: [tools/*.yaml]
vars: { region: \"${REGION:-us}\" }
profiles:
  prod: { vars: { region: eu }, commands: [{ name: where, timeout: 2s }] }
  quiet: { commands: [{ name: where, args: [silence] }] }
commands:
  - { name: where, description: Say where, script: echo, args: [\"{{vars.region}}\"], tags: [place] }
  - { name: off, description: Not offered, script: echo, enabled: false }
";
const INCLUDED: &str = "commands:
  - { name: here, description: Show this folder, script: ./here.sh, tags: [script, place] }
";

/// The program with these words, a root file and one that it includes.
fn composed(words: &[&str]) -> Program {
    mcpfier(words).file_below("tools/git.yaml", INCLUDED).file("config.yaml", FILE)
}

#[test]
fn a_profile_is_chosen_by_a_flag_and_by_a_variable() {
    assert_eq!(composed(&["call", "where"]).run().stdout, "us\n");
    assert_eq!(composed(&["--profile", "prod", "call", "where"]).run().stdout, "eu\n");
    assert_eq!(composed(&["call", "where", "--profile=prod", "--profile=quiet"]).run().stdout, "silence\n");
    assert_eq!(composed(&["call", "where"]).env("MCPFIER_PROFILE", "prod").run().stdout, "eu\n");
    let both = composed(&["call", "where", "--profile", "quiet"]).env("MCPFIER_PROFILE", "prod");
    assert_eq!(both.run().stdout, "silence\n");
}

#[test]
fn a_profile_that_does_not_exist_serves_nothing() {
    let said = composed(&["call", "where", "--profile", "prd"]).ends_with(3).run();
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("there is no profile `prd`"), "{}", said.stderr);
    assert!(said.stderr.contains("did you mean `prod`?"), "{}", said.stderr);
    let said = composed(&["call", "where"]).env("MCPFIER_PROFILE", "prd").ends_with(3).run();
    assert!(said.stderr.contains("MCPFIER_PROFILE:1:1"), "{}", said.stderr);
}

#[test]
fn a_value_is_laid_over_everything() {
    let said = composed(&["--profile", "prod", "--set", "vars.region=moon", "call", "where"]).run();
    assert_eq!(said.stdout, "moon\n");
    let plan = composed(&["--dry-run", "where", "--set", "commands.where.timeout=7s"]).run().stdout;
    assert!(plan.contains("timeout  7s,"), "{plan}");
}

#[test]
fn a_mistake_in_a_flag_is_shown_in_the_flag() {
    let said = composed(&["list", "--set", "commands.her.timeout=5s"]).ends_with(3).run();
    insta::assert_snapshot!(said.stderr);
}

#[test]
fn tags_choose_what_is_listed_and_validated() {
    let names = |tags: &str| -> Vec<String> {
        let tools = composed(&["list", "--json", "--tags", tags]).may_talk().run().json();
        let names = tools.as_array().expect("a list").iter().map(|tool| tool["name"].as_str());
        names.map(|name| name.expect("a name").to_owned()).collect()
    };
    assert_eq!(names("script"), Vec::<String>::new(), "there is no such script in this folder");
    assert_eq!(names("place"), ["where"]);
    let said = composed(&["--validate", "--tags", "script"]).ends_with(3).run();
    assert!(said.stderr.contains("there is no executable `./here.sh`"), "{}", said.stderr);
    let said = composed(&["list", "--tags", "plaec"]).ends_with(3).run();
    assert!(said.stderr.contains("did you mean `place`?"), "{}", said.stderr);
}

#[test]
fn a_disabled_command_is_listed_as_such_and_not_run() {
    let said = composed(&["list"]).may_talk().run();
    assert!(!said.stdout.contains("off"), "{}", said.stdout);
    let said = composed(&["list", "--all"]).run();
    assert!(said.stdout.contains("off    Not offered  (disabled)"), "{}", said.stdout);
    let said = composed(&["call", "off"]).ends_with(5).run();
    assert!(said.stderr.contains("`off` is not available here: it is disabled"), "{}", said.stderr);
    assert_eq!(composed(&["call", "off", "--set", "commands.off.enabled=true"]).run().stdout, "\n");
}

#[test]
fn every_profile_is_validated_and_a_chosen_one_alone() {
    let broken = FILE.replace("quiet: {", "quiet: { commnds: [],");
    let file = |words: &[&str]| composed(words).file("config.yaml", &broken);
    let told = file(&["--validate", "--offline"]).ends_with(3).run().stderr;
    assert!(told.contains("`commnds` is not a key of a profile"), "{told}");
    assert!(told.contains("this is so with `--profile quiet`"), "{told}");
    let told = file(&["--validate", "--offline", "--profile", "prod"]).may_talk().run().stderr;
    assert!(!told.contains("commnds"), "{told}");
}

#[test]
fn a_folder_is_a_configuration() {
    let folder = |words: &[&str]| {
        mcpfier(words)
            .file_below("tools/mcpfier.json", "{ \"version\": 1, \"server\": { \"name\": \"folder\" } }\n")
            .file_below("tools/one.yaml", "commands: [{ name: one, description: One, script: echo }]\n")
            .file_below(
                "tools/two.toml",
                "[[commands]]\nname = \"two\"\ndescription = \"Two\"\nscript = \"echo\"\n",
            )
    };
    let listed = "one  One\ntwo  Two\n";
    assert_eq!(folder(&["--config", "tools", "list"]).run().stdout, listed);
    assert_eq!(folder(&["list"]).env("MCPFIER_CONFIG", "tools").run().stdout, listed);
    let said = folder(&["--config", "tools", "--validate"]).run();
    assert_eq!(said.stdout, "tools: 2 commands, no problems\n");
}

#[test]
fn what_is_in_effect_can_be_shown_and_loaded_again() {
    let shown = composed(&["config", "show", "--profile", "prod", "--origin"]).run();
    insta::assert_snapshot!(shown.stdout);
    let again = mcpfier(&["list", "--json", "--all"]).tools(&shown.stdout).run().json();
    let before = composed(&["list", "--json", "--all", "--profile", "prod"]).run().json();
    let names = |tools: &serde_json::Value| -> Vec<String> {
        let tools = tools.as_array().expect("a list").iter();
        tools.map(|tool| format!("{} {}", tool["name"], tool["state"])).collect()
    };
    assert_eq!(names(&again), names(&before));
}

#[test]
fn what_is_in_effect_can_be_shown_as_json_and_with_everything_filled_in() {
    let shown = composed(&["config", "show", "--json", "--resolved"]).env("REGION", "mars").run().json();
    assert_eq!(shown["commands"][0]["args"], serde_json::json!(["mars"]));
    let shown = composed(&["config", "show", "--json", "--origin", "--set", "server.name=x"]).run().json();
    assert_eq!(shown["config"]["server"]["name"], "x");
    assert_eq!(shown["origins"]["server.name"], "--set");
    assert_eq!(shown["origins"]["commands[2].script"], "tools/git.yaml:2");
}

#[test]
fn a_file_with_mistakes_is_not_shown() {
    let said = composed(&["config", "show", "--set", "sever.name=x"]).ends_with(3).run();
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("did you mean `server`?"), "{}", said.stderr);
}

#[test]
fn a_client_is_told_what_was_chosen() {
    let said = composed(&["--config", "config.yaml", "--profile", "prod", "--setup"]).run();
    assert!(said.stdout.contains("--profile prod"), "{}", said.stdout);
}

#[test]
fn every_file_that_belongs_to_it_is_trusted_or_none() {
    let place = Place::with(&[("config.yaml", FILE), ("tools/git.yaml", INCLUDED)]);
    place.run(&["trust", "--yes"]).ends_with(0);
    place.run(&[]).ends_with(0);
    place.write("tools/git.yaml", &INCLUDED.replace("here.sh", "there.sh"));
    let said = place.run(&[]).ends_with(4).stderr;
    assert!(said.contains("tools/git.yaml` changed since"), "{said}");
    // A new file that a pattern matches is a change too.
    place.write("tools/git.yaml", INCLUDED);
    place.run(&[]).ends_with(0);
    place.write("tools/more.yaml", "commands: []\n");
    place.run(&[]).ends_with(4);
}

#[test]
fn a_lock_holds_what_was_chosen_and_every_file() {
    let place = Place::with(&[("config.yaml", FILE), ("tools/git.yaml", INCLUDED)]);
    let run = |words: &[&str]| {
        let words: Vec<&str> = ["--config", "config.yaml"].iter().chain(words).copied().collect();
        place.run(&words)
    };
    run(&["lock"]).ends_with(0);
    assert!(place.read("mcpfier.lock").contains("tools/here.sh"), "{}", place.read("mcpfier.lock"));
    run(&["--locked", "list"]).ends_with(0);
    run(&["--locked", "list", "--profile", "quiet"]).ends_with(6);
    run(&["--locked", "list", "--set", "commands.where.timeout=1s"]).ends_with(6);
    place.write("tools/git.yaml", &INCLUDED.replace("here.sh", "there.sh"));
    run(&["--locked", "list"]).ends_with(6);
    run(&["lock", "--profile", "quiet"]).ends_with(0);
    run(&["--locked", "list", "--profile", "quiet"]).ends_with(0);
}

#[test]
fn a_test_in_an_included_file_is_told_with_its_place_there() {
    let tested = "commands:
  - name: tested
    description: Tested
    script: echo
    args: [one]
    tests:
      - { expect: { stdout: { equals: two } } }
";
    let said = composed(&["test", "tested"]).file_below("tools/tested.yaml", tested).ends_with(1).run();
    assert!(said.stdout.contains("tools/tested.yaml:7"), "{}", said.stdout);
    let said =
        composed(&["test", "--set", "commands.tested.enabled=false"]).file_below("tools/tested.yaml", tested);
    let said = said.may_talk().run();
    assert!(said.stdout.contains("it is disabled"), "{}", said.stdout);
}
