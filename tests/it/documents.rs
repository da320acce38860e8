//! Every configuration in the documents is one that mcpfier takes.
//!
//! A configuration in a document is a fenced `yaml` block whose first line is `version: 1`.

use std::path::{Path, PathBuf};

use crate::support::program::mcpfier;

#[test]
fn every_configuration_in_the_documents_validates() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = files_below(&root.join("docs"), "md");
    documents.push(root.join("README.md"));
    let blocks: Vec<Block> = documents.iter().flat_map(|document| blocks_of(document)).collect();
    assert!(!blocks.is_empty(), "no document shows a configuration");
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut problems = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let file = scratch.path().join(format!("{number}.yaml"));
        std::fs::write(&file, &block.text).expect("a scratch file");
        problems.extend(refusal(&file).map(|text| format!("{}: {text}", block.place)));
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// A configuration in a document.
struct Block {
    place: String,
    text: String,
}

fn blocks_of(document: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(document).expect("a document is text");
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(indent) = line.find("```yaml") else { continue };
        let inside =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.trim_start().starts_with("```"));
        let text: String =
            inside.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
        if text.starts_with("version: 1\n") {
            blocks.push(Block { place: format!("{}:{}", document.display(), number + 1), text });
        }
    }
    blocks
}

/// What mcpfier says about a file that it does not take. That this host lacks a program or a secret
/// is no fault of the document.
fn refusal(file: &Path) -> Option<String> {
    let report = mcpfier(&["--validate", "--json"]).config(file).ends_somehow().run().json();
    let problems = report[0]["problems"].as_array().expect("a report lists problems");
    let faults = problems.iter().filter(|problem| problem["severity"] == "error" && problem["host"] == false);
    let told: Vec<String> =
        faults.map(|fault| format!("{} at {}", fault["message"], fault["path"])).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}
