//! Who is offered which tools, and searching instead of a list.

use serde_json::{Value, json};

use super::house::{House, answer, call, request};
use crate::support::client::text;
use crate::support::server::Server;

const FILE: &str = r#"
server:
  stdio: { tools: { tags: [git] } }
  http:
    tools: { tags: [web] }
    auth:
      api_keys:
        - { name: web, key: a-key-of-web-that-is-long-too }
        - { name: git, key: a-key-of-git-that-is-long-too, tools: { tags: [git] } }
        - { name: few, key: a-key-of-few-that-is-long-too, permissions: ["git-*"], tools: { tags: [web, git] } }
defaults: { detach_after: never }
commands:
  - { name: git-log, description: What was changed last., script: echo, args: [log], tags: [git, slow] }
  - { name: fetch, description: A page., script: echo, args: [page], tags: [web] }
  - { name: disk, description: How much is left., script: echo, args: [disk] }
  - { name: both, description: Runs one that is not offered., tags: [git], steps: [{ command: disk }] }
"#;

async fn ask(house: &House, key: &str, message: Value) -> Value {
    answer(house.plain(&message).header("X-API-Key", key).send().await.unwrap()).await
}

async fn names(house: &House, key: &str) -> Vec<String> {
    let listed = ask(house, key, request(1, "tools/list", json!({}))).await;
    let tools = listed["result"]["tools"].as_array().unwrap().iter();
    tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect()
}

const WEB: &str = "a-key-of-web-that-is-long-too";
const GIT: &str = "a-key-of-git-that-is-long-too";
const FEW: &str = "a-key-of-few-that-is-long-too";

#[tokio::test]
async fn each_caller_is_offered_the_tools_with_their_tags() {
    let house = House::start(FILE).await;
    assert_eq!(names(&house, WEB).await, ["fetch"]);
    assert_eq!(names(&house, GIT).await, ["git-log", "both"]);
    assert_eq!(names(&house, FEW).await, ["git-log"], "tags give no permission");
    let refused = ask(&house, WEB, call(2, "git-log", json!({}))).await;
    assert_eq!(refused["error"]["message"], "there is no tool `git-log`");
    let nested = ask(&house, GIT, call(3, "both", json!({}))).await;
    assert_eq!(nested["result"]["isError"], false, "{nested}");
}

#[tokio::test]
async fn on_stdio_there_are_those_of_its_tags_and_at_a_shell_all() {
    let mut server = Server::start(FILE);
    server.client.initialize().await;
    let listed = server.client.ask(2, "tools/list", json!({})).await;
    let names: Vec<&str> = listed["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(names, ["git-log", "both"]);
    let said =
        crate::support::program::mcpfier(&["call", "disk"]).tools(&format!("version: 1\n{FILE}")).run();
    assert_eq!(said.stdout, "disk\n");
}

fn many(search: &str) -> String {
    let mut file = format!(
        r#"
defaults: {{ detach_after: never }}
policies: [{{ name: not-prod, commands: ["tool-*"], deny: 'has(args.target) && args.target == "prod"' }}]
server:
  discovery: {{ {search} }}
  http:
    auth:
      api_keys:
        - {{ name: all, key: a-key-of-all-that-is-long-too }}
        - {{ name: few, key: a-key-of-few-that-is-long-too, permissions: ["tool-1?"] }}
commands:
  - name: branch-delete
    title: Delete a branch
    description: Removes a branch of a repository that nobody needs any more.
    script: echo
    args: ["deleted {{{{branch}}}}"]
    params: {{ branch: {{ type: string, description: The name of the branch }} }}
  - {{ name: hidden-branch, description: A branch for steps alone., script: "true", expose: false }}
"#
    );
    for number in 10..60 {
        file.push_str(&format!(
            "  - {{ name: tool-{number}, description: Deals with repository {number}., script: echo, args: [\"{number} {{{{target}}}}\"], params: {{ target: {{ type: string, description: Where to, default: dev }} }} }}\n"
        ));
    }
    file.push_str("  - { name: uses, description: Steps., steps: [{ command: hidden-branch }] }\n");
    file
}

const ALL: &str = "a-key-of-all-that-is-long-too";

async fn search(house: &House, key: &str, arguments: Value) -> Value {
    let found = ask(house, key, call(7, "search_tools", arguments)).await;
    assert_eq!(found["result"]["isError"], false, "{found}");
    let structured = found["result"]["structuredContent"].clone();
    assert_eq!(serde_json::from_str::<Value>(text(&found["result"])).unwrap(), structured);
    structured
}

fn found(answer: &Value) -> Vec<&str> {
    answer["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect()
}

#[tokio::test]
async fn many_tools_are_searched_and_called_with_two() {
    let house = House::start(&many("search: auto, above: 20")).await;
    assert_eq!(names(&house, ALL).await, ["search_tools", "call_tool"]);
    assert_eq!(names(&house, FEW).await.len(), 10, "whoever has few is given all");
    let answer = search(&house, ALL, json!({ "query": "delete branches" })).await;
    assert_eq!(found(&answer)[0], "branch-delete", "{answer}");
    assert!(!found(&answer).contains(&"hidden-branch"));
    assert_eq!(answer["tools"][0]["inputSchema"]["required"], json!(["branch"]));
    let answer = search(&house, ALL, json!({ "query": "repository 42", "limit": 1 })).await;
    assert_eq!(found(&answer), ["tool-42"]);
    assert_eq!(answer["total"], 51);
    let all = search(&house, ALL, json!({ "limit": 50, "offset": 50 })).await;
    assert_eq!((found(&all), &all["total"]), (vec!["tool-59", "uses"], &json!(52)));
    assert_eq!(search(&house, ALL, json!({ "query": "zzz" })).await["total"], 0);

    let wrapped =
        |name: &str, arguments: Value| call(8, "call_tool", json!({ "name": name, "arguments": arguments }));
    let called = ask(&house, ALL, wrapped("branch-delete", json!({ "branch": "old" }))).await;
    assert_eq!(text(&called["result"]), "deleted old\n");
    let direct = ask(&house, ALL, call(9, "tool-42", json!({}))).await;
    assert_eq!(text(&direct["result"]), "42 dev\n");
    let denied = ask(&house, ALL, wrapped("tool-42", json!({ "target": "prod" }))).await;
    assert_eq!(denied["result"]["isError"], true, "{denied}");
    assert!(text(&denied["result"]).contains("may not call `tool-42`"), "{denied}");
    let bad = ask(&house, ALL, wrapped("branch-delete", json!({ "brunch": "x" }))).await;
    assert_eq!(bad["result"]["isError"], true, "{bad}");
    let hidden = ask(&house, ALL, wrapped("hidden-branch", json!({}))).await;
    assert_eq!(
        hidden["error"]["message"].as_str().map(|text| text.starts_with("there is no tool `hidden-branch`")),
        Some(true),
        "{hidden}"
    );
}

#[tokio::test]
async fn calls_that_say_nothing_are_told_what_is_wrong() {
    let house = House::start(&many("search: always")).await;
    for (tool, arguments, problem) in [
        ("search_tools", json!({ "query": 5 }), "`query` has to be a text"),
        ("search_tools", json!({ "limit": 1000 }), "`limit` has to be a whole number from 1 to 50"),
        ("search_tools", json!({ "words": "x" }), "`words` is no argument of `search_tools`"),
        ("call_tool", json!({}), "`call_tool` needs `name`"),
        ("call_tool", json!({ "name": "call_tool" }), "`call_tool` is called by itself"),
        ("call_tool", json!({ "name": "tool-10", "arguments": "x" }), "`arguments` has to be an object"),
        (
            "call_tool",
            json!({ "name": "tool-10", "target": "x" }),
            "put what is for `tool-10` into `arguments`",
        ),
    ] {
        let refused = ask(&house, ALL, call(3, tool, arguments)).await;
        assert_eq!(refused["result"]["isError"], true, "{refused}");
        assert!(text(&refused["result"]).contains(problem), "{problem}: {refused}");
    }
    let few = search(&house, FEW, json!({ "query": "repository", "limit": 50 })).await;
    assert_eq!((found(&few).len(), &few["total"]), (10, &json!(10)), "nobody finds what they may not call");
}

#[tokio::test]
async fn without_a_word_of_it_there_is_no_such_tool() {
    let house = House::start(&many("search: never")).await;
    assert!(names(&house, ALL).await.contains(&"tool-42".to_owned()));
    let refused = ask(&house, ALL, call(3, "search_tools", json!({}))).await;
    assert!(
        refused["error"]["message"].as_str().is_some_and(|text| text.starts_with("there is no tool")),
        "{refused}"
    );
}
