//! What a server does in the long run: nothing that it took for a reload is kept.

use std::fs;

use serde_json::{Value, json};

use super::{Era, Listener, edition};

/// Memory of its own in KiB, and open files.
fn held(pid: i32) -> (u64, usize) {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = rollup.lines().find(|line| line.starts_with("Private_Dirty:")).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (kib, fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count())
}

/// The same tools, described otherwise.
fn described(number: usize) -> String {
    edition(0).replace("The tool of this edition.", &format!("Described for the {number}th time."))
}

async fn description(client: &mut Listener) -> Value {
    client.ask("tools/list", json!({})).await["result"]["tools"][1]["description"].clone()
}

#[tokio::test]
async fn a_thousand_reloads_leave_nothing_behind() {
    let mut client = Listener::serving(Era::Handshake, &described(0)).await;
    let pid = client.server.pid().as_raw();
    let mut early = (0, 0);
    for number in 1..=1000 {
        client.replace(&described(number));
        client.hang_up();
        client.hears().await;
        if number == 100 {
            assert_eq!(description(&mut client).await, "Described for the 100th time.");
            early = held(pid);
        }
    }
    assert_eq!(description(&mut client).await, "Described for the 1000th time.");
    let late = held(pid);
    assert!(late.0 <= early.0 + 512, "{} KiB became {}", early.0, late.0);
    assert!(late.1 <= early.1, "{} open files became {}", early.1, late.1);
}
