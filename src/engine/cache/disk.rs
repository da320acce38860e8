//! Results on disk: a folder of this user, which several processes use at once.
//!
//! A file an entry. Its name is made with a key of this user, so that names let nobody guess arguments,
//! and so is the seal in front of its bytes, so that what is broken or somebody else's is never handed
//! out. Files are written beside and renamed; whoever is killed meanwhile leaves a file that is swept.
//!
//! ```text
//! KEY                          32 random bytes
//! TOOL-CALL.entry              seal, then the entry
//! TOOL.cleared                 entries that are older than this file are worthless
//! .PROCESS-NUMBER.part         being written
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::model::{ToolName, hex};

use super::entry::Entry;
use super::key::Digest;

/// The store of one user.
pub struct Disk {
    folder: PathBuf,
    key: [u8; 32],
}

/// Why nothing can be kept in a folder.
#[derive(Debug, thiserror::Error)]
pub enum BadFolder {
    #[error("`{path}` cannot be used: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("`{path}` belongs to somebody else, or others may write into it; remove it, or take their rights away", path = .path.display())]
    NotOurs { path: PathBuf },
}

/// What a store holds of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    pub tool: String,
    pub entries: usize,
    pub bytes: u64,
    pub newest: SystemTime,
}

const KEY: &str = "KEY";
const ENTRY: &str = "entry";
const CLEARED: &str = "cleared";
const PART: &str = "part";
const SEAL: usize = 32;
/// What is still being written after so long was left by somebody who was killed.
const LEFT: Duration = Duration::from_mins(10);
/// No entry is longer: what is kept of an output is in memory while it is read.
const MOST: u64 = 1 << 30;

impl Disk {
    /// Opens the store, and makes it if it is not there.
    pub fn open(folder: &Path) -> Result<Self, BadFolder> {
        let io = |source| BadFolder::Io { path: folder.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let metadata = fs::metadata(folder).map_err(io)?;
        if metadata.uid() != nix::unistd::geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return Err(BadFolder::NotOurs { path: folder.to_path_buf() });
        }
        let key = key(folder).map_err(io)?;
        Ok(Self { folder: folder.to_path_buf(), key })
    }

    /// The store, if there is one already.
    pub fn open_existing(folder: &Path) -> Result<Option<Self>, BadFolder> {
        if folder.join(KEY).exists() { Self::open(folder).map(Some) } else { Ok(None) }
    }

    /// An entry; one that is broken is removed.
    pub fn get(&self, tool: &ToolName, key: &Digest) -> Option<Entry> {
        let path = self.path(tool, key);
        let mut file = File::open(&path).ok()?;
        let Some(entry) = self.read(&mut file) else {
            let _ = fs::remove_file(&path);
            return None;
        };
        if self.cleared_at(tool).is_some_and(|cleared| entry.made <= cleared) {
            let _ = fs::remove_file(&path);
            return None;
        }
        // Who was asked for lately is the last to go.
        let _ = file.set_modified(SystemTime::now());
        Some(entry)
    }

    /// Keeps an entry, and then no more than so many bytes in all. What goes wrong is only logged.
    pub fn put(&self, tool: &ToolName, key: &Digest, entry: &Entry, most: u64) {
        let Some(bytes) = entry.to_bytes(tool.as_str()) else { return };
        if bytes.len() as u64 > most.min(MOST) {
            return;
        }
        match self.write(&self.path(tool, key), &[&self.seal(&bytes), &bytes]) {
            Ok(()) => self.sweep(most),
            Err(error) => {
                tracing::warn!("the result of `{tool}` is not kept in `{}`: {error}", self.folder.display());
            }
        }
    }

    /// Removes the entries of a command, or all; gives how many there were.
    pub fn clear(&self, tool: Option<&str>) -> usize {
        if let Some(tool) = tool {
            // Runs of other processes that began before this must not be kept.
            let mark = self.folder.join(format!("{}.{CLEARED}", self.name(tool)));
            if let Err(error) = File::create(&mark).and_then(|file| file.set_modified(SystemTime::now())) {
                tracing::warn!("`{}` cannot be written: {error}", mark.display());
            }
        }
        let prefix = tool.map(|tool| format!("{}-", self.name(tool)));
        let is_meant = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
        };
        let entries = self.files(ENTRY).into_iter().filter(|file| is_meant(&file.path));
        entries.filter(|file| fs::remove_file(&file.path).is_ok()).count()
    }

    /// What is kept of each command; what is broken is removed on the way.
    pub fn usage(&self) -> Vec<Usage> {
        let mut usage: Vec<Usage> = Vec::new();
        for file in self.files(ENTRY) {
            let Some((tool, entry)) = self.tool_of(&file.path) else {
                let _ = fs::remove_file(&file.path);
                continue;
            };
            match usage.iter_mut().find(|usage| usage.tool == tool) {
                Some(usage) => {
                    usage.entries += 1;
                    usage.bytes += file.size;
                    usage.newest = usage.newest.max(entry.made);
                }
                None => usage.push(Usage { tool, entries: 1, bytes: file.size, newest: entry.made }),
            }
        }
        usage.sort_by(|a, b| a.tool.cmp(&b.tool));
        usage
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn read(&self, file: &mut File) -> Option<Entry> {
        Entry::from_bytes(&self.unsealed(file)?)
    }

    fn unsealed(&self, file: &mut File) -> Option<Bytes> {
        let mut bytes = Vec::new();
        file.take(MOST).read_to_end(&mut bytes).ok()?;
        let mut bytes = Bytes::from(bytes);
        let seal = (bytes.len() >= SEAL).then(|| bytes.split_to(SEAL))?;
        (*seal == self.seal(&bytes)).then_some(bytes)
    }

    fn tool_of(&self, path: &Path) -> Option<(String, Entry)> {
        let bytes = self.unsealed(&mut File::open(path).ok()?)?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: serde_json::Value = serde_json::from_slice(bytes.get(..end)?).ok()?;
        Some((head.get("tool")?.as_str()?.to_owned(), Entry::from_bytes(&bytes)?))
    }

    fn cleared_at(&self, tool: &ToolName) -> Option<SystemTime> {
        let mark = self.folder.join(format!("{}.{CLEARED}", self.name(tool.as_str())));
        fs::metadata(mark).ok()?.modified().ok()
    }

    /// Removes what was used longest ago until the rest is small enough, and what was never finished.
    fn sweep(&self, most: u64) {
        let is_old = |file: &Listed| file.used.elapsed().is_ok_and(|age| age > LEFT);
        for part in self.files(PART).into_iter().filter(is_old) {
            let _ = fs::remove_file(part.path);
        }
        let mut entries = self.files(ENTRY);
        let mut size: u64 = entries.iter().map(|entry| entry.size).sum();
        if size <= most {
            return;
        }
        entries.sort_by_key(|entry| entry.used);
        for entry in entries {
            if size <= most {
                return;
            }
            // Somebody else may have been faster.
            let _ = fs::remove_file(&entry.path);
            size -= entry.size;
        }
    }

    fn files(&self, extension: &str) -> Vec<Listed> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let listed = entries.filter_map(|entry| {
            let path = entry.path();
            let metadata = entry.metadata().ok()?;
            let is_meant = path.extension().is_some_and(|found| found == extension) && metadata.is_file();
            is_meant.then_some(())?;
            Some(Listed { path, size: metadata.len(), used: metadata.modified().ok()? })
        });
        listed.collect()
    }

    fn path(&self, tool: &ToolName, key: &Digest) -> PathBuf {
        let call = hex(&self.keyed(b"call", &[&key.0]));
        self.folder.join(format!("{}-{call}.{ENTRY}", self.name(tool.as_str())))
    }

    fn name(&self, tool: &str) -> String {
        let mut name = hex(&self.keyed(b"tool", &[tool.as_bytes()]));
        name.truncate(16);
        name
    }

    fn seal(&self, bytes: &[u8]) -> [u8; 32] {
        self.keyed(b"seal", &[bytes])
    }

    /// Twice over, so that nobody who has one can go on from it to another.
    fn keyed(&self, purpose: &[u8; 4], parts: &[&[u8]]) -> [u8; 32] {
        let mut inner = Sha256::new().chain_update(self.key).chain_update(purpose);
        parts.iter().for_each(|part| inner.update(part));
        Sha256::new().chain_update(self.key).chain_update(inner.finalize()).finalize().into()
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
        write_whole(&self.folder, path, parts, |part, path| fs::rename(part, path))
    }
}

struct Listed {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

/// The key of this user; made by whoever comes first.
fn key(folder: &Path) -> io::Result<[u8; 32]> {
    let path = folder.join(KEY);
    for _ in 0..2 {
        match fs::read(&path) {
            Ok(bytes) => {
                if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
                    return Ok(key);
                }
                // What it belonged to cannot be read any more, and is removed when it is met.
                fs::remove_file(&path)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut fresh = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut fresh)?;
        let made = write_whole(folder, &path, &[&fresh], |part, path| fs::hard_link(part, path));
        match made {
            Ok(()) => return Ok(fresh),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    fs::read(&path)?.as_slice().try_into().map_err(|_| io::Error::other("its key is none"))
}

/// Writes beside, and puts it into its place as a whole.
fn write_whole(
    folder: &Path,
    path: &Path,
    parts: &[&[u8]],
    place: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let part = folder.join(format!(".{}-{number}.{PART}", std::process::id()));
    let _ = fs::remove_file(&part);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part)
        .and_then(|mut file| parts.iter().try_for_each(|bytes| file.write_all(bytes)))
        .and_then(|()| place(&part, path));
    // Renamed, it is not there any more.
    let _ = fs::remove_file(&part);
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::entry::tests::entry;
    use super::*;

    struct Place {
        _scratch: tempfile::TempDir,
        folder: PathBuf,
    }

    fn place() -> Place {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("cache/mcpfier");
        Place { folder, _scratch: scratch }
    }

    fn tool(name: &str) -> ToolName {
        name.parse().unwrap()
    }

    fn key(number: u8) -> Digest {
        Digest([number; 32])
    }

    #[test]
    fn an_entry_is_there_for_the_next_process_and_for_this_user_alone() {
        let place = place();
        Disk::open(&place.folder).unwrap().put(&tool("t"), &key(1), &entry(100), 1 << 20);
        let again = Disk::open(&place.folder).unwrap();
        let found = again.get(&tool("t"), &key(1)).unwrap();
        assert_eq!(format!("{found:?}"), format!("{:?}", entry(100)));
        assert!(again.get(&tool("t"), &key(2)).is_none() && again.get(&tool("u"), &key(1)).is_none());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.folder), 0o700);
        for file in fs::read_dir(&place.folder).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn what_is_broken_or_moved_is_no_entry_and_goes() {
        for damage in [0, 31, 32, 60, 180] {
            let place = place();
            let disk = Disk::open(&place.folder).unwrap();
            disk.put(&tool("t"), &key(1), &entry(100), 1 << 20);
            let path = disk.path(&tool("t"), &key(1));
            let mut bytes = fs::read(&path).unwrap();
            bytes[damage] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert!(disk.get(&tool("t"), &key(1)).is_none(), "{damage}");
            assert!(!path.exists(), "{damage}");
        }
        for content in ["", "short", "something of another program that is longer than a seal"] {
            let place = place();
            let disk = Disk::open(&place.folder).unwrap();
            let path = disk.path(&tool("t"), &key(1));
            fs::write(&path, content).unwrap();
            assert!(disk.usage().is_empty() && !path.exists(), "{content}");
        }
    }

    #[test]
    fn entries_of_another_key_are_none() {
        let place = place();
        Disk::open(&place.folder).unwrap().put(&tool("t"), &key(1), &entry(100), 1 << 20);
        fs::write(place.folder.join(KEY), "too short").unwrap();
        let disk = Disk::open(&place.folder).unwrap();
        assert!(disk.get(&tool("t"), &key(1)).is_none());
        assert!(disk.usage().is_empty());
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let place = place();
        let disk = Disk::open(&place.folder).unwrap();
        let long_ago = |number: u8, seconds: u64| {
            let file = File::options().write(true).open(disk.path(&tool("t"), &key(number))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
        };
        for number in 1..=3 {
            disk.put(&tool("t"), &key(number), &entry(1000), 1 << 20);
            long_ago(number, 100 - u64::from(number));
        }
        assert!(disk.get(&tool("t"), &key(1)).is_some());
        let three = disk.usage()[0].bytes;
        disk.put(&tool("t"), &key(4), &entry(1000), three);
        let there: Vec<bool> = (1..=4).map(|number| disk.path(&tool("t"), &key(number)).exists()).collect();
        assert_eq!(there, [true, false, true, true]);
        disk.put(&tool("t"), &key(5), &entry(100_000), three);
        assert_eq!(disk.usage()[0].entries, 3, "one that is larger than all is not kept");
    }

    #[test]
    fn a_command_is_cleared_alone_and_what_was_made_before_does_not_come_back() {
        let place = place();
        let disk = Disk::open(&place.folder).unwrap();
        for name in ["a", "b"] {
            disk.put(&tool(name), &key(1), &entry(10), 1 << 20);
        }
        assert_eq!(disk.clear(Some("a")), 1);
        // Another process ends now what it began before.
        disk.put(&tool("a"), &key(1), &entry(10), 1 << 20);
        assert!(disk.get(&tool("a"), &key(1)).is_none());
        assert!(disk.get(&tool("b"), &key(1)).is_some());
        assert_eq!(disk.clear(None), 1);
    }

    #[test]
    fn what_was_left_half_written_is_swept_and_never_read() {
        let place = place();
        let disk = Disk::open(&place.folder).unwrap();
        let left = place.folder.join(".1-1.part");
        fs::write(&left, "half").unwrap();
        disk.put(&tool("t"), &key(1), &entry(10), 1 << 20);
        assert!(left.exists(), "it may still be written");
        File::options().write(true).open(&left).unwrap().set_modified(SystemTime::now() - 2 * LEFT).unwrap();
        disk.put(&tool("t"), &key(2), &entry(10), 1 << 20);
        assert!(!left.exists());
    }

    #[test]
    fn a_folder_that_others_may_write_into_is_not_used() {
        let place = place();
        fs::create_dir_all(&place.folder).unwrap();
        fs::set_permissions(&place.folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Disk::open(&place.folder), Err(BadFolder::NotOurs { .. })));
        let file = place.folder.join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(Disk::open(&file), Err(BadFolder::Io { .. })));
    }

    #[test]
    fn many_who_write_at_once_leave_whole_entries() {
        let place = place();
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let folder = &place.folder;
                scope.spawn(move || {
                    let disk = Disk::open(folder).unwrap();
                    for number in 0..20 {
                        disk.put(&tool("t"), &key(number % 5), &entry(500 + usize::from(writer)), 1 << 20);
                        assert!(disk.get(&tool("t"), &key(number % 5)).is_some());
                    }
                });
            }
        });
        assert_eq!(Disk::open(&place.folder).unwrap().usage()[0].entries, 5);
    }
}
