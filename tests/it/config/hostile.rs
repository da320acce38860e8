//! Whatever bytes a file holds: an answer, soon, within little memory.

use std::time::{Duration, Instant};

use mcpfier::config::{Code, Style};
use proptest::prelude::*;

use super::host::{TestHost, data};
use super::reports::read;

/// Generous: the tests run unoptimised, beside others. A bomb that goes off takes minutes.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn bombs_are_stopped_by_their_size() {
    let host = TestHost::new();
    for (name, bomb, code) in bombs() {
        let begun = Instant::now();
        let loaded = host.check("bomb.yaml", bomb.into_bytes());
        let report = loaded.report.render(Style::Plain);
        assert!(begun.elapsed() < SOON, "{name} took {:?}", begun.elapsed());
        assert!(loaded.catalog.is_none(), "{name}");
        assert!(loaded.report.has(code), "{name}: {}", report.get(..400).unwrap_or(&report));
        assert!(report.len() < 4 << 20, "{name}: the report has {} bytes", report.len());
    }
}

fn bombs() -> Vec<(&'static str, String, Code)> {
    let native = |rest: String| format!("version: 1\n{rest}");
    let levels = |first: &str, each: fn(char, char) -> String| -> String {
        let letters: Vec<char> = ('a'..='i').collect();
        let later: String = letters.windows(2).map(|pair| each(pair[0], pair[1])).collect();
        format!("{first}{later}")
    };
    let aliases = levels("a: &a [x,x,x,x,x,x,x,x,x]\n", |from, to| {
        format!("{to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(","))
    });
    let merges = levels("a: &a {x: 1, y: 2, z: 3}\n", |from, to| {
        let keys: Vec<String> = (0..9).map(|n| format!("{to}{n}: *{from}")).collect();
        format!("{to}: &{to} {{<<: *{from}, {}}}\n", keys.join(", "))
    });
    let long_merge = {
        let keys: Vec<String> = (0..2000).map(|n| format!("k{n}: 1")).collect();
        format!("a: &a {{{}}}\n", keys.join(", "))
            + &(0..2000).map(|n| format!("m{n}: {{<<: *a}}\n")).collect::<String>()
    };
    let quadratic = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(20_000));
    vec![
        ("aliases", native(aliases), Code::TooLarge),
        ("merges", native(merges), Code::TooLarge),
        ("many merges of many keys", native(long_merge), Code::TooLarge),
        ("a long text many times", native(quadratic), Code::TooLarge),
        ("brackets", native(format!("a: {}", "[".repeat(100_000))), Code::TooDeep),
        ("braces", native(format!("a: {}", "{a: ".repeat(100_000))), Code::TooDeep),
        ("dashes", native(format!("a:\n{}", "- ".repeat(100_000))), Code::TooDeep),
        ("questions", native("? ".repeat(100_000)), Code::TooDeep),
        ("many items", native(format!("a: [{}]", "x, ".repeat(1_000_000))), Code::TooLarge),
    ]
}

#[test]
fn a_file_beyond_the_cap_is_refused_before_it_is_read() {
    let host = TestHost::new();
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("large.yaml");
    std::fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    let loaded = mcpfier::config::load(&path, &host.host, &mcpfier::config::Choice::default());
    assert!(loaded.report.has(Code::TooLarge));
}

#[test]
fn thousands_of_mistakes_are_counted_and_the_first_are_shown() {
    let host = TestHost::new();
    let keys: String = (0..5000).map(|n| format!("key{n}: 1\n")).collect();
    let begun = Instant::now();
    let report = host.load(&format!("version: 1\n{keys}")).report;
    let rendered = report.render(Style::Plain);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(rendered.ends_with("and 4000 more\n"), "{}", report.summary());
    assert!(!report.may_serve());
}

#[test]
fn a_mistake_in_a_line_of_megabytes_is_reported_without_the_line() {
    let host = TestHost::new();
    let text = format!("{{version: 1, server: {{name: {}, zebra: 1}}}}", "x".repeat(2 << 20));
    let rendered = host.load(&text).report.render(Style::Plain);
    assert!(rendered.contains("config.yaml:1:") && rendered.len() < 2000, "{} bytes", rendered.len());
}

#[test]
fn a_thousand_commands_load_soon() {
    let host = TestHost::new();
    let commands: String = (0..1000)
        .map(|n| {
            format!(
                "  - name: c{n}\n    description: Command {n}.\n    script: echo\n    args: [--, \"{{{{word}}}}\", tail]\n    params: {{ word: {{ type: string, description: A word }} }}\n    limits: {{ memory: 64MiB }}\n"
            )
        })
        .collect();
    let begun = Instant::now();
    let loaded = host.load(&format!("version: 1\ncommands:\n{commands}"));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(loaded.catalog.map(|catalog| catalog.offered().count()), Some(1000));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_loading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        load_and_render(bytes);
    }

    #[test]
    fn no_toml_makes_loading_panic(text in "(version = 1\n)?((\\[\\[?[a-z.]{1,9}\\]?\\]|[a-z.\"]{1,9} ?= ?[\\[\\]{}\"'a-z0-9:.,= -]{0,12})\n){0,12}") {
        let host = mcpfier::config::Host { cwd: "/srv/work".into(), ..Default::default() };
        let loaded = mcpfier::config::check_bytes("config.toml".as_ref(), text.into_bytes(), &host);
        let _ = loaded.report.render(mcpfier::config::Style::Plain);
    }

    #[test]
    fn no_flag_makes_loading_panic(
        sets in proptest::collection::vec("((commands|vars|server|\\.|say|env|=|[a-z{}\\[\\]\"':,é ]){0,6}\\.){0,4}[a-z]{0,4}=?[ -~é]{0,9}", 0..4),
        tags in "[a-z, é]{0,9}",
        profile in "[a-z]{0,2}",
    ) {
        let file = "version: 1\nprofiles: { a: { server: [] }, b: 5, c: { commands: [{ name: say, env: x }] } }\ntemplates: { t: { extends: [u, t] }, u: { env: { a: b } } }\ncommands: [{ name: say, script: echo, extends: [u, t], tags: [a] }]\n";
        let host = TestHost::new();
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).expect("a file");
        let choice = mcpfier::config::Choice::of(&[profile], &sets, &[tags], &host.host);
        let report = mcpfier::config::check(&path, &host.host, &choice).report;
        let _ = (report.render(mcpfier::config::Style::Plain), report.to_json());
    }

    #[test]
    fn no_yaml_makes_loading_panic(text in "(version: 1\n)?(([ ]{0,6}(- )?(\"?[a-z{}&*!|>%@]{1,9}\"?|<<|commands|args|params|env): ?)?[ -~é\t]{0,12}\n){0,12}") {
        load_and_render(text.into_bytes());
    }

    #[test]
    fn no_change_to_a_file_makes_loading_panic(
        choice in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        cut in 0usize..40,
        insert in "[ -~\n\té]{0,8}",
    ) {
        let files: Vec<_> = data("valid").into_iter().chain(data("mcpfier")).collect();
        let mut bytes = read(&files[choice.index(files.len())]);
        let at = at.index(bytes.len() + 1);
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, insert.into_bytes());
        load_and_render(bytes);
    }
}

/// Everything that is done to a file on its way to a user.
fn load_and_render(bytes: Vec<u8>) {
    let host = mcpfier::config::Host { cwd: "/srv/work".into(), ..Default::default() };
    let loaded = mcpfier::config::check_bytes("config.yaml".as_ref(), bytes, &host);
    let rendered = loaded.report.render(Style::Plain);
    assert!(rendered.ends_with('\n'));
    loaded.report.to_json();
    assert_eq!(loaded.catalog.is_some(), loaded.report.may_serve());
}
