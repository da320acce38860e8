//! What files are like: when one changes, what was made of them is worthless.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::glob;

/// Of all files that were named: which there are, and of each when it was changed, how long it is, and
/// which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// So few are looked at without a thread of their own.
const FEW: usize = 16;

/// `None` if there are more files than anybody looks at.
pub async fn fingerprint(files: &[PathBuf]) -> Option<Fingerprint> {
    if files.len() <= FEW && !files.iter().any(|path| glob::is_pattern(path)) {
        return look(files);
    }
    let files = files.to_vec();
    tokio::task::spawn_blocking(move || look(&files)).await.ok().flatten()
}

fn look(files: &[PathBuf]) -> Option<Fingerprint> {
    let mut hash = Sha256::new();
    for path in files {
        match glob::is_pattern(path) {
            false => add(&mut hash, path),
            true => {
                let Some(found) = glob::find(path) else {
                    tracing::warn!(
                        "`{}` matches more than anybody looks at; nothing is kept",
                        path.display()
                    );
                    return None;
                };
                found.iter().for_each(|path| add(&mut hash, path));
            }
        }
    }
    Some(Fingerprint(hash.finalize().into()))
}

fn add(hash: &mut Sha256, path: &Path) {
    let name = path.as_os_str().as_encoded_bytes();
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    // What is not there is a state too.
    let state = path.metadata().map(|metadata| state(&metadata));
    hash.update(state.unwrap_or([0; 40]));
}

fn state(metadata: &Metadata) -> [u8; 40] {
    use std::os::unix::fs::MetadataExt;
    let numbers: [i128; 5] = [
        metadata.mtime().into(),
        metadata.mtime_nsec().into(),
        metadata.size().into(),
        metadata.ino().into(),
        metadata.dev().into(),
    ];
    let mut state = [0; 40];
    for (place, number) in state.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&(number as u64).to_le_bytes());
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("a.txt"), "one").unwrap();
        let files = [file("a.txt"), file("missing"), file("sub/**/*.txt")];
        let mut seen = vec![fingerprint(&files).await.unwrap()];
        assert_eq!(fingerprint(&files).await.unwrap(), seen[0]);
        let changes: [&dyn Fn(); 5] = [
            &|| std::fs::write(file("a.txt"), "longer").unwrap(),
            &|| std::fs::write(file("missing"), "").unwrap(),
            &|| {
                std::fs::create_dir_all(file("sub/deep")).unwrap();
                std::fs::write(file("sub/deep/b.txt"), "").unwrap();
            },
            &|| {
                std::fs::write(file("other"), "longer").unwrap();
                std::fs::rename(file("other"), file("a.txt")).unwrap();
            },
            &|| std::fs::remove_file(file("a.txt")).unwrap(),
        ];
        for change in changes {
            change();
            let now = fingerprint(&files).await.unwrap();
            assert!(!seen.contains(&now));
            seen.push(now);
        }
    }
}
