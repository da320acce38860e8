//! What is reported as unused, where a file is made of several parts: nothing that any of them uses,
//! and what none uses at the place where it stands.

use mcpfier::config::{Choice, Report, Style, check};

use super::host::TestHost;

/// Warnings of a root file with these others beside it.
fn report(root: &str, others: &[(&str, &str)]) -> String {
    let host = TestHost::new();
    let folder = tempfile::tempdir().expect("a scratch folder");
    for (name, text) in others.iter().chain(&[("tools.yaml", root)]) {
        std::fs::write(folder.path().join(name), text).expect("a scratch file");
    }
    let report: Report = check(&folder.path().join("tools.yaml"), &host.host, &Choice::default()).report;
    report.render(Style::Plain)
}

const USES: &str = "{ name: uses, description: Uses it., script: echo, env: { T: \"{{secrets.token}}\" } }";
const PLAIN: &str = "{ name: plain, description: Uses nothing., script: echo }";
const SECRET: &str = "secrets: { token: { env: GITHUB_TOKEN } }";

#[test]
fn a_secret_that_any_part_uses_is_used() {
    let include = "version: 1\ninclude: [more.yaml]\n";
    for (root, more) in [
        (format!("{include}{SECRET}\ncommands: [{PLAIN}]\n"), format!("commands: [{USES}]\n")),
        (format!("{include}commands: [{USES}]\n"), format!("{SECRET}\n")),
        (
            format!(
                "{include}{SECRET}\nprofiles: {{ prod: {{ commands: [{USES}] }} }}\ncommands: [{PLAIN}]\n"
            ),
            "commands: []\n".to_owned(),
        ),
        (
            format!(
                "{include}profiles: {{ prod: {{ {SECRET}, commands: [{USES}] }} }}\ncommands: [{PLAIN}]\n"
            ),
            "commands: []\n".to_owned(),
        ),
        (
            format!(
                "{include}{SECRET}\ntemplates: {{ base: {{ env: {{ T: \"{{{{secrets.token}}}}\" }} }} }}\ncommands: [{}]\n",
                PLAIN.replace("name: plain", "name: plain, extends: base")
            ),
            "commands: []\n".to_owned(),
        ),
    ] {
        let said = report(&root, &[("more.yaml", &more)]);
        assert!(!said.contains("never used"), "{root}\n---\n{more}\n{said}");
    }
}

#[test]
fn a_secret_that_nothing_uses_is_reported_once_in_its_own_file() {
    let root = format!(
        "version: 1\ninclude: [more.yaml]\nprofiles: {{ a: {{ vars: {{ x: y }} }}, b: {{}} }}\ncommands: [{PLAIN}]\n"
    );
    let said = report(&root, &[("more.yaml", SECRET)]);
    assert_eq!(said.matches("W0069").count(), 1, "{said}");
    assert!(said.contains("more.yaml:1:12"), "{said}");
    let alone = format!("version: 1\nprofiles: {{ prod: {{ {SECRET} }} }}\ncommands: [{PLAIN}]\n");
    let said = report(&alone, &[]);
    assert_eq!(said.matches("W0069").count(), 1, "{said}");
    assert!(said.contains("tools.yaml:2:"), "{said}");
}

#[test]
fn a_parameter_is_judged_with_everything_that_is_laid_over_its_command() {
    let with = |args: &str| {
        format!(
            "{{ name: say, description: Says it., script: echo, {args}params: {{ word: {{ type: boolean, description: It. }} }} }}"
        )
    };
    // A template uses it.
    let extended = format!(
        "version: 1\ntemplates: {{ base: {{ args: [\"{{{{word}}}}\"] }} }}\ncommands: [{}]\n",
        with("extends: base, ")
    );
    let said = report(&extended, &[]);
    assert!(!said.contains("W0038"), "{said}");
    // Nothing uses it: said once, in the file that declares it, whatever profiles there are.
    let root =
        format!("version: 1\ninclude: [more.yaml]\nprofiles: {{ a: {{}}, b: {{}} }}\ncommands: [{PLAIN}]\n");
    let said = report(&root, &[("more.yaml", &format!("commands: [{}]\n", with("")))]);
    assert_eq!(said.matches("W0038").count(), 1, "{said}");
    assert!(said.contains("more.yaml:1:"), "{said}");
    // Only a profile makes it unused, and that says which.
    let root = format!(
        "version: 1\nprofiles: {{ quiet: {{ commands: [{{ name: say, args: [nothing] }}] }} }}\ncommands: [{}]\n",
        with("args: [\"{{word}}\"], ")
    );
    let said = report(&root, &[]);
    assert_eq!(said.matches("W0038").count(), 1, "{said}");
    assert!(said.contains("quiet"), "{said}");
}
