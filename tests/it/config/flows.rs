//! `steps` and `depends_on` become the flows that they say.

use std::time::{Duration, Instant};

use mcpfier::config::{Code, Loaded, Style};
use mcpfier::model::{
    Action, Availability, Catalog, Flow, FlowResult, JsonTemplate, OnError, RetryOn, StepWork, Tool,
};
use proptest::prelude::*;

use super::host::TestHost;

/// Generous: the tests run unoptimised, beside others. What is quadratic takes minutes.
const SOON: Duration = Duration::from_secs(60);

fn load(text: &str) -> Loaded {
    TestHost::new().load(&format!("version: 1\n{text}"))
}

fn catalog(text: &str) -> Catalog {
    let Loaded { catalog, report, .. } = load(text);
    catalog.unwrap_or_else(|| panic!("{}", report.render(Style::Plain)))
}

fn valid() -> Catalog {
    let text = include_str!("../../data/valid/flows.yaml");
    TestHost::new().load(text).catalog.expect("a catalog")
}

fn tool<'c>(catalog: &'c Catalog, name: &str) -> &'c Tool {
    catalog.tool(name).expect("a tool")
}

fn flow(tool: &Tool) -> &Flow {
    match &tool.action {
        Action::Flow(flow) => flow,
        other => panic!("{other:?}"),
    }
}

/// Each step with what it waits for.
fn order(flow: &Flow) -> Vec<(String, Vec<String>)> {
    let names = |ids: &[mcpfier::model::StepId]| ids.iter().map(ToString::to_string).collect();
    flow.steps.iter().map(|step| (step.id.to_string(), names(&step.after))).collect()
}

fn after(steps: &str) -> Vec<(String, Vec<String>)> {
    let catalog = catalog(&format!(
        "commands:\n  - {{ name: lint, description: L., script: echo }}\n  - {{ name: git-it, description: G., script: echo }}\n  - name: all\n    description: All.\n{steps}"
    ));
    order(flow(tool(&catalog, "all")))
}

#[test]
fn a_step_follows_the_one_above_it_unless_it_says_otherwise() {
    for (steps, expected) in [
        ("[{ id: a, script: echo }, { id: b, script: echo }, { id: c, script: echo }]", "a: , b: a, c: b"),
        ("[{ id: a, script: echo }, { id: b, script: echo, after: [] }]", "a: , b: "),
        (
            "[{ id: a, script: echo }, { id: b, script: echo, after: [] }, { id: c, script: echo, after: [b, a, b] }]",
            "a: , b: , c: a+b",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo }, { id: c, script: echo, after: [], args: [\"{{steps.a.stdout}}\"] }]",
            "a: , b: a, c: a",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo }, { id: c, script: echo, env: { A: \"{{steps.a.json.x}}\" } }]",
            "a: , b: a, c: a+b",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo, after: [], when: steps.a.exit_code == 0 }]",
            "a: , b: a",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo }, { id: c, script: echo, after: [], when: size(steps) > 0 }]",
            "a: , b: a, c: a+b",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo, after: [], for_each: \"{{steps.a.json}}\" }]",
            "a: , b: a",
        ),
        (
            "[{ id: a, script: echo }, { id: b, script: echo, after: [], when: \"1 < 2\", else: { script: echo, stdin: \"{{steps.a.stdout}}\" } }]",
            "a: , b: a",
        ),
        (
            "[{ command: lint }, { command: git-it }, { command: lint }]",
            "lint: , step_2: lint, step_3: step_2",
        ),
        ("[{ command: lint }, { id: lint, script: echo }]", "step_1: , lint: step_1"),
    ] {
        let told: Vec<String> = after(&format!("    steps: {steps}\n"))
            .iter()
            .map(|(id, after)| format!("{id}: {}", after.join("+")))
            .collect();
        assert_eq!(told.join(", "), expected, "{steps}");
    }
}

#[test]
fn everything_waits_for_what_the_command_depends_on() {
    let lists = after("    depends_on: [lint, { command: git-it, as: git }]\n    script: echo\n");
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        lists,
        [
            ("lint".to_owned(), names(&[])),
            ("git".to_owned(), names(&[])),
            ("all".to_owned(), names(&["lint", "git"]))
        ]
    );
    let lists = after(
        "    depends_on: [lint, git-it]\n    steps: [{ id: a, script: echo }, { id: b, script: echo }, { id: c, script: echo, after: [] }]\n",
    );
    let last: Vec<_> = lists.iter().skip(2).map(|(_, after)| after.join("+")).collect();
    assert_eq!(last, ["lint+step_2", "a", "lint+step_2"]);
}

#[test]
fn every_key_of_a_step_reaches_the_model() {
    let catalog = valid();
    let release = tool(&catalog, "release");
    assert_eq!(release.timeout, Duration::from_mins(5));
    assert!(release.when.is_some());
    let flow = flow(release);
    assert_eq!((flow.result.clone(), flow.cleanup_timeout), (FlowResult::Steps, Duration::from_secs(20)));
    let step = |id: &str| {
        let mut all = flow.steps.iter().chain(&flow.finally);
        all.find(|step| step.id.as_str() == id).expect("a step")
    };
    let tag = step("tag").retry.as_ref().expect("a retry");
    assert_eq!((tag.attempts.get(), &tag.on), (3, &RetryOn::Safe));
    let publish = step("publish");
    assert_eq!(publish.timeout, Some(Duration::from_mins(1)));
    assert_eq!(publish.retry.as_ref().map(|retry| retry.max_delay), Some(Duration::from_secs(2)));
    let OnError::Run(StepWork::Command { tool, with }) = &publish.on_error else { panic!("{publish:?}") };
    assert_eq!((tool.as_str(), with.len()), ("notify", 2));
    let StepWork::Inline(inline) = &publish.work else { panic!("{publish:?}") };
    assert_eq!(inline.timeout, Duration::from_mins(1));
    assert_eq!(inline.limits.memory.map(|size| size.0), Some(64 << 20));
    assert!(inline.exit_codes.success(3).is_some());
    assert!(std::sync::Arc::ptr_eq(&inline.params, &release.params));
    let roll = step("roll").each.as_ref().expect("items");
    assert!(matches!(roll.items, JsonTemplate::Text(_)) && roll.concurrency.get() == 4);
    let tell = step("tell");
    assert_eq!(
        tell.each.as_ref().map(|each| &each.items),
        Some(&JsonTemplate::Value(serde_json::json!(["ops", "dev"])))
    );
    assert!(matches!(tell.on_error, OnError::Continue) && tell.otherwise.is_some());
}

#[test]
fn a_command_with_dependencies_ends_as_it_would_alone() {
    let catalog = valid();
    let build = tool(&catalog, "build");
    let flow = flow(build);
    let FlowResult::Of(id) = &flow.result else { panic!("{flow:?}") };
    let own = flow.steps.iter().find(|step| step.id == *id).expect("its own step");
    let StepWork::Inline(inline) = &own.work else { panic!("{own:?}") };
    assert!(matches!(inline.action, Action::Process(_)));
    assert_eq!((inline.timeout, build.timeout), (Duration::from_mins(5), Duration::from_mins(5)));
    assert!(flow.steps[0].once && matches!(flow.steps[0].on_error, OnError::Continue) && !own.once);
}

#[test]
fn a_value_is_handed_over_as_the_parameter_wants_it() {
    let catalog = catalog(
        "vars: { number: 5 }\ncommands:\n  - { name: a, description: A., script: echo, args: [\"{{text}}\", \"{{count}}\"], params: { text: { type: string, description: T, enum: [\"1.10\", \"5\"] }, count: { type: integer, description: C } } }\n  - name: b\n    description: B.\n    params: { n: { type: integer, description: N } }\n    steps: [{ command: a, with: { text: 1.10, count: 3 } }, { command: a, with: { text: \"{{vars.number}}\", count: \"{{vars.number}}\" } }, { command: a, with: { text: \"{{n}}0\", count: \"{{n}}\" } }]\n",
    );
    let with = |at: usize| match &flow(tool(&catalog, "b")).steps[at].work {
        StepWork::Command { with, .. } => with.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let value = |value: serde_json::Value| JsonTemplate::Value(value);
    assert_eq!(with(0), [value("1.10".into()), value(3.into())]);
    assert_eq!(with(1), [value("5".into()), value(5.into())]);
    assert!(with(2).iter().all(|value| matches!(value, JsonTemplate::Text(_))));
}

#[test]
fn what_one_command_lacks_all_lack_that_run_it() {
    let catalog = catalog(
        "commands:\n  - { name: a, description: A., steps: [{ command: b }] }\n  - { name: b, description: B., depends_on: [c], script: echo }\n  - { name: c, description: C., script: no-such-program }\n  - { name: d, description: D., steps: [{ script: echo }, { script: no-such-program }] }\n  - { name: e, description: E., script: echo }\n",
    );
    let reason = |name: &str| match &tool(&catalog, name).availability {
        Availability::Unavailable { reason } => reason.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(reason("a"), "it runs `c`: there is no executable `no-such-program` on this host");
    assert_eq!(reason("b"), "it runs `c`: there is no executable `no-such-program` on this host");
    assert_eq!(reason("d"), "there is no executable `no-such-program` on this host");
    assert_eq!(reason("e"), "Offered");
}

#[test]
fn a_parameter_that_any_step_uses_is_used() {
    for (step, is_used) in [
        ("{ script: echo, args: [\"{{x}}\"] }", true),
        ("{ command: say, with: { text: \"{{x}}\" } }", true),
        ("{ script: echo, when: x == \"a\" }", true),
        ("{ for_each: [\"{{x}}\"], script: echo }", true),
        ("{ run: echo $PARAM_x }", true),
        ("{ script: echo, on_error: { command: say, with: { text: \"{{x}}\" } } }", true),
        ("{ command: say, with: { text: x } }", false),
    ] {
        let text = format!(
            "commands:\n  - {{ name: say, description: Say., script: echo, args: [\"{{{{text}}}}\"], params: {{ text: {{ type: string, description: T, enum: [x, y] }} }} }}\n  - {{ name: all, description: All., params: {{ x: {{ type: string, description: X, enum: [a] }} }}, steps: [{step}] }}\n"
        );
        let report = load(&text).report;
        assert_eq!(report.has(Code::UnusedParameter), !is_used, "{step}\n{}", report.render(Style::Plain));
        assert!(!report.has_errors(), "{step}\n{}", report.render(Style::Plain));
    }
}

#[test]
fn long_chains_and_large_flows_are_judged_soon_and_without_a_deep_stack() {
    let chain = |last: &str| {
        let command = |at: usize| {
            format!("  - {{ name: c{at}, description: D., steps: [{{ command: c{} }}] }}\n", at + 1)
        };
        let commands: String = (0..10_000).map(command).collect();
        format!("commands:\n{commands}  - {{ name: c10000, description: D., {last} }}\n")
    };
    let steps: String = (0..9_000)
        .map(|at| {
            format!(
                "      - {{ id: s{at}, script: echo, args: [\"{{{{steps.s{}.stdout}}}}\"] }}\n",
                if at == 0 { 0 } else { at - 1 }
            )
        })
        .collect();
    let steps = steps.replacen("{{steps.s0.stdout}}", "x", 1);
    let wide: String =
        (0..9_000).map(|at| format!("      - {{ id: s{at}, script: echo, after: [] }}\n")).collect();
    let wrong: String =
        (0..9_000).map(|at| format!("      - {{ command: nothing-{at}, after: [s{at}x] }}\n")).collect();
    let head = "commands:\n  - name: all\n    description: All.\n    steps:\n";
    for (text, code) in [
        (chain("script: echo"), Some(Code::TooNested)),
        (chain("steps: [{ command: c0 }]"), Some(Code::Circle)),
        (format!("{head}{steps}"), None),
        (format!("{head}{wide}"), None),
        (format!("{head}{wrong}"), Some(Code::UnknownCommand)),
    ] {
        let begun = Instant::now();
        let loaded = load(&text);
        assert!(begun.elapsed() < SOON, "{:?} for {}", begun.elapsed(), &text[..200]);
        let report = loaded.report.render(Style::Plain);
        assert_eq!(loaded.catalog.is_some(), code.is_none(), "{}", report.get(..2000).unwrap_or(&report));
        assert!(code.is_none_or(|code| loaded.report.has(code)), "{}", report.get(..2000).unwrap_or(&report));
    }
}

/// Any value, of words that mean something among others.
fn any_yaml() -> impl Strategy<Value = serde_json::Value> {
    const WORDS: &[&str] = &[
        "a",
        "steps",
        "{{steps.a.stdout}}",
        "{{item}}",
        "{{x}}",
        "{{",
        "abort",
        "continue",
        "echo",
        "steps.a.exit_code == 0",
        "",
    ];
    const KEYS: &[&str] = &[
        "id",
        "command",
        "script",
        "run",
        "args",
        "with",
        "when",
        "else",
        "after",
        "for_each",
        "items",
        "concurrency",
        "retry",
        "attempts",
        "on",
        "timeout",
        "on_error",
        "as",
        "env",
        "webhook",
        "url",
        "container",
        "x",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i16>().prop_map(serde_json::Value::from),
        proptest::sample::select(WORDS).prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::vec((proptest::sample::select(KEYS), inner), 0..6).prop_map(|entries| {
                serde_json::Value::Object(
                    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_under_steps_makes_loading_panic(
        key in proptest::sample::select(&["steps", "finally", "depends_on", "cleanup_timeout"][..]),
        value in any_yaml(),
        steps in proptest::collection::vec(any_yaml(), 0..4),
    ) {
        let host = TestHost::new();
        let own = if key == "steps" { serde_json::json!([value, steps]) } else { serde_json::Value::from(steps.clone()) };
        for (key, value) in [(key, value), ("steps", serde_json::Value::from(steps)), ("steps", own)] {
            let text = format!(
                "version: 1\ncommands:\n  - {{ name: a, description: A., script: echo }}\n  - {{ name: all, description: All., params: {{ x: string }}, {key}: {value} }}\n"
            );
            let report = host.check("config.yaml", text.into_bytes()).report;
            prop_assert!(!report.render(Style::Plain).contains("does not fit the schema") || report.has_errors());
        }
    }
}
