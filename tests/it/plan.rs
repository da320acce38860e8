//! Calls → plans: the rules for words, by table and by property.

use std::sync::Arc;

use mcpfier::call::Call;
use mcpfier::engine::{Rejection, prepare};
use mcpfier::model::{Catalog, Principal};
use mcpfier::plan::{ExecutionPlan, Facts, Step, Word};
use mcpfier::policy::Policy;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::load::{load, path};

/// A host with one folder and a PATH.
struct Bench {
    folder: tempfile::TempDir,
    catalog: Arc<Catalog>,
    facts: Facts,
}

impl Bench {
    fn of(commands: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("PATH", &*path()),
            ("HOME", "/home/x"),
            ("LC_ALL", "C"),
            ("API_TOKEN", "a-long-secret-token"),
            ("OTHER", "other"),
        ];
        let (catalog, facts, _) = load(folder.path(), &format!("version: 1\n{commands}"), &variables);
        Self { folder, catalog, facts }
    }

    fn plan(&self, tool: &str, arguments: Value) -> Result<ExecutionPlan, Rejection> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = Call { principal: Principal::local().into(), tool: tool.to_owned(), arguments };
        prepare(&self.catalog, &Policy::default(), &self.facts, call)
    }

    fn words(&self, tool: &str, arguments: Value) -> Vec<String> {
        let plan = self.plan(tool, arguments).unwrap();
        let Step::Process(process) = &plan.step else { panic!("no process") };
        process.argv.iter().skip(1).map(|word| word.printed(&self.catalog.secrets)).collect()
    }

    fn refusal(&self, tool: &str, arguments: Value) -> String {
        self.plan(tool, arguments).unwrap_err().to_string()
    }
}

const SEARCH: &str = r#"
commands:
  - name: search
    description: Search.
    script: echo
    args:
      - { if: ignore_case, args: [--ignore-case] }
      - [--glob, "{{glob}}"]
      - "--max={{limit}}"
      - { literal: "{{.Names}}" }
      - "{{first}}"
      - --
      - "{{pattern}}"
      - "{{paths}}"
    params:
      pattern: { type: string, description: What., minLength: 1 }
      first: { type: string, description: Early., optional: true }
      glob: { type: string, description: Only these., optional: true }
      paths: { type: array, description: Where., items: { type: string }, optional: true }
      limit: { type: integer, description: Most., minimum: -5, maximum: 500, default: 50 }
      ignore_case: { type: boolean, description: Case., default: false }
"#;

#[test]
fn absent_values_drop_their_words_and_groups() {
    let bench = Bench::of(SEARCH);
    assert_eq!(bench.words("search", json!({"pattern": "x"})), ["--max=50", "{{.Names}}", "--", "x"]);
    assert!(bench.refusal("search", json!({"pattern": ""})).contains("`pattern`"));
}

#[test]
fn arrays_that_are_a_whole_word_become_several_and_an_empty_one_none() {
    let bench = Bench::of(SEARCH);
    let words = bench.words("search", json!({"pattern": "x", "paths": ["a b", "-c", ""], "glob": "*"}));
    assert_eq!(words, ["--glob", "*", "--max=50", "{{.Names}}", "--", "x", "a b", "-c", ""]);
    let words = bench.words("search", json!({"pattern": "x", "paths": [], "glob": null}));
    assert_eq!(words, ["--max=50", "{{.Names}}", "--", "x"]);
}

#[test]
fn a_text_that_would_become_an_option_is_refused_before_the_double_dash_only() {
    let bench = Bench::of(SEARCH);
    assert!(bench.refusal("search", json!({"pattern": "x", "first": "-rf"})).contains("begins with `-`"));
    assert_eq!(bench.words("search", json!({"pattern": "-rf", "limit": -5}))[0], "--max=-5");
}

#[test]
fn every_problem_with_the_arguments_is_said_at_once() {
    let bench = Bench::of(SEARCH);
    let said = bench
        .refusal("search", json!({"limit": 501, "patern": "x", "glob": "a\u{7}b", "ignore_case": "yes"}));
    for part in
        ["`limit`", "501", "did you mean `pattern`", "U+0007", "`ignore_case`", "`pattern`: is required"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let long = "x".repeat(5000);
    assert!(bench.refusal("search", json!({ "pattern": long })).contains("4096"));
}

#[test]
fn paths_stay_within_their_folder_and_arrive_canonical() {
    let bench = Bench::of(
        r#"
commands:
  - name: show
    description: Show.
    script: cat
    args: ["{{file}}"]
    params: { file: { type: string, description: File., format: path, within: data } }
"#,
    );
    let data = bench.folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(bench.folder.path().join("outside"), "").unwrap();
    std::os::unix::fs::symlink("../outside", data.join("link")).unwrap();
    let expected = data.canonicalize().unwrap().join("-n").display().to_string();
    assert_eq!(bench.words("show", json!({"file": "data/-n"})), [expected]);
    for file in ["outside", "data/../outside", "data/link", "/etc/passwd", "data/link/x"] {
        let said = bench.refusal("show", json!({ "file": file }));
        assert!(said.contains("leads out of") || said.contains("cannot be looked up"), "{file}: {said}");
    }
}

#[test]
fn a_script_gets_values_as_variables_and_never_as_text() {
    let bench = Bench::of(
        r#"
commands:
  - name: report
    description: Report.
    shell: bash
    run: echo "$PARAM_a"
    params:
      a: { type: string, description: A. }
      b: { type: array, description: B., items: { type: integer }, optional: true }
      c: { type: boolean, description: C., default: true }
      d: { type: string, description: D., optional: true }
"#,
    );
    let plan = bench.plan("report", json!({"a": "$(id); `id`", "b": [1, 2]})).unwrap();
    let Step::Process(process) = &plan.step else { panic!("no process") };
    let words: Vec<String> = process.argv.iter().map(|word| word.printed(&bench.catalog.secrets)).collect();
    assert_eq!(words, ["bash", "-c", "echo \"$PARAM_a\""]);
    let variables: Vec<(&str, String)> = process
        .variables
        .iter()
        .map(|(name, word)| (name.as_str(), word.printed(&bench.catalog.secrets)))
        .collect();
    assert_eq!(
        variables,
        [
            ("PARAM_a", "$(id); `id`".to_owned()),
            ("PARAM_b", "[1,2]".to_owned()),
            ("PARAM_c", "true".to_owned()),
            ("PARAMS_JSON", r#"{"a":"$(id); `id`","b":[1,2],"c":true}"#.to_owned()),
        ]
    );
}

#[test]
fn a_child_inherits_little_and_never_what_feeds_a_secret() {
    let bench = Bench::of(
        r#"
secrets: { token: { env: API_TOKEN } }
commands:
  - { name: small, description: Small., script: env }
  - { name: all, description: All., script: env, env_inherit: all }
  - { name: some, description: Some., script: env, env_inherit: [OTH*, API_TOKEN] }
  - { name: none, description: None., script: env, env_inherit: none, env: { TOKEN: "{{secrets.token}}" } }
"#,
    );
    let names = |tool: &str| {
        let plan = bench.plan(tool, json!({})).unwrap();
        let Step::Process(process) = plan.step else { panic!("no process") };
        process.inherited.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("small"), "HOME LC_ALL PATH");
    assert_eq!(names("all"), "HOME LC_ALL OTHER PATH");
    assert_eq!(names("some"), "HOME LC_ALL OTHER PATH");
    assert_eq!(names("none"), "");
    let text = bench.plan("none", json!({})).unwrap().to_text(&bench.catalog.secrets);
    assert!(text.contains("TOKEN='<secret env:API_TOKEN>'"), "{text}");
    assert!(!text.contains("a-long-secret-token"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever the values are, there are exactly as many words as the file says.
    #[test]
    fn values_never_split_or_join_words(pattern in "[^\\p{Cc}]{1,40}", paths in prop::collection::vec("[^\\p{Cc}]{0,20}", 0..5), glob in prop::option::of("[^\\p{Cc}-][^\\p{Cc}]{0,20}")) {
        let bench = Bench::of(SEARCH);
        let mut arguments = json!({"pattern": pattern.clone(), "paths": paths.clone()});
        if let Some(glob) = &glob {
            arguments["glob"] = json!(glob);
        }
        let words = bench.words("search", arguments);
        let mut expected = Vec::new();
        if let Some(glob) = glob {
            expected.extend(["--glob".to_owned(), glob]);
        }
        expected.extend(["--max=50", "{{.Names}}", "--"].map(str::to_owned));
        expected.push(pattern);
        expected.extend(paths);
        prop_assert_eq!(words, expected);
    }

    /// No printed form of a plan shows a sensitive value.
    #[test]
    fn sensitive_values_are_never_printed(value in "[a-z]{12,24}") {
        let bench = Bench::of(r#"
commands:
  - name: login
    description: Log in.
    script: echo
    args: ["--password={{password}}", --, "{{password}}"]
    env: { PASSWORD: "{{password}}" }
    stdin: "{{password}}"
    params: { password: { type: string, description: Password., sensitive: true } }
  - name: login-script
    description: Log in.
    shell: sh
    run: true
    params: { password: { type: string, description: Password., sensitive: true } }
"#);
        for tool in ["login", "login-script"] {
            let plan = bench.plan(tool, json!({"password": value.clone()})).unwrap();
            prop_assert!(!plan.to_text(&bench.catalog.secrets).contains(&value));
            prop_assert!(!plan.to_json(&bench.catalog.secrets).to_string().contains(&value));
        }
    }

    /// A printed command line is read back by a shell as the same words.
    #[test]
    fn the_printed_command_can_be_pasted(pattern in "[^\\p{Cc}]{1,40}") {
        let bench = Bench::of(SEARCH);
        let plan = bench.plan("search", json!({"pattern": pattern})).unwrap();
        let text = plan.to_text(&bench.catalog.secrets);
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix("command")).unwrap().trim_start();
        let Step::Process(process) = &plan.step else { panic!("no process") };
        let words: String = process.argv.iter().map(|word| match word {
            Word::Known(text) => format!("{text}\0"),
            Word::Filled(_) => unreachable!("nothing here is hidden"),
        }).collect();
        let script = format!("printf '%s\\0' {line}");
        let read = std::process::Command::new("bash").args(["-c", &script]).output().unwrap();
        prop_assert_eq!(String::from_utf8(read.stdout).unwrap(), words);
    }
}
