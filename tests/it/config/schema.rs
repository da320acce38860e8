//! The JSON Schema of the file: it takes every file that is right, and refuses what is wrong in
//! its structure. It is judged here by itself, as an editor uses it.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use mcpfier::config::{config_schema, read_foreign};
use proptest::prelude::*;
use serde_json::Value;

use super::host::{TestHost, data};
use super::reports::{file_name, read};

/// What lies in the structure of a file: a schema can see it.
const STRUCTURAL: [&str; 17] = [
    "E0009", "E0010", "E0011", "E0012", "E0013", "E0014", "E0016", "E0018", "E0019", "E0020", "E0022",
    "E0030", "E0035", "E0050", "E0060", "E0061", "E0067",
];

/// Mistakes under those codes that no schema can see, and why.
const EXCEPTIONS: [(&str, &str); 15] = [
    ("container-gpus.yaml", "a count, a word or a list of ids are one kind only where they are read"),
    ("container-verify.yaml", "what a key means for one inside of another is a meaning"),
    ("container-without-image.yaml", "what a command extends may have it"),
    ("container-entrypoint-twice.yaml", "what a key means for one inside of another is a meaning"),
    ("output-pattern.yaml", "whether a pattern is needed depends on the format"),
    ("output-pointless.yaml", "whether a key is of use depends on the format"),
    ("output-schema-of-text.yaml", "whether a schema is of use depends on the format"),
    ("output-template.yaml", "what a template names is a meaning"),
    ("quantity-sixty-digits.yaml", "a pattern does not know how large a number is"),
    ("quantity-zero-timeout.yaml", "zero is a duration; that no command can live on it is a meaning"),
    ("server-http-keys.yaml", "whether a text is a day is found where it is read"),
    ("variable-not-a-number.yaml", "what a variable holds does not stand in the file"),
    ("vars-none.yaml", "which variables there are is not known where one is named"),
    ("vars-unknown.yaml", "which variables there are is not known where one is named"),
    ("yaml-merge-of-text.yaml", "`<<` is gone before a schema sees the file"),
];

#[test]
fn the_schema_takes_every_file_that_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("config.example.yaml")];
    files.extend(yaml_files(&root.join("examples")));
    files.extend(yaml_files(&root.join("src/scaffold/templates")));
    files.extend(data("valid"));
    let schema = validator();
    let refused: Vec<String> = files.iter().filter_map(|file| refusal(&schema, file)).collect();
    assert!(files.len() > 30, "only {} files", files.len());
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
}

#[test]
fn the_schema_refuses_what_is_wrong_in_the_structure() {
    let (host, schema) = (TestHost::new(), validator());
    let mut taken = Vec::new();
    for file in data("invalid") {
        let (name, bytes) = (file_name(&file), read(&file));
        let report = host.check(&name, bytes).report.to_json();
        let codes = report.diagnostics.iter().map(|problem| problem.code.as_str());
        let found: Vec<&str> = codes.filter(|code| STRUCTURAL.contains(code)).collect();
        let is_excused = EXCEPTIONS.iter().any(|(excused, _)| *excused == name);
        if name.starts_with("original-") || found.is_empty() || instance(&file).is_none() {
            continue;
        }
        if refusal(&schema, &file).is_some() == is_excused {
            taken.push(format!("{name}: {}", found.join(" ")));
        }
    }
    assert!(taken.is_empty(), "\n{}", taken.join("\n"));
}

/// Places of single values; `@` is where one stands.
const PLACES: [&str; 16] = [
    "timeout: @",
    "kill_grace: @",
    "limits: { memory: @ }",
    "limits: { cpu: @ }",
    "limits: { pids: @ }",
    "concurrency: @",
    "exit_codes: [@]",
    "exit_codes: { @: ok }",
    "env_inherit: [@]",
    "env: { @: x }",
    "output: { format: binary, mime: @ }",
    "output: { show: @ }",
    "expose: @",
    "lock: @",
    "title: @",
    "params: { n: { type: integer, minimum: @, default: 1 }, @: string }",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_that_the_readers_take_is_refused_by_the_schema(
        place in proptest::sample::select(&PLACES),
        value in "[-+.0-9eExoaikKMBsmh_*/ ]{0,3}[0-9]{0,4}(s|ms|h|MiB|k|KB|e3|/x|\\*)?",
        quote in proptest::bool::ANY,
    ) {
        let value = if quote { format!("'{value}'") } else { value };
        let keys = place.replace('@', &value);
        let text = format!(
            "version: 1\ncommands:\n  - name: x\n    description: d\n    script: echo\n    {keys}\n"
        );
        let report = HOST.with(|host| host.check("config.yaml", text.clone().into_bytes()).report.to_json());
        let refused = report.diagnostics.iter().find(|problem| problem.code == "E0019");
        prop_assert!(refused.is_none(), "{text}{refused:?}");
    }
}

thread_local! {
    static HOST: TestHost = TestHost::new();
}

fn validator() -> Validator {
    let schema = config_schema();
    jsonschema::meta::validate(&schema).expect("a schema is a schema");
    jsonschema::draft202012::new(&schema).expect("a schema is valid")
}

/// Why the schema does not take a file.
fn refusal(schema: &Validator, file: &Path) -> Option<String> {
    let instance = instance(file)?;
    let problems = schema.iter_errors(&instance);
    let told: Vec<String> =
        problems.map(|problem| format!("{}: {problem}", problem.instance_path())).collect();
    (!told.is_empty()).then(|| format!("{}: {}", file_name(file), told.join("; ")))
}

/// A file as an editor sees it; `None` if it is no YAML.
fn instance(file: &Path) -> Option<Value> {
    let text = String::from_utf8(read(file)).ok()?;
    read_foreign(file, &text).ok()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of examples");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}
