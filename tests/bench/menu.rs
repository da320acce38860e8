//! The tools that are served, written once as mcpfier's YAML and once as the table that the baselines read.
//!
//! The table has one tool a line, its fields parted by tabs: name, description, input schema as
//! JSON, program, arguments. It is made so that a server without libraries can read it too, and
//! spares the baselines any work that has to do with YAML.

use std::fmt::Write as _;
use std::path::Path;

use crate::failure::Failure;
use crate::subject::MenuFiles;

const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;

const SEARCH_SCHEMA: &str = concat!(
    r#"{"type":"object","properties":{"#,
    r#""pattern":{"type":"string","description":"A regular expression","minLength":1},"#,
    r#""glob":{"type":"string","description":"Only files like this"},"#,
    r#""limit":{"type":"integer","description":"Matches per file","minimum":1,"maximum":500,"default":50},"#,
    r#""ignore_case":{"type":"boolean","description":"Ignore case","default":false}},"#,
    r#""required":["pattern"],"additionalProperties":false}"#
);

const SEARCH_YAML: &str = r#"    args:
      - --line-number
      - { if: ignore_case, args: [--ignore-case] }
      - [--glob, "{{glob}}"]
      - "--max-count={{limit}}"
      - --
      - "{{pattern}}"
    params:
      pattern: { type: string, description: A regular expression, minLength: 1 }
      glob: { type: string, description: Only files like this, optional: true }
      limit: { type: integer, description: Matches per file, minimum: 1, maximum: 500, default: 50 }
      ignore_case: { type: boolean, description: Ignore case, default: false }
    exit_codes: { 0: ok, 1: no matches }
    annotations: { read_only: true, destructive: false, idempotent: true, open_world: false }
"#;

/// What a server is asked to serve.
#[derive(Debug, Clone)]
pub struct Menu {
    tools: Vec<Tool>,
    /// More lines for mcpfier's `server:` part.
    server: String,
}

#[derive(Debug, Clone)]
struct Tool {
    name: String,
    description: String,
    schema: &'static str,
    program: String,
    arguments: Vec<String>,
    /// The rest of the command in mcpfier's YAML.
    yaml: String,
}

impl Menu {
    pub fn new() -> Self {
        Self { tools: Vec::new(), server: "  calls: { max: 256, queue: 1024 }\n".to_owned() }
    }

    /// Lets mcpfier run so many calls at once, and so many wait.
    pub fn calls(mut self, max: usize, queue: usize) -> Self {
        self.server = format!("  calls: {{ max: {max}, queue: {queue} }}\n");
        self
    }

    /// One command without parameters.
    pub fn one(name: &str, program: &str, arguments: &[&str]) -> Self {
        Self::new().with(name, program, arguments, "")
    }

    /// The command that does nothing.
    pub fn nothing() -> Self {
        Self::one("true", "/bin/true", &[])
    }

    /// Adds a command without parameters; `yaml` is more lines for mcpfier.
    pub fn with(mut self, name: &str, program: &str, arguments: &[&str], yaml: &str) -> Self {
        let words: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let list: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        self.tools.push(Tool {
            name: name.to_owned(),
            description: format!("Runs {name}."),
            schema: EMPTY_SCHEMA,
            program: program.to_owned(),
            arguments: words,
            yaml: format!("    args: [{}]\n{yaml}", list.join(", ")),
        });
        self
    }

    /// Adds a command of steps for mcpfier; the others can only run its parts.
    pub fn with_steps(mut self, name: &str, steps: &str) -> Self {
        self.tools.push(Tool {
            name: name.to_owned(),
            description: format!("Runs {name}."),
            schema: EMPTY_SCHEMA,
            program: String::new(),
            arguments: Vec::new(),
            yaml: format!("    steps:\n{steps}"),
        });
        self
    }

    /// Adds commands without parameters until there are so many.
    pub fn plainly_filled_to(mut self, count: usize) -> Self {
        for number in self.tools.len()..count {
            self = self.with(&format!("echo-{number:04}"), "/bin/echo", &["hello", "world"], "");
        }
        self
    }

    /// Adds commands with parameters until there are so many.
    pub fn filled_to(mut self, count: usize) -> Self {
        for number in self.tools.len()..count {
            self.tools.push(Tool {
                name: format!("search-code-{number:04}"),
                description: format!("Search workspace number {number} for a regular expression."),
                schema: SEARCH_SCHEMA,
                program: "/bin/true".to_owned(),
                arguments: Vec::new(),
                yaml: SEARCH_YAML.to_owned(),
            });
        }
        self
    }

    /// Adds a line to mcpfier's `server:` part.
    pub fn server(mut self, line: &str) -> Self {
        let _ = writeln!(self.server, "  {line}");
        self
    }

    pub fn write(&self, folder: &Path, stem: &str) -> Result<MenuFiles, Failure> {
        let files = MenuFiles {
            yaml: folder.join(format!("{stem}.yaml")),
            table: folder.join(format!("{stem}.tsv")),
        };
        std::fs::write(&files.yaml, self.yaml())?;
        std::fs::write(&files.table, self.table())?;
        Ok(files)
    }

    fn yaml(&self) -> String {
        let mut text = format!(
            "version: 1\nserver:\n{}defaults: {{ timeout: 120s, concurrency: 1024 }}\ncommands:\n",
            self.server
        );
        for Tool { name, description, program, yaml, .. } in &self.tools {
            let script = match program.as_str() {
                "" => String::new(),
                program => format!("    script: {}\n", quoted(program)),
            };
            let name = quoted(name);
            let _ = write!(text, "  - name: {name}\n    description: {description}\n{script}{yaml}");
        }
        text
    }

    fn table(&self) -> String {
        let mut text = String::new();
        for Tool { name, description, schema, program, arguments, .. } in &self.tools {
            let _ = write!(text, "{name}\t{description}\t{schema}\t{program}");
            arguments.iter().for_each(|argument| text.extend(["\t", argument]));
            text.push('\n');
        }
        text
    }
}

/// JSON's strings are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
