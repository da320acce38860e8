//! The invariants of `docs/architecture.md`: who may know whom, and what a room must not do.
//!
//! It reads `src/` as text, without what only tests see. A rule that has to change is changed here
//! and in that document together.

mod source;

use source::SourceFile;

/// What each room may import. A room that is missing here has no place in the house yet.
const HOUSE: [(&str, &[&str]); 21] = [
    ("main", &["cli"]),
    (
        "cli",
        &[
            "scaffold", "serve", "mcp", "engine", "runner", "safe", "plan", "policy", "call", "config",
            "clients", "lock", "graph", "trial", "audit", "auth", "model",
        ],
    ),
    ("serve", &["mcp", "engine", "plan", "audit", "issuer", "auth", "model"]),
    ("audit", &["model"]),
    ("issuer", &["auth", "model"]),
    ("auth", &["model"]),
    ("mcp", &["engine", "plan", "call", "model"]),
    ("engine", &["runner", "shaping", "audit", "plan", "policy", "call", "model"]),
    ("shaping", &["model"]),
    ("runner", &["safe", "plan", "model"]),
    ("safe", &["model"]),
    ("plan", &["policy", "call", "model"]),
    ("policy", &["call", "model"]),
    ("call", &["model"]),
    ("config", &["model"]),
    ("clients", &["model"]),
    ("graph", &["model"]),
    ("lock", &["model"]),
    ("model", &[]),
    ("scaffold", &[]),
    ("trial", &["model"]),
];

/// The rooms in which everything is a value.
const PURE: [&str; 11] =
    ["auth", "clients", "model", "call", "policy", "plan", "scaffold", "lock", "graph", "shaping", "trial"];

#[test]
fn a_room_imports_only_what_it_may_know() {
    check(|file| {
        let Some((_, allowed)) = HOUSE.iter().find(|(room, _)| *room == file.room()) else {
            return (file.room() != "lib")
                .then(|| format!("the room `{}` has no place in HOUSE", file.room()))
                .into_iter()
                .collect();
        };
        let strange = |room: &&str| *room != file.room() && !allowed.contains(room);
        let imported = file.imported_rooms();
        imported.iter().map(String::as_str).filter(strange).map(|room| format!("imports `{room}`")).collect()
    });
}

#[test]
fn values_are_made_without_input_output_clock_or_environment() {
    let forbidden = ["tokio", "std::fs", "std::env", "std::process", "std::net", "std::thread"];
    check(|file| {
        if !PURE.contains(&file.room()) {
            return Vec::new();
        }
        let mut problems = file.paths_below(&forbidden);
        problems.extend(file.words(r"\b(async|await|Instant|SystemTime)\b"));
        problems
    });
}

#[test]
fn foreign_crates_stay_in_their_rooms() {
    check(|file| {
        let owners: [(&str, &[&str]); 30] = [
            ("redis", &["serve"]),
            ("rusqlite", &["engine"]),
            ("argon2", &["auth"]),
            ("bcrypt", &["auth"]),
            ("governor", &["engine"]),
            ("cel", &["model"]),
            ("chrono", &["model"]),
            ("chrono_tz", &["model"]),
            ("croner", &["model"]),
            ("semver", &["model"]),
            ("sha2", &["audit", "auth", "cli", "engine", "lock", "mcp", "model", "runner"]),
            ("subtle", &["auth"]),
            ("aws_lc_rs::signature", &["audit", "auth"]),
            ("hyper::server", &["serve"]),
            ("serde_yaml", &["config", "clients", "shaping"]),
            ("csv", &["shaping"]),
            ("jmespath", &["model"]),
            ("toml_edit", &["config", "clients"]),
            ("zip", &["cli"]),
            ("chacha20poly1305", &["safe", "mcp"]),
            ("similar", &["trial"]),
            ("rmcp", &["mcp", "serve"]),
            ("clap", &["cli"]),
            ("reqwest", &["runner", "issuer"]),
            ("bollard", &["runner"]),
            ("landlock", &["runner"]),
            ("seccompiler", &["runner"]),
            ("clap_complete", &["cli"]),
            ("std::process::Command", &["runner"]),
            ("tokio::process", &["runner"]),
        ];
        let away = owners.iter().filter(|(_, rooms)| !rooms.contains(&file.room()));
        away.flat_map(|(path, _)| file.paths_below(&[path])).collect()
    });
}

#[test]
fn only_one_room_of_the_runner_speaks_http() {
    check(|file| match file.name.starts_with("runner/http/") || file.name == "issuer/fetch.rs" {
        true => Vec::new(),
        false => file.paths_below(&["reqwest"]),
    });
}

#[test]
fn only_one_room_serves_http() {
    check(|file| match file.name.starts_with("serve/http/") {
        true => Vec::new(),
        false => file.paths_below(&[
            "redis",
            "hyper::server",
            "hyper::service",
            "http_body_util::Full",
            "http_body_util::StreamBody",
        ]),
    });
}

#[test]
fn only_one_room_knows_the_certificates_of_the_server() {
    check(|file| match file.name.starts_with("serve/http/tls/") {
        true => Vec::new(),
        false => file.paths_below(&["rcgen", "x509_cert", "instant_acme", "tokio_rustls::server"]),
    });
}

#[test]
fn only_one_room_of_the_runner_knows_the_container_engine() {
    check(|file| match file.name.starts_with("runner/container/") {
        true => Vec::new(),
        false => file.paths_below(&["bollard"]),
    });
}

#[test]
fn only_conditions_know_their_language() {
    check(|file| match file.name.split_once('/').map_or("", |(_, below)| below) {
        name if name.starts_with("condition/") => Vec::new(),
        // Times of the day are of the same crate in both.
        "automation/cron.rs" => file.paths_below(&["cel"]),
        _ => file.paths_below(&["cel", "chrono", "chrono_tz", "croner"]),
    });
}

#[test]
fn only_the_runner_makes_processes() {
    check(|file| match file.room() {
        "runner" => Vec::new(),
        _ => ["nix::unistd", "unistd", "nix::libc", "libc"]
            .iter()
            .flat_map(|place| {
                ["fork", "vfork", "execv", "execve", "execvp", "clone"].map(|call| format!("{place}::{call}"))
            })
            .chain(["nix::spawn".to_owned(), "nix::sched::clone".to_owned()])
            .flat_map(|path| file.paths_below(&[&path]))
            .collect(),
    });
}

#[test]
fn only_the_command_line_prints_reads_the_environment_or_exits() {
    check(|file| {
        if ["cli", "main"].contains(&file.room()) {
            return Vec::new();
        }
        let mut problems = file.words(r"\b(e?println?|dbg)!");
        problems.extend(file.paths_below(&["std::env::var", "std::env::var_os", "std::env::vars"]));
        problems.extend(file.paths_below(&["std::env::vars_os", "std::env::args", "std::process::exit"]));
        problems
    });
}

#[test]
fn a_dry_run_is_no_mode_of_anything_but_the_command_line() {
    check(|file| match file.room() {
        "cli" => Vec::new(),
        _ => file.mentions("dry_run"),
    });
}

#[test]
fn unsafe_code_is_in_one_file_of_the_runner() {
    let files = source::house();
    let with: Vec<&SourceFile> = files.iter().filter(|file| !file.words(r"\bunsafe\b").is_empty()).collect();
    let names: Vec<&str> = with.iter().map(|file| file.name.as_str()).collect();
    assert!(names.len() <= 1, "unsafe code is in {names:?}");
    assert!(names.iter().all(|name| name.starts_with("runner/process/")), "unsafe code is in {names:?}");
}

#[test]
fn the_init_of_containers_needs_nothing_but_the_compiler() {
    let files = source::init();
    assert!(files.len() > 5, "only {} files of the init were found", files.len());
    let foreign = ["std", "alloc", "nix", "libc", "mcpfier"];
    let mut found = Vec::new();
    for file in files {
        let mut problems = file.paths_below(&foreign);
        if !file.name.starts_with("init/system/") {
            problems.extend(file.words(r"\bunsafe\b|\basm!"));
        }
        problems.extend(file.words(r"\.unwrap\(\)|\.expect\(|\b(panic|todo|unimplemented|unreachable)!"));
        if !file.text.starts_with("//! ") {
            problems.push("does not open with `//!`".to_owned());
        }
        found.extend(problems.into_iter().map(|problem| format!("src/{}: {problem}", file.name)));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    check(|file| match file.text.starts_with("//! ") {
        true => Vec::new(),
        false => vec!["does not open with `//!`".to_owned()],
    });
}

#[test]
fn no_file_gives_up_without_a_reason() {
    check(|file| {
        let mut problems = file.words(r"\.unwrap\(\)|\b(panic|todo|unimplemented)!|\bunreachable!\(\)");
        problems.extend(file.expects_without_reason());
        problems
    });
}

#[test]
fn every_file_is_named_for_an_idea() {
    let empty = ["util", "utils", "common", "helper", "helpers", "misc", "manager", "data", "errors"];
    check(|file| {
        let mut parts = file.name.trim_end_matches(".rs").split('/');
        parts
            .find(|part| empty.contains(part))
            .map(|part| format!("`{part}` says nothing"))
            .into_iter()
            .collect()
    });
}

/// Asks one question of every source file and fails with all answers.
fn check(problems_of: impl Fn(&SourceFile) -> Vec<String>) {
    let files = source::house();
    assert!(files.len() > 20, "only {} source files were found", files.len());
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| problems_of(file).into_iter().map(|problem| format!("src/{}: {problem}", file.name)))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
