//! Processes by what stands in their command line, looked up in `/proc`, not by their own word.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A word that stands in the command line of one test's processes and nowhere else.
pub fn mark() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("mark-{}-{}-", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The living processes that carry the mark.
pub fn marked(mark: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("a /proc");
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        // A process that has ended has no command line any more.
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.windows(mark.len()).any(|part| part == mark.as_bytes()))
    })
    .collect()
}

/// Waits until no process carries the mark; fails when one still does after the given time.
pub fn assert_none_left(mark: &str, within: Duration) {
    let begun = Instant::now();
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        assert!(begun.elapsed() < within, "still alive after {within:?}: {left:?}");
        sleep(Duration::from_millis(10));
    }
}

/// A program that was built beside the tests.
pub fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the path of the tests");
    let folder = tests.ancestors().nth(2).expect("target/<profile>/deps/<tests>");
    let program = folder.join("examples").join(name);
    assert!(program.exists(), "`{}` is not there: build it with `cargo build --examples`", program.display());
    program
}
