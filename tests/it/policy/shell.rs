//! `mcpfier policy check`, dry-runs and tests of a file.

use serde_json::json;

use super::TOOLS;
use crate::support::program::{Program, mcpfier};

fn check(words: &[&str]) -> Program {
    mcpfier(&[&["policy", "check"], words].concat()).tools(TOOLS)
}

#[test]
fn a_decision_is_told_with_the_rule_that_makes_it() {
    let said =
        check(&["--as", "key:ci", "--at", "2026-11-27", "deploy", "target=prod"]).ends_with(6).run().stdout;
    insta::assert_snapshot!(said);
    let said = check(&["--as", "key:all", "release", "version=1"]).ends_with(6).run().stdout;
    insta::assert_snapshot!(said);
    let said = check(&["--as", "token:ann@example.com", "git-log", "flag=-n"]).run().stdout;
    insta::assert_snapshot!(said);
    let said = check(&["--at", "2026-11-25", "deploy", "target=dev"]).run().stdout;
    insta::assert_snapshot!(said);
}

#[test]
fn every_tool_is_told_for_one_caller() {
    let said = check(&["--as", "token:root", "--claims", r#"{"groups":["tool-admins"]}"#]).run().stdout;
    insta::assert_snapshot!(said);
    let standings = check(&["--json", "--as", "key:ci"]).run().json();
    assert_eq!(
        standings[0],
        json!({ "tool": "list-things", "allowed": "no", "reason": "`ci` may not call `list-things`" })
    );
    assert_eq!(standings[3]["allowed"], "depends");
}

#[test]
fn a_decision_is_told_as_json_and_what_is_sensitive_is_not() {
    let said = check(&["--json", "--as", "key:ci", "git-hide", "flag=--force"]).ends_with(6).run();
    assert!(!said.stdout.contains("--force\""), "{}", said.stdout);
    let told = said.json();
    assert_eq!(told["allowed"], false);
    assert_eq!(told["listed"], true);
    assert_eq!(told["told"], "`ci` may not call `git-hide`: the policy `no-force` denies it");
    assert_eq!(told["caller"], json!({ "id": "key:ci", "roles": [], "permissions": ["git-*", "deploy"] }));
    let force = told["checks"].as_array().unwrap().iter().find(|check| check["name"] == "no-force").unwrap();
    assert_eq!(force["result"], "denies");
    assert_eq!(force["seen"]["plan.argv"][2], "***");
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    for (words, code, text) in [
        (&["--as", "key:cii", "deploy"] as &[&str], 2, "the file has no key `cii`; did you mean `key:ci`?"),
        (&["--as", "nobody", "deploy"], 2, "`nobody` is no caller"),
        (&["--as", "token:", "deploy"], 2, "`token:` is no caller"),
        (&["--claims", "[1]", "deploy"], 2, "`--claims` has to be a JSON object"),
        (&["--at", "friday", "deploy"], 2, "`friday` is no moment"),
        (&["deplyo"], 5, "there is no command `deplyo`; did you mean `deploy`?"),
        (&["deploy"], 2, "`target`: is required"),
        (&["deploy", "prod"], 2, "`prod` is no argument"),
    ] {
        let said = check(words).ends_with(code).run().stderr;
        assert!(said.contains(text), "{words:?}: {said}");
    }
    let said = mcpfier(&["policy"]).tools(TOOLS).ends_with(2).run().stderr;
    assert!(said.contains("expected `policy check"), "{said}");
}

#[test]
fn a_dry_run_and_a_run_are_judged_by_the_same_rules() {
    let file = TOOLS.replace("server:\n", "server:\n  stdio: { roles: [viewer] }\n");
    for words in [&["--dry-run", "deploy", "target=dev"] as &[&str], &["deploy", "target=dev"]] {
        let said = mcpfier(words).tools(&file).ends_with(6).run().stderr;
        assert!(said.contains("`local` may not call `deploy`"), "{said}");
    }
    mcpfier(&["list-things"]).tools(&file).run();
}

#[test]
fn what_a_step_is_given_by_another_is_judged_when_it_is_there() {
    mcpfier(&["--dry-run", "git-echo"]).tools(TOOLS).run();
    let said = mcpfier(&["git-echo"]).tools(TOOLS).ends_with(1).run();
    let told = format!("{}{}", said.stdout, said.stderr);
    assert!(told.contains("`local` may not call `git-log`: the policy `no-force` denies it"), "{told}");
}

#[test]
fn tests_of_a_file_say_who_calls() {
    let file = r#"version: 1
roles: [{ name: dev, permissions: [deploy] }]
user_roles: { ann: [dev] }
policies: [{ name: no-prod, commands: [deploy], deny: args.target == "prod" && caller.tenant != "ops", message: "Not there." }]
server: { http: { auth: { api_keys: [{ name: ci, key: a-key-of-ci-that-is-long-too, permissions: [other] }] } } }
commands:
  - name: deploy
    description: Deploy.
    script: echo
    args: ["{{target}}"]
    params: { target: { type: string, description: Where to, enum: [dev, prod] } }
    tests:
      - { with: { target: dev } }
      - { with: { target: prod }, expect: { denied: Not there. } }
      - { with: { target: dev }, as: "key:ci", expect: { denied: true } }
      - { with: { target: dev }, as: "token:ann" }
      - { with: { target: dev }, as: "token:bob", expect: { denied: true } }
      - { with: { target: prod }, as: { caller: "token:bob", roles: [dev], tenant: ops } }
"#;
    let said = mcpfier(&["test"]).tools(file).may_talk().run();
    assert!(said.stdout.contains("6 passed"), "{}{}", said.stdout, said.stderr);
    let wrong = file.replace("as: \"token:ann\" }", "as: \"token:ann\", expect: { denied: true } }");
    let said = mcpfier(&["test"]).tools(&wrong).ends_with(1).run();
    assert!(said.stdout.contains("the call is allowed; it was expected to be denied"), "{}", said.stdout);
}

#[test]
fn a_lock_tells_when_somebody_else_may() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, TOOLS).unwrap();
    mcpfier(&["lock"]).config(&file).may_talk().run();
    mcpfier(&["lock", "--check"]).config(&file).may_talk().run();
    let wider =
        TOOLS.replace("name: viewer, permissions: [\"list-*\"]", "name: viewer, permissions: [\"*\"]");
    std::fs::write(&file, wider).unwrap();
    let said = mcpfier(&["lock", "--check"]).config(&file).ends_with(1).run();
    assert!(said.stderr.contains("changed: the server (who may)"), "{}{}", said.stdout, said.stderr);
    let open = TOOLS.replace("required_roles: [release-manager], ", "");
    std::fs::write(&file, open).unwrap();
    let said = mcpfier(&["lock", "--check"]).config(&file).ends_with(1).run();
    assert!(said.stderr.contains("changed: release (who may)"), "{}{}", said.stdout, said.stderr);
}
