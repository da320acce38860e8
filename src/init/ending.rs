//! From the start of the command to the moment when nothing of it is alive.

use crate::signals::Signals;
use crate::system::{self, CHILD, Dead, EVERYBODY, KILL, Poll};

/// Waits for the end of the command. Meanwhile signals are passed on to it, and orphans buried.
pub fn watch(command: i32, signals: &Signals) -> Dead {
    loop {
        let mut polls = [Poll::new(signals.descriptor, Poll::READABLE)];
        system::wait(&mut polls, None);
        let mut has_somebody_died = false;
        while let Some(signal) = signals.next() {
            match signal {
                CHILD => has_somebody_died = true,
                other => system::signal(command, other),
            }
        }
        while has_somebody_died {
            match system::reap() {
                Ok(Some(dead)) if dead.id == command => return dead,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
    }
}

/// How often is looked whether those who were killed are gone, and how many milliseconds apart if
/// none of them says so.
const LOOKS: u32 = 1000;
const PAUSE: u32 = 5;

/// Kills whatever else lives, and says whether all of it is gone. Who may not be killed by us stays.
pub fn end_others(signals: &Signals) -> bool {
    for _ in 0..LOOKS {
        loop {
            match system::reap() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return true,
            }
        }
        system::signal(EVERYBODY, KILL);
        system::wait(&mut [Poll::new(signals.descriptor, Poll::READABLE)], Some(PAUSE));
        while signals.next().is_some() {}
    }
    false
}

/// As a shell says it.
pub fn code(dead: &Dead) -> i32 {
    if dead.signal == 0 { dead.code } else { 128 + dead.signal }
}
