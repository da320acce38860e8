//! A command that somebody may want, and how it is written: one element of `commands`, as YAML.

use serde_json::{Map, Value};

use super::flow::{block, flow, scalar};

/// A command that is proposed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    pub name: String,
    pub description: String,
    /// What whoever reviews it should know; lines of comment above it.
    pub remarks: Vec<String>,
    pub action: Action,
    pub params: Vec<Param>,
    pub env: Vec<(String, String)>,
    pub working_dir: Option<String>,
    pub timeout: Option<String>,
    /// Otherwise nothing is said, and clients assume that it may destroy something.
    pub read_only: bool,
    /// Once more changes nothing more.
    pub idempotent: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Program { script: String, args: Vec<Element> },
    Shell { shell: String, run: String },
    Http(Box<HttpCall>),
}

/// A call of an HTTP interface, in the words of `webhook`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HttpCall {
    pub url: String,
    pub method: String,
    pub query: Map<String, Value>,
    pub headers: Map<String, Value>,
    pub auth: Map<String, Value>,
    pub body: Option<Value>,
    pub form: Map<String, Value>,
    pub allow_private: bool,
}

/// An element of `args`.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    Word(String),
    /// Words that are there only together.
    Group(Vec<String>),
    /// Words that are there if a boolean parameter is true.
    If(String, Vec<String>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub name: String,
    pub description: String,
    /// `type` and whatever narrows it.
    pub schema: Map<String, Value>,
    pub presence: Presence,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    Required,
    Optional,
    Default(Value),
}

impl Default for Action {
    fn default() -> Self {
        Self::Program { script: String::new(), args: Vec::new() }
    }
}

impl Proposal {
    /// The element as lines, indented by two.
    pub fn to_yaml(&self) -> String {
        let mut lines: Vec<String> =
            self.remarks.iter().map(|remark| format!("  # {}", one_line(remark))).collect();
        lines.push(format!("  - name: {}", scalar(&self.name)));
        let mut key = |name: &str, value: String| {
            // A value on lines of its own begins with the first of them.
            let gap = if value.starts_with('\n') { "" } else { " " };
            lines.push(format!("    {name}:{gap}{value}"));
        };
        key("description", scalar(&one_line(&self.description)));
        match &self.action {
            Action::Program { script, args } => {
                key("script", scalar(script));
                if !args.is_empty() {
                    key("args", elements(args));
                }
            }
            Action::Shell { shell, run } => {
                key("shell", scalar(shell));
                key("run", block(run, 6));
            }
            Action::Http(call) => key("webhook", call.to_yaml()),
        }
        if !self.env.is_empty() {
            let pairs: Map<String, Value> =
                self.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
            key("env", flow(&Value::Object(pairs)));
        }
        if let Some(folder) = &self.working_dir {
            key("working_dir", scalar(folder));
        }
        if !self.params.is_empty() {
            let params: Vec<String> = self.params.iter().map(Param::to_yaml).collect();
            key("params", format!("\n{}", params.join("\n")));
        }
        if let Some(timeout) = &self.timeout {
            key("timeout", scalar(timeout));
        }
        let hints = [("read_only", self.read_only), ("idempotent", self.idempotent)];
        let hints: Map<String, Value> =
            hints.into_iter().filter(|(_, is)| *is).map(|(name, _)| (name.to_owned(), true.into())).collect();
        if !hints.is_empty() {
            key("annotations", flow(&Value::Object(hints)));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl Param {
    fn to_yaml(&self) -> String {
        let mut map = self.schema.clone();
        if !self.description.is_empty() {
            map.insert("description".to_owned(), Value::from(one_line(&self.description)));
        }
        match &self.presence {
            Presence::Required => None,
            Presence::Optional => map.insert("optional".to_owned(), Value::Bool(true)),
            Presence::Default(value) => map.insert("default".to_owned(), value.clone()),
        };
        format!("      {}: {}", scalar(&self.name), flow(&Value::Object(map)))
    }
}

impl HttpCall {
    fn to_yaml(&self) -> String {
        let mut lines = vec![format!("url: {}", scalar(&self.url)), format!("method: {}", self.method)];
        for (key, map) in
            [("query", &self.query), ("headers", &self.headers), ("auth", &self.auth), ("form", &self.form)]
        {
            if !map.is_empty() {
                lines.push(pairs(key, map));
            }
        }
        match &self.body {
            Some(Value::Object(map)) if !map.is_empty() => lines.push(pairs("body", map)),
            Some(body) => lines.push(format!("body: {}", flow(body))),
            None => {}
        }
        if self.allow_private {
            lines.push("allow_private: true".to_owned());
        }
        lines.iter().map(|line| format!("\n      {line}")).collect()
    }
}

/// A map on one line while that is short, else a pair a line.
fn pairs(key: &str, map: &Map<String, Value>) -> String {
    let line = format!("{key}: {}", flow(&Value::Object(map.clone())));
    if line.len() <= 90 {
        return line;
    }
    let pair = |(name, value): (&String, &Value)| format!("\n        {}: {}", scalar(name), flow(value));
    format!("{key}:{}", map.iter().map(pair).collect::<String>())
}

/// On one line while that is short, else an element a line.
fn elements(args: &[Element]) -> String {
    let words: Vec<String> = args.iter().map(Element::to_yaml).collect();
    let line = format!("[{}]", words.join(", "));
    if line.len() <= 90 {
        return line;
    }
    words.iter().map(|word| format!("\n      - {word}")).collect()
}

impl Element {
    fn to_yaml(&self) -> String {
        let list = |words: &[String]| flow(&Value::from(words.to_vec()));
        match self {
            Self::Word(word) => scalar(word),
            Self::Group(words) => list(words),
            Self::If(param, words) => format!("{{ if: {}, args: {} }}", scalar(param), list(words)),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The nearest name that a tool may have: `npm run build:css` → `npm-run-build-css`.
pub fn tool_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.truncate(64);
    name.truncate(name.trim_end_matches('-').len());
    name
}

/// The nearest name that a parameter may have; one that is reserved gets a tail.
pub fn param_name(text: &str) -> String {
    const RESERVED: [&str; 11] =
        ["params", "vars", "secrets", "env", "steps", "item", "caller", "now", "os", "call", "run"];
    let name = tool_name(text).replace('-', "_").trim_matches('_').to_ascii_lowercase();
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("option_{name}"),
        Some(_) if RESERVED.contains(&name.as_str()) => format!("{name}_value"),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_proposal_is_an_element_of_commands() {
        let schema = |value: Value| value.as_object().cloned().unwrap();
        let proposal = Proposal {
            name: "say".into(),
            description: "Say something:\n twice.".into(),
            remarks: vec!["look at this".into()],
            action: Action::Program {
                script: "echo".into(),
                args: vec![
                    Element::If("quiet".into(), vec!["-q".into()]),
                    Element::Group(vec!["--max".into(), "{{limit}}".into()]),
                    Element::Word("--".into()),
                    Element::Word("{{text}}".into()),
                ],
            },
            params: vec![Param {
                name: "text".into(),
                description: "What to say".into(),
                schema: schema(json!({ "type": "string" })),
                presence: Presence::Default(json!("yes")),
            }],
            timeout: Some("5m".into()),
            read_only: true,
            ..Proposal::default()
        };
        let expected = "  # look at this
  - name: say
    description: 'Say something: twice.'
    script: echo
    args: [{ if: quiet, args: [-q] }, [--max, \"{{limit}}\"], --, \"{{text}}\"]
    params:
      text: { type: string, description: What to say, default: 'yes' }
    timeout: 5m
    annotations: { read_only: true }
";
        assert_eq!(proposal.to_yaml(), expected);
    }

    #[test]
    fn names_become_names_that_can_be_used() {
        assert_eq!(tool_name("npm run build:css"), "npm-run-build-css");
        assert_eq!(tool_name("@scope/x!"), "scope-x");
        assert_eq!(tool_name(&"a".repeat(80)).len(), 64);
        for (text, expected) in [
            ("--ignore-case", "ignore_case"),
            ("<FILE>", "file"),
            ("-0", "option_0"),
            ("env", "env_value"),
            ("…", "value"),
        ] {
            assert_eq!(param_name(text), expected);
        }
    }
}
