//! `setup` and `doctor` from outside, in a scratch home.
//!
//! `tests/data/clients/ID.before.*` is a client's file as its user has it, `ID.after.*` what `setup`
//! makes of it; UPDATE_CLIENTS=1 writes the latter.

use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const TOOLS: &str = "version: 1\nserver: { name: my tools }\ncommands:\n  - { name: hello, description: Say hello., script: echo, args: [hello] }\n";

/// Far beyond what anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each client with its file below the home.
const FILES: [(&str, &str); 12] = [
    ("claude-desktop", ".config/Claude/claude_desktop_config.json"),
    ("claude-code", ".claude.json"),
    ("cursor", ".cursor/mcp.json"),
    ("vscode", ".config/Code/User/mcp.json"),
    ("windsurf", ".codeium/windsurf/mcp_config.json"),
    ("zed", ".config/zed/settings.json"),
    ("codex", ".codex/config.toml"),
    ("gemini", ".gemini/settings.json"),
    ("continue", ".continue/config.yaml"),
    ("cline", ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"),
    ("goose", ".config/goose/config.yaml"),
    ("lm-studio", ".lmstudio/mcp.json"),
];

/// A home of somebody who has a file with tools.
struct Home {
    folder: TempDir,
}

struct Said {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a scratch folder") };
        home.write("tools.yaml", TOOLS);
        home
    }

    /// With the file of every client.
    fn of_everybody() -> Self {
        let home = Self::new();
        for (id, file) in FILES {
            home.write(file, &text(&golden(id, "before")));
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the scratch folder is there").join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("it is below the home")).expect("a scratch folder");
        std::fs::write(path, text).expect("a scratch file");
    }

    fn read(&self, below: &str) -> String {
        text(&self.path(below))
    }

    /// What is read, with the paths of this machine taken out.
    fn told(&self, text: &str) -> String {
        let home = self.path("");
        let home = home.to_string_lossy();
        text.replace(env!("CARGO_BIN_EXE_mcpfier"), "/bin/mcpfier")
            .replace(home.trim_end_matches('/'), "/home/me")
    }

    fn run(&self, words: &[&str]) -> Said {
        self.run_with(words, &[])
    }

    fn run_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_mcpfier"))
            .args(words)
            .env_clear()
            .env("MCPFIER_CONFIG", "tools.yaml")
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("").as_os_str())
            .envs(variables.iter().copied())
            .current_dir(self.path(""))
            .output()
            .expect("the program starts");
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|bytes| self.told(&String::from_utf8_lossy(&bytes)));
        Said { status: output.status.code(), stdout, stderr }
    }

    /// Every file below the home with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a scratch folder").flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => files.push((path.clone(), std::fs::read(path).expect("a scratch file"))),
                }
            }
        }
        files.sort();
        files
    }
}

fn golden(id: &str, when: &str) -> PathBuf {
    let extension = match id {
        "codex" => "toml",
        "continue" | "goose" => "yaml",
        _ => "json",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/clients/{id}.{when}.{extension}"))
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_client_gets_the_entry_and_loses_it_again() {
    let home = Home::of_everybody();
    let said = home.run(&["setup"]);
    assert_eq!(said.status, Some(0), "{}{}", said.stdout, said.stderr);
    for (id, file) in FILES {
        let after = home.told(&home.read(file));
        if std::env::var_os("UPDATE_CLIENTS").is_some() {
            std::fs::write(golden(id, "after"), &after).expect("the golden file can be written");
        }
        assert_eq!(after, text(&golden(id, "after")), "{id}");
    }
    for (id, file) in
        FILES.iter().filter(|(id, _)| ["claude-desktop", "claude-code", "windsurf", "cline"].contains(id))
    {
        let parsed = serde_json::from_str::<Value>(&home.read(file));
        assert!(parsed.is_ok(), "{id}: {parsed:?}");
    }
    let once = home.files();
    let said = home.run(&["setup"]);
    assert_eq!((said.status, said.stdout.matches("is already in").count()), (Some(0), 12), "{}", said.stdout);
    assert!(home.files() == once, "the second run changed a file");
    assert_eq!(home.run(&["setup", "--remove"]).status, Some(0));
    for (id, file) in FILES {
        assert_eq!(home.read(file), text(&golden(id, "before")), "{id}");
        assert_eq!(home.read(&format!("{file}.before-mcpfier")), text(&golden(id, "before")), "{id}");
    }
}

#[test]
fn what_would_change_is_shown_and_nothing_is_written() {
    let home = Home::of_everybody();
    let before = home.files();
    for words in [&["setup", "--print", "codex"][..], &["setup", "--dry-run", "codex"]] {
        let said = home.run(words);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.stdout, @r#"
            Codex: would add `my-tools` to /home/me/.codex/config.toml
            @@ line 15 @@

              [projects."/home/me/project"]
              trust_level = "trusted"
            +
            + [mcp_servers.my-tools]
            + command = "/bin/mcpfier"
            + args = ["--mcp", "--config", "/home/me/tools.yaml"]
            "#);
        }
    }
    assert_eq!(home.run(&["setup", "--print"]).stdout.matches("would add").count(), 12);
    assert!(home.files() == before, "a file was written");
}

#[test]
fn only_clients_that_are_found_are_set_up_unless_one_is_named() {
    let home = Home::new();
    let said = home.run(&["setup"]);
    assert_eq!(said.status, Some(1));
    assert!(said.stderr.contains("found no client; known are claude-desktop, "), "{}", said.stderr);
    assert!(said.stderr.contains("claude mcp add 'my tools' -- "), "{}", said.stderr);
    std::fs::create_dir(home.path(".cursor")).expect("a scratch folder");
    let said = home.run(&["setup"]);
    assert!(
        said.stdout.starts_with("Cursor: `my-tools` added to /home/me/.cursor/mcp.json\n"),
        "{}",
        said.stdout
    );
    assert!(said.stderr.contains("is in a build folder"), "{}", said.stderr);
    assert_eq!(home.run(&["setup", "vscode"]).status, Some(0));
    let made: Value =
        serde_json::from_str(&home.read(".config/Code/User/mcp.json")).expect("the file is JSON");
    assert_eq!(made["servers"]["my-tools"]["type"], "stdio");
    let said = home.run(&["setup", "continue"]);
    assert_eq!((said.status, home.path(".continue").exists()), (Some(1), false), "{}", said.stderr);
    assert_eq!(home.run(&["setup", "emacs"]).status, Some(2));
}

#[test]
fn a_broken_file_is_told_and_the_others_are_set_up() {
    let home = Home::new();
    home.write(".cursor/mcp.json", "{\n  \"mcpServers\": {\n}\n");
    home.write(".codex/config.toml", "a = 1\n");
    let said = home.run(&["setup", "--name", "t"]);
    assert_eq!(said.status, Some(1));
    assert!(
        said.stderr.starts_with(
            "error: Cursor: the file is broken and was not touched: /home/me/.cursor/mcp.json:4:1: expected"
        ),
        "{}",
        said.stderr
    );
    assert_eq!(home.read(".cursor/mcp.json"), "{\n  \"mcpServers\": {\n}\n");
    assert!(!home.path(".cursor/mcp.json.before-mcpfier").exists());
    assert!(home.read(".codex/config.toml").contains("[mcp_servers.t]"));
}

#[test]
fn a_link_and_permissions_stay_and_the_first_backup_is_kept() {
    let home = Home::new();
    home.write("dotfiles/cursor.json", "{}\n");
    let real = home.path("dotfiles/cursor.json");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).expect("the file is ours");
    std::fs::create_dir(home.path(".cursor")).expect("a scratch folder");
    let link = home.path(".cursor/mcp.json");
    symlink(&real, &link).expect("a scratch link");
    for name in ["one", "two"] {
        assert_eq!(home.run(&["setup", "cursor", "--name", name]).status, Some(0));
    }
    assert!(link.symlink_metadata().expect("the link is there").is_symlink());
    let mode = |path: &Path| path.metadata().expect("the file is there").permissions().mode() & 0o777;
    let backup = home.path(".cursor/mcp.json.before-mcpfier");
    assert_eq!((mode(&real), mode(&backup)), (0o600, 0o600));
    assert_eq!(text(&backup), "{}\n");
    let json: Value = serde_json::from_str(&text(&real)).expect("the file is JSON");
    assert_eq!(json["mcpServers"].as_object().map(serde_json::Map::len), Some(2));
    let names: Vec<PathBuf> = home.files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(names.len(), 4, "something was left behind: {names:?}");
}

#[test]
fn entries_of_others_are_left_alone() {
    let home = Home::new();
    let others = r#"{"mcpServers": {"t": {"command": "npx", "args": []}}}"#;
    home.write(".cursor/mcp.json", others);
    for words in [&["setup", "--name", "t"][..], &["setup", "--remove", "--name", "t"]] {
        let said = home.run(words);
        assert_eq!(said.status, Some(1));
        assert!(said.stderr.contains("`t` is the entry of another program there"), "{}", said.stderr);
    }
    assert_eq!(home.read(".cursor/mcp.json"), others);
}

#[test]
fn another_file_does_not_take_the_place_of_one_that_is_there() {
    let home = Home::new();
    home.write("other.yaml", TOOLS);
    home.write(".cursor/mcp.json", "{}");
    assert_eq!(home.run(&["setup"]).status, Some(0));
    home.write("tools.yaml", &TOOLS.replace("my tools", "x"));
    let said = home.run(&["setup", "--config", "other.yaml"]);
    assert_eq!(said.status, Some(1), "{}", said.stdout);
    assert!(said.stderr.contains("`my-tools` already serves `/home/me/tools.yaml` there"), "{}", said.stderr);
    std::fs::remove_file(home.path("tools.yaml")).expect("the file is there");
    let said = home.run(&["setup", "--config", "other.yaml"]);
    assert!(said.stdout.contains("`my-tools` updated in"), "{}{}", said.stdout, said.stderr);
}

#[test]
fn a_project_has_files_of_its_own() {
    let home = Home::new();
    let said = home.run(&["setup", "--project", "claude-code", "vscode"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(
        home.read(".mcp.json").contains("mcpServers") && home.read(".vscode/mcp.json").contains("servers")
    );
    let said = home.run(&["setup", "--project", "windsurf"]);
    assert_eq!(said.status, Some(2));
    assert!(said.stderr.contains("Windsurf has no file for a project"), "{}", said.stderr);
}

#[test]
fn variables_say_where_files_are() {
    let home = Home::new();
    home.write("x/zed/settings.json", "{}");
    home.write("c/config.toml", "");
    let [x, c] = ["x", "c"].map(|folder| home.path(folder).to_string_lossy().into_owned());
    let said = home.run_with(&["setup", "--json"], &[("XDG_CONFIG_HOME", &x), ("CODEX_HOME", &c)]);
    let told: Value = serde_json::from_str(&said.stdout).expect("it prints JSON");
    let files: Vec<&Value> =
        told.as_array().expect("a list").iter().map(|outcome| &outcome["file"]).collect();
    assert_eq!(files, ["/home/me/x/zed/settings.json", "/home/me/c/config.toml"]);
    assert_eq!(told[0]["change"], "added");
}

#[test]
fn a_doctor_finds_nothing_wrong_where_nothing_is() {
    let home = Home::new();
    private(&home);
    home.run(&["setup", "cursor"]);
    let said = home.run(&["doctor"]);
    assert_eq!(said.status, Some(0), "{}", said.stdout);
    assert!(
        said.stdout.contains("fine     clients: Cursor: `my-tools` in /home/me/.cursor/mcp.json\n"),
        "{}",
        said.stdout
    );
    assert!(said.stdout.ends_with("\nnothing is wrong\n"), "{}", said.stdout);
}

#[test]
fn a_doctor_finds_what_usually_goes_wrong() {
    let home = Home::new();
    private(&home);
    let bin = home.path("bin");
    home.write("bin/far-away", "#!/bin/sh\n");
    let program = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("far-away"), program).expect("the file is ours");
    let more = "  - { name: far, description: Go far away., script: far-away }\n  - { name: gone, description: Go away., script: no-such-program }\n";
    home.write("tools.yaml", &format!("{TOOLS}{more}"));
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(home.path("tools.yaml"), open).expect("the file is ours");
    home.write(
        ".cursor/mcp.json",
        r#"{"mcpServers": {"a": {"command": "/gone/mcpfier"}, "b": {"command": "mcpfier"}}}"#,
    );
    home.write(".gemini/settings.json", "{");
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let said = home.run_with(&["doctor", "--json"], &[("PATH", &path), ("MCPFIER_LOG", "loud")]);
    assert_eq!(said.status, Some(1));
    let told: Value = serde_json::from_str(&said.stdout).expect("it prints JSON");
    let told = told.as_array().expect("a list").iter();
    let problems: Vec<&Value> = told.filter(|finding| finding["weight"] == "problem").collect();
    for (about, message) in [
        ("config", "everybody may write to /home/me/tools.yaml"),
        ("commands", "`gone` is hidden"),
        ("path", "`far` works in this shell"),
        ("logs", "`MCPFIER_LOG=loud`"),
        ("clients", "there is no `/gone/mcpfier`"),
        ("clients", "`mcpfier` is no absolute path"),
        ("clients", "Gemini CLI: the file is broken: /home/me/.gemini/settings.json:1:2: expected"),
    ] {
        let is = |finding: &&&Value| {
            finding["about"] == about
                && finding["message"].as_str().is_some_and(|text| text.contains(message))
        };
        let found =
            problems.iter().find(is).unwrap_or_else(|| panic!("`{message}` is not in {}", said.stdout));
        assert!(found["cure"].is_string(), "{found}");
    }
    let said = home.run_with(&["doctor"], &[("PATH", &path), ("MCPFIER_LOG", "bogus[")]);
    assert!(said.stdout.contains("`MCPFIER_LOG=bogus[` is no level"), "{}", said.stdout);
    let said = home.run(&["--config", "nowhere.yaml", "doctor"]);
    assert_eq!(said.status, Some(1));
    assert!(said.stdout.contains("there is no file `nowhere.yaml`"), "{}", said.stdout);
}

#[test]
fn commands_of_an_original_file_win_over_these_verbs() {
    let home = Home::new();
    home.write("tools.yaml", "commands:\n  - { name: doctor, script: echo, args: [aah] }\n");
    assert_eq!(home.run(&["doctor"]).stdout, "aah\n");
    assert_eq!(home.run(&["setup"]).status, Some(1));
}

#[test]
fn a_bundle_holds_the_program_the_file_and_a_manifest() {
    let home = Home::new();
    let said = home.run(&["bundle", "--dry-run", "--release", "2.0.0", "--author", "Ada"]);
    let shown: Value = serde_json::from_str(&said.stdout).expect("it prints the manifest");
    assert_eq!((&shown["manifest_version"], &shown["server"]["type"]), (&"0.3".into(), &"binary".into()));
    assert_eq!((&shown["version"], &shown["author"]["name"]), (&"2.0.0".into(), &"Ada".into()));
    assert_eq!(shown["tools"][0]["name"], "hello");
    assert_eq!(shown["server"]["mcp_config"]["command"], "${__dirname}/server/mcpfier");
    let said = home.run(&["bundle"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), "my-tools.mcpb: 1 tool, for linux\n"));
    let file = std::fs::File::open(home.path("my-tools.mcpb")).expect("the bundle is there");
    let mut bundle = zip::ZipArchive::new(file).expect("the bundle is an archive");
    let names: Vec<String> =
        bundle.file_names().map(|name| name.expect("a name is text").into_owned()).collect();
    assert_eq!(names, ["manifest.json", "server/config.yaml", "server/mcpfier"]);
    bundle.extract(home.path("unpacked")).expect("the bundle is whole");
    assert_eq!(home.read("unpacked/server/config.yaml"), TOOLS);
    let list = at_last(|| {
        Command::new(home.path("unpacked/server/mcpfier"))
            .args(["list", "--config"])
            .arg(home.path("unpacked/server/config.yaml"))
            .output()
    });
    assert!(String::from_utf8_lossy(&list.stdout).starts_with("hello"), "{list:?}");
    let again = home.run(&["bundle"]);
    assert_eq!(again.status, Some(1));
    assert!(again.stderr.contains("it is there already"), "{}", again.stderr);
}

/// Runs a program that we wrote. Until another test has started its own program, that holds what we
/// had open for writing, and nobody may run it.
fn at_last(run: impl Fn() -> std::io::Result<std::process::Output>) -> std::process::Output {
    let begun = Instant::now();
    loop {
        match run() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            ended => return ended.expect("what was unpacked can be run"),
        }
    }
}

#[test]
fn a_bundle_of_several_files_holds_one_that_says_the_same() {
    let home = Home::new();
    home.write(
        "more.toml",
        "[[commands]]\nname = \"more\"\nscript = \"echo\"\nenv = { API_TOKEN = \"unmasked here\" }\n",
    );
    let tools = TOOLS.replace("version: 1\n", "version: 1\ninclude: [more.toml]\n");
    home.write("tools.yaml", &tools);
    let said = home.run(&["bundle", "--set", "commands.more.timeout=7s"]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(0), "my-tools.mcpb: 2 tools, for linux\n"));
    let file = std::fs::File::open(home.path("my-tools.mcpb")).expect("the bundle is there");
    zip::ZipArchive::new(file)
        .expect("the bundle is an archive")
        .extract(home.path("unpacked"))
        .expect("the bundle is whole");
    let text = home.read("unpacked/server/config.yaml");
    assert!(!text.contains("include") && text.contains("unmasked here") && text.contains("7s"), "{text}");
}

#[test]
fn an_entry_for_the_registry_fits_its_schema_and_names_the_bundle_that_was_written() {
    let home = Home::new();
    let url = "https://github.com/ada/tools/releases/download/v2.0.0/my-tools.mcpb";
    let words = ["bundle", "--release", "2.0.0", "--server-json", "io.github.ada/tools", "--url", url];
    let foretold = home.run(&[&words[..], &["--dry-run"]].concat());
    assert!(!home.path("my-tools.mcpb").exists());
    let said = home.run(&words);
    assert_eq!((said.status, &said.stdout), (Some(0), &foretold.stdout), "{}", said.stderr);
    let entry: Value = serde_json::from_str(&said.stdout).expect("stdout is the document");
    let schema = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/registry/server.schema.json"));
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is one");
    let problems: Vec<String> = validator.iter_errors(&entry).map(|problem| problem.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}\n{entry:#}");
    assert_eq!(entry["description"], "Offers hello");
    let package = &entry["packages"][0];
    assert_eq!((&package["identifier"], &package["transport"]["type"]), (&url.into(), &"stdio".into()));
    let sum = Command::new("sha256sum").arg(home.path("my-tools.mcpb")).output().expect("it is there");
    let sum = String::from_utf8_lossy(&sum.stdout).split(' ').next().map(str::to_owned);
    assert_eq!(package["fileSha256"].as_str(), sum.as_deref());
}

#[test]
fn an_entry_that_the_registry_would_refuse_is_not_made() {
    let home = Home::new();
    let url = "https://github.com/ada/tools/releases/download/v1/tools.mcpb";
    for (words, problem) in [
        (["--server-json", "tools", "--url", url], "`tools` is no name of the registry"),
        (
            ["--server-json", "a/b", "--url", "tools.mcpb"],
            "`tools.mcpb` is not where a bundle can be fetched",
        ),
    ] {
        let said = home.run(&[&["bundle"][..], &words].concat());
        assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""));
        assert!(said.stderr.contains(problem), "{}", said.stderr);
    }
    assert_eq!(home.run(&["bundle", "--server-json", "a/b"]).status, Some(2));
    let said = home.run(&["bundle", "--server-json", "a/b", "--url", "https://example.org/x.zip"]);
    assert!(said.stderr.contains("only from releases on github.com"), "{}", said.stderr);
}

/// Only its owner may write in the home.
fn private(home: &Home) {
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(home.path(""), mode).expect("the folder is ours");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(home.path("tools.yaml"), mode).expect("the file is ours");
}

#[test]
fn a_file_named_by_way_of_its_parent_is_the_same_file() {
    let home = Home::new();
    home.write("sub/x", "");
    let file = ".cursor/mcp.json";
    let words = ["setup", "cursor", "--config"];
    assert_eq!(home.run(&[&words[..], &["sub/../tools.yaml"]].concat()).status, Some(0));
    let entry = home.told(&home.read(file));
    assert!(entry.contains("\"/home/me/tools.yaml\""), "{entry}");
    let again = home.run(&[&words[..], &["tools.yaml"]].concat());
    assert!(again.stdout.contains("is already in"), "{}{}", again.stdout, again.stderr);
}
