//! A Makefile: a command for each target that is documented (`target: … ## text`) or phony.

use std::collections::BTreeSet;

use regex::Regex;

use super::{BadImport, Imported};
use crate::scaffold::proposal::{Action, Element, Proposal, tool_name};

/// A rule of the file.
struct Rule {
    target: String,
    document: Option<String>,
}

pub fn read(text: &str, file: &str) -> Result<Imported, BadImport> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let text = without_definitions(&text);
    let phony = phony(&text);
    let rules = rules(&text);
    let wanted = |rule: &&Rule| rule.document.is_some() || phony.contains(&rule.target);
    let proposals = rules.iter().filter(wanted).map(|rule| command(rule, file)).collect();
    Imported { proposals, ..Imported::default() }.or_nothing("no target is phony or documented with `##`")
}

/// Without what stands from `define` to `endef`: it is text, whatever it looks like.
fn without_definitions(text: &str) -> String {
    let mut is_definition = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let first = line.split_whitespace().find(|word| !["override", "export"].contains(word));
        is_definition |= first == Some("define") && !line.starts_with('\t');
        if !is_definition {
            kept.push_str(line);
            kept.push('\n');
        }
        is_definition &= first != Some("endef");
    }
    kept
}

fn phony(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(".PHONY"));
    let targets = lines.filter_map(|line| line.trim_start().strip_prefix(':'));
    targets
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .map(str::to_owned)
        .collect()
}

/// Rules for targets with plain names, each once.
fn rules(text: &str) -> Vec<Rule> {
    let rule = Regex::new(r"^([A-Za-z0-9][A-Za-z0-9_./ -]*?)\s*::?([^=:].*)?$")
        .expect("the pattern is written here");
    let (mut rules, mut seen, mut comment) = (Vec::new(), BTreeSet::new(), None);
    for line in text.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment = Some(text.trim_start_matches('#').trim().to_owned()).filter(|text| !text.is_empty());
            continue;
        }
        if let Some(found) = rule.captures(line) {
            let tail = found.get(2).map_or("", |tail| tail.as_str());
            let written = tail.split_once("##").map(|(_, text)| text.trim().to_owned());
            for target in found.get(1).map_or("", |names| names.as_str()).split_whitespace() {
                let document = written.clone().or_else(|| comment.clone());
                if seen.insert(target.to_owned()) {
                    rules.push(Rule { target: target.to_owned(), document });
                }
            }
        }
        comment = None;
    }
    rules
}

fn command(rule: &Rule, file: &str) -> Proposal {
    let target = &rule.target;
    let usual = ["Makefile", "makefile", "GNUmakefile"].contains(&file);
    let named = (!usual).then(|| format!("--file={file}"));
    let words =
        ["--no-print-directory".to_owned()].into_iter().chain(named).chain(["--".to_owned(), target.clone()]);
    Proposal {
        name: tool_name(&format!("make-{target}")),
        description: match &rule.document {
            Some(text) => format!("{text} (make {target})"),
            None => format!("Build the target `{target}` of the Makefile."),
        },
        action: Action::Program { script: "make".to_owned(), args: words.map(Element::Word).collect() },
        timeout: Some("10m".to_owned()),
        ..Proposal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_definition_is_no_rule() {
        let text = "export define HELP =\nbar: ## baz\nendef\nall: ## Build\n\tdefine\nlint: ## Check\n";
        let imported = read(text, "Makefile").unwrap();
        let names: Vec<&str> = imported.proposals.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["make-all", "make-lint"]);
    }

    #[test]
    fn documented_and_phony_targets_become_commands() {
        let text = "\
CC := gcc
.PHONY: all \\
  clean
all: prog
prog: main.o ; $(CC) -o $@ $^
%.o: %.c
\tcc -c $<
# Remove what was built.
clean:
\trm -f prog
test: all ## Run the tests
x := a:b
";
        let imported = read(text, "Makefile").unwrap();
        let told: Vec<(&str, &str)> =
            imported.proposals.iter().map(|p| (p.name.as_str(), p.description.as_str())).collect();
        assert_eq!(
            told,
            [
                ("make-all", "Build the target `all` of the Makefile."),
                ("make-clean", "Remove what was built. (make clean)"),
                ("make-test", "Run the tests (make test)"),
            ]
        );
        assert!(matches!(read("a:\n", "Makefile"), Err(BadImport::Nothing(_))));
    }
}
