//! The plan of a flow: as text, as JSON that fits its schema, and refused where it cannot be.

use serde_json::Value;

use crate::support::program::mcpfier;

const FLOW: &str = r#"version: 1
vars: { hosts: [a, b, c, d] }
commands:
  - name: say
    description: Say.
    script: printf
    args: [--, "%s\n", "{{text}}"]
    params: { text: { type: string, description: What, maxLength: 20 } }
  - name: inner
    description: Inner.
    params: { what: { type: string, description: What } }
    steps: [{ id: one, command: say, with: { text: "{{what}}" } }]
  - name: it
    title: All of it
    description: It.
    timeout: 5m
    params: { version: { type: string, description: Which } }
    steps:
      - { id: build, script: printf, args: ["{{version}}"], timeout: 1m }
      - { id: check, command: say, with: { text: ok }, after: [], on_error: continue }
      - { id: tag, command: say, with: { text: "v{{steps.build.stdout}}" }, after: [build, check], retry: { attempts: 3, delay: 1s } }
      - { id: tell, for_each: { items: "{{vars.hosts}}", concurrency: 2 }, command: say, with: { text: "{{item}}" }, when: steps.tag.exit_code == 0, else: { command: say, with: { text: no } } }
      - { id: list, for_each: "{{steps.build.json.files}}", command: say, with: { text: "{{item.name}}" }, after: [build] }
      - { id: deep, command: inner, with: { what: "{{steps.tag.stdout}}" }, on_error: { command: say, with: { text: undo } } }
    finally:
      - { id: clean, script: rm, args: [-f, "{{steps.build.stdout}}"] }
"#;

#[test]
fn the_plan_of_a_flow_is_read_like_a_page() {
    let said = mcpfier(&["--dry-run", "it", "version=1.2"]).tools(FLOW).may_talk().run();
    insta::assert_snapshot!(said.stdout);
}

#[test]
fn the_plan_of_a_flow_as_json_has_the_whole_plan_of_each_step() {
    let said = mcpfier(&["--dry-run", "--json", "it", "version=1.2"]).tools(FLOW).may_talk().run();
    let plan = said.json();
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string("schemas/plan.schema.json").unwrap()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let problems: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:#?} in {plan:#}");
    let steps = plan["steps"].as_array().unwrap();
    let work = |place: usize| &steps[place]["work"];
    assert_eq!(work(0)["known"], true);
    assert_eq!(work(0)["plan"]["argv"], serde_json::json!(["printf", "1.2"]));
    assert_eq!(work(2)["known"], false);
    assert_eq!(work(2)["plan"]["argv"][3], "v<output of build>");
    assert_eq!(work(3)["rounds"].as_array().unwrap().len(), 4);
    assert_eq!(work(5)["plan"]["steps"][0]["work"]["plan"]["argv"][3], "<output of tag>");
    assert_eq!(steps[2]["after"], serde_json::json!(["build", "check"]));
}

#[test]
fn everything_that_is_known_is_checked_before_anything_runs() {
    let said = mcpfier(&["it", "version=1.2"])
        .tools(&FLOW.replace("text: ok", "text: this is much too long for it"))
        .may_fail()
        .run();
    assert!(!said.stdout.contains("1.2"), "{}", said.stdout);
    let file = FLOW.replace("text: ok", "text: \"{{version}}\"");
    let said = mcpfier(&["it", "version=this-is-much-too-long-for-it"]).tools(&file).ends_with(2).run();
    assert!(said.stderr.contains("step `check`") && said.stderr.contains("`text`"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
}

#[test]
fn a_list_that_comes_with_the_call_is_bounded() {
    let file = r#"version: 1
commands:
  - name: it
    description: It.
    params: { list: { type: array, items: { type: integer }, description: List } }
    steps: [{ id: each, for_each: "{{list}}", script: echo, args: ["{{item}}"] }]
"#;
    let list = format!("list:=[{}0]", "0,".repeat(10_000));
    let said = mcpfier(&["--dry-run", "it", &list]).tools(file).ends_with(2).run();
    assert!(said.stderr.contains("got 10001 items"), "{}", said.stderr);
    let said = mcpfier(&["--dry-run", "it", "list:=[1,2]"]).tools(file).run();
    assert!(said.stdout.contains("of 2 items"), "{}", said.stdout);
}
