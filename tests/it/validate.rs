//! `--validate` and `explain` from outside: folders, SARIF, pages.

use serde_json::{Value, json};

use crate::support::program::mcpfier;

const GOOD: &str = "version: 1\ncommands:\n  - { name: say, description: Say it., script: printf }\n";
const BAD: &str = "version: 1\ncommands:\n  - name: say\n    description: \"ä𝄞\"\n    script: printf\n    tiemout: 5s\n  - { name: say, description: Again., script: printf }\n";

#[test]
fn a_folder_means_every_yaml_file_below_it_in_order() {
    let program = mcpfier(&["--validate", "--json", "conf"])
        .file_below("conf/b/two.yml", GOOD)
        .file_below("conf/a.yaml", BAD)
        .file_below("conf/.cache/hidden.yaml", BAD)
        .file_below("conf/notes.txt", "no yaml: [");
    let reports = program.ends_with(3).run().json();
    let files: Vec<&Value> = reports.as_array().expect("a list").iter().map(|one| &one["file"]).collect();
    assert_eq!(files, [&json!("conf/a.yaml"), &json!("conf/b/two.yml")]);
    assert_eq!((&reports[0]["errors"], &reports[1]["errors"]), (&json!(2), &json!(0)));
}

#[test]
fn a_folder_without_files_is_no_success() {
    let said = mcpfier(&["--validate", "conf"]).file_below("conf/notes.txt", "x").ends_with(4).run();
    assert!(said.stderr.contains("no `.yaml` or `.yml` file in `conf`"), "{}", said.stderr);
}

#[test]
fn sarif_is_one_run_with_rules_results_and_relative_places() {
    let program = mcpfier(&["--validate", "--sarif", "a b.yaml", "good.yaml"]);
    let document = program.file("a b.yaml", BAD).file("good.yaml", GOOD).ends_with(3).run().json();
    assert_eq!(document["version"], "2.1.0");
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(1));
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().is_some_and(|text| text.contains("Mended:")), "{rule}");
        let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(artifact, &json!({ "uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(result["level"], "error");
    }
    let unknown = &results[0]["locations"][0];
    let region = json!({ "startLine": 6, "startColumn": 5, "endLine": 6, "endColumn": 12 });
    assert_eq!(unknown["physicalLocation"]["region"], region);
    assert_eq!(unknown["logicalLocations"][0]["fullyQualifiedName"], "commands[0].tiemout");
    assert!(results[0]["message"]["text"].as_str().is_some_and(|text| text.contains("help: ")));
    let first = &results[1]["relatedLocations"][0];
    assert_eq!(first["physicalLocation"]["region"]["startLine"], 3);
    assert_eq!(first["message"]["text"], "the first is here");
}

#[test]
fn explain_shows_the_page_of_a_code_and_lists_all() {
    let page = mcpfier(&["explain", "W0037"]).run().stdout;
    for part in
        ["0037: a template that names an unknown parameter\n", "\nWrong:\n", "{{wrod}}", "\nMended:\n"]
    {
        assert!(page.contains(part), "{part:?} is missing in:\n{page}");
    }
    let list = mcpfier(&["explain"]).run().stdout;
    assert!(list.starts_with("0001  the file cannot be read\n"), "{list}");
    let said = mcpfier(&["explain", "E9999"]).ends_with(2).run();
    assert!(said.stderr.contains("there is no code `E9999`"), "{}", said.stderr);
}

#[test]
fn each_verb_is_warned_of_as_the_name_of_a_command() {
    for verb in mcpfier::cli::command().get_subcommands() {
        let text = GOOD.replace("name: say", &format!("name: {}", verb.get_name()));
        let said = mcpfier(&["--validate", "--json"]).tools(&text).run().json();
        assert_eq!(said[0]["problems"][0]["code"], "W0082", "{} is missing among the verbs", verb.get_name());
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, GOOD).expect("a file");
    for (mode, codes) in [(0o644, 0), (0o666, 1)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("permissions");
        let said = mcpfier(&["--validate", "--json"]).config(&file).run().json();
        let problems = said[0]["problems"].as_array().expect("a list");
        assert_eq!(problems.len(), codes, "{mode:o}: {problems:?}");
        assert!(problems.iter().all(|problem| problem["code"] == "W0081" && problem["host"] == true));
    }
}

/// What was checked, and how many errors each has.
fn counted(program: crate::support::program::Program, ends_with: i32) -> Vec<(String, u64)> {
    let reports = program.ends_with(ends_with).run().json();
    let reports = reports.as_array().expect("a list").iter();
    let count = |report: &Value| report["errors"].as_u64().expect("a count");
    reports.map(|report| (report["file"].as_str().expect("a file").to_owned(), count(report))).collect()
}

fn one(file: &str, errors: u64) -> Vec<(String, u64)> {
    vec![(file.to_owned(), errors)]
}

const PART: &str =
    "commands:\n  - { name: part, description: Say it., script: printf, args: [\"{{vars.x}}\"] }\n";
const WHOLE: &str = "version: 1\nvars: { x: y }\ninclude: [parts/*.yaml]\ncommands: []\n";

#[test]
fn a_file_that_another_one_includes_is_judged_as_a_part_of_it() {
    let set = |part: &str| {
        mcpfier(&["--validate", "--json", "conf"])
            .file_below("conf/main.yaml", WHOLE)
            .file_below("conf/parts/one.yaml", part)
    };
    assert_eq!(counted(set(PART), 0), one("conf/main.yaml", 0));
    assert_eq!(counted(set(&PART.replace("vars.x", "vars.z")), 3), one("conf/main.yaml", 1));
    let named = mcpfier(&["--validate", "--json", "parts/one.yaml", "main.yaml"])
        .file("main.yaml", WHOLE)
        .file_below("parts/one.yaml", PART);
    assert_eq!(counted(named, 0), one("main.yaml", 0));
}

#[test]
fn a_folder_whose_files_belong_together_is_checked_as_it_would_be_loaded() {
    let set = |part: (&str, &str)| {
        mcpfier(&["--validate", "--json", "conf"])
            .file_below("conf/config.yaml", "version: 1\nvars: { x: y }\ncommands: []\n")
            .file_below(part.0, part.1)
    };
    assert_eq!(counted(set(("conf/part.yaml", PART)), 0), one("conf", 0));
    let toml =
        "[[commands]]\nname = \"part\"\ndescription = \"Say it.\"\nscript = \"printf\"\ntiemout = \"5s\"\n";
    assert_eq!(counted(set(("conf/part.toml", toml)), 3), one("conf", 1));
    let alone = counted(set(("conf/other.yaml", GOOD)), 0);
    let files: Vec<&str> = alone.iter().map(|(file, _)| &**file).collect();
    assert_eq!(files, ["conf/config.yaml", "conf/other.yaml"], "a file with a version stands alone");
}

#[test]
fn json_and_toml_are_checked_where_they_are_configurations() {
    let program = mcpfier(&["--validate", "--json", "conf"])
        .file_below("conf/a.json", r#"{ "version": 1, "commands": [{ "name": "a", "script": 5 }] }"#)
        .file_below("conf/package.json", r#"{ "version": "1.0.0", "scripts": { "test": "x" } }"#)
        .file_below("conf/z.toml", "version = 2\ncommands = []\n");
    let files: Vec<String> = counted(program, 3).into_iter().map(|(file, _)| file).collect();
    assert_eq!(files, ["conf/a.json", "conf/z.toml"]);
}
