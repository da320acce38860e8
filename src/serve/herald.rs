//! Tells the service manager that started us how we are: systemd's `sd_notify`, and whatever speaks
//! the same. Without one nothing is told.

use std::convert::Infallible;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Where to, if there is anybody.
#[derive(Debug, Clone, Default)]
pub struct Herald(Option<Arc<UnixDatagram>>);

impl Herald {
    /// For the address in `NOTIFY_SOCKET`: a path, or a name after `@`.
    pub fn new(address: &str) -> std::io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect_addr(&named(address)?)?;
        Ok(Self(Some(Arc::new(socket))))
    }

    /// Requests are taken from now on, or again.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The file is read again; [`Self::ready`] follows.
    pub fn reloading(&self) {
        if self.0.is_none() {
            return;
        }
        let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return };
        let micros = Duration::from(now).as_micros();
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// No requests are taken any more, and what runs may go on for so long.
    pub fn stopping(&self, patience: Duration) {
        self.say(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={}", patience.as_micros()));
    }

    pub fn status(&self, text: &str) {
        let line: String = text.chars().filter(|character| !character.is_control()).collect();
        self.say(&format!("STATUS={line}"));
    }

    /// Says that we live, twice as often as somebody wants to hear it, for as long as it is polled.
    pub async fn live(&self, every: Option<Duration>) -> Infallible {
        let Some(pace) = every.map(|every| every / 2).filter(|pace| !pace.is_zero()) else {
            return std::future::pending().await;
        };
        loop {
            self.say("WATCHDOG=1");
            tokio::time::sleep(pace).await;
        }
    }

    fn say(&self, text: &str) {
        if let Some(socket) = &self.0
            && let Err(error) = socket.send(text.as_bytes())
        {
            tracing::debug!(%error, "the service manager could not be told");
        }
    }
}

#[cfg(target_os = "linux")]
fn named(address: &str) -> std::io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    match address.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(address),
    }
}

#[cfg(not(target_os = "linux"))]
fn named(address: &str) -> std::io::Result<SocketAddr> {
    SocketAddr::from_pathname(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_arrives_at_a_path_and_at_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let name = format!("@mcpfier-herald-{}", std::process::id());
        for address in [path.to_str().unwrap(), &name] {
            let manager = UnixDatagram::bind_addr(&named(address).unwrap()).unwrap();
            let herald = Herald::new(address).unwrap();
            herald.ready();
            herald.status("two\nlines");
            let mut heard = [0; 64];
            for expected in ["READY=1", "STATUS=twolines"] {
                let length = manager.recv(&mut heard).unwrap();
                assert_eq!(std::str::from_utf8(&heard[..length]).unwrap(), expected);
            }
        }
        assert!(Herald::new("/nowhere/at/all").is_err());
        Herald::default().ready();
    }
}
