//! The templates that are shipped in the program. Each is a whole configuration file, so that
//! editors and `--validate` take it as it is; its first line says what it is for.

use std::fmt::Write;

/// A file of commands to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    pub name: &'static str,
    /// A whole configuration file.
    text: &'static str,
}

/// For those who edit the library; where a template goes, the schema lies elsewhere.
const MODELINE: &str = "# yaml-language-server: $schema=../../../schemas/config.schema.json\n";

/// There is no template of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no template `{name}`; {help}")]
pub struct UnknownTemplate {
    name: String,
    help: String,
}

macro_rules! library {
    ($($name:literal),* $(,)?) => {
        /// In the order in which they are listed.
        pub const LIBRARY: &[Template] = &[
            $(Template { name: $name, text: include_str!(concat!("templates/", $name, ".yaml")) }),*
        ];
    };
}

library!(
    "files", "search", "git", "docker", "kubectl", "npm", "cargo", "python", "sqlite", "postgres", "http",
    "logs", "system", "disk", "network", "jq", "make", "just",
);

/// The template of a name.
pub fn find(name: &str) -> Result<&'static Template, UnknownTemplate> {
    LIBRARY.iter().find(|template| template.name == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> UnknownTemplate {
    let near =
        LIBRARY.iter().map(|template| (strsim::damerau_levenshtein(template.name, name), template.name));
    let help = match near.filter(|(distance, _)| *distance <= 2).min() {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => "`mcpfier new --list` lists them".to_owned(),
    };
    UnknownTemplate { name: name.to_owned(), help }
}

impl Template {
    /// A whole configuration file.
    pub fn text(&self) -> String {
        self.text.replacen(MODELINE, "", 1)
    }

    /// What it is for, in a sentence.
    pub fn summary(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// The elements of its `commands`, indented by two.
    pub fn commands(&self) -> &'static str {
        self.text.split_once("\ncommands:\n").map_or("", |(_, commands)| commands)
    }

    /// The names of its commands.
    pub fn names(&self) -> Vec<&'static str> {
        self.commands().lines().filter_map(|line| line.strip_prefix("  - name: ")).collect()
    }
}

/// Every template with its summary and its commands, for people.
pub fn listing() -> String {
    let mut text = String::new();
    for template in LIBRARY {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<10} {}", template.name, template.summary());
        let _ = writeln!(text, "{:<10} {}\n", "", template.names().join(" "));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_template_says_what_it_is_for_and_has_two_to_six_commands() {
        for template in LIBRARY {
            let summary = template.summary();
            assert!(summary.ends_with('.') && summary.len() < 100, "{}: {summary}", template.name);
            assert!((2..=6).contains(&template.names().len()), "{}", template.name);
            assert!(template.text.contains(&format!("\n{MODELINE}version: 1\n")), "{}", template.name);
            let text = template.text();
            assert!(text.starts_with("# ") && !text.contains("yaml-language-server"), "{text}");
        }
    }

    #[test]
    fn no_two_commands_of_the_library_have_the_same_name() {
        let names: Vec<&str> = LIBRARY.iter().flat_map(Template::names).collect();
        let different: BTreeSet<&&str> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
    }

    #[test]
    fn a_misspelt_template_is_told_the_nearest() {
        let told = |name: &str| find(name).map_err(|problem| problem.to_string()).map(|found| found.name);
        assert_eq!(told("git"), Ok("git"));
        assert_eq!(told("gti"), Err("there is no template `gti`; did you mean `git`?".to_owned()));
        let help = "there is no template `terraform`; `mcpfier new --list` lists them";
        assert_eq!(told("terraform"), Err(help.to_owned()));
    }
}
