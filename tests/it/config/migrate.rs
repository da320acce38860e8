//! What a file of the original becomes, and that it does the same.
//!
//! `tests/data/migrated/NAME.yaml` is what `NAME.yaml` of `tests/data/mcpfier` or
//! `tests/data/migrate` becomes; UPDATE_MIGRATED=1 writes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcpfier::call::Call;
use mcpfier::config::{Host, Loaded, NotMigrated, Style, load_bytes, migrate};
use mcpfier::engine::prepare;
use mcpfier::model::{Availability, Method, Principal, SecretSource, Secrets};
use mcpfier::plan::{Facts, Means, Step};
use mcpfier::policy::Policy;
use serde_json::Map;

use super::host::{TestHost, data};

fn inputs() -> Vec<PathBuf> {
    let mut files = data("mcpfier");
    files.extend(data("migrate"));
    files
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).expect("a file that is text")
}

/// A host with a server started elsewhere than the file lies, as clients do.
fn host() -> TestHost {
    let mut host = TestHost::new();
    host.host.environment.insert("PWD".to_owned(), host.host.cwd.display().to_string());
    for name in ["NONE", "X", "HOME", "PLACE", "HOST", "REGION", "TRACE", "TOKEN", "PASSWORD", "API_KEY"] {
        host.host.environment.insert(name.to_owned(), format!("the value of {name}"));
    }
    for name in ["OPERATIONS_KEY", "DEVELOPMENT_KEY", "OAUTH_SECRET"] {
        host.host.environment.insert(name.to_owned(), format!("the value of {name}"));
    }
    let hash = "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi";
    host.host.environment.insert("ADMIN_HASH".to_owned(), hash.to_owned());
    // It stands in a URL.
    host.host.environment.insert("HOST".to_owned(), "api.example.com".to_owned());
    host
}

fn load(text: &str, host: &Host) -> Loaded {
    load_bytes(Path::new("/etc/mcpfier/config.yaml"), text.as_bytes().to_vec(), host)
}

#[test]
fn every_file_of_the_original_becomes_the_file_beside_it() {
    let host = host();
    let update = std::env::var_os("UPDATE_MIGRATED").is_some();
    for file in inputs() {
        let migrated =
            migrate(Path::new("config.yaml"), &text(&file), &host.host).expect("it is migrated").text;
        let name = file.file_name().expect("a name");
        let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/migrated").join(name);
        if update {
            std::fs::write(&expected, &migrated).expect("it is written");
        }
        assert_eq!(migrated, text(&expected), "{}", file.display());
    }
}

#[test]
fn what_was_offered_is_offered_and_does_the_same() {
    let host = host();
    let (mut compared, mut kept_back) = (0, 0);
    for file in inputs() {
        let before = load(&text(&file), &host.host).catalog.expect("the original's file loads");
        let migration = migrate(Path::new("config.yaml"), &text(&file), &host.host).expect("it is migrated");
        let after = load(&migration.text, &host.host);
        let Some(catalog) = after.catalog else {
            let codes = after.report.errors_for_serving().map(|problem| problem.code_text());
            let codes: Vec<String> = codes.collect();
            assert!(codes.iter().all(|code| code == "E0011"), "{}", after.report.render(Style::Plain));
            continue;
        };
        let names = |catalog: &mcpfier::model::Catalog| -> Vec<String> {
            catalog.offered().map(|tool| tool.name.to_string()).collect()
        };
        assert_eq!(names(&catalog), names(&before), "{}", file.display());
        // Each file keeps what feeds its own secrets from its commands.
        let facts_of = |catalog: &mcpfier::model::Catalog| {
            Facts::new(&host.host.environment, &catalog.secrets, Means::NONE)
        };
        for tool in before.offered() {
            let new = catalog.tool(tool.name.as_str()).expect("it is there");
            assert_eq!(new.availability, Availability::Offered);
            assert_eq!(new.description, tool.description);
            assert_eq!(new.concurrency, tool.concurrency);
            assert_eq!(new.exit_codes, tool.exit_codes);
            assert_eq!(new.annotations, tool.annotations);
            assert_eq!(new.retry, tool.retry);
            assert_eq!(new.output, tool.output);
            let [old, new] = [&before, &catalog].map(|catalog| {
                let (principal, tool) = (Principal::local().into(), tool.name.to_string());
                let call = Call { principal, tool, arguments: Map::new() };
                prepare(catalog, &Policy::default(), &facts_of(catalog), call).expect("a plan").step
            });
            compared += 1;
            #[allow(unreachable_patterns)]
            let (mut old, mut new) = match (old, new) {
                (Step::Process(old), Step::Process(new)) => (old, new),
                // What its steps do is compared where they are tools themselves.
                (Step::Flow(old), Step::Flow(new)) => {
                    assert_eq!(old.steps.len(), new.steps.len(), "{} in {}", tool.name, file.display());
                    continue;
                }
                (mut old, new) => {
                    // With GET a body means nothing, and is told.
                    if let Step::Http(call) = &mut old
                        && call.method == Method::Get
                        && call.body.take().is_some()
                    {
                        call.headers.retain(|(name, _)| name != "Content-Type");
                    }
                    // What `auth` sets is sent once.
                    if let Step::Http(call) = &mut old
                        && call.auth.is_some()
                    {
                        call.headers.retain(|(name, _)| name != "Authorization");
                    }
                    let new = with_values(format!("{new:?}"), &catalog.secrets);
                    assert_eq!(format!("{old:?}"), new, "{} in {}", tool.name, file.display());
                    continue;
                }
            };
            // Merged variables may come in another order.
            old.variables.sort_by(|(a, _), (b, _)| a.cmp(b));
            new.variables.sort_by(|(a, _), (b, _)| a.cmp(b));
            // Three differences that are told at their places: where a relative path leads, names
            // that no native file takes, and variables that feed a secret now.
            let feeds = |name: &str| {
                let mut sources = catalog.secrets.values();
                sources.any(|source| matches!(source, SecretSource::Env(variable) if variable == name))
            };
            kept_back += old.inherited.keys().filter(|name| feeds(name)).count();
            Arc::make_mut(&mut old.inherited).retain(|name, _| !feeds(name));
            old.variables.retain(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
            if old.program.ends_with("relative.sh") {
                old.program.clone_from(&new.program);
            }
            assert_eq!(old, new, "{} in {}", tool.name, file.display());
        }
    }
    assert!(compared > 15, "only {compared} commands were compared");
    assert!(kept_back > 0, "no variable that feeds a secret was there to be inherited");
}

/// What the original had in its plan is looked up when the call is made.
fn with_values(mut plan: String, secrets: &Secrets) -> String {
    for (name, source) in secrets {
        let SecretSource::Env(variable) = source else { panic!("{name} has another source") };
        let hole = format!("Filled([Secret(SecretName({:?}))])", name.as_str());
        plan = plan.replace(&hole, &format!("Known(\"the value of {variable}\")"));
    }
    plan
}

#[test]
fn what_is_migrated_says_nothing_against_itself() {
    let host = host();
    for file in inputs() {
        let migration = migrate(Path::new("config.yaml"), &text(&file), &host.host).expect("it is migrated");
        let problems: Vec<String> = migration
            .report
            .errors_for_serving()
            .map(|problem| problem.code_text())
            .filter(|code| code != "E0011")
            .collect();
        assert!(problems.is_empty(), "{}: {}", file.display(), migration.report.render(Style::Plain));
    }
}

#[test]
fn a_native_file_is_left_alone() {
    let host = host();
    for file in data("valid").into_iter().chain(data("migrated")) {
        let result = migrate(&file, &text(&file), &host.host);
        assert!(matches!(result, Err(NotMigrated::Native)), "{}", file.display());
    }
}

#[test]
fn every_line_is_kept_or_is_a_comment() {
    let host = host();
    for file in data("mcpfier") {
        let before = text(&file);
        let migrated = migrate(Path::new("config.yaml"), &before, &host.host).expect("it is migrated").text;
        for comment in before.lines().filter(|line| line.trim_start().starts_with('#')) {
            assert!(migrated.contains(comment), "`{comment}` of {} is gone", file.display());
        }
    }
}

#[test]
fn line_ends_stay_what_they_are() {
    let host = host();
    // One without any line cannot say how its lines end.
    for file in inputs().iter().filter(|file| !text(file).is_empty()) {
        let windows = text(file).replace('\n', "\r\n");
        let unix = migrate(Path::new("config.yaml"), &text(file), &host.host).expect("it is migrated").text;
        let migrated = migrate(Path::new("config.yaml"), &windows, &host.host).expect("it is migrated").text;
        assert_eq!(migrated, unix.replace('\n', "\r\n"), "{}", file.display());
    }
}

#[test]
fn half_a_file_is_migrated_as_well_as_a_whole_one() {
    let host = host();
    for file in inputs() {
        let whole = text(&file);
        for (end, _) in whole.match_indices('\n').filter(|(end, _)| *end > 0) {
            let half = &whole[..end];
            let Ok(migration) = migrate(Path::new("config.yaml"), half, &host.host) else { continue };
            // What is not built yet, and credentials that the half lost.
            let told = ["E0011", "E0013", "E0117", "E0260", "E0270", "E0271", "E0272"];
            let wrong = migration
                .report
                .errors_for_serving()
                .find(|problem| !told.contains(&problem.code_text().as_str()));
            assert!(
                wrong.is_none(),
                "{}:\n{half}\n---\n{}\n---\n{}",
                file.display(),
                migration.text,
                migration.report.render(Style::Plain)
            );
        }
    }
}

#[test]
fn a_file_with_errors_is_refused() {
    let host = host();
    for wrong in [
        "commands: [{ name: a, script: echo, args: text }]",
        "commands: [",
        "commands: [{ name: a, run: x }]",
    ] {
        let result = migrate(Path::new("config.yaml"), wrong, &host.host);
        assert!(matches!(result, Err(NotMigrated::Errors(_))), "{wrong}");
    }
}
