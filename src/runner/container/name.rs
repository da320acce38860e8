//! Names of containers, which no other container of this host has.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub fn container_name() -> String {
    static FIRST: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let first = FIRST.get_or_init(|| u64::try_from(now().as_micros()).unwrap_or(u64::MAX));
    let (pid, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("mcpfier-{first:x}-{pid:x}-{number}")
}
