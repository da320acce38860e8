//! Whatever a caller says, it stays one part of the path, one value of the query, one value of the
//! body: a property over all texts.

use mcpfier::call::Call;
use mcpfier::config::{self, Host};
use mcpfier::engine::prepare;
use mcpfier::model::{Catalog, Principal};
use mcpfier::plan::{ExecutionPlan, Facts, Means, PlannedBody, Step};
use mcpfier::policy::Policy;
use proptest::prelude::*;
use serde_json::{Value, json};

const TOOLS: &str = r#"version: 1
commands:
  - name: call
    description: Call it.
    webhook:
      url: "https://api.example.com/a/{{part}}/b?x={{value}}"
      query: { y: "{{value}}" }
      body: { value: "{{value}}", inside: "-{{value}}-" }
    params:
      part: { type: string, description: A part }
      value: { type: string, description: A value }
"#;

fn catalog() -> Catalog {
    let folder = std::env::temp_dir();
    let host = Host {
        environment: std::collections::BTreeMap::new(),
        cwd: folder.clone(),
        home: None,
        executable_dir: None,
        foreign: None,
        as_written: false,
    };
    let loaded = config::load_bytes(&folder.join("memory.yaml"), TOOLS.as_bytes().to_vec(), &host);
    loaded.catalog.expect("a catalog")
}

fn plan(catalog: &Catalog, part: &str, value: &str) -> Option<ExecutionPlan> {
    let Value::Object(arguments) = json!({ "part": part, "value": value }) else { unreachable!("a map") };
    let facts = Facts::new(&std::collections::BTreeMap::new(), &catalog.secrets, Means::NONE);
    let call = Call { principal: Principal::local().into(), tool: "call".to_owned(), arguments };
    prepare(catalog, &Policy::default(), &facts, call).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_value_stays_in_its_place(part in "\\PC{0,12}", value in ".{0,12}") {
        let catalog = catalog();
        let Some(plan) = plan(&catalog, &part, &value) else {
            // Refused: it is empty, dots, or holds a control character.
            let is_bad = part.is_empty() || part == "." || part == ".." || value.chars().any(char::is_control);
            prop_assert!(is_bad, "{part:?} {value:?} was refused");
            return Ok(());
        };
        let Step::Http(call) = &plan.step else { panic!("no HTTP call") };
        let url = call.url.printed(&catalog.secrets);
        let (path, query) = url.split_once('?').expect("a query");
        let parts: Vec<&str> = path.split('/').collect();
        prop_assert_eq!(parts.len(), 6, "{}", url);
        prop_assert_eq!((parts[2], parts[3], parts[5]), ("api.example.com", "a", "b"));
        prop_assert_eq!(decoded(parts[4]), part);
        let pairs: Vec<&str> = query.split('&').collect();
        prop_assert_eq!(pairs.len(), 2, "{}", url);
        for (pair, name) in pairs.iter().zip(["x", "y"]) {
            let (key, text) = pair.split_once('=').expect("a pair");
            prop_assert_eq!((key, decoded(text)), (name, value.clone()));
        }
        let Some(PlannedBody::Text(body)) = &call.body else { panic!("no body") };
        let body = body.printed(&catalog.secrets);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        prop_assert_eq!(body, json!({ "value": value, "inside": format!("-{value}-") }));
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'%' => {
                let digits = std::str::from_utf8(&tail[..2]).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
                rest = &tail[2..];
            }
            other => {
                bytes.push(*other);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).expect("text")
}
