//! The store of what a person trusts: one file below the folder for a user's state.
//!
//! It decides what may run, so it is believed only if nobody else can write to it, and one that
//! cannot be read trusts nothing. It is replaced in one step; writers wait for each other.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::config::Host;
use crate::plan::Environment;

/// Whoever holds the store longer than this is not one of us at work.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

const VERSION: u64 = 1;

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadStore {
    #[error("neither `XDG_STATE_HOME` nor `HOME` is set, so there is no telling where trust is kept")]
    NoHome,
    #[error("the store of trust `{}` cannot be used: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("the store of trust `{}` is broken, and nothing in it counts: {reason}", .path.display())]
    Broken { path: PathBuf, reason: String },
    #[error("`{}` can be written to by others, so nothing in the store of trust counts", .path.display())]
    Open { path: PathBuf },
    #[error("`{}` belongs to somebody else, so nothing in the store of trust counts", .path.display())]
    Foreign { path: PathBuf },
    #[error("the store of trust `{}` is held by another mcpfier", .path.display())]
    Busy { path: PathBuf },
    #[error("the path `{}` is not text, and no store could keep it", .path.display())]
    NotText { path: PathBuf },
}

impl BadStore {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoHome | Self::NotText { .. } => None,
            Self::Io { .. } => Some("correct its permissions, or name the file with `--config`".to_owned()),
            Self::Broken { path, .. } => {
                Some(format!("remove it (`rm {}`) and trust your files again", path.display()))
            }
            Self::Open { path } => {
                Some(format!("make sure of what it says, then: chmod go-w {}", path.display()))
            }
            Self::Foreign { path } => Some(format!("remove {} and trust your files again", path.display())),
            Self::Busy { .. } => Some("try again".to_owned()),
        }
    }
}

/// Where the store is.
pub struct Store {
    path: PathBuf,
}

/// What is trusted: for each root file, the digests of all files that it is made of.
pub type Trusted = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// Where what this program remembers of its user is kept. A relative folder means nothing in
/// `XDG_STATE_HOME`, says the standard.
pub fn state_folder(environment: &Environment) -> Option<PathBuf> {
    let named = environment.get("XDG_STATE_HOME").map(PathBuf::from);
    let home = || environment.get("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let state = named.filter(|folder| folder.is_absolute());
    let state = state.or_else(|| Some(home()?.join(".local/state")))?;
    Some(state.join("mcpfier"))
}

impl Store {
    pub fn of(host: &Host) -> Result<Self, BadStore> {
        let folder = state_folder(&host.environment).ok_or(BadStore::NoHome)?;
        Ok(Self { path: folder.join("trust.json") })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is trusted; nothing if there is no store yet.
    pub fn read(&self) -> Result<Trusted, BadStore> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Trusted::new()),
            Err(error) => return Err(self.io(error)),
        };
        let metadata = file.metadata().map_err(|error| self.io(error))?;
        check_owner(&self.path, &metadata)?;
        if let Some(folder) = self.path.parent() {
            check_owner(folder, &fs::metadata(folder).map_err(|error| self.io(error))?)?;
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| self.io(error))?;
        self.parse(&text)
    }

    /// Changes what is trusted, with every other writer kept out.
    pub fn change<T>(&self, change: impl FnOnce(&mut Trusted) -> T) -> Result<T, BadStore> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        make_folder(folder).map_err(|error| self.io(error))?;
        let _held = self.hold(folder)?;
        let mut trusted = self.read()?;
        let result = change(&mut trusted);
        let text = to_text(&trusted)?;
        self.replace(&text).map_err(|error| self.io(error))?;
        Ok(result)
    }

    fn io(&self, error: io::Error) -> BadStore {
        BadStore::Io { path: self.path.clone(), error }
    }

    /// A file of its own is locked, since the store itself is replaced. The lock ends with the file.
    fn hold(&self, folder: &Path) -> Result<File, BadStore> {
        let file = private().write(true).create(true).truncate(false).open(folder.join("trust.lock"));
        let file = file.map_err(|error| self.io(error))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(fs::TryLockError::Error(error)) => return Err(self.io(error)),
                Err(fs::TryLockError::WouldBlock) if waited >= PATIENCE => {
                    return Err(BadStore::Busy { path: self.path.clone() });
                }
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            }
            waited += PAUSE;
        }
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let new = self.path.with_file_name(format!(".trust.json.{}", std::process::id()));
        // One that a crash left behind is nobody's: writers are kept out.
        let _ = fs::remove_file(&new);
        let written = private().write(true).create_new(true).open(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        let replaced = written.and_then(|()| fs::rename(&new, &self.path));
        if replaced.is_err() {
            // It may not even be there.
            let _ = fs::remove_file(&new);
        }
        replaced
    }

    fn parse(&self, text: &str) -> Result<Trusted, BadStore> {
        let broken = |reason: String| BadStore::Broken { path: self.path.clone(), reason };
        let document: Value =
            serde_json::from_str(text).map_err(|error| broken(format!("it is not JSON: {error}")))?;
        if document.get("version").and_then(Value::as_u64) != Some(VERSION) {
            return Err(broken(format!("expected `\"version\": {VERSION}`")));
        }
        let entries = document.get("trusted").and_then(Value::as_object);
        let entries = entries.ok_or_else(|| broken("`trusted` is not a map".to_owned()))?;
        let entry = |(path, files): (&String, &Value)| {
            let files = files.as_object().filter(|files| !files.is_empty()).and_then(digests);
            let files = files.ok_or_else(|| broken(format!("`{path}` has no map of digests")))?;
            Ok((PathBuf::from(path), files))
        };
        entries.iter().map(entry).collect()
    }
}

fn digests(files: &Map<String, Value>) -> Option<BTreeMap<PathBuf, String>> {
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let one = |(path, value): (&String, &Value)| {
        let digest = value.as_str()?.strip_prefix("sha256:").filter(is_digest)?;
        Some((PathBuf::from(path), digest.to_owned()))
    };
    files.iter().map(one).collect()
}

fn to_text(trusted: &Trusted) -> Result<String, BadStore> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| BadStore::NotText { path: path.to_path_buf() })
    };
    let mut entries = Map::new();
    for (path, files) in trusted {
        let files: Result<Map<String, Value>, BadStore> =
            files.iter().map(|(path, digest)| Ok((text(path)?, json!(format!("sha256:{digest}"))))).collect();
        entries.insert(text(path)?, Value::Object(files?));
    }
    Ok(format!("{:#}\n", json!({ "version": VERSION, "trusted": entries })))
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Whoever else may write to the store, or exchange it, would decide what is trusted.
#[cfg(unix)]
fn check_owner(path: &Path, metadata: &fs::Metadata) -> Result<(), BadStore> {
    use std::os::unix::fs::MetadataExt;
    let path = path.to_path_buf();
    if metadata.uid() != 0 && metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(BadStore::Foreign { path });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(BadStore::Open { path });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_path: &Path, _metadata: &fs::Metadata) -> Result<(), BadStore> {
    Ok(())
}
