//! The built program at a shell.

use std::process::Command;

use crate::support::program::mcpfier;

const TOOLS: &str = "version: 1
commands:
  - name: flaky
    description: Fails at first.
    run: |
      echo x >> tries
      echo \"try $(wc -l < tries)\"
      [ $(wc -l < tries) -ge 2 ]
    retry: { attempts: 2, delay: 1ms, on: ['exit:1'] }
  - name: hopeless
    description: Fails.
    run: echo output; exit 3
    retry: { attempts: 2, delay: 1ms, on: [failure] }
  - name: prices
    description: Fails and has a fallback.
    params: { city: { type: string, description: Where, pattern: '^[a-z]+$' } }
    script: 'false'
    fallback: usual
    retry: { attempts: 3, backoff: fixed, delay: 1ms, on: ['exit:1'] }
    breaker: {}
  - name: usual
    description: What is mostly so.
    params: { city: { type: string, description: Where, pattern: '^[a-z]+$' } }
    script: echo
    args: [usual in, '{{city}}']
  - name: report
    description: It is remembered.
    run: echo x >> runs; wc -l < runs
    annotations: { read_only: true }
    cache: { ttl: 1h, store: disk, scope: all, stale_while_revalidate: 1m, invalidate_on: { files: [a.csv], commands: [usual] } }
";

#[test]
fn output_of_failed_tries_is_not_in_the_way() {
    let said = mcpfier(&["flaky"]).tools(TOOLS).may_talk().run();
    assert_eq!(said.stdout, "try 2\n");
    assert_eq!(said.stderr, "try 2 of 2 in 0.0 s: exit code 1\n");
    let said = mcpfier(&["hopeless"]).tools(TOOLS).ends_with(3).run();
    assert_eq!(said.stdout, "output\n");
    assert!(said.stderr.ends_with(" · try 2; before: exit code 3\n"), "{}", said.stderr);
}

#[test]
fn a_fallback_is_told_on_stderr() {
    let said = mcpfier(&["prices", "city=oslo"]).tools(TOOLS).may_talk().run();
    assert_eq!(said.stdout, "usual in oslo\n");
    let last = said.stderr.lines().last().unwrap();
    assert!(last.starts_with("mcpfier: prices failed (exit code 1 · "), "{last}");
    assert!(
        last.ends_with(" · try 3; before: exit code 1 (2 times)); this is the result of its fallback usual"),
        "{last}"
    );
}

#[test]
fn the_plan_says_all_of_it() {
    let said = mcpfier(&["--dry-run", "prices", "city=oslo"]).tools(TOOLS).run();
    let plan: Vec<&str> = said.stdout.lines().filter(|line| !line.contains("inherited:")).collect();
    insta::assert_snapshot!(plan.join("\n"));
    let said = mcpfier(&["--dry-run", "report"]).tools(TOOLS).run();
    let cache: Vec<&str> =
        said.stdout.lines().skip_while(|line| !line.starts_with("  cache")).take(2).collect();
    insta::assert_snapshot!(cache.join("\n"));
}

#[test]
fn the_plan_says_all_of_it_to_programs() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../schemas/plan.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for words in [&["--dry-run", "--json", "prices", "city=oslo"][..], &["--dry-run", "--json", "report"]] {
        let plan = mcpfier(words).tools(TOOLS).run().json();
        let errors: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {plan:#}");
    }
    let plan = mcpfier(&["--dry-run", "--json", "prices", "city=oslo"]).tools(TOOLS).run().json();
    assert_eq!(plan["fallback"]["plan"]["argv"], serde_json::json!(["echo", "usual in", "oslo"]));
    assert_eq!(plan["retry"]["on"], serde_json::json!(["exit:1"]));
}

#[test]
fn every_process_of_a_user_has_what_is_on_disk() {
    let scratch = tempfile::tempdir().unwrap();
    std::fs::write(scratch.path().join("tools.yaml"), TOOLS).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.current_dir(scratch.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", scratch.path()).args(["--config", "tools.yaml"]).args(words);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&["cache", "stats"]), "");
    assert!(!scratch.path().join(".cache").exists(), "nothing is made that is not needed");
    assert_eq!((run(&["report"]), run(&["report"])), ("1\n".to_owned(), "1\n".to_owned()));
    let result: serde_json::Value = serde_json::from_str(&run(&["report", "--json"])).unwrap();
    assert_eq!((&result["run"]["cache"]["hit"], &result["stdout"]), (&true.into(), &"1\n".into()));
    assert_eq!(run(&["--no-cache", "report"]), "2\n");
    assert_eq!(run(&["call", "report", "--no-cache"]), "3\n");
    assert_eq!(run(&["report"]), "3\n");
    std::fs::write(scratch.path().join("a.csv"), "").unwrap();
    assert_eq!(run(&["report"]), "4\n");
    run(&["usual", "city=oslo"]);
    assert_eq!(run(&["report"]), "5\n");
    assert!(run(&["cache"]).starts_with("report      1 result "), "{}", run(&["cache"]));
    let stats: serde_json::Value = serde_json::from_str(&run(&["cache", "stats", "--json"])).unwrap();
    assert_eq!((&stats[0]["tool"], &stats[0]["results"]), (&"report".into(), &1.into()));
    run(&["cache", "clear", "other"]);
    assert_eq!(run(&["report"]), "5\n");
    assert_eq!(run(&["cache", "clear", "report"]), "forgot 1 result\n");
    assert_eq!(run(&["report"]), "6\n");
    assert_eq!(run(&["cache", "clear"]), "forgot 1 result\n");
    // Two at once: each has a whole result, and nothing is in the way of the other.
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&["report"]))).collect();
        for one in runs {
            assert!(one.join().unwrap().trim().parse::<u32>().unwrap() >= 7);
        }
    });
}

#[test]
fn words_that_the_cache_does_not_have_are_refused() {
    let said = mcpfier(&["cache", "empty"]).ends_with(2).run();
    assert!(said.stderr.contains("`cache` does not take `empty`"), "{}", said.stderr);
}
