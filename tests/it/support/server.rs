//! The real program as a server, started as a client would start it.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::net::unix::pipe;

use super::client::Client;

/// Far beyond what any end takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub client: Client,
    child: Child,
    stderr: File,
    /// Where its file is, and where its commands run.
    pub folder: TempDir,
}

/// How a client is connected.
#[derive(Clone, Copy)]
pub enum Wire {
    /// As most clients do it.
    Pipes,
    /// As Node does it.
    Sockets,
}

/// Where servers of tests keep what outlives them: not where this user's own do.
pub const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/state");

impl Server {
    /// Serves the commands of a file, given without its first line.
    pub fn start(commands: &str) -> Self {
        Self::start_on(Wire::Pipes, commands)
    }

    pub fn start_on(wire: Wire, commands: &str) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let file = folder.path().join("tools.yaml");
        std::fs::write(&file, format!("version: 1\n{commands}")).expect("the file is written");
        Self::start_in(wire, folder)
    }

    /// Serves `tools.yaml` of a folder.
    pub fn start_in(wire: Wire, folder: TempDir) -> Self {
        Self::start_with(wire, folder, &[])
    }

    /// The same with more words on its command line.
    pub fn start_with(wire: Wire, folder: TempDir, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.arg("--config").arg(folder.path().join("tools.yaml")).args(words);
        command.env("XDG_STATE_HOME", STATE);
        Self::run(wire, folder, command)
    }

    /// Runs any command as a server whose files are in a folder.
    pub fn run(wire: Wire, folder: TempDir, mut command: Command) -> Self {
        let stderr = tempfile::tempfile().expect("a scratch file");
        command.env_remove("MCPFIER_LOG").stderr(stderr.try_clone().expect("a second handle"));
        let (client, child) = match wire {
            Wire::Pipes => over_pipes(command),
            Wire::Sockets => over_sockets(command),
        };
        Self { client, child, stderr, folder }
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the server is there");
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }

    /// Waits for the end; says how it went and how long it took.
    pub async fn ended(&mut self) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the server can be waited for") {
                return (status, begun.elapsed());
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Everything it has written to stderr.
    pub fn stderr(&mut self) -> String {
        // The position in the file is the server's, too.
        let mut bytes = vec![0; 1 << 20];
        let count = std::os::unix::fs::FileExt::read_at(&self.stderr, &mut bytes, 0);
        bytes.truncate(count.expect("a file can be read"));
        String::from_utf8(bytes).expect("stderr is text")
    }

    /// Waits until stderr says something, and gives all of it.
    pub async fn says(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.stderr();
            if said.contains(text) {
                return said;
            }
            assert!(begun.elapsed() < PATIENCE, "`{text}` was never said: {said}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a file in the server's folder is there and has content, and reads it.
    pub async fn file(&self, name: &str) -> String {
        let (path, begun) = (self.folder.path().join(name), Instant::now());
        loop {
            match std::fs::read_to_string(&path) {
                Ok(text) if !text.is_empty() => return text,
                _ => assert!(begun.elapsed() < PATIENCE, "`{name}` never came"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn over_pipes(mut command: Command) -> (Client, Child) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
    let to_server = OwnedFd::from(child.stdin.take().expect("it was piped"));
    let from_server = OwnedFd::from(child.stdout.take().expect("it was piped"));
    let input = pipe::Receiver::from_owned_fd(from_server).expect("a pipe");
    let output = pipe::Sender::from_owned_fd(to_server).expect("a pipe");
    (Client::new(input, output), child)
}

fn over_sockets(mut command: Command) -> (Client, Child) {
    let pair = || UnixStream::pair().expect("a pair of sockets");
    let ((our_input, stdout), (our_output, stdin)) = (pair(), pair());
    let child = command
        .stdin(Stdio::from(OwnedFd::from(stdin)))
        .stdout(Stdio::from(OwnedFd::from(stdout)))
        .spawn()
        .expect("the server starts");
    let connect = |stream: UnixStream| {
        stream.set_nonblocking(true).expect("a socket takes this");
        tokio::net::UnixStream::from_std(stream).expect("a socket")
    };
    (Client::new(connect(our_input), connect(our_output)), child)
}

/// Whether a process is there and is not only waiting to be reaped.
pub fn is_alive(pid: i32) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with(['Z', 'X'])))
}
