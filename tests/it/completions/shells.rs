//! The scripts in their real shells. Bash and zsh get a terminal, and what is typed there is
//! completed by TAB and then run: what the tool says shows what was completed.
//!
//! There is no PowerShell in Debian: its script is only compared.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::skip::skip;

use super::TOOLS;

/// A folder with our files, in which a shell finds mcpfier.
struct Desk {
    folder: TempDir,
}

impl Desk {
    /// `None` if there is no such shell here.
    fn of(shell: &str) -> Option<Self> {
        let needed: &[&str] = if shell == "fish" { &["fish"] } else { &[shell, "script"] };
        if let Some(missing) = needed.iter().find(|program| !is_installed(program)) {
            skip(&format!("no {missing} here; tests/run installs it"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a scratch folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a scratch file");
        };
        write("tools.yaml", TOOLS);
        write("other.yaml", &TOOLS.replace("greet", "salute"));
        write("two words.txt", "");
        std::fs::create_dir(folder.path().join("below")).expect("a scratch folder");
        Some(Self { folder })
    }

    fn command(&self, program: &str) -> Command {
        let own = Path::new(env!("CARGO_BIN_EXE_mcpfier")).parent().expect("it is in a folder");
        let path = format!("{}:{}", own.display(), std::env::var("PATH").expect("a PATH"));
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_clear().env("PATH", path).env("HOME", self.folder.path());
        command.env("TERM", "dumb").env("MCPFIER_CONFIG", "tools.yaml");
        command
    }

    /// Types lines into a shell with a terminal, and gives everything that was shown.
    fn type_into(&self, shell: &str, lines: &[String]) -> String {
        let mut child = self
            .command("script")
            .args(["-qfec", shell, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("script starts");
        let mut typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
        typed.push_str("exit\n");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(typed.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        drop(stdin);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn script(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file)
}

/// What is typed, TAB among it, and what the tool then says.
const TYPED: [(&str, &str); 12] = [
    ("mcpfier call gree\t", "[fast||]"),
    ("mcpfier gree\tmo\tve\t", "[very slow||]"),
    ("mcpfier greet mode=v\t", "[very slow||]"),
    ("mcpfier greet mode=very\\ s\t", "[very slow||]"),
    ("mcpfier greet \"mode=ve\t", "[very slow||]"),
    ("mcpfier greet mode='ve\t", "[very slow||]"),
    ("mcpfier greet mode=a:\t", "[a:b||]"),
    ("mcpfier greet mode=it\t", "[it's $x||]"),
    ("mcpfier greet deep:=t\t", "[fast|true|]"),
    ("mcpfier greet file=tw\t", "/two words.txt]"),
    ("X=1 mcpfier --config=oth\tsalu\tdeep=f\t", "[fast|false|]"),
    ("true | mcpfier call gree\tde\tt\tmode=v\t", "[very slow|true|]"),
];

/// Whatever the shell lists meanwhile, each line has to say its answer behind a mark of its own.
fn check_typed(shell: &str, setup: &[String], desk: &Desk) -> String {
    let mut lines = setup.to_vec();
    for (number, (typed, _)) in TYPED.iter().enumerate() {
        lines.push(format!("echo mark-$(({number}))"));
        lines.push((*typed).to_owned());
    }
    lines.push("echo mark-$((0))end".to_owned());
    let shown = desk.type_into(shell, &lines);
    let after = |number: usize| shown.rsplit(&format!("\nmark-{number}\r")).next().unwrap_or_default();
    for (number, (typed, expected)) in TYPED.iter().enumerate() {
        let until = format!("\nmark-{}\r", number + 1);
        let answer = after(number).split(&until).next().unwrap_or_default();
        assert!(answer.contains(expected), "{shell}: {typed:?} was not completed to {expected}:\n{shown}");
    }
    shown
}

#[test]
fn bash_completes_with_its_script() {
    let Some(desk) = Desk::of("bash") else { return };
    let setup = [format!("source {}", script("mcpfier.bash").display()), "PS1='$ '".to_owned()];
    check_typed("bash --norc --noprofile -i", &setup, &desk);
}

#[test]
fn zsh_completes_with_its_script_and_shows_descriptions() {
    let Some(desk) = Desk::of("zsh") else { return };
    let setup = [
        "unsetopt beep; autoload -Uz compinit; compinit -u -d ./dump".to_owned(),
        format!("source {}", script("_mcpfier").display()),
        "PS1='$ '".to_owned(),
    ];
    check_typed("zsh -f -i", &setup, &desk);
    let shown = desk.type_into("zsh -f -i", &[setup.join("; "), "mcpfier greet \t\t".to_owned()]);
    for part in ["mode=", "How it is done", "Which file"] {
        assert!(shown.contains(part), "{part} is not in:\n{shown}");
    }
}

#[test]
fn zsh_finds_the_script_in_its_folder_of_functions() {
    let Some(desk) = Desk::of("zsh") else { return };
    let folder = script("");
    let lines = [
        format!("fpath=({} $fpath); autoload -Uz compinit; compinit -u -d ./dump", folder.display()),
        "mcpfier greet mode=v\t".to_owned(),
        "mcpfier greet mode=a:\t".to_owned(),
    ];
    let shown = desk.type_into("zsh -f -i", &lines);
    assert!(shown.contains("[very slow||]") && shown.contains("[a:b||]"), "{shown}");
}

#[test]
fn fish_completes_with_its_script_and_shows_descriptions() {
    let Some(desk) = Desk::of("fish") else { return };
    let offered = |line: &str| {
        let ask = format!("source {}; complete -C '{line}'", script("mcpfier.fish").display());
        let output = desk.command("fish").args(["--no-config", "-c", &ask]).output().expect("fish starts");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(offered("mcpfier call gr"), "greet\tGreet: politely\ngroup\tGroup items.\n");
    assert_eq!(offered("mcpfier --dry-run gree"), "greet\tGreet: politely\n");
    assert_eq!(offered("mcpfier group fir"), "first=\tWhat to begin with\n");
    assert_eq!(offered("mcpfier greet mode=v"), "mode=very slow\n");
    assert_eq!(offered("mcpfier greet \"mode=v"), "mode=very slow\n");
    assert_eq!(offered("mcpfier greet file=tw"), "file=two words.txt\n");
    assert_eq!(offered("X=1 mcpfier -c other.yaml call sal"), "salute\tGreet: politely\n");
    assert_eq!(offered("mcpfier -c nowhere.yaml call "), "");
}

#[test]
fn elvish_completes_with_its_script() {
    let Some(desk) = Desk::of("elvish") else { return };
    let ask = |words: &str| {
        format!("$edit:completion:arg-completer[mcpfier] mcpfier {words} | each $repr~ >> candidates")
    };
    let lines =
        [format!("eval (slurp < {})", script("mcpfier.elv").display()), ask("call gree"), ask("greet mode=")];
    desk.type_into("elvish -norc", &lines);
    let said = std::fs::read_to_string(desk.folder.path().join("candidates")).unwrap_or_default();
    for part in ["greet &code-suffix=' '", "Greet: politely", "'mode=very slow' &code-suffix=' '"] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
}
