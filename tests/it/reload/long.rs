//! What a server does in the long run: nothing that it took for a reload is kept.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Era, Listener, edition};

/// What a process holds.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// Memory of its own.
    kib: u64,
    open_files: usize,
}

impl Held {
    fn by(pid: i32) -> Self {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:")).unwrap();
        let kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        Self { kib, open_files: fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() }
    }

    /// The least for some time: who has just been told of a reload may look at the files once more.
    async fn least_by(pid: i32) -> Self {
        let mut least = Self::by(pid);
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(25)).await;
            let Self { kib, open_files } = Self::by(pid);
            least = Self { kib: least.kib.min(kib), open_files: least.open_files.min(open_files) };
        }
        least
    }

    fn is_little_more_than(self, before: Self) -> bool {
        self.kib <= before.kib + 512 && self.open_files <= before.open_files
    }
}

/// The same tools, described otherwise in as many bytes.
fn described(number: usize) -> String {
    edition(0).replace("The tool of this edition.", &description(number))
}

fn description(number: usize) -> String {
    format!("Described for the {number:04}th time.")
}

/// A file that is written to and not closed, so that nobody is told of it.
struct Silent(File);

impl Silent {
    fn open(folder: &Path) -> Self {
        Self(File::options().write(true).open(folder.join("tools.yaml")).unwrap())
    }

    fn write(&self, content: &str) {
        self.0.write_all_at(content.as_bytes(), 0).unwrap();
    }
}

impl Listener {
    /// Most are asked for, which is quick; each twentieth is seen.
    async fn reloads(&mut self, numbers: std::ops::RangeInclusive<usize>) {
        let mut silent = Silent::open(self.folder());
        for number in numbers {
            if number % 20 == 0 {
                self.replace(&described(number));
                silent = Silent::open(self.folder());
            } else {
                silent.write(&described(number));
                self.hang_up();
            }
            self.hears_of(number).await;
        }
    }

    /// A server that looks while a file is being written may have more to tell, so a change may be an
    /// older one.
    async fn hears_of(&mut self, number: usize) {
        loop {
            self.hears().await;
            let answer = self.ask("tools/list", json!({})).await;
            if answer["result"]["tools"][1]["description"] == description(number) {
                return;
            }
        }
    }
}

#[tokio::test]
async fn a_thousand_reloads_leave_nothing_behind() {
    let mut client = Listener::serving(Era::Handshake, &described(0)).await;
    let pid = client.server.pid().as_raw();
    client.reloads(1..=100).await;
    let early = Held::least_by(pid).await;
    client.reloads(101..=1000).await;
    let begun = Instant::now();
    // What was left behind does not go away with time.
    loop {
        let late = Held::by(pid);
        if late.is_little_more_than(early) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{early:?} became {late:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
