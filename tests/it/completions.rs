//! The completion scripts in `completions/` are what the program prints.

use std::path::Path;
use std::process::Command;

#[test]
fn the_completion_scripts_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in [
        ("bash", "mcpfier.bash"),
        ("zsh", "_mcpfier"),
        ("fish", "mcpfier.fish"),
        ("powershell", "_mcpfier.ps1"),
        ("elvish", "mcpfier.elv"),
    ] {
        let printed =
            Command::new(env!("CARGO_BIN_EXE_mcpfier")).args(["completions", shell]).output().unwrap();
        assert!(printed.status.success());
        if std::env::var_os("UPDATE_COMPLETIONS").is_some() {
            std::fs::write(folder.join(file), &printed.stdout).unwrap();
        }
        let kept = std::fs::read(folder.join(file)).unwrap_or_default();
        assert!(
            kept == printed.stdout,
            "completions/{file} is out of date; UPDATE_COMPLETIONS=1 cargo test completion writes it"
        );
    }
}
