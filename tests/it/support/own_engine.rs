//! An engine of the tests' own, which they may freeze and restart: it listens on a socket, and by TLS
//! on a port of the loopback.
//!
//! Whoever uses it has it alone. It is started for the first and ended after the last of them.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::sync::OwnedMutexGuard;

use super::certificates::{make_certificates, run};
use super::engine::{Engine, IMAGE, engine};
use super::skip::skip;

const PATIENCE: Duration = Duration::from_secs(60);

/// The engine while one test has it.
pub struct OwnEngine(OwnedMutexGuard<Dockerd>);

struct Dockerd {
    folder: TempDir,
    port: u16,
    bridge: String,
    child: Option<Child>,
}

/// The engine, or `None` after saying why the calling test cannot run.
pub async fn own_engine() -> Option<OwnEngine> {
    static SHARED: Mutex<Weak<tokio::sync::Mutex<Dockerd>>> = Mutex::new(Weak::new());
    // It has the image.
    let other = engine()?;
    if !nix::unistd::geteuid().is_root() {
        skip("an engine of its own (it needs root)");
        return None;
    }
    let shared = {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(tokio::sync::Mutex::new(Dockerd::new(&other)));
            *shared = Arc::downgrade(&started);
            started
        })
    };
    Some(OwnEngine(shared.lock_owned().await))
}

impl OwnEngine {
    /// By its socket.
    pub fn engine(&self) -> Engine {
        self.0.engine()
    }

    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The folder of its certificates, and of those that it does not believe.
    pub fn certificates(&self) -> &Path {
        self.0.folder.path()
    }

    /// It stands still with all its connections open.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(self.0.pid().expect("it runs"), signal).expect("it is there");
    }

    /// As its package does it when it is updated.
    pub fn stop(&mut self) {
        self.0.stop();
    }

    pub fn start(&mut self) {
        self.0.start();
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        // The next one finds it well.
        if self.0.pid().is_some() {
            self.thaw();
        } else if !std::thread::panicking() {
            self.start();
        }
    }
}

impl Dockerd {
    fn new(other: &Engine) -> Self {
        let folder = tempfile::Builder::new().prefix("mcpfier-own-engine.").tempdir().expect("a folder");
        make_certificates(folder.path());
        let bridge = format!("mcpf{}", std::process::id() % 100_000);
        let number = std::process::id() % 250;
        run("ip", &["link", "add", &bridge, "type", "bridge"]);
        run("ip", &["addr", "add", &format!("10.213.{number}.1/24"), "dev", &bridge]);
        run("ip", &["link", "set", &bridge, "up"]);
        let mut dockerd = Self { folder, port: free_port(), bridge, child: None };
        dockerd.start();
        let saved = dockerd.folder.path().join("image.tar");
        let saved = saved.to_str().expect("text");
        other.docker(&["save", "--output", saved, IMAGE]);
        dockerd.engine().docker(&["load", "--input", saved]);
        dockerd
    }

    fn engine(&self) -> Engine {
        Engine { host: format!("unix://{}", self.socket().display()), is_podman: false }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    fn pid(&self) -> Option<Pid> {
        self.child.as_ref().map(|child| Pid::from_raw(child.id().try_into().expect("a process id")))
    }

    fn start(&mut self) {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let log = File::options().create(true).append(true).open(path("log")).expect("a log");
        let mut command = Command::new("dockerd");
        command.args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")]);
        command.args(["--host", &self.engine().host, "--host", &format!("tcp://127.0.0.1:{}", self.port)]);
        command.args(["--tlsverify", "--tlscacert", &path("ca.pem")]);
        command.args(["--tlscert", &path("server.pem"), "--tlskey", &path("server.key")]);
        // Never `none`: that would take the bridge of another engine away.
        command.args(["--bridge", &self.bridge, "--iptables=false", "--ip-masq=false", "--ip-forward=false"]);
        command.args(["--shutdown-timeout", "1"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        self.child = Some(command.spawn().expect("dockerd starts"));
        let begun = Instant::now();
        while !self.engine().command(&["version"]).output().is_ok_and(|output| output.status.success()) {
            let log = || std::fs::read_to_string(path("log")).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "the engine does not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let _ = kill(pid, Signal::SIGCONT);
        let _ = kill(pid, Signal::SIGTERM);
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        self.stop();
        let _ = Command::new("ip").args(["link", "del", &self.bridge]).output();
        // What it may have left mounted.
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
        let below = self.folder.path().to_string_lossy().into_owned();
        let places = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        for place in places.filter(|place| place.starts_with(&below)) {
            let _ = Command::new("umount").args(["--lazy", place]).output();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port()
}
