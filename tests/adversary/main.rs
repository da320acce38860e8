//! A program that does what makes commands hard to contain.
//!
//! `adversary MARK DEED [NUMBER...]`: the mark is in the command line of every process it makes, so
//! that a test finds survivors in `/proc` whatever they did to their names, groups and parents.
//! Every one of those processes ends by itself after a minute, so that a failed test costs nothing.

use std::env;
use std::io::{self, Read, Write};
use std::process::{Command, exit};
use std::thread::sleep;
use std::time::Duration;

use nix::libc;
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::{ForkResult, Pid, alarm, close, fork, getpid, getppid, setsid};

/// After so many seconds no process of this program is alive, contained or not.
const LIFETIME: u32 = 60;
/// More processes than this are never made at a time.
const MOST: u64 = 400;

fn main() {
    alarm::set(LIFETIME);
    let arguments: Vec<String> = env::args().collect();
    let deed = arguments.get(2).map_or("", String::as_str);
    let number =
        |index: usize| arguments.get(3 + index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    match deed {
        "sleep" => rest(),
        "stubborn" => {
            ignore_signals();
            say("stubborn");
            rest()
        }
        "polite" => polite(number(0)),
        "family" => {
            child(|| {
                let _ = setsid();
                polite(number(0));
            });
            rest();
        }
        "tree" => tree(),
        "scrubbed" => {
            ignore_signals();
            rest()
        }
        "daemon" => {
            daemon(rest);
            say("left a daemon");
        }
        "tail" => {
            // A child holds the pipes for longer than its parent lives.
            child(rest);
            say("parent is done");
        }
        "say" => {
            say("first");
            sleep(Duration::from_millis(number(0)));
            say("last");
        }
        "flood" => flood(number(0)),
        "both" => both(number(0)),
        "copy" => drop(io::copy(&mut io::stdin(), &mut io::stdout())),
        "deaf" => sleep(Duration::from_millis(number(0))),
        "allocate" => {
            hold(number(0));
            rest()
        }
        "share" => share(number(0), number(1)),
        "bomb" => bomb(number(0)),
        "threads" => threads(number(0)),
        "comet" => comet(number(0)),
        "storm" => storm(number(0)),
        "assassin" => assassin(),
        "double-assassin" => double_assassin(),
        "exit" => exit(i32::try_from(number(0)).unwrap_or(1)),
        "signal" => {
            let _ = kill(
                getpid(),
                Signal::try_from(i32::try_from(number(0)).unwrap_or(9)).unwrap_or(Signal::SIGKILL),
            );
            rest()
        }
        "real-time-signal" => {
            // SAFETY: only ends this process.
            unsafe { libc::kill(libc::getpid(), libc::SIGRTMIN() + 1) };
            rest()
        }
        "descriptors" => descriptors(),
        _ => {
            eprintln!("`{deed}` is none of my deeds");
            exit(2)
        }
    }
}

fn say(text: &str) {
    let mut out = io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn rest() {
    loop {
        sleep(Duration::from_secs(1));
    }
}

fn ignore_signals() {
    for each in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        // SAFETY: ignoring runs no code.
        let _ = unsafe { signal(each, SigHandler::SigIgn) };
    }
}

/// A child that does something and never comes back.
fn child(deed: impl FnOnce()) -> Option<Pid> {
    // SAFETY: called while this process has one thread.
    match unsafe { fork() } {
        Ok(ForkResult::Parent { child }) => Some(child),
        Ok(ForkResult::Child) => {
            alarm::set(LIFETIME);
            deed();
            exit(0)
        }
        Err(_) => None,
    }
}

/// Two forks, a session of its own, no descriptors.
fn daemon(deed: impl FnOnce()) {
    let first = child(|| {
        let _ = setsid();
        child(|| {
            for fd in 0..64 {
                let _ = close(fd);
            }
            deed();
        });
    });
    if let Some(pid) = first {
        let _ = nix::sys::wait::waitpid(pid, None);
    }
}

/// Says that it was asked to end, takes its time, and ends with 7.
fn polite(milliseconds: u64) {
    let mut signals = nix::sys::signal::SigSet::empty();
    signals.add(Signal::SIGTERM);
    let _ = signals.thread_block();
    say("waiting");
    let _ = signals.wait();
    sleep(Duration::from_millis(milliseconds));
    say("bye");
    exit(7)
}

fn tree() {
    ignore_signals();
    child(rest);
    child(|| {
        let _ = setsid();
        rest()
    });
    daemon(rest);
    child(|| {
        let mark = env::args().nth(1).unwrap_or_default();
        let program = env::current_exe().unwrap_or_default();
        let _ = Command::new(program).args([mark.as_str(), "scrubbed"]).env_clear().spawn();
        rest()
    });
    sleep(Duration::from_millis(100));
    say("tree stands");
    rest()
}

/// So many bytes, or bytes without end.
fn flood(bytes: u64) {
    let block = [b'x'; 64 << 10];
    let mut out = io::stdout().lock();
    let mut left = if bytes == 0 { u64::MAX } else { bytes };
    while left > 0 {
        let size = usize::try_from(left).unwrap_or(block.len()).min(block.len());
        if out.write_all(&block[..size]).is_err() {
            exit(1);
        }
        left -= size as u64;
    }
    let _ = out.flush();
}

fn both(lines: u64) {
    for line in 0..lines {
        println!("out {line}");
        eprintln!("err {line}");
    }
}

fn hold(mebibytes: u64) {
    for _ in 0..mebibytes {
        let mut block = vec![0_u8; 1 << 20];
        block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        std::mem::forget(block);
    }
    say("allocated");
}

/// Many processes that share what one of them allocated.
fn share(processes: u64, mebibytes: u64) {
    hold(mebibytes);
    for _ in 0..processes.min(MOST) {
        child(rest);
    }
    sleep(Duration::from_millis(500));
    say("shared");
}

/// Doubles until there are as many as asked for, or the system says no.
fn bomb(processes: u64) {
    let mut refused = false;
    for _ in 0..processes.min(MOST) {
        refused |= child(rest).is_none();
    }
    say(if refused { "refused" } else { "exploded" });
    exit(i32::from(refused))
}

fn threads(count: u64) {
    for _ in 0..count.min(MOST) {
        if std::thread::Builder::new().stack_size(64 << 10).spawn(rest).is_err() {
            say("refused");
            exit(1);
        }
    }
    rest()
}

/// Chains that flee: each link leaves its session, forks and ends.
fn comet(chains: u64) {
    for _ in 0..chains.min(16) {
        child(|| flee(std::time::Instant::now()));
    }
    sleep(Duration::from_millis(50));
    say("flying");
    rest()
}

fn flee(begun: std::time::Instant) {
    while begun.elapsed() < Duration::from_secs(u64::from(LIFETIME)) {
        let _ = setsid();
        // SAFETY: this process has one thread.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { .. }) => exit(0),
            Ok(ForkResult::Child) => drop(alarm::set(LIFETIME)),
            Err(_) => sleep(Duration::from_millis(1)),
        }
    }
}

/// Children of children in sessions of their own, all at once.
fn storm(processes: u64) {
    for _ in 0..4 {
        child(|| {
            for _ in 0..processes.min(MOST) / 4 {
                child(|| {
                    let _ = setsid();
                    rest()
                });
            }
            rest()
        });
    }
    sleep(Duration::from_millis(300));
    say("raging");
    rest()
}

/// Leaves a daemon and kills whoever started it.
fn assassin() {
    daemon(rest);
    child(|| {
        let _ = setsid();
        rest()
    });
    say("striking");
    let _ = kill(getppid(), Signal::SIGKILL);
    rest()
}

/// The same, and the parent of whoever started it as well.
fn double_assassin() {
    let parent = getppid();
    let status = std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    let grandparent = status.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
    say("striking");
    if let Some(grandparent) = grandparent {
        let _ = kill(Pid::from_raw(grandparent), Signal::SIGKILL);
    }
    sleep(Duration::from_millis(50));
    exit(0)
}

/// What this process was given: its descriptors, its ignored and blocked signals.
fn descriptors() {
    let mut open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    open.sort_unstable();
    // The last one belongs to the reading of the folder.
    open.pop();
    println!("descriptors {open:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("SigIgn") || line.starts_with("SigBlk")) {
        println!("{line}");
    }
    let mut input = Vec::new();
    println!("input {:?}", io::stdin().read_to_end(&mut input).map(|_| input.len()));
}
