//! A program of this host that is asked something: a credential helper, `cosign`, a scanner. It may
//! wait for a person or for a network, so it has a deadline, and nothing of it is left afterwards.

use std::io::{self, Write};
use std::process::{Command, Output};
use std::time::Duration;

pub enum Ended {
    Done(Output),
    /// It is not there, or cannot be run.
    NotStarted(io::Error),
    /// It was killed.
    Silent,
}

/// Runs it to its end; `input` goes to its stdin.
pub async fn asked(mut command: Command, input: Option<String>, patience: Duration) -> Ended {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ended::NotStarted(error),
    };
    // Few bytes, which a pipe holds.
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        let _ = stdin.write_all(input.as_bytes());
    }
    // A caller who goes away takes the program along.
    let killer = Killer(Some(child.id()));
    let mut waiting = tokio::task::spawn_blocking(move || child.wait_with_output());
    match tokio::time::timeout(patience, &mut waiting).await {
        Ok(ended) => {
            killer.disarm();
            match ended {
                Ok(Ok(output)) => Ended::Done(output),
                Ok(Err(error)) => Ended::NotStarted(error),
                Err(error) => Ended::NotStarted(io::Error::other(error)),
            }
        }
        Err(_) => Ended::Silent,
    }
}

/// Kills a process when it is dropped. Until then nobody has reaped it, so the number is its own.
struct Killer(Option<u32>);

impl Killer {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        if let Some(pid) = self.0.take() {
            kill(pid);
        }
    }
}

#[cfg(unix)]
fn kill(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn kill(_pid: u32) {}
