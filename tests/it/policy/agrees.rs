//! `mcpfier policy check` says what a call is answered: the program is asked and a server is called, about
//! the same callers, tools and arguments.

use serde_json::{Map, Value, json};

use crate::server::house::{House, answer, call, request};
use crate::support::client::text;
use crate::support::program::{Program, mcpfier};
use crate::support::server::Server;

const FILE: &str = r#"
roles: [{ name: lead, permissions: ["led"] }]
user_roles: { "key:lead": [lead] }
policies:
  - { name: no-prod, commands: [deploy], deny: args.target == "prod" }
  - { name: not-eve, commands: [plain, deploy, scoped], deny: caller.name == "eve" }
  - { name: closed, commands: [closed], deny: 'now > timestamp("2000-01-01T00:00:00Z")' }
  - { name: no-force, commands: [planned], deny: '"--force" in plan.argv' }
tenants: [{ id: acme, commands: ["pl*"] }, { id: all }]
server:
  stdio: { tools: { tags: [web] } }
  http:
    auth:
      api_keys:
        - { name: all, key: KEY-of-all, permissions: ["*"] }
        - { name: lead, key: KEY-of-lead, permissions: ["deploy"] }
        - { name: none, key: KEY-of-none, permissions: [] }
        - { name: web, key: KEY-of-web, permissions: ["*"], tools: { tags: [web, git] } }
        - { name: few, key: KEY-of-few, permissions: ["pl*"], tools: { tags: [web] } }
        - { name: acme, key: KEY-of-acme, permissions: ["*"], tenant: acme }
        - { name: both, key: KEY-of-both, permissions: ["*"], tenant: all }
        - { name: less, key: KEY-of-less, permissions: ["*"], scopes: [read] }
        - { name: more, key: KEY-of-more, permissions: ["*"], scopes: [read, "deploy:write"] }
        - { name: eve, key: KEY-of-eve, permissions: ["*"], scopes: [] }
commands:
  - { name: plain, description: Plain., script: echo, args: [plain], tags: [web] }
  - { name: planned, description: Has a plan., script: echo, args: [--force], tags: [git] }
  - name: deploy
    description: Deploys.
    script: echo
    args: ["to {{target}}"]
    params: { target: { type: string, enum: [dev, prod] } }
    tags: [other]
  - { name: scoped, description: Takes a scope., script: echo, args: [scoped], scopes: ["deploy:write"], tags: [web] }
  - { name: outer, description: Runs it., steps: [{ command: scoped }] }
  - { name: led, description: For a role., script: echo, args: [led], authorization: { required_roles: [lead] } }
  - { name: held, description: For a permission., script: echo, args: [held], authorization: { required_permissions: ["x:y"] } }
  - { name: closed, description: Is closed., script: echo, args: [closed] }
  - { name: around, description: Runs what is denied., steps: [{ command: closed }] }
  - { name: hidden, description: A step of others., script: echo, args: [hidden], expose: false }
  - { name: never, description: Is not there., script: /nowhere/at-all, args: [x] }
"#;

const CALLERS: [&str; 10] = ["all", "lead", "none", "web", "few", "acme", "both", "less", "more", "eve"];

/// Tools, each with the arguments of a call as it is written at a shell.
const CALLS: [(&str, &[&str]); 13] = [
    ("plain", &[]),
    ("planned", &[]),
    ("deploy", &["target=dev"]),
    ("deploy", &["target=prod"]),
    ("deploy", &[]),
    ("scoped", &[]),
    ("outer", &[]),
    ("led", &[]),
    ("held", &[]),
    ("closed", &[]),
    ("around", &[]),
    ("hidden", &[]),
    ("never", &[]),
];

/// What came of one call.
#[derive(Debug, Clone, PartialEq)]
enum Said {
    /// It ran.
    Ran,
    /// Its caller may not, or there is no such tool for them; in these words.
    Not(String),
    /// It is let, and something else is wrong.
    Wrong,
}

fn judged(answered: &Value) -> Said {
    if let Some(said) = answered["error"]["message"].as_str() {
        return Said::Not(said.to_owned());
    }
    let result = &answered["result"];
    match text(result) {
        _ if result["isError"] != true => Said::Ran,
        said if said.contains("may not call") => Said::Not(said.to_owned()),
        _ => Said::Wrong,
    }
}

fn arguments(words: &[&str]) -> Value {
    let pairs = words.iter().filter_map(|word| word.split_once('='));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>())
}

fn file() -> String {
    format!("version: 1\n{}", FILE.replace("KEY", "a-key-that-is-long"))
}

fn check(words: &[&str]) -> Program {
    mcpfier(&[&["policy", "check", "--json"], words].concat()).tools(&file())
}

/// What the program says of a call, in the same words.
fn explained(caller: &str, tool: &str, words: &[&str]) -> (Said, Option<bool>) {
    let said = check(&[&["--as", caller, tool], words].concat()).may_fail().run();
    if said.stdout.is_empty() {
        let problem = said.stderr.lines().next().unwrap_or_default();
        let problem = problem.trim_start_matches("error: ").to_owned();
        let is_unknown = problem.starts_with("there is no tool");
        return (if is_unknown { Said::Not(problem) } else { Said::Wrong }, None);
    }
    let told = said.json();
    let denying: Vec<&Value> =
        told["checks"].as_array().expect("a list").iter().filter(|check| check["denies"] == true).collect();
    let is_part = told["told"].as_str().is_some_and(|told| told.starts_with("step"));
    assert_eq!(
        told["allowed"] == true || is_part,
        denying.is_empty(),
        "{caller} {tool}: a finding says why, or there is none: {told:#}"
    );
    let judged = match (&told["told"], &told["unplanned"]) {
        (Value::String(told), _) => Said::Not(told.clone()),
        (_, Value::String(_)) => Said::Wrong,
        _ => Said::Ran,
    };
    (judged, told["listed"].as_bool())
}

fn agrees(caller: &str, (tool, words): (&str, &[&str]), answered: &Value, listed: &[String]) -> Said {
    let really = judged(answered);
    let (said, is_listed) = explained(caller, tool, words);
    assert_eq!(said, really, "{caller} {tool} {words:?}: {answered}");
    if let Some(is_listed) = is_listed {
        assert_eq!(is_listed, listed.contains(&tool.to_owned()), "{caller} {tool}: in the list");
    }
    really
}

/// What it says of all tools, without arguments, against what came of calls with some.
fn agree(caller: &str, calls: &[(&str, Said)]) {
    for standing in check(&["--as", caller]).run().json().as_array().expect("a list") {
        let tool = standing["tool"].as_str().expect("a name");
        let came = calls.iter().filter(|(called, _)| *called == tool).map(|(_, said)| said);
        for said in came {
            match standing["allowed"].as_str().expect("a word") {
                "no" => assert!(matches!(said, Said::Not(_)), "{caller} {tool}: {said:?}"),
                // What runs in it is judged for itself.
                "yes" if tool != "around" => {
                    assert!(!matches!(said, Said::Not(_)), "{caller} {tool}: {said:?}");
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn what_is_explained_is_what_a_call_over_http_is_answered() {
    let house = House::start(file().trim_start_matches("version: 1\n")).await;
    let mut denied = 0;
    for name in CALLERS {
        let key = format!("a-key-that-is-long-of-{name}");
        let ask = async |message: Value| {
            answer(house.plain(&message).header("X-API-Key", &key).send().await.expect("an answer")).await
        };
        let listed = names(&ask(request(1, "tools/list", json!({}))).await);
        let caller = format!("key:{name}");
        let mut calls = Vec::new();
        for (tool, words) in CALLS {
            let answered = ask(call(1, tool, arguments(words))).await;
            calls.push((tool, agrees(&caller, (tool, words), &answered, &listed)));
        }
        agree(&caller, &calls);
        denied += calls.iter().filter(|(_, said)| matches!(said, Said::Not(_))).count();
    }
    assert!((40..100).contains(&denied), "of 130 calls {denied} are denied");
}

#[tokio::test]
async fn what_is_explained_is_what_a_call_on_stdio_is_answered() {
    let mut server = Server::start(file().trim_start_matches("version: 1\n"));
    server.client.initialize().await;
    let listed = names(&server.client.ask(1, "tools/list", json!({})).await);
    let mut calls = Vec::new();
    for (number, (tool, words)) in CALLS.into_iter().enumerate() {
        let params = json!({ "name": tool, "arguments": arguments(words) });
        let answered = server.client.ask(number + 2, "tools/call", params).await;
        calls.push((tool, agrees("local", (tool, words), &answered, &listed)));
    }
    agree("local", &calls);
}

fn names(listed: &Value) -> Vec<String> {
    let tools = listed["result"]["tools"].as_array().expect("a list").iter();
    tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn toolsets_tenants_and_scopes_are_told_as_what_they_are() {
    let told = |words: &[&str], status: i32| {
        mcpfier(&[&["policy", "check", "--as"], words].concat()).tools(&file()).ends_with(status).run().stdout
    };
    let all = [
        told(&["key:few", "planned"], 6),
        told(&["key:web", "scoped"], 0),
        told(&["key:acme", "deploy"], 6),
        told(&["key:acme", "plain"], 0),
        told(&["key:less", "scoped"], 6),
        told(&["key:more", "outer"], 0),
        told(&["local", "planned"], 6),
        told(&["key:web"], 0),
        told(&["key:less"], 0),
        told(&["key:acme"], 0),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
