//! A folder, what is written into it, and what of that is handed over.

use std::os::unix::fs::symlink;

use crate::model::SecretText;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn planned(&self, pattern: &str) -> Vec<PlannedFiles> {
        let glob = crate::model::FileGlob::read(pattern).unwrap();
        let folder = self.0.path().to_path_buf();
        vec![PlannedFiles { parts: glob.below(&folder).unwrap().to_vec(), folder }]
    }

    /// What is handed over of what `work` writes.
    fn written(&self, pattern: &str, work: impl FnOnce(&Self)) -> Written {
        let planned = self.planned(pattern);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let before = Before::look(&planned).await;
            work(self);
            let secret = SecretText::of("hunter2-hunter2".to_owned()).unwrap();
            before.written(&planned, &Redactor::of(&[secret])).await
        })
    }
}

fn names(written: &Written) -> Vec<&str> {
    written.files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn only_what_a_run_has_written_is_handed_over() {
    let folder = Folder::new();
    for name in ["old.txt", "again.txt", "deep/er/old.txt"] {
        folder.write(name, "x");
    }
    let written = folder.written("**/*.txt", |folder| {
        folder.write("new.txt", "n");
        folder.write("again.txt", "y");
        folder.write("deep/er/new.txt", "n");
        folder.write("other.log", "n");
        folder.write(".hidden/new.txt", "n");
        folder.write(".hidden.txt", "n");
        std::fs::remove_file(folder.0.path().join("old.txt")).unwrap();
    });
    assert_eq!(names(&written), ["again.txt", "deep/er/new.txt", "new.txt"]);
    assert_eq!(names(&folder.written("*.txt", |_| {})), Vec::<&str>::new());
}

#[test]
fn links_and_special_files_are_passed_over() {
    let folder = Folder::new();
    let elsewhere = Folder::new();
    elsewhere.write("secret.txt", "x");
    let written = folder.written("**/*", |folder| {
        let root = folder.0.path();
        symlink("/etc/passwd", root.join("passwd")).unwrap();
        symlink(elsewhere.0.path(), root.join("elsewhere")).unwrap();
        symlink("/", root.join("root")).unwrap();
        symlink(root.join("plain.txt"), root.join("alias.txt")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _listening = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        folder.write("plain.txt", "x");
    });
    assert_eq!(names(&written), ["plain.txt"]);
}

#[test]
fn what_has_become_a_link_since_it_was_found_is_not_opened() {
    let folder = Folder::new();
    let elsewhere = Folder::new();
    elsewhere.write("f.txt", "secret");
    folder.write("sub/f.txt", "x");
    let seen = walk::look(&folder.planned("sub/*.txt"));
    assert_eq!(seen.len(), 1);
    std::fs::remove_dir_all(folder.0.path().join("sub")).unwrap();
    symlink(elsewhere.0.path(), folder.0.path().join("sub")).unwrap();
    assert!(open::below(folder.0.path(), &folder.0.path().join("sub/f.txt")).is_err());
    assert_eq!(take(seen, &Redactor::of(&[])).files, []);
    folder.write("g.txt", "x");
    let seen = walk::look(&folder.planned("g.txt"));
    std::fs::remove_file(folder.0.path().join("g.txt")).unwrap();
    assert_eq!(take(seen, &Redactor::of(&[])).files, [], "it has vanished");
}

#[test]
fn small_ones_are_in_the_result_and_large_ones_are_links() {
    let folder = Folder::new();
    let png = |size: usize| [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; size]].concat();
    let written = folder.written("*", |folder| {
        folder.write("a.png", png(10));
        folder.write("b.png", png(2 * 1024 * 1024));
        folder.write("c.txt", "the password is hunter2-hunter2");
        folder.write("d.txt", "x".repeat(40 * 1024));
        folder.write("e f.pdf", "%PDF-1.7");
    });
    let forms: Vec<(&str, &str, bool)> = written
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.mime, file.content == Content::Link))
        .collect();
    assert_eq!(
        forms,
        [
            ("a.png", "image/png", false),
            ("b.png", "image/png", true),
            ("c.txt", "text/plain", false),
            ("d.txt", "text/plain", true),
            ("e f.pdf", "application/pdf", true),
        ]
    );
    assert_eq!(written.files[2].content, Content::Text("the password is [redacted]".into()));
    assert!(written.files[4].uri().ends_with("/e%20f.pdf"), "{}", written.files[4].uri());
}

#[test]
fn there_are_bounds_to_how_many_and_how_much() {
    let folder = Folder::new();
    let written = folder.written("*.txt", |folder| {
        for number in 0..130 {
            folder.write(&format!("{number:03}.txt"), "x".repeat(2000));
        }
    });
    assert_eq!((written.files.len(), written.left_out), (100, 30));
    let inside = written.files.iter().filter(|file| file.content != Content::Link).count();
    assert_eq!(inside, 128 * 1024 / 2000);
}
