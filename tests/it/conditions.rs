//! Conditions from outside: what a caller and a person at a shell see of them.

use serde_json::json;

use crate::support::program::{Program, mcpfier};

const TOOLS: &str = r#"version: 1
vars: { channels: [beta, stable] }
commands:
  - name: publish
    description: Publish a release.
    script: echo
    args: ["{{channel}}"]
    params:
      channel: { type: string, description: Where to, enum: [beta, stable, none] }
      pin: { type: string, description: A number, optional: true, sensitive: true, maxLength: 8 }
    when: |
      channel in vars.channels
      && (channel == "beta" || has(params.pin))
  - name: marked
    description: Where a file is.
    script: echo
    when: file_exists("MARK") && has_env("PATH") && env.HOME != ""
  - name: later
    description: Not before 2200.
    script: echo
    when: now > timestamp("2200-01-01T00:00:00Z")
"#;

fn tools(words: &[&str]) -> Program {
    mcpfier(words).tools(TOOLS)
}

#[test]
fn a_plan_says_which_condition_holds_and_by_which_values() {
    let text = tools(&["--dry-run", "publish", "channel=beta", "pin=1234"]).run().stdout;
    let condition = r#"channel in vars.channels && (channel == "beta" || has(params.pin))"#;
    assert!(text.contains(&format!("  when     {condition}\n")), "{text}");
    assert!(text.contains(r#"holds: `channel` is "beta", `vars.channels` is ["beta","stable"]"#), "{text}");
    assert!(!text.contains("1234"), "{text}");
    let plan = tools(&["--dry-run", "--json", "publish", "channel=stable", "pin=1234"]).run().json();
    assert_eq!(plan["when"]["condition"], condition);
    assert_eq!(plan["when"]["sees"], json!({ "channel": "stable", "vars.channels": ["beta", "stable"] }));
    assert_eq!(plan["when"]["hidden"], json!(["params.pin"]));
}

#[test]
fn a_condition_that_does_not_hold_says_what_it_saw_and_nothing_runs() {
    for words in [&["publish", "channel=stable"] as &[&str], &["--dry-run", "publish", "channel=stable"]] {
        let said = tools(words).ends_with(6).run();
        assert_eq!(said.stdout, "");
        assert!(said.stderr.contains("its condition does not hold"), "{}", said.stderr);
        assert!(said.stderr.contains(r#"here  `channel` is "stable""#), "{}", said.stderr);
    }
    let said = tools(&["marked"]).ends_with(6).run().stderr;
    assert!(said.contains(r#"`env.HOME` is not shown, `file_exists("MARK")` is false"#), "{said}");
    assert!(said.contains(r#"`has_env("PATH")` is true"#), "{said}");
    tools(&["marked"]).file("MARK", "").run();
    let said = tools(&["later"]).ends_with(6).run().stderr;
    assert!(said.contains("`now` is \"20"), "{said}");
}

#[test]
fn help_and_list_show_a_condition() {
    let help = tools(&["publish", "--help"]).run().stdout;
    assert!(help.contains("\nRuns only if: channel in vars.channels && (channel"), "{help}");
    let listed = tools(&["list"]).run().stdout;
    assert!(listed.contains("Not before 2200.  (if now > timestamp("), "{listed}");
    let listed = tools(&["list", "--json"]).run().json();
    assert_eq!(listed[2]["when"], r#"now > timestamp("2200-01-01T00:00:00Z")"#);
}

/// Each is refused when the file is loaded, at once and with a place, or is judged in no time.
#[test]
fn bombs_end_in_errors() {
    let nested = |open: &str, close: &str| format!("{}true{}", open.repeat(200), close.repeat(200));
    let grown = format!("items{}.size() > 0", ".map(b, [b, b, b, b, b, b, b, b])".repeat(25));
    let bombs = [
        nested("(", ")"),
        nested("[", "]"),
        "!".repeat(900) + "true",
        format!("1{} > 0", "+1".repeat(505)),
        format!("items{} == 1", "[0]".repeat(330)),
        format!("'{}' == ''", "x".repeat(2_000)),
        "items.all(a, items.all(b, items.all(c, a == c)))".to_owned(),
        "items.all(a, items.all(b, a == b))".to_owned(),
        grown,
    ];
    for bomb in bombs {
        let file = format!(
            "version: 1\ncommands:\n  - name: bomb\n    description: A bomb.\n    script: echo\n    \
             params: {{ items: {{ type: array, description: Many, items: {{ type: integer }} }} }}\n    \
             args: [\"{{{{items}}}}\"]\n    when: {}\n",
            serde_json::Value::from(bomb.as_str())
        );
        let items = format!("items:={}", json!((0..1_000).collect::<Vec<u32>>()));
        let started = std::time::Instant::now();
        let said = mcpfier(&["bomb", &items]).tools(&file).may_fail().run();
        let took = started.elapsed();
        let is_told = said.stderr.contains("E0200") || said.stderr.contains("100000 may be");
        assert!(is_told && !said.stderr.contains("panicked"), "{bomb}: {}", said.stderr);
        assert!(took < std::time::Duration::from_secs(5), "{bomb}: {took:?}");
    }
}
