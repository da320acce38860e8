//! Who descends from whom, read from `/proc`.
//!
//! Signals go to descendants of the calling process only, so nothing that belongs to anybody else is
//! ever hit.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The direct children of this process, which must have a single thread.
pub fn own_children() -> Vec<Pid> {
    match fs::read_to_string(OWN_CHILDREN) {
        Ok(text) => pids(&text).collect(),
        Err(_) => children_in(&everyone(), Pid::this()).collect(),
    }
}

const OWN_CHILDREN: &str = "/proc/thread-self/children";

/// Every living descendant of this process, parents before their children.
pub fn descendants() -> Vec<Pid> {
    match fs::read_to_string(OWN_CHILDREN) {
        Ok(text) => generations(pids(&text).collect(), children_of),
        Err(_) => {
            // A kernel built without the `children` files: look at everyone once.
            let everyone = everyone();
            let children = |parent| children_in(&everyone, parent).collect();
            generations(children(Pid::this()), children)
        }
    }
}

fn generations(mut found: Vec<Pid>, children: impl Fn(Pid) -> Vec<Pid>) -> Vec<Pid> {
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(children(parent));
        next += 1;
    }
    found
}

/// Every living descendant of a process.
pub fn descendants_of(pid: Pid) -> Vec<Pid> {
    generations(children_of(pid), children_of)
}

/// Sends a signal to every descendant and says how many there were.
///
/// Between reading and sending, a process can end and its number can go to another one. Numbers are
/// given out in turn, so that takes a whole round of them within a few microseconds.
pub fn signal_descendants(signal: Signal) -> usize {
    let found = descendants();
    for pid in &found {
        let _ = kill(*pid, signal);
    }
    found.len()
}

/// The threads of a process, as their numbers.
pub fn tasks_of(pid: Pid) -> Vec<Pid> {
    numbered_entries(&format!("/proc/{pid}/task"))
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let tasks = tasks_of(parent);
    let texts = tasks.iter().map(|task| fs::read_to_string(format!("/proc/{parent}/task/{task}/children")));
    texts.filter_map(Result::ok).flat_map(|text| pids(&text).collect::<Vec<_>>()).collect()
}

/// Every process with its parent.
fn everyone() -> Vec<(Pid, Pid)> {
    numbered_entries("/proc").into_iter().filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
}

fn children_in(everyone: &[(Pid, Pid)], parent: Pid) -> impl Iterator<Item = Pid> {
    everyone.iter().filter(move |(_, of)| *of == parent).map(|(pid, _)| *pid)
}

fn parent_of(pid: Pid) -> Option<Pid> {
    parent_in_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The parent in a `stat` line.
fn parent_in_stat(line: &str) -> Option<Pid> {
    field_in_stat(line, 1)?.parse().ok().map(Pid::from_raw)
}

/// Whether a process is on its way out: its sockets may be closed while it still has its children.
pub fn is_exiting(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|line| is_exiting_in_stat(&line))
}

fn is_exiting_in_stat(line: &str) -> bool {
    // `PF_EXITING` of the kernel, set before anything of the process is given up.
    const EXITING: u64 = 4;
    let flags: Option<u64> = field_in_stat(line, 6).and_then(|flags| flags.parse().ok());
    flags.is_some_and(|flags| flags & EXITING != 0)
}

/// One field of a `stat` line, counted from the state. The name before it may hold anything.
fn field_in_stat(line: &str, number: usize) -> Option<&str> {
    let (_, fields) = line.rsplit_once(") ")?;
    fields.split(' ').nth(number)
}

fn numbered_entries(dir: &str) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).map(Pid::from_raw).collect()
}

fn pids(text: &str) -> impl Iterator<Item = Pid> {
    text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).map(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        for (line, parent) in [
            ("12 (cat) S 7 12 12 0", Some(7)),
            ("12 (a) S 1 (b) R 9 0", Some(9)),
            ("12 (cat", None),
            ("", None),
        ] {
            assert_eq!(parent_in_stat(line), parent.map(Pid::from_raw), "{line}");
        }
    }

    #[test]
    fn whoever_is_on_the_way_out_is_known_by_a_flag() {
        for (line, exiting) in [
            ("12 (cat) S 7 12 12 0 -1 4194560 99", false),
            ("12 (a) 4) R 7 12 12 0 -1 4194564 99", true),
            ("12 (cat) Z 7", false),
        ] {
            assert_eq!(is_exiting_in_stat(line), exiting, "{line}");
        }
    }

    #[test]
    fn every_generation_is_found_once_and_parents_first() {
        let family =
            [(2, 1), (3, 2), (4, 2), (5, 4), (9, 8)].map(|(a, b)| (Pid::from_raw(a), Pid::from_raw(b)));
        let children = |parent| children_in(&family, parent).collect();
        let found = generations(children(Pid::from_raw(1)), children);
        assert_eq!(found, [2, 3, 4, 5].map(Pid::from_raw));
    }

    #[test]
    fn children_are_read_from_one_line_of_numbers() {
        assert_eq!(pids("12 34 \n").collect::<Vec<_>>(), [12, 34].map(Pid::from_raw));
        assert_eq!(pids("").count(), 0);
    }
}
