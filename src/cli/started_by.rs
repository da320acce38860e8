//! The service manager that started us, if one did: what it says in the environment.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::runner::process;
use crate::serve::Herald;

/// What it says there is for us, and not for commands.
pub const VARIABLES: [&str; 6] =
    ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// A service manager, or nobody.
#[derive(Default)]
pub struct Starter {
    pub herald: Herald,
    /// How often it wants to hear that we live.
    pub watchdog: Option<Duration>,
}

impl Starter {
    /// The one of the environment. One that cannot be reached is told of, and does without us.
    pub fn found() -> Self {
        let herald = variable("NOTIFY_SOCKET").map(|address| (Herald::new(&address), address));
        let herald = match herald {
            Some((Ok(herald), _)) => herald,
            Some((Err(error), address)) => {
                tracing::warn!(
                    "the service manager at `{address}` (`NOTIFY_SOCKET`) cannot be told: {error}"
                );
                Herald::default()
            }
            None => Herald::default(),
        };
        let micros = variable("WATCHDOG_USEC").and_then(|micros| micros.parse().ok());
        let watchdog = micros.filter(|_| is_for_us("WATCHDOG_PID", true)).map(Duration::from_micros);
        Self { herald, watchdog }
    }
}

/// The sockets that it has opened for us. To be called once, before this program opens anything.
pub fn handed_over() -> Result<Vec<OwnedFd>, String> {
    let Some(count) = variable("LISTEN_FDS").filter(|_| is_for_us("LISTEN_PID", false)) else {
        return Ok(Vec::new());
    };
    let wrong = |problem: &dyn std::fmt::Display| {
        format!("the variable `LISTEN_FDS` is `{count}`, and the sockets are not there: {problem}")
    };
    let number = count.parse::<u8>().map_err(|error| wrong(&error))?;
    process::inherited(number).map_err(|error: io::Error| wrong(&error))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable names this process; `without` says what counts if it is not there.
fn is_for_us(name: &str, without: bool) -> bool {
    variable(name).map_or(without, |pid| pid.parse() == Ok(std::process::id()))
}
