//! SSH to an engine, by the `ssh` program of this host: `docker system dial-stdio` over there hands
//! its socket through, as Docker's own client has it done.
//!
//! So the user's own keys, agent, host names and known hosts hold. Nobody is ever asked anything, and
//! no `ssh` outlives its connection or this process.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Socket;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

use crate::model::SshHost;
use crate::plan::Environment;
use crate::runner::process::end_with_us;

/// Whatever `~/.ssh/config` says: nobody sits there to answer, nothing is passed on, no process is
/// left to serve others, and a host that is gone is noticed.
const OPTIONS: [&str; 8] = [
    "BatchMode=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "PermitLocalCommand=no",
];

/// How much of what `ssh` says is kept, and how long is waited for it.
const SAID: usize = 4 << 10;
const PATIENCE: Duration = Duration::from_secs(1);

pub struct SshDialer {
    host: SshHost,
    environment: BTreeMap<String, String>,
}

impl SshDialer {
    pub fn new(host: &SshHost, environment: &Environment) -> Self {
        Self { host: host.clone(), environment: environment.clone() }
    }

    /// Starts an `ssh`; whether it comes through is seen when it answers.
    pub fn dial(&self) -> io::Result<SshWire> {
        let (ours, theirs) = Socket::pair()?;
        let (said, says) = Socket::pair()?;
        let output = theirs.try_clone()?;
        let mut command = Command::new("ssh");
        command
            .args(words(&self.host))
            .env_clear()
            .envs(&self.environment)
            .stdin(OwnedFd::from(theirs))
            .stdout(OwnedFd::from(output))
            .stderr(Stdio::from(OwnedFd::from(says)));
        end_with_us(&mut command);
        let child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                io::Error::other("there is no `ssh` on this host; install OpenSSH's client")
            }
            _ => io::Error::other(format!("`ssh` cannot be started: {error}")),
        })?;
        // What the command holds of the other ends closes with it.
        drop(command);
        let child = Ended(child);
        ours.set_nonblocking(true)?;
        said.set_nonblocking(true)?;
        Ok(SshWire {
            stream: UnixStream::from_std(ours)?,
            said: Some(UnixStream::from_std(said)?),
            has_answered: false,
            words: Vec::new(),
            failing: None,
            host: self.host.clone(),
            _child: child,
        })
    }
}

fn words(ssh: &SshHost) -> Vec<String> {
    let mut words: Vec<String> =
        OPTIONS.iter().flat_map(|option| ["-o", option]).map(str::to_owned).collect();
    words.push("-T".to_owned());
    if let Some(user) = &ssh.user {
        words.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = ssh.port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    words.extend(["--".to_owned(), ssh.host.clone(), "docker".to_owned()]);
    words.extend(ssh.socket.iter().map(|socket| format!("--host=unix://{socket}")));
    words.extend(["system", "dial-stdio"].map(str::to_owned));
    words
}

/// An `ssh` that is killed with its connection.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The two ends of an `ssh` as one.
pub struct SshWire {
    stream: UnixStream,
    /// Its complaints.
    said: Option<UnixStream>,
    /// The engine has said something.
    has_answered: bool,
    words: Vec<u8>,
    failing: Option<Pin<Box<dyn Future<Output = io::Error> + Send>>>,
    host: SshHost,
    _child: Ended,
}

impl SshWire {
    /// Takes what it complains of so that it never waits for us.
    fn listen(&mut self) {
        let Some(said) = &self.said else { return };
        let mut piece = [0; 1024];
        while let Ok(count @ 1..) = said.try_read(&mut piece) {
            let room = SAID.saturating_sub(self.words.len()).min(count);
            self.words.extend(piece.iter().take(room));
        }
    }

    /// Why it ended without an answer.
    fn fail(&mut self) -> Pin<Box<dyn Future<Output = io::Error> + Send>> {
        let (said, mut words, host) = (self.said.take(), std::mem::take(&mut self.words), self.host.clone());
        Box::pin(async move {
            if let Some(said) = said {
                // A connection that is shared with others holds it open.
                let mut rest = said.take(SAID as u64);
                let _ = tokio::time::timeout(PATIENCE, rest.read_to_end(&mut words)).await;
            }
            io::Error::other(told(&host, &String::from_utf8_lossy(&words)))
        })
    }
}

impl AsyncRead for SshWire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(failing) = &mut this.failing {
            let error = ready!(failing.as_mut().poll(cx));
            this.failing = None;
            return Poll::Ready(Err(error));
        }
        this.listen();
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut this.stream).poll_read(cx, buf));
        if buf.filled().len() > before {
            // From here on it speaks for itself.
            this.has_answered = true;
            return Poll::Ready(read);
        }
        if this.has_answered {
            return Poll::Ready(read);
        }
        let failing = this.fail();
        let failing = this.failing.insert(failing);
        let error = ready!(failing.as_mut().poll(cx));
        this.failing = None;
        Poll::Ready(Err(error))
    }
}

impl AsyncWrite for SshWire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// What `ssh`, or the shell over there, complains of, for a person.
fn told(host: &SshHost, said: &str) -> String {
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines.last().copied().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let name = &host.host;
    if says(&["HOST IDENTIFICATION HAS CHANGED"]) {
        return format!(
            "`{name}` has another host key than it had; make sure that it is the same host, and then `ssh-keygen -R {name}`"
        );
    }
    if says(&["Host key verification failed"]) {
        return format!(
            "the host key of `{name}` is not known; connect once with `ssh`, look at its fingerprint and accept it"
        );
    }
    if says(&["Permission denied"]) {
        return format!(
            "SSH refuses our keys ({last}); nobody is asked for a password: let an agent or a key without passphrase do it"
        );
    }
    if says(&["docker: command not found", "docker: not found", "docker: No such file"]) {
        return format!(
            "there is no `docker` on `{name}` for this user, which hands the engine's socket through"
        );
    }
    if says(&["raw stream connection", "Cannot connect to the Docker daemon"]) {
        return format!("no engine answers on `{name}`: {last}");
    }
    if lines.is_empty() {
        return "SSH ended without a word".to_owned();
    }
    last.trim_start_matches("ssh: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EngineHost;

    fn host(text: &str) -> SshHost {
        match EngineHost::parse(text, false) {
            Ok(EngineHost::Ssh(ssh)) => ssh,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_program_gets_its_words_and_nobody_else_any() {
        let words = words(&host("ssh://me@[::1]:2222/run/docker.sock")).join(" ");
        assert!(words.starts_with("-o BatchMode=yes -o ConnectTimeout=10 "), "{words}");
        let end = "-T -l me -p 2222 -- ::1 docker --host=unix:///run/docker.sock system dial-stdio";
        assert!(words.ends_with(end), "{words}");
    }

    #[test]
    fn complaints_say_what_to_do() {
        let host = host("ssh://build-1");
        for (said, expected) in [
            ("No ED25519 host key is known.\nHost key verification failed.\n", "is not known; connect once"),
            (
                "@ REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
                "another host key",
            ),
            ("me@b: Permission denied (publickey).\n", "nobody is asked for a password"),
            ("bash: line 1: docker: command not found\n", "there is no `docker` on `build-1`"),
            ("ssh: Could not resolve hostname b: Name or service not known\n", "Could not resolve hostname"),
            ("", "without a word"),
        ] {
            let told = told(&host, said);
            assert!(told.contains(expected), "{told}");
        }
    }
}
