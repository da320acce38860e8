//! Looking at a context: what is in it, and the digest of all of that.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ignore::{Above, Ignored};
use super::{BadContext, Content, Context, Entry, floating, seen};
use crate::model::{Build, hex};

const MOST_BYTES: u64 = 1 << 30;
const MOST_FILES: usize = 100_000;
const LARGEST_DOCKERFILE: u64 = 1 << 20;
const IGNORE_FILE: &str = ".dockerignore";
/// Where a Dockerfile lies that is not in the context. No step sees it.
const ELSEWHERE: &str = ".dockerfile.mcpfier";

/// Reads what an image is built of. The platform decides as well.
pub fn look(build: &Build, platform: Option<&str>) -> Result<Context, BadContext> {
    let within = resolved(&build.within)?;
    let root = resolved(&build.context).map_err(|_| BadContext::NoFolder(build.context.clone()))?;
    stays(&root, &within, "the context", &build.context)?;
    if !root.is_dir() {
        return Err(BadContext::NoFolder(build.context.clone()));
    }
    let file = resolved(&build.dockerfile).map_err(|_| BadContext::NoDockerfile(build.dockerfile.clone()))?;
    stays(&file, &within, "the Dockerfile", &build.dockerfile)?;
    let dockerfile_text = text(&file)?;
    if build.pinned_bases
        && let Some(image) = floating(&dockerfile_text, &build.args).first()
    {
        return Err(BadContext::FloatingBase { image: image.clone() });
    }
    let inside = file.strip_prefix(&root).ok().and_then(|path| path.to_str()).map(str::to_owned);
    let ignoring = root.join(IGNORE_FILE);
    let patterns = if ignoring.is_file() { Some(text(&ignoring)?) } else { None };
    let ignored = Ignored::parse(patterns.as_deref().unwrap_or_default()).map_err(BadContext::Pattern)?;
    let mut walk =
        Walk { root: &root, ignored: &ignored, dockerfile: inside.as_deref(), entries: Vec::new(), bytes: 0 };
    walk.folder(&root, "", &ignored.above())?;
    let mut entries = walk.entries;
    if inside.is_none() {
        entries.retain(|entry| entry.name != IGNORE_FILE.as_bytes());
        entries.extend(from_elsewhere(&dockerfile_text, patterns));
    }
    let dockerfile = inside.unwrap_or_else(|| ELSEWHERE.to_owned());
    let digest = digest(build, platform, &dockerfile, &entries);
    Ok(Context { entries, dockerfile, dockerfile_text, digest })
}

fn resolved(path: &Path) -> Result<PathBuf, BadContext> {
    path.canonicalize().map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> BadContext {
    BadContext::Unreadable { path: path.to_path_buf(), problem: error.to_string() }
}

fn stays(path: &Path, within: &Path, what: &'static str, written: &Path) -> Result<(), BadContext> {
    if path.starts_with(within) {
        return Ok(());
    }
    Err(BadContext::Outside { what, path: written.to_path_buf(), within: within.to_path_buf() })
}

fn text(path: &Path) -> Result<String, BadContext> {
    let is_small = path.metadata().is_ok_and(|file| file.is_file() && file.len() <= LARGEST_DOCKERFILE);
    let read = if is_small { fs::read_to_string(path).ok() } else { None };
    read.ok_or_else(|| BadContext::NotText(path.to_path_buf()))
}

/// A Dockerfile that is not in the context, and the patterns that hide it from its own steps.
fn from_elsewhere(dockerfile: &str, patterns: Option<String>) -> [Entry; 2] {
    let also = if patterns.is_none() { format!("{IGNORE_FILE}\n") } else { String::new() };
    let patterns = format!("{}\n{ELSEWHERE}\n{also}", patterns.unwrap_or_default());
    [(ELSEWHERE, dockerfile.to_owned()), (IGNORE_FILE, patterns)].map(|(name, text)| Entry {
        name: name.as_bytes().to_vec(),
        is_executable: false,
        content: Content::Text(text.into_bytes()),
    })
}

struct Walk<'a> {
    root: &'a Path,
    ignored: &'a Ignored,
    /// It is always handed over, and so are the patterns.
    dockerfile: Option<&'a str>,
    entries: Vec<Entry>,
    bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, name: &str, above: &Above) -> Result<(), BadContext> {
        let found = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let mut found: Vec<PathBuf> =
            found.map_err(|error| unreadable(folder, &error))?.iter().map(fs::DirEntry::path).collect();
        found.sort();
        for path in found {
            let own = path.file_name().unwrap_or_default().to_string_lossy();
            let name = if name.is_empty() { own.into_owned() } else { format!("{name}/{own}") };
            self.entry(&path, &name, above)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, name: &str, above: &Above) -> Result<(), BadContext> {
        let metadata = path.symlink_metadata().map_err(|error| unreadable(path, &error))?;
        let (is_ignored, here) = self.ignored.judge(name, above);
        let is_needed = name == IGNORE_FILE || self.dockerfile == Some(name);
        if metadata.is_dir() {
            let leads_on = self.dockerfile.is_some_and(|file| file.starts_with(&format!("{name}/")));
            if !is_ignored {
                self.add(path, Content::Folder, &metadata)?;
            }
            if !is_ignored || leads_on || self.ignored.may_keep() {
                self.folder(path, name, &here)?;
            }
            return Ok(());
        }
        if is_ignored && !is_needed {
            return Ok(());
        }
        let content = if metadata.is_symlink() {
            let target = fs::read_link(path).map_err(|error| unreadable(path, &error))?;
            Content::Link(bytes(&target))
        } else if metadata.is_file() {
            self.bytes += metadata.len();
            if self.bytes > MOST_BYTES {
                return Err(BadContext::Huge { path: self.root.to_path_buf(), most: "1 GiB" });
            }
            let digest = seen::digest(path, &metadata).map_err(|error| unreadable(path, &error))?;
            Content::File { path: path.to_path_buf(), length: metadata.len(), digest }
        } else {
            // Sockets, pipes and devices are nothing that an image could hold.
            return Ok(());
        };
        self.add(path, content, &metadata)
    }

    fn add(&mut self, path: &Path, content: Content, metadata: &Metadata) -> Result<(), BadContext> {
        if self.entries.len() >= MOST_FILES {
            return Err(BadContext::Huge { path: self.root.to_path_buf(), most: "100 000 files" });
        }
        let name = bytes(path.strip_prefix(self.root).unwrap_or(path));
        self.entries.push(Entry { name, is_executable: is_executable(metadata), content });
        Ok(())
    }
}

#[cfg(unix)]
fn bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_metadata: &Metadata) -> bool {
    true
}

/// Of everything that decides, each part with its length, so that no two builds are written alike.
fn digest(build: &Build, platform: Option<&str>, dockerfile: &str, entries: &[Entry]) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(b"mcpfier build 1");
    part(dockerfile.as_bytes());
    part(build.target.as_deref().unwrap_or_default().as_bytes());
    part(platform.unwrap_or_default().as_bytes());
    part(&(build.args.len() as u64).to_le_bytes());
    for (name, value) in &build.args {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    for Entry { name, is_executable, content } in entries {
        part(name);
        match content {
            Content::Folder => part(b"folder"),
            Content::Link(target) => {
                part(b"link");
                part(target);
            }
            Content::File { digest, .. } => {
                part(if *is_executable { b"program" } else { b"file" });
                part(digest);
            }
            Content::Text(text) => {
                part(b"file");
                part(&Sha256::digest(text));
            }
        }
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn with(files: &[(&str, &str)]) -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            for (name, text) in files {
                place.write(name, text);
            }
            place
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn build(&self, dockerfile: &str) -> Build {
            Build {
                context: self.0.path().join("tool"),
                dockerfile: self.0.path().join(dockerfile),
                within: self.0.path().to_path_buf(),
                args: Vec::new(),
                target: None,
                name: None,
                pinned_bases: false,
            }
        }
    }

    fn names(context: &Context) -> Vec<String> {
        context.entries.iter().map(|entry| String::from_utf8(entry.name.clone()).unwrap()).collect()
    }

    #[test]
    fn what_is_ignored_is_left_out_but_for_what_the_build_needs() {
        let place = Place::with(&[
            ("tool/Dockerfile", "FROM scratch\n"),
            ("tool/.dockerignore", "*\n!src\nsrc/*.log\n"),
            ("tool/src/main.py", "x"),
            ("tool/src/a.log", "x"),
            ("tool/deep/er/b", "x"),
        ]);
        let context = look(&place.build("tool/Dockerfile"), None).unwrap();
        assert_eq!(names(&context), [".dockerignore", "Dockerfile", "src", "src/main.py"]);
    }

    #[test]
    fn the_digest_is_that_of_the_content_and_of_nothing_else() {
        let files = [("tool/Dockerfile", "FROM scratch\n"), ("tool/a", "1"), ("tool/.dockerignore", "b\n")];
        let place = Place::with(&files);
        let digest = |build: &Build| look(build, None).unwrap().digest;
        let build = place.build("tool/Dockerfile");
        let first = digest(&build);
        assert_eq!(digest(&Place::with(&files).build("tool/Dockerfile")), first);
        place.write("tool/b", "ignored");
        assert_eq!(digest(&build), first);
        let with = |change: fn(&mut Build)| {
            let mut other = build.clone();
            change(&mut other);
            digest(&other)
        };
        assert_ne!(with(|build| build.target = Some("x".to_owned())), first);
        assert_ne!(with(|build| build.args.push(("A".to_owned(), "1".to_owned()))), first);
        assert_ne!(look(&build, Some("linux/arm64")).unwrap().digest, first);
        place.write("tool/a", "2");
        assert_ne!(digest(&build), first);
        place.write("tool/a", "1");
        assert_eq!(digest(&build), first);
        place.write("tool/Dockerfile", "FROM scratch\nCOPY a /\n");
        assert_ne!(digest(&build), first);
    }

    #[test]
    fn nothing_leads_out_of_the_folder_of_the_file() {
        let place = Place::with(&[("tool/Dockerfile", "FROM scratch\n"), ("other/x", "")]);
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("Dockerfile"), "FROM scratch\n").unwrap();
        let link = place.0.path().join("link");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let mut build = place.build("tool/Dockerfile");
        build.context = link.clone();
        let told = look(&build, None).err().unwrap().to_string();
        assert!(told.contains("the context") && told.contains("leads out of"), "{told}");
        let mut build = place.build("link/Dockerfile");
        let told = look(&build, None).err().unwrap().to_string();
        assert!(told.contains("the Dockerfile") && told.contains("leads out of"), "{told}");
        build.dockerfile = place.0.path().join("none");
        assert!(matches!(look(&build, None), Err(BadContext::NoDockerfile(_))));
        build.context = place.0.path().join("none");
        assert!(matches!(look(&build, None), Err(BadContext::NoFolder(_))));
    }

    #[test]
    fn links_are_handed_over_as_links() {
        let place = Place::with(&[("tool/Dockerfile", "FROM scratch\n")]);
        std::os::unix::fs::symlink("/etc/passwd", place.0.path().join("tool/link")).unwrap();
        let context = look(&place.build("tool/Dockerfile"), None).unwrap();
        assert!(matches!(&context.entries[1].content, Content::Link(target) if target == b"/etc/passwd"));
    }

    #[test]
    fn a_base_without_a_digest_is_refused_where_digests_are_required() {
        let place = Place::with(&[("tool/Dockerfile", "FROM alpine:3\n")]);
        let build = Build { pinned_bases: true, ..place.build("tool/Dockerfile") };
        assert_eq!(look(&build, None).err(), Some(BadContext::FloatingBase { image: "alpine:3".to_owned() }));
    }

    #[test]
    fn the_archive_is_what_tar_reads() {
        let long = format!("tool/{}/{}", "a".repeat(90), "b".repeat(90));
        let place = Place::with(&[("df", "FROM scratch\n"), ("tool/x", "content"), (&long, "deep")]);
        std::os::unix::fs::symlink("x", place.0.path().join("tool/link")).unwrap();
        let context = look(&place.build("df"), None).unwrap();
        let mut bytes = Vec::new();
        super::super::write(&context, |piece| {
            bytes.extend(piece);
            Ok(())
        })
        .unwrap();
        let archive = place.0.path().join("out.tar");
        fs::write(&archive, bytes).unwrap();
        let target = place.0.path().join("out");
        fs::create_dir(&target).unwrap();
        let status =
            std::process::Command::new("tar").arg("-C").arg(&target).arg("-xf").arg(&archive).status();
        assert!(status.unwrap().success());
        assert_eq!(fs::read_to_string(target.join("x")).unwrap(), "content");
        assert_eq!(fs::read_to_string(target.join(&long[5..])).unwrap(), "deep");
        assert_eq!(fs::read_link(target.join("link")).unwrap(), Path::new("x"));
        let told = fs::read_to_string(target.join(".dockerignore")).unwrap();
        assert!(told.contains(".dockerfile.mcpfier\n.dockerignore\n"), "{told}");

        place.write("tool/x", "changed");
        let told = super::super::write(&context, |_| Ok(())).unwrap_err().to_string();
        assert!(told.contains("was changed while"), "{told}");
    }
}
