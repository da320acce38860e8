//! Every link between the documents leads somewhere: to a file that is there, and to a heading in it.

use std::path::{Path, PathBuf};

use regex::Regex;

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    collect(&root.join("docs"), &mut documents);
    assert!(documents.len() > 10, "the documents were not found");
    let broken: Vec<String> = documents.iter().flat_map(|document| broken_links(document)).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of documents").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, documents);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
}

fn broken_links(document: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(document).expect("a document is text");
    let link = Regex::new(r"\]\(([^()\s]+)\)").expect("a valid pattern");
    let targets = link.captures_iter(&text).filter_map(|found| found.get(1)).map(|target| target.as_str());
    let inside = targets.filter(|target| !target.contains("://"));
    let broken = inside.filter(|target| !leads_somewhere(document, target));
    broken.map(|target| format!("{}: {target}", document.display())).collect()
}

fn leads_somewhere(document: &Path, target: &str) -> bool {
    let (file, heading) =
        target.split_once('#').map_or((target, None), |(file, heading)| (file, Some(heading)));
    let folder = document.parent().expect("a document is in a folder");
    let path = if file.is_empty() { document.to_path_buf() } else { folder.join(file) };
    match heading {
        None => path.exists(),
        Some(heading) => std::fs::read_to_string(path).is_ok_and(|text| has_heading(&text, heading)),
    }
}

fn has_heading(text: &str, wanted: &str) -> bool {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| anchor(line.trim_start_matches('#')) == wanted)
}

/// As the usual viewers make it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
