//! A host that is the same everywhere: a few executables, a home, a variable.

use std::path::{Path, PathBuf};

use mcpfier::config::{Choice, Effective, Host, Loaded, Wanted};
use mcpfier::config::{check, check_bytes, effective, load_bytes};
use tempfile::TempDir;

/// The executables of the host.
const EXECUTABLES: [&str; 16] = [
    "awk", "bash", "cosign", "curl", "docker", "du", "echo", "env", "git", "jq", "ls", "psql", "python3",
    "rg", "sh", "ssh",
];

pub struct TestHost {
    folder: TempDir,
    pub host: Host,
}

impl TestHost {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        for name in EXECUTABLES {
            make_executable(&bin.join(name));
        }
        let variables = [
            ("PATH", bin.display().to_string()),
            ("GITHUB_TOKEN", "a secret value".to_owned()),
            ("SHORT", "1234".to_owned()),
        ];
        let host = Host {
            environment: variables.map(|(name, value)| (name.to_owned(), value)).into_iter().collect(),
            cwd: PathBuf::from("/srv/work"),
            home: Some(PathBuf::from("/home/user")),
            executable_dir: None,
            foreign: None,
            as_written: false,
        };
        Self { folder, host }
    }

    pub fn bin(&self, name: &str) -> PathBuf {
        self.folder.path().join("bin").join(name)
    }

    pub fn load(&self, text: &str) -> Loaded {
        load_bytes(Path::new("config.yaml"), text.as_bytes().to_vec(), &self.host)
    }

    pub fn check(&self, name: &str, bytes: Vec<u8>) -> Loaded {
        check_bytes(Path::new(name), bytes, &self.host)
    }
}

impl TestHost {
    /// Checks a folder of test data as its `arguments` say, a flag with its value a line; without a
    /// `--config` among them its root is what is called `config`.
    pub fn check_folder(&self, folder: &Path) -> Loaded {
        let Arguments { host, config, choice } = self.arguments(folder);
        check(&config, &host, &choice)
    }

    /// The same folder as it is in effect.
    pub fn effective(&self, folder: &Path, wanted: Wanted) -> (Loaded, Effective) {
        let Arguments { host, config, choice } = self.arguments(folder);
        let (loaded, effective) = effective(&config, &host, &choice, wanted);
        (loaded, effective.expect("it has no mistakes"))
    }

    fn arguments(&self, folder: &Path) -> Arguments {
        let host = Host { cwd: folder.to_path_buf(), ..self.host.clone() };
        let text = std::fs::read_to_string(folder.join("arguments")).unwrap_or_default();
        let words: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once(' ')).collect();
        let of = |flag: &str| -> Vec<String> {
            words.iter().filter(|(word, _)| *word == flag).map(|(_, value)| (*value).to_owned()).collect()
        };
        let choice = Choice::of(&of("--profile"), &of("--set"), &of("--tags"), &host);
        let usual = ["config.yaml", "config.toml", "config.json"];
        let config = of("--config")
            .pop()
            .or_else(|| usual.into_iter().find(|name| folder.join(name).exists()).map(str::to_owned));
        Arguments { host, config: PathBuf::from(config.expect("a root file")), choice }
    }
}

struct Arguments {
    host: Host,
    config: PathBuf,
    choice: Choice,
}

/// The folders of a folder of test data, by name.
pub fn folders(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let entries = std::fs::read_dir(&folder).expect("a folder of test data");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, "").expect("a file");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}

#[cfg(not(unix))]
fn make_executable(path: &Path) {
    std::fs::write(path, "").expect("a file");
}

/// The files of a folder of test data, by name.
pub fn data(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let entries = std::fs::read_dir(&folder).expect("a folder of test data");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}
