//! A real PostgreSQL of one test, on a free port of the loopback, with TLS and a password. It is gone with its
//! value.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User};
use tempfile::TempDir;

use super::certificates::make_certificates;
use super::skip::skip;

pub const USER: &str = "reader";
pub const PASSWORD: &str = "correct horse";
/// Who runs it for root, whom it does not obey.
const NOBODY: &str = "nobody";
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Database {
    pub port: u16,
    child: Child,
    folder: TempDir,
}

impl Database {
    /// `None` after saying why the calling test cannot run.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skip("a database (`tests/run` provides PostgreSQL)");
            return None;
        };
        let folder = tempfile::tempdir().expect("a scratch folder");
        make_certificates(folder.path());
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("password"), PASSWORD).expect("a file");
        std::fs::set_permissions(at("server.key"), PermissionsExt::from_mode(0o600)).expect("it is ours");
        hand_over(folder.path());
        let (data, password) = (at("data"), format!("--pwfile={}", at("password")));
        let mut making = program(&programs, "initdb", folder.path());
        making.args(["--pgdata", &data, "--username", USER, "--auth", "scram-sha-256", &password]);
        let made =
            making.args(["--no-sync", "--no-locale", "--encoding", "UTF8"]).output().expect("it starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it").port();
        let mut serving = program(&programs, "postgres", folder.path());
        serving.args(["-D", &data, "-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "ssl=on",
            &format!("ssl_cert_file={}", at("server.pem")),
            &format!("ssl_key_file={}", at("server.key")),
        ] {
            serving.args(["-c", setting]);
        }
        let log = std::fs::File::create(at("log")).expect("a file");
        let child = serving.stdout(Stdio::null()).stderr(log).spawn().expect("postgres starts");
        let database = Self { port, child, folder };
        database.wait(&programs);
        Some(database)
    }

    /// One of its certificates, and of those that have nothing to do with it.
    pub fn certificate(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn wait(&self, programs: &Path) {
        let begun = Instant::now();
        loop {
            let mut asking = program(programs, "pg_isready", self.folder.path());
            asking.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
            if asking.output().expect("it starts").status.success() {
                return;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(begun.elapsed() < PATIENCE, "it does not answer: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        // At once, with all that it has started.
        let _ = kill(pid, Signal::SIGQUIT);
        let _ = self.child.wait();
    }
}

/// Where its programs are: Debian keeps them apart, by version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> =
        versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    folders.sort();
    folders.into_iter().rfind(|folder| folder.join("postgres").exists())
}

/// Somebody else than root, if we are root.
fn other() -> Option<User> {
    nix::unistd::geteuid().is_root().then(|| User::from_name(NOBODY).ok().flatten()).flatten()
}

fn program(programs: &Path, name: &str, folder: &Path) -> Command {
    let mut command = Command::new(programs.join(name));
    command.current_dir(folder).env_clear().env("LC_ALL", "C").stdin(Stdio::null());
    if let Some(user) = other() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// The folder and what is in it.
fn hand_over(folder: &Path) {
    let Some(user) = other() else { return };
    let (uid, gid) = (Some(user.uid.as_raw()), Some(user.gid.as_raw()));
    let files = std::fs::read_dir(folder).expect("a folder").filter_map(|entry| Some(entry.ok()?.path()));
    for path in files.chain([folder.to_path_buf()]) {
        chown(path, uid, gid).expect("we are root");
    }
}
