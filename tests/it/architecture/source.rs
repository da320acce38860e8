//! Source files as text: without comments, strings and tests, with their paths written out.
//!
//! No parser: enough of Rust's spelling to find names. It does not expand macros.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

/// One file below `src/`.
pub struct SourceFile {
    /// Below `src/`, with `/`.
    pub name: String,
    /// As it is.
    pub text: String,
    /// The same characters, with blanks for comments, the inside of literals, and tests.
    code: String,
    paths: OnceLock<BTreeSet<Vec<String>>>,
}

/// Every file that is part of the program, read once for all questions.
pub fn house() -> &'static [SourceFile] {
    static HOUSE: LazyLock<Vec<SourceFile>> =
        LazyLock::new(|| read().into_iter().filter(|file| !file.is_of_init()).collect());
    &HOUSE
}

/// Every file of the init of containers, a program of its own beside the house.
pub fn init() -> &'static [SourceFile] {
    static INIT: LazyLock<Vec<SourceFile>> =
        LazyLock::new(|| read().into_iter().filter(SourceFile::is_of_init).collect());
    &INIT
}

fn read() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = Vec::new();
    collect(&root, &root, &mut names);
    names.sort();
    let mut only_tests = BTreeSet::new();
    let mut files = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(root.join(&name)).expect("a source file is text");
        let (code, modules) = without_tests(&without_literals(&text));
        let folder = folder_of_children(&name);
        only_tests.extend(modules.iter().map(|module| PathBuf::from(format!("{folder}{module}"))));
        files.push(SourceFile::new(name, text, code));
    }
    files.retain(|file| {
        let module = Path::new(&file.name).with_extension("");
        !module.ancestors().any(|module| only_tests.contains(module))
    });
    files
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("src can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let below = path.strip_prefix(root).expect("it was found below the root");
            names.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
}

impl SourceFile {
    fn new(name: String, text: String, code: String) -> Self {
        Self { name, text, code, paths: OnceLock::new() }
    }

    /// The top-level module it belongs to; `main` and `lib` for the two roots.
    pub fn room(&self) -> &str {
        self.name.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    fn is_of_init(&self) -> bool {
        self.name.starts_with("init/")
    }

    /// The top-level modules that it names, by whichever path.
    pub fn imported_rooms(&self) -> BTreeSet<String> {
        let own = ["crate".to_owned(), "mcpfier".to_owned()];
        let ours = self.paths().iter().filter(|path| own.contains(&path[0]));
        ours.filter_map(|path| path.get(1).cloned()).collect()
    }

    /// What it names at or below one of these paths.
    pub fn paths_below(&self, forbidden: &[&str]) -> Vec<String> {
        let names: BTreeSet<String> = self.paths().iter().map(|path| path.join("::")).collect();
        let hits = |name: &String| {
            forbidden.iter().any(|path| name == path || name.starts_with(&format!("{path}::")))
        };
        names.into_iter().filter(hits).map(|name| format!("names `{name}`")).collect()
    }

    /// Where its code matches a pattern.
    pub fn words(&self, pattern: &str) -> Vec<String> {
        let pattern = Regex::new(pattern).expect("the pattern is written in a test");
        let found = pattern.find_iter(&self.code);
        found.map(|found| format!("`{}` in line {}", found.as_str(), self.line_of(found.start()))).collect()
    }

    /// Where its text has a word, in comments and literals too.
    pub fn mentions(&self, word: &str) -> Vec<String> {
        let found = self.text.match_indices(word);
        found.map(|(start, _)| format!("`{word}` in line {}", self.line_of(start))).collect()
    }

    /// Calls of `expect` whose text gives no reason; a reason has at least three words.
    pub fn expects_without_reason(&self) -> Vec<String> {
        let call = Regex::new(r"\.expect\(").expect("the pattern is written here");
        let reason =
            Regex::new(r#"^\s*"[^"]*[^"\s]\s+[^"\s]+\s+[^"\s][^"]*""#).expect("the pattern is written here");
        let found = call.find_iter(&self.code).filter(|found| !reason.is_match(&self.text[found.end()..]));
        found
            .map(|found| format!("`expect` without a reason in line {}", self.line_of(found.start())))
            .collect()
    }

    fn line_of(&self, start: usize) -> usize {
        self.text[..start].matches('\n').count() + 1
    }

    /// Every path it names, with `use` lists written out and `self`, `super` resolved.
    fn paths(&self) -> &BTreeSet<Vec<String>> {
        self.paths.get_or_init(|| self.read_paths())
    }

    fn read_paths(&self) -> BTreeSet<Vec<String>> {
        static IMPORT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\buse\s+([^;]+);"));
        static INLINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\w+(?:\s*::\s*\w+)+"));
        let mut paths = BTreeSet::new();
        for found in IMPORT.captures_iter(&self.code) {
            paths.extend(written_out("", &found[1]).iter().map(|path| self.resolved(path)));
        }
        let elsewhere = IMPORT.replace_all(&self.code, "");
        paths.extend(INLINE.find_iter(&elsewhere).map(|found| self.resolved(found.as_str())));
        paths
    }

    fn resolved(&self, path: &str) -> Vec<String> {
        let mut words = path.split("::").map(str::trim).peekable();
        let mut resolved: Vec<String> = match words.peek() {
            Some(&("self" | "super")) => self.module(),
            _ => Vec::new(),
        };
        for word in words {
            match word {
                "self" => {}
                "super" => drop(resolved.pop()),
                word => resolved.push(word.to_owned()),
            }
        }
        resolved
    }

    fn module(&self) -> Vec<String> {
        let name = self.name.trim_end_matches(".rs").trim_end_matches("/mod");
        let below = name.split('/').filter(|part| !["lib", "main"].contains(part));
        std::iter::once("crate").chain(below).map(str::to_owned).collect()
    }
}

/// `a::{b, c::{d, self}}` → `a::b`, `a::c::d`, `a::c`. Names after `as` are dropped.
fn written_out(prefix: &str, tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        return vec![format!("{prefix}{path}").trim_end_matches("::self").to_owned()];
    };
    let prefix = format!("{prefix}{}", tree[..open].split_whitespace().collect::<String>());
    let inside = tree[open + 1..].rsplit_once('}').map_or("", |(inside, _)| inside);
    split_list(inside).into_iter().flat_map(|part| written_out(&prefix, part)).collect()
}

/// Splits at commas outside braces.
fn split_list(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is written here")
}

/// Comments and the inside of literals become blanks; nothing moves.
fn without_literals(text: &str) -> String {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"(?s)(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)",
            r##"|(?P<hashed>\bb?r#".*?"#)|(?P<raw>\bb?r"[^"]*")"##,
            r#"|(?P<text>"(?:[^"\\]|\\.)*")|(?P<letter>'(?:[^'\\\n]|\\[^\n][^'\n]*)')"#,
        ))
    });
    let mut code = String::with_capacity(text.len());
    let mut end = 0;
    for found in LITERAL.find_iter(text) {
        code.push_str(&text[end..found.start()]);
        code.push_str(&blank(found.as_str()));
        end = found.end();
    }
    code.push_str(&text[end..]);
    code
}

/// As many bytes of nothing, on as many lines.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Items under `#[cfg(test)]` become blanks; the names of test modules in files of their own.
fn without_tests(code: &str) -> (String, Vec<String>) {
    static MODULE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bmod\s+(\w+)\s*;$"));
    let (mut kept, mut modules) = (code.to_owned(), Vec::new());
    while let Some(start) = kept.find("#[cfg(test)]") {
        let end = start + end_of_item(&kept[start..]);
        modules.extend(MODULE.captures(&kept[start..end]).map(|found| found[1].to_owned()));
        kept.replace_range(start..end, &blank(&kept[start..end]));
    }
    (kept, modules)
}

/// Where the item ends that begins here: at its `;`, or at the brace that closes its body.
fn end_of_item(code: &str) -> usize {
    let mut depth = 0;
    for (at, character) in code.char_indices() {
        match character {
            '{' | '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Where the files of a file's child modules are.
fn folder_of_children(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((folder, "mod.rs")) => format!("{folder}/"),
        Some(_) => format!("{}/", name.trim_end_matches(".rs")),
        None => String::new(),
    }
}

#[test]
fn paths_are_written_out_and_tests_left_out() {
    let text = r#"//! crate::cli
use super::{word::Word, super::call::{self, Call as Other}};
fn f(x: &'static str) -> char { std::fs::read("crate::serve"); '"' }
#[cfg(test)]
mod tests { use crate::engine; fn g() { [1]; } }
fn h() { crate::policy::judge(); x.expect("two words"); x.expect("it cannot fail here"); }
"#;
    let (code, _) = without_tests(&without_literals(text));
    let file = SourceFile::new("plan/process.rs".to_owned(), text.to_owned(), code);
    let rooms: Vec<String> = file.imported_rooms().into_iter().collect();
    assert_eq!(rooms, ["call", "plan", "policy"]);
    assert_eq!(file.paths_below(&["std::fs"]), ["names `std::fs::read`"]);
    assert_eq!(file.expects_without_reason(), ["`expect` without a reason in line 6"]);
}
