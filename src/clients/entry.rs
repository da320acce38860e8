//! Our entry in a client's file: how a client is told to start us, and how we know it again.

use serde_json::{Map, Value, json};

use super::table::{Client, Shape};

/// What a client has to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Absolute.
    pub executable: String,
    /// Absolute.
    pub config: String,
    /// What is chosen beside the file: `--profile`, `prod`.
    pub choice: Vec<String>,
}

/// What an entry that is there starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub command: String,
    pub arguments: Vec<String>,
}

impl Shape {
    /// The field with the program.
    fn command_field(self) -> &'static str {
        if self == Self::Goose { "cmd" } else { "command" }
    }
}

impl Launch {
    fn arguments(&self) -> Value {
        let words = ["--mcp", "--config", &self.config].into_iter();
        words.chain(self.choice.iter().map(String::as_str)).collect()
    }

    /// The entry as this client wants it.
    pub fn entry(&self, client: &Client, name: &str) -> Value {
        let mut entry = Map::new();
        match client.shape {
            Shape::Plain => {}
            Shape::Typed => drop(entry.insert("type".to_owned(), json!("stdio"))),
            Shape::Continue => {
                entry.insert("name".to_owned(), json!(name));
                entry.insert("type".to_owned(), json!("stdio"));
            }
            Shape::Goose => {
                entry.insert("name".to_owned(), json!(name));
                entry.insert("description".to_owned(), json!("Tools declared with mcpfier"));
                entry.insert("enabled".to_owned(), json!(true));
                entry.insert("type".to_owned(), json!("stdio"));
            }
        }
        entry.insert(client.shape.command_field().to_owned(), json!(self.executable));
        entry.insert("args".to_owned(), self.arguments());
        if client.shape == Shape::Goose {
            entry.insert("timeout".to_owned(), json!(300));
        }
        Value::Object(entry)
    }

    /// What has to change in an entry of ours so that it starts this. What else a user wrote there
    /// stays, other arguments too.
    pub fn corrections(&self, client: &Client, served: &Served) -> Vec<(&'static str, Value)> {
        let mut corrections = Vec::new();
        if served.command != self.executable {
            corrections.push((client.shape.command_field(), json!(self.executable)));
        }
        match served.config() {
            // Without a choice the one that is there stays.
            _ if !served.has(&self.choice) => corrections.push(("args", self.arguments())),
            Some(config) if config == self.config => {}
            Some(config) => {
                let renamed = served.arguments.iter().map(|word| match word.strip_prefix("--config=") {
                    Some(named) if named == config => format!("--config={}", self.config),
                    _ if word == config => self.config.clone(),
                    _ => word.clone(),
                });
                corrections.push(("args", json!(renamed.collect::<Vec<_>>())));
            }
            None => corrections.push(("args", self.arguments())),
        }
        corrections
    }
}

impl Served {
    /// Reads an entry; `None` if it starts nothing, like a server that is reached over HTTP.
    pub fn read(client: &Client, entry: &Value) -> Option<Self> {
        let command = entry.get(client.shape.command_field())?.as_str()?.to_owned();
        let words = entry.get("args").and_then(Value::as_array).into_iter().flatten();
        Some(Self { command, arguments: words.filter_map(|word| Some(word.as_str()?.to_owned())).collect() })
    }

    /// Whether it starts mcpfier, this one or another.
    pub fn is_ours(&self) -> bool {
        let file = self.command.rsplit(['/', '\\']).next().unwrap_or_default();
        file.strip_suffix(".exe").unwrap_or(file) == "mcpfier"
    }

    /// Whether these words are among its arguments, one behind the other.
    fn has(&self, words: &[String]) -> bool {
        words.is_empty() || self.arguments.windows(words.len()).any(|found| found == words)
    }

    /// The file that it serves.
    pub fn config(&self) -> Option<&str> {
        let joined = self.arguments.iter().find_map(|word| word.strip_prefix("--config="));
        let mut words = self.arguments.iter();
        joined.or_else(|| {
            words.find(|word| ["--config", "-c"].contains(&word.as_str()))?;
            words.next().map(String::as_str)
        })
    }
}
