//! What a server does in the long run: nothing that it took for a reload is kept.

use std::fs;

use super::{Era, Listener, edition};

/// Resident memory in KiB, and open files.
fn held(pid: i32) -> (u64, usize) {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:")).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (kib, fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count())
}

#[tokio::test]
async fn a_thousand_reloads_leave_nothing_behind() {
    let mut client = Listener::serving(Era::Handshake, &edition(0)).await;
    let pid = client.server.pid().as_raw();
    let mut early = (0, 0);
    for number in 1..=1000 {
        client.save(&edition(number));
        client.hang_up();
        client.hears().await;
        if number == 100 {
            assert_eq!(client.tools().await, ["hello", "edition_100"]);
            early = held(pid);
        }
    }
    assert_eq!(client.tools().await, ["hello", "edition_1000"]);
    let late = held(pid);
    assert!(late.0 <= early.0 + 512, "{} KiB became {}", early.0, late.0);
    assert!(late.1 <= early.1, "{} open files became {}", early.1, late.1);
}
