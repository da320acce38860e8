//! The clients that can be set up: where their files are on each platform and what these look like.
//!
//! A path is a value made of folders that are handed in; whether it exists is asked elsewhere.

use std::path::{Path, PathBuf};

use super::json::Comments;

/// One client.
#[derive(Debug)]
pub struct Client {
    /// What a user types.
    pub id: &'static str,
    pub title: &'static str,
    pub format: Format,
    /// The key that holds the servers.
    pub container: &'static str,
    pub holder: Holder,
    pub shape: Shape,
    /// The file of the user.
    place: Place,
    /// Where it is on Windows, if the rule for all platforms does not say.
    windows: Option<Place>,
    /// A variable that names another folder for the file.
    variable: Option<&'static str>,
    /// The file of a project, below its folder.
    project: Option<&'static str>,
    /// A file is made only by clients that need nothing else in it.
    pub may_create: bool,
    /// What a user does so that the client notices.
    pub then: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json(Comments),
    Toml,
    Yaml,
}

/// How servers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// By name.
    Map,
    /// One after the other, with their names inside.
    List,
}

/// What an entry consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `command` and `args`.
    Plain,
    /// With `type: stdio`.
    Typed,
    Continue,
    Goose,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Below the home.
    Home(&'static str),
    /// Below the folder for configuration: `~/.config` on Linux and macOS, `%APPDATA%` on Windows.
    Config(&'static str),
    /// Below the folder for applications: `~/.config`, `~/Library/Application Support`, `%APPDATA%`.
    Application(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Linux,
    Macos,
    Windows,
}

/// The folders and variables from which paths are made.
pub struct Surroundings<'s> {
    pub platform: Platform,
    pub home: PathBuf,
    pub variable: &'s dyn Fn(&str) -> Option<PathBuf>,
}

const JSON: Format = Format::Json(Comments::Refused);
const JSON_WITH_COMMENTS: Format = Format::Json(Comments::Allowed);
const RESTART: &str = "restart it";

/// A client of the most frequent kind.
const fn usual(id: &'static str, title: &'static str, place: Place) -> Client {
    Client {
        id,
        title,
        format: JSON,
        container: "mcpServers",
        holder: Holder::Map,
        shape: Shape::Plain,
        place,
        windows: None,
        variable: None,
        project: None,
        may_create: true,
        then: RESTART,
    }
}

/// Every client that is known, in the order in which they are told.
pub static CLIENTS: [Client; 12] = [
    usual("claude-desktop", "Claude Desktop", Place::Application("Claude/claude_desktop_config.json")),
    Client {
        shape: Shape::Typed,
        variable: Some("CLAUDE_CONFIG_DIR"),
        project: Some(".mcp.json"),
        then: "start a new session",
        ..usual("claude-code", "Claude Code", Place::Home(".claude.json"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        project: Some(".cursor/mcp.json"),
        then: "switch the server on in its settings",
        ..usual("cursor", "Cursor", Place::Home(".cursor/mcp.json"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        container: "servers",
        shape: Shape::Typed,
        project: Some(".vscode/mcp.json"),
        then: "run `MCP: List Servers` and start it",
        ..usual("vscode", "VS Code", Place::Application("Code/User/mcp.json"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        then: "refresh the servers in its settings",
        ..usual("windsurf", "Windsurf", Place::Home(".codeium/windsurf/mcp_config.json"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        container: "context_servers",
        project: Some(".zed/settings.json"),
        then: "it notices by itself",
        ..usual("zed", "Zed", Place::Config("zed/settings.json"))
    },
    Client {
        format: Format::Toml,
        container: "mcp_servers",
        variable: Some("CODEX_HOME"),
        project: Some(".codex/config.toml"),
        then: "start a new session",
        ..usual("codex", "Codex", Place::Home(".codex/config.toml"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        project: Some(".gemini/settings.json"),
        then: "start a new session",
        ..usual("gemini", "Gemini CLI", Place::Home(".gemini/settings.json"))
    },
    Client {
        format: Format::Yaml,
        holder: Holder::List,
        shape: Shape::Continue,
        may_create: false,
        then: "reload its configuration",
        ..usual("continue", "Continue", Place::Home(".continue/config.yaml"))
    },
    Client {
        then: "it notices by itself",
        ..usual(
            "cline",
            "Cline",
            Place::Application(
                "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            ),
        )
    },
    Client {
        format: Format::Yaml,
        container: "extensions",
        shape: Shape::Goose,
        windows: Some(Place::Application("Block/goose/config/config.yaml")),
        then: "start a new session",
        ..usual("goose", "Goose", Place::Config("goose/config.yaml"))
    },
    Client {
        format: JSON_WITH_COMMENTS,
        then: "it notices by itself",
        ..usual("lm-studio", "LM Studio", Place::Home(".lmstudio/mcp.json"))
    },
];

/// The client of that name.
pub fn client(id: &str) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| client.id == id)
}

impl Client {
    /// The file of the user.
    pub fn file(&self, surroundings: &Surroundings<'_>) -> PathBuf {
        let place = match (surroundings.platform, self.windows) {
            (Platform::Windows, Some(place)) => place,
            _ => self.place,
        };
        let named = self.variable.and_then(|variable| (surroundings.variable)(variable));
        match (named, Path::new(place.below()).file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => surroundings.folder(place).join(place.below()),
        }
    }

    /// The file of a project.
    pub fn project_file(&self, project: &Path) -> Option<PathBuf> {
        self.project.map(|below| project.join(below))
    }

    /// The folder that is there if the client was ever used; `None` where only the file can tell.
    pub fn trace(&self, file: &Path, surroundings: &Surroundings<'_>) -> Option<PathBuf> {
        let folder = match self.id {
            "claude-code" => surroundings.home.join(".claude"),
            "cline" => file.parent()?.parent()?.to_path_buf(),
            _ => file.parent()?.to_path_buf(),
        };
        (folder != surroundings.home).then_some(folder)
    }
}

impl Place {
    fn below(self) -> &'static str {
        match self {
            Self::Home(path) | Self::Config(path) | Self::Application(path) => path,
        }
    }
}

impl Surroundings<'_> {
    fn folder(&self, place: Place) -> PathBuf {
        let variable = |name: &str| (self.variable)(name).filter(|path| path.is_absolute());
        match (place, self.platform) {
            (Place::Home(_), _) => self.home.clone(),
            (Place::Application(_), Platform::Macos) => self.home.join("Library/Application Support"),
            (Place::Config(_), Platform::Macos) => self.home.join(".config"),
            (_, Platform::Linux) => variable("XDG_CONFIG_HOME").unwrap_or_else(|| self.home.join(".config")),
            (_, Platform::Windows) => {
                (self.variable)("APPDATA").unwrap_or_else(|| self.home.join("AppData/Roaming"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: &str, platform: Platform, variables: &[(&str, &str)]) -> String {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value))
        };
        let surroundings = Surroundings { platform, home: "/h".into(), variable: &variable };
        client(id).unwrap().file(&surroundings).to_string_lossy().into_owned()
    }

    #[test]
    fn each_platform_has_its_places() {
        use Platform::{Linux, Macos, Windows};
        let appdata = [("APPDATA", "/h/Roaming")];
        for (id, platform, expected) in [
            ("claude-desktop", Linux, "/h/.config/Claude/claude_desktop_config.json"),
            ("claude-desktop", Macos, "/h/Library/Application Support/Claude/claude_desktop_config.json"),
            ("claude-desktop", Windows, "/h/Roaming/Claude/claude_desktop_config.json"),
            ("zed", Macos, "/h/.config/zed/settings.json"),
            ("goose", Macos, "/h/.config/goose/config.yaml"),
            ("goose", Windows, "/h/Roaming/Block/goose/config/config.yaml"),
            ("codex", Windows, "/h/.codex/config.toml"),
        ] {
            assert_eq!(file(id, platform, &appdata), expected);
        }
    }

    #[test]
    fn variables_move_files() {
        let moved = |id, name, value| file(id, Platform::Linux, &[(name, value)]);
        assert_eq!(moved("zed", "XDG_CONFIG_HOME", "/x"), "/x/zed/settings.json");
        assert_eq!(moved("zed", "XDG_CONFIG_HOME", "relative"), "/h/.config/zed/settings.json");
        assert_eq!(moved("codex", "CODEX_HOME", "/c"), "/c/config.toml");
        assert_eq!(moved("claude-code", "CLAUDE_CONFIG_DIR", "/c"), "/c/.claude.json");
    }
}
