//! Tables of templates and what becomes of them.

use serde_json::{Value, json};

use super::*;

fn root() -> Map<String, Value> {
    let root = json!({
        "params": { "version": "1.2.3", "absent": null, "token": "***" },
        "vars": { "channels": ["ops", "dev"] },
        "result": [
            { "name": "web", "up": true, "cpu": 1.5, "tags": ["a", "b"] },
            { "name": "db", "up": false, "cpu": 0, "tags": [] },
        ],
        "stdout": "<&\"'{{version}}", "stderr": "", "exit_code": 0,
        "map": { "x": 1, "y": [2] },
    });
    root.as_object().unwrap().clone()
}

fn made(template: &str) -> Result<String, String> {
    render(&TextTemplate::read(template).unwrap(), &root(), None)
}

#[test]
fn holes_are_filled_and_nothing_is_escaped_or_expanded_again() {
    for (template, text) in [
        ("v{{version}}", "v1.2.3"),
        ("{{params.version}} {{params.token}}", "1.2.3 ***"),
        ("[{{absent}}]", "[]"),
        ("{{stdout}} {{{stdout}}}", "<&\"'{{version}} <&\"'{{version}}"),
        ("{{result.0.name}}{{result.[1].cpu}} {{map}}", "web0 {\"x\":1,\"y\":[2]}"),
        ("{{json result.0.tags}} {{json version}}", "[\"a\",\"b\"] \"1.2.3\""),
        (r"\{{x}} {{! nobody reads it }}.", "{{x}} ."),
        ("{{len result}} {{len version}} {{len map}}", "2 5 2"),
        ("{{lookup vars.channels 1}} {{lookup map \"x\"}}", "dev 1"),
        ("a\n{{~ version ~}}\nb", "a1.2.3b"),
    ] {
        assert_eq!(made(template).as_deref(), Ok(text), "{template}");
    }
}

#[test]
fn blocks_repeat_choose_and_name() {
    for (template, text) in [
        ("{{#each result}}{{@index}}:{{name}}{{#unless @last}}, {{/unless}}{{/each}}", "0:web, 1:db"),
        (
            "{{#each result as |row n|}}{{n}}{{row.name}}{{#each row.tags}}{{this}}{{../name}}{{row.cpu}}{{/each}}{{/each}}",
            "0webaweb1.5bweb1.51db",
        ),
        ("{{#each result}}{{#each tags}}{{this}}{{else}}none{{/each}} {{/each}}", "ab none "),
        ("{{#each map}}{{@key}}={{this}};{{/each}}", "x=1;y=[2];"),
        ("{{#each map as |value key|}}{{key}}={{value}};{{/each}}", "x=1;y=[2];"),
        ("{{#each result}}{{#if up}}+{{else if (gt cpu 1)}}!{{else}}-{{/if}}{{/each}}", "+-"),
        ("{{#if missing}}x{{else}}y{{/if}}{{#unless exit_code}}z{{/unless}}", "yz"),
        ("{{#if (and version (not stderr) (eq exit_code 0))}}ok{{/if}}", "ok"),
        ("{{#if (or stderr (lt result.0.cpu 2))}}ok{{/if}}", "ok"),
        ("{{#with result.0}}{{name}} {{../version}} {{@root.version}}{{/with}}", "web 1.2.3 1.2.3"),
        ("{{#with absent}}x{{else}}none{{/with}}", "none"),
        ("{{#each result}}{{#with tags}}{{@index}}{{/with}}{{/each}}", "0"),
        ("{{#each absent}}x{{else}}none{{/each}}", "none"),
        ("{{#each result}}\n- {{name}}\n{{/each}}\nend", "- web\n- db\nend"),
    ] {
        assert_eq!(made(template).as_deref(), Ok(text), "{template}");
    }
}

#[test]
fn what_is_not_there_is_an_error_and_no_empty_text() {
    for (template, problem) in [
        ("{{result.7.name}}", "`result.7.name` in the template is not there"),
        ("{{#each result}}{{version}}{{/each}}", "`version` in the template is not there"),
        ("{{lookup map \"z\"}}", "`lookup` in the template finds nothing"),
        ("{{#each version}}{{/each}}", "`{{#each}}` needs a list or an object; found a text"),
        ("{{len exit_code}}", "`len` needs a text, a list or an object; found a number"),
        ("{{#if (eq map map)}}{{/if}}", "only single values are compared; found an object"),
    ] {
        assert_eq!(made(template), Err(problem.to_owned()), "{template}");
    }
}

#[test]
fn a_template_that_loops_or_writes_without_end_is_stopped_soon() {
    let items: Vec<Value> = (0..3000).map(Value::from).collect();
    let (result, root) =
        (Value::Array(items), Map::from_iter([("big".to_owned(), json!("x".repeat(1 << 20)))]));
    let began = std::time::Instant::now();
    for (template, problem) in [
        (
            "{{#each result}}{{#each @root.result}}{{#each @root.result}}{{/each}}{{/each}}{{/each}}",
            "more than 2000000 values",
        ),
        (
            "{{#each result}}{{#each @root.result}}{{#if (eq this -1)}}x{{/if}}{{/each}}{{/each}}",
            "more than 2000000 values",
        ),
        ("{{#each result}}{{#each @root.result}}abc{{/each}}{{/each}}", "more than 256 KiB"),
        ("{{#each result}}{{#if (eq (len @root.big) 0)}}{{/if}}{{/each}}", "more than 2000000 values"),
        ("{{big}}", "more than 256 KiB"),
        ("{{#if (json big)}}{{/if}}", "more than 256 KiB"),
    ] {
        let found = render(&TextTemplate::read(template).unwrap(), &root, Some(&result)).unwrap_err();
        assert!(found.contains(problem), "{template}: {found}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}
