//! What is printed for programs fits the schemas that are published for it.

use serde_json::Value;

use crate::support::program::{Program, mcpfier};

const TOOLS: &str = r#"version: 1
secrets: { token: { env: TEST_TOKEN } }
commands:
  - name: everything
    title: Everything
    description: Sets whatever can be set.
    script: cat
    args: ["-", "{{file}}"]
    params:
      file: { type: string, description: A file, format: path, within: ., optional: true }
      password: { type: string, description: A password, sensitive: true, default: swordfish }
    stdin: "{{password}}"
    env: { TOKEN: "{{secrets.token}}", TIMES: "3" }
    limits: { memory: 64MiB, cpu: 0.5, pids: 16, files: 64, disk: 1GiB, output: 64KiB }
  - name: numbers
    description: Print a list.
    script: printf
    args: ["[1, 2]"]
    output: { format: json, schema: { type: array, items: { type: integer } } }
  - name: killed
    description: End by a signal.
    shell: sh
    run: kill -9 $$
  - name: wants
    description: Wants an argument without an example.
    script: echo
    args: [--, "{{word}}"]
    params: { word: { type: string, description: A word } }
  - name: fetch
    description: Call an interface.
    webhook:
      url: "http://127.0.0.1:1/{{id}}"
      method: PUT
      headers: { X-A: b }
      auth: { type: bearer, token: "{{secrets.token}}" }
      body: { token: "{{secrets.token}}" }
      allow_private: true
    params: { id: { type: integer, description: A number, default: 1 } }
  - name: contained
    description: Run in a container.
    script: cat
    stdin: "{{secrets.token}}"
    env: { A: b }
    limits: { disk: 1MiB }
    container:
      image: alpine:3.22
      platform: linux/amd64
      mounts: [{ source: ./tools.yaml, target: /data, read_only: false }]
      tmpfs: [/tmp, { target: /cache, size: 2MiB }]
      files: { /run/secrets/token: "{{secrets.token}}" }
      network: { allow: ["db:5432", { host: "*.example.com", port: 443, private: true }] }
      extra_hosts: { db: 10.0.0.1 }
      dns: ["::1"]
      devices: [/dev/null]
      labels: { team: data }
      cap_add: [CHOWN]
      user: root
      workdir: /data
      init: true
      stop_signal: INT
      scan: { block_on: high, with: trivy, when_absent: warn }
      reuse: { calls: 3, for: 30s }
  - name: image
    description: Run an image.
    container: hello-world:linux
"#;

fn tools(words: &[&str]) -> Program {
    mcpfier(words).tools(TOOLS).env("TEST_TOKEN", "correct-horse-battery")
}

#[test]
fn the_published_schemas_are_those_that_the_program_prints() {
    is_up_to_date("schemas/config.schema.json", &mcpfier(&["schema"]).run().stdout);
    for document in ["config", "plan", "result", "validation", "audit"] {
        assert_eq!(mcpfier(&["schema", document]).run().json(), schema(document));
    }
}

#[test]
fn the_reference_of_the_configuration_is_made_of_its_shapes() {
    is_up_to_date("docs/reference/configuration.md", &mcpfier::config::reference());
}

fn is_up_to_date(file: &str, made: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, made).expect("a file is written");
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == made, "{file} is out of date; UPDATE_SCHEMAS=1 cargo test schemas writes it");
}

#[test]
fn plans_fit_their_schema() {
    let plan = tools(&["--dry-run", "everything", "file=tools.yaml", "--json"]).run();
    fits("plan", &plan.json());
    assert!(plan.stdout.contains("<secret env:TEST_TOKEN>"), "{}", plan.stdout);
    assert!(!plan.stdout.contains("swordfish"), "{}", plan.stdout);
    let plans = tools(&["--dry-run", "--json"]).run().json();
    assert_eq!(plans.as_array().map(Vec::len), Some(7));
    fits("plan", &plans);
}

#[test]
fn results_fit_their_schema() {
    for name in ["everything", "numbers", "killed", "fetch"] {
        fits("result", &tools(&["call", name, "--json"]).ends_somehow().run().json());
    }
}

#[test]
fn validations_fit_their_schema() {
    fits("validation", &tools(&["--validate", "--json"]).run().json());
    let broken =
        format!("{TOOLS}  - {{ name: everything, scrip: x }}\n  - {{ name: b, script: no-such-program }}\n");
    let report = mcpfier(&["--validate", "--json"]).tools(&broken).ends_with(3).run().json();
    assert!(report[0]["errors"].as_u64() >= Some(3), "{report:#}");
    fits("validation", &report);
    let nothing = mcpfier(&["--validate", "--json"]).tools("a: [").ends_with(3).run().json();
    fits("validation", &nothing);
}

fn schema(document: &str) -> Value {
    let path = format!("{}/schemas/{document}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("a schema is there");
    serde_json::from_str(&text).expect("a schema is JSON")
}

fn fits(document: &str, value: &Value) {
    let validator = jsonschema::draft202012::new(&schema(document)).expect("a schema is valid");
    let problems: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{}\n{value:#}", problems.join("\n"));
}
