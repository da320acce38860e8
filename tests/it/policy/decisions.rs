//! Decisions as a table: who, what, when, and what comes of it.

use std::time::Duration;

use mcpfier::call::Call;
use mcpfier::engine::{Rejection, prepare};
use mcpfier::model::{Catalog, Principal, StandIn, parse_moment};
use mcpfier::plan::Facts;
use mcpfier::policy::{Policy, Reason, stand_in};
use serde_json::{Map, Value, json};

use super::TOOLS;
use crate::support::load::{load, path};

struct House {
    catalog: std::sync::Arc<Catalog>,
    facts: Facts,
    _folder: tempfile::TempDir,
}

fn house(text: &str) -> House {
    let folder = tempfile::tempdir().unwrap();
    let (catalog, facts, _) = load(folder.path(), text, &[("PATH", &path())]);
    House { catalog, facts, _folder: folder }
}

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

impl House {
    fn caller(&self, id: &str, claims: Value) -> Principal {
        let wanted = StandIn { id: id.to_owned(), claims: map(claims), ..StandIn::default() };
        stand_in(&self.catalog, &wanted).unwrap()
    }

    fn prepare(&self, caller: &Principal, tool: &str, arguments: Value, at: &str) -> Result<(), Rejection> {
        let call =
            Call { principal: caller.clone().into(), tool: tool.to_owned(), arguments: map(arguments) };
        let facts = self.facts.clone().at(Duration::from_secs(parse_moment(at).unwrap()));
        prepare(&self.catalog, &Policy::of(&self.catalog), &facts, call).map(drop)
    }

    fn decide(&self, id: &str, tool: &str, arguments: Value) -> Result<(), Rejection> {
        self.prepare(&self.caller(id, json!({})), tool, arguments, "2026-11-24")
    }

    fn seen(&self, caller: &Principal) -> Vec<String> {
        let policy = Policy::of(&self.catalog);
        policy.seen_by(caller, self.catalog.offered()).map(|tool| tool.name.to_string()).collect()
    }
}

fn reason(result: Result<(), Rejection>) -> Option<Reason> {
    let rejection = result.err()?;
    Some(rejection.denied().unwrap_or_else(|| panic!("not denied: {rejection}")).reason.clone())
}

/// By what a command calls.
fn part(tool: &str, reason: Reason) -> Reason {
    Reason::Part { tool: tool.to_owned(), reason: Box::new(reason) }
}

fn by_policy(name: &str) -> Reason {
    Reason::Policy { policy: name.to_owned(), message: None }
}

#[test]
fn keys_roles_and_claims_let_what_they_name_and_nothing_else() {
    let house = house(TOOLS);
    let git = ["git-log", "git-hide", "git-echo", "git-say", "git-inline"];
    for (id, claims, expected) in [
        ("key:ci", json!({}), [&git[..2], &["deploy"], &git[2..]].concat()),
        ("key:deployer", json!({}), vec!["deploy", "release"]),
        ("token:deployer", json!({}), vec![]),
        ("token:ci", json!({}), vec![]),
        ("token:nobody", json!({ "groups": ["others"] }), vec![]),
        (
            "token:ann@example.com",
            json!({}),
            [&["list-things"], &git[..2], &["git-stage"], &git[2..]].concat(),
        ),
        (
            "basic:ann@example.com",
            json!({}),
            [&["list-things"], &git[..2], &["git-stage"], &git[2..]].concat(),
        ),
        (
            "token:x",
            json!({ "realm_access": { "roles": ["dev"] } }),
            [&["list-things"], &git[..2], &["git-stage"], &git[2..]].concat(),
        ),
        ("token:x", json!({ "realm_access": ["dev"] }), vec![]),
        (
            "anonymous",
            json!({}),
            [&["list-things"], &git[..2], &["deploy", "both", "git-stage"], &git[2..]].concat(),
        ),
    ] {
        let mut seen = house.seen(&house.caller(id, claims.clone()));
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "{id} {claims}");
    }
    let admin = house.seen(&house.caller("token:root", json!({ "groups": "x tool-admins" })));
    assert!(admin.contains(&"release".to_owned()) && !admin.contains(&"git-wipe".to_owned()), "{admin:?}");
    let with_certificate = house.caller("certificate:root", json!({ "groups": ["tool-admins"] }));
    assert!(house.seen(&with_certificate).contains(&"git-wipe".to_owned()));
    let local = house.seen(&house.caller("local", json!({})));
    assert_eq!(local.len(), house.catalog.offered().count(), "on stdio everything is let");
}

#[test]
fn every_permission_without_a_role_does_not_stand_for_the_role() {
    let house = house(TOOLS);
    assert_eq!(
        reason(house.decide("key:all", "release", json!({ "version": "1" }))),
        Some(Reason::LacksRole("release-manager".to_owned()))
    );
    assert_eq!(
        reason(house.decide("key:ci", "git-stage", json!({}))),
        Some(Reason::LacksPermission("stage:all".to_owned()))
    );
    assert!(house.decide("key:deployer", "release", json!({ "version": "1" })).is_ok());
    assert!(house.decide("local", "release", json!({ "version": "1" })).is_ok());
}

#[test]
fn what_a_caller_may_not_see_is_not_there_for_them_and_neither_is_its_name() {
    let house = house(TOOLS);
    for tool in ["release", "set-tag", "relaese"] {
        let refused = house.decide("key:ci", tool, json!({ "wrong": 1 })).unwrap_err();
        assert_eq!(refused.to_string(), format!("there is no tool `{tool}`"));
        assert!(refused.is_unknown_tool());
    }
    let near = house.decide("key:ci", "git-lag", json!({})).unwrap_err().to_string();
    assert_eq!(near, "there is no tool `git-lag`; did you mean `git-log`?");
}

#[test]
fn rules_look_at_arguments_time_and_the_finished_plan() {
    let house = house(TOOLS);
    let ci = house.caller("key:ci", json!({}));
    let friday = "2026-11-27T09:00:00Z";
    let refused = house.prepare(&ci, "deploy", json!({ "target": "prod" }), friday).unwrap_err();
    assert_eq!(refused.to_string(), "`ci` may not call `deploy`: Nothing goes to production on Fridays.");
    assert!(house.prepare(&ci, "deploy", json!({ "target": "dev" }), friday).is_ok());
    assert!(house.prepare(&ci, "deploy", json!({ "target": "prod" }), "2026-11-26T09:00:00Z").is_ok());
    assert!(house.decide("key:ci", "git-log", json!({ "flag": "-n" })).is_ok());
    let force = json!({ "flag": "--force" });
    assert_eq!(reason(house.decide("key:ci", "git-log", force.clone())), Some(by_policy("no-force")));
    assert_eq!(
        reason(house.decide("key:ci", "git-hide", force.clone())),
        Some(by_policy("no-force")),
        "sensitive values are judged too"
    );
    assert_eq!(
        reason(house.decide("local", "git-log", force)),
        Some(by_policy("no-force")),
        "rules hold on stdio too"
    );
    assert_eq!(
        reason(house.decide("key:ci", "git-inline", json!({}))),
        Some(by_policy("no-force")),
        "what is written in a step is a part of its command"
    );
}

#[test]
fn steps_are_judged_for_whoever_calls_the_whole_unless_the_command_lends_them() {
    let house = house(TOOLS);
    assert!(
        house.decide("key:deployer", "release", json!({ "version": "1" })).is_ok(),
        "a grant lends `set-tag`"
    );
    // `key:all` may everything by name, `key:ci` may not call `set-tag`.
    assert!(house.decide("key:all", "both", json!({})).is_ok());
    let text = TOOLS.replace("permissions: [\"git-*\", \"deploy\"]", "permissions: [both]");
    let narrow = self::house(&text);
    let refused = narrow.decide("key:ci", "both", json!({}));
    assert_eq!(reason(refused), Some(part("set-tag", Reason::NotPermitted)), "whatever it is called with");
    let text = TOOLS.replace("deny: caller.tenant == \"x\"", "deny: tool.name == \"set-tag\"");
    let denying = self::house(&text);
    let refused = denying.decide("key:deployer", "release", json!({ "version": "1" }));
    let denied = part("set-tag", by_policy("no-tenant-x"));
    assert_eq!(reason(refused), Some(denied), "a grant lends nothing that a rule denies");
}

#[test]
fn a_rule_that_can_decide_without_arguments_hides_and_one_that_cannot_does_not() {
    for (deny, is_listed, is_called) in [
        ("has(args.flag)", true, true),
        ("!has(args.flag)", true, false),
        ("args.flag == \"x\"", true, false),
        ("args == {}", true, false),
        ("caller.name == \"ci\" || args.flag == \"x\"", false, false),
        ("args.flag == \"x\" || caller.name == \"ci\"", false, false),
        ("caller.name == \"ann\" && args.flag == \"x\"", true, true),
        ("caller.claims.level > 3", false, false),
        ("has(caller.claims.level) && caller.claims.level > 3", true, true),
        ("tool.annotations.read_only", true, true),
        ("!tool.annotations.read_only", false, false),
        ("now > timestamp(\"2000-01-01T00:00:00Z\")", true, false),
        ("plan.image == \"x\"", true, true),
        ("plan.image.startsWith(\"x\")", true, false),
        ("\"word\"", false, false),
        ("caller.scopes.all(s, s != \"a\")", false, false),
        ("caller.address != null", true, true),
    ] {
        let text = format!(
            r#"version: 1
policies: [{{ name: one, deny: {} }}]
server: {{ http: {{ auth: {{ api_keys: [{{ name: ci, key: a-key-of-ci-that-is-long-too }}] }} }} }}
commands: [{{ name: git-log, description: The latest commits., script: echo, params: {{ flag: {{ type: string, description: A flag, optional: true }} }}, args: ["{{{{flag}}}}"] }}]
"#,
            Value::from(if deny == "\"word\"" { "caller.name" } else { deny })
        );
        let house = house(&text);
        let seen = house.seen(&house.caller("key:ci", json!({})));
        assert_eq!(!seen.is_empty(), is_listed, "{deny}: listed");
        assert_eq!(house.decide("key:ci", "git-log", json!({})).is_ok(), is_called, "{deny}: called");
    }
}

#[test]
fn who_sees_the_same_is_known_by_what_decides() {
    let house = house(TOOLS);
    let policy = Policy::of(&house.catalog);
    let view = |principal: &Principal| policy.view(principal);
    let ci = house.caller("key:ci", json!({}));
    assert_eq!(
        view(&ci),
        view(&Principal { name: "another".to_owned(), ..ci.clone() }),
        "no rule looks at names"
    );
    assert_ne!(view(&ci), view(&Principal { tenant: Some("x".to_owned()), ..ci.clone() }));
    assert_ne!(view(&ci), view(&house.caller("key:all", json!({}))));
    let ann = house.caller("token:ann@example.com", json!({}));
    assert_ne!(
        view(&ann),
        view(&Principal { claims: map(json!({ "groups": ["tool-admins"] })), ..ann.clone() })
    );
    assert!(house.seen(&Principal { tenant: Some("x".to_owned()), ..ci }).is_empty());
}

#[test]
fn a_caller_on_stdio_may_what_the_file_says_if_it_says_who_that_is() {
    let with = |stdio: &str| house(&TOOLS.replace("server:\n", &format!("server:\n  stdio: {stdio}\n")));
    let local = |house: &House| house.seen(&house.caller("local", json!({})));
    assert_eq!(local(&with("{ roles: [viewer] }")), ["list-things"]);
    assert_eq!(local(&with("{ roles: [] }")), Vec::<String>::new());
    assert_eq!(local(&with("{ permissions: [deploy] }")), ["deploy"]);
    assert_eq!(local(&with("{ roles: [viewer], permissions: [deploy] }")), ["list-things", "deploy"]);
    assert!(local(&with("{ name: ann@example.com, roles: [] }")).contains(&"git-stage".to_owned()));
    let refused =
        with("{ roles: [viewer] }").decide("local", "deploy", json!({ "target": "dev" })).unwrap_err();
    assert_eq!(refused.to_string(), "`local` may not call `deploy`", "at a shell the reason is said");
}

#[test]
fn without_roles_in_the_file_those_of_stdio_are_only_names() {
    let text = "version: 1\nserver: { stdio: { roles: [dev] } }\ncommands:\n  - { name: a, description: A., script: echo }\n  - { name: b, description: B., script: echo, authorization: { required_roles: [dev] } }\n  - { name: c, description: C., script: echo, authorization: { required_roles: [admin] } }\n";
    let house = house(text);
    assert_eq!(house.seen(&house.caller("local", json!({}))), ["a", "b"]);
}

#[test]
fn nobody_gets_the_roles_of_somebody_else_by_a_name_that_looks_like_them() {
    let house = house(
        r#"version: 1
roles: [{ name: admin, permissions: [secret] }]
user_roles:
  "key:ci": [admin]
  "service:nightly": [admin]
  "basic:ann": [admin]
  "token<https://one.example.com>:ann": [admin]
  "urn:people:ann": [admin]
  "keys:ci": [admin]
server:
  http:
    auth: { api_keys: [{ name: ci, key: a-key-of-ci-that-is-long, permissions: [] }] }
commands: [{ name: secret, description: Not for everybody., script: echo }]
"#,
    );
    for (id, may) in [
        ("key:ci", true),
        ("token:key:ci", false),
        ("certificate:key:ci", false),
        ("basic:ann", true),
        ("token:basic:ann", false),
        ("token:service:nightly", false),
        ("service:nightly", true),
        ("token:token<https://one.example.com>:ann", false),
        ("token:<https://one.example.com>:ann", false),
        ("token:urn:people:ann", true),
        ("token:keys:ci", true),
        ("token:ci", false),
    ] {
        assert_eq!(house.seen(&house.caller(id, json!({}))).len(), usize::from(may), "{id}");
    }
}

#[test]
fn a_command_is_there_for_who_may_call_all_that_it_calls() {
    let house = house(
        r#"version: 1
roles:
  - { name: dev, permissions: [build, "release*", nightly, each, plain, safe] }
  - { name: lead, permissions: [deploy] }
policies: [{ name: not-by-dev, commands: [ship], deny: "caller.name == 'dev'" }]
server:
  http:
    auth:
      api_keys:
        - { name: dev, key: a-key-of-dev-that-is-long, roles: [dev] }
        - { name: lead, key: a-key-of-lead-that-is-long, roles: [dev, lead] }
commands:
  - { name: build, description: Build., script: echo }
  - { name: deploy, description: Deploy., script: echo, authorization: { required_roles: [lead] } }
  - { name: ship, description: Ship., script: echo }
  - { name: release, description: Release., steps: [{ command: build }, { command: deploy }] }
  - { name: release-lent, description: Release., steps: [{ command: deploy }], authorization: { grants: [deploy] } }
  - { name: release-shipped, description: Release., steps: [{ command: ship }], authorization: { grants: [ship] } }
  - { name: nightly, description: Release., steps: [{ command: release }] }
  - { name: each, description: Of some., params: { list: { type: array, items: string, description: Which. } }, steps: [{ id: all, for_each: "{{list}}", command: deploy }] }
  - { name: plain, description: With a dependency., script: echo, depends_on: [deploy] }
  - { name: safe, description: With another way., script: echo, annotations: { idempotent: true }, fallback: { command: deploy } }
"#,
    );
    let seen = |id| house.seen(&house.caller(id, json!({})));
    assert_eq!(seen("key:dev"), ["build", "release-lent", "each", "safe"]);
    let all =
        ["build", "deploy", "release", "release-lent", "release-shipped", "nightly", "each", "plain", "safe"];
    assert_eq!(seen("key:lead"), all);
    for (tool, expected) in [
        ("release", part("deploy", Reason::NotPermitted)),
        ("release-shipped", part("ship", by_policy("not-by-dev"))),
        ("nightly", part("deploy", Reason::NotPermitted)),
        ("plain", part("deploy", Reason::NotPermitted)),
    ] {
        assert_eq!(reason(house.decide("key:dev", tool, json!({}))), Some(expected), "{tool}");
    }
    assert_eq!(reason(house.decide("key:dev", "release-lent", json!({}))), None);
    assert_eq!(reason(house.decide("key:dev", "safe", json!({}))), None);
}

#[test]
fn who_is_given_roles_may_what_these_let_wherever_they_are_given() {
    let house = house(
        r#"version: 1
roles: [{ name: viewer, permissions: [look] }]
user_roles: { "key:given": [viewer], ann: [viewer], "key:said": [viewer], "key:of-nothing": [] }
server:
  http:
    auth:
      api_keys:
        - { name: given, key: a-key-of-given-that-is-long }
        - { name: own, key: a-key-of-own-that-is-long, roles: [viewer] }
        - { name: said, key: a-key-of-said-that-is-long, permissions: [change] }
        - { name: of-nothing, key: a-key-of-nothing-that-is-long }
        - { name: other, key: a-key-of-other-that-is-long }
        - { name: ann, key: a-key-of-ann-that-is-long }
      basic:
        users:
          - { username: ann, password_hash: "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW" }
commands:
  - { name: look, description: Look., script: echo }
  - { name: change, description: Change., script: echo }
"#,
    );
    for (id, expected) in [
        ("key:given", vec!["look"]),
        ("key:own", vec!["look"]),
        ("key:said", vec!["look", "change"]),
        ("key:of-nothing", vec![]),
        ("key:other", vec!["look", "change"]),
        ("basic:ann", vec!["look"]),
        // A bare name is no key.
        ("key:ann", vec!["look", "change"]),
    ] {
        assert_eq!(house.seen(&house.caller(id, json!({}))), expected, "{id}");
    }
}
