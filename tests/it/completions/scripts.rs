//! The scripts in `completions/` are what the program prints.

use std::path::Path;

use crate::support::program::mcpfier;

#[test]
fn the_scripts_are_what_the_program_prints() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in [
        ("bash", "mcpfier.bash"),
        ("zsh", "_mcpfier"),
        ("fish", "mcpfier.fish"),
        ("powershell", "_mcpfier.ps1"),
        ("elvish", "mcpfier.elv"),
    ] {
        let kept = std::fs::read_to_string(folder.join(file)).expect("the script is there");
        assert_eq!(mcpfier(&["completions", shell]).run().stdout, kept, "{file}");
    }
    mcpfier(&["completions", "tcsh"]).ends_with(2).run();
}
