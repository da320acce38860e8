//! A host that is reached by SSH: an OpenSSH server of the test's own on the loopback, whose users
//! find the engine of the tests, or none, or no `docker` at all.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::engine::Engine;
use super::skip::skip;

const SERVER: &str = "/usr/sbin/sshd";

pub struct SshHost {
    folder: TempDir,
    server: Child,
}

impl SshHost {
    /// `None` after saying why the calling test cannot run.
    pub fn start(engine: &Engine) -> Option<Self> {
        if !Path::new(SERVER).exists() || Command::new("ssh").arg("-V").output().is_err() {
            skip("an engine that is reached by SSH (missing: openssh-server, openssh-client)");
            return None;
        }
        let folder = tempfile::tempdir().expect("a scratch folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        // Without it the server of a whole system refuses.
        let _ = std::fs::create_dir_all("/run/sshd");
        let path = |name: &str| folder.path().join(name).display().to_string();
        for key in ["host", "other-host", "good", "bare", "engineless", "locked", "stranger"] {
            let passphrase = if key == "locked" { "a long passphrase" } else { "" };
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", passphrase, "-C", key, "-f", &path(key)])
                .output()
                .expect("ssh-keygen starts");
            assert!(made.status.success(), "{made:?}");
        }
        let public = |key: &str| std::fs::read_to_string(path(&format!("{key}.pub"))).expect("a public key");
        let there = format!("environment=\"DOCKER_HOST={}\" ", engine.host);
        let allowed = [
            there.clone() + &public("good"),
            there + &public("locked"),
            "environment=\"PATH=/no/such/folder\" ".to_owned() + &public("bare"),
            "environment=\"DOCKER_HOST=unix:///no/such.sock\" ".to_owned() + &public("engineless"),
        ];
        std::fs::write(path("allowed"), allowed.concat()).expect("a scratch file");
        std::fs::write(path("known"), format!("[127.0.0.1]:{port} {}", public("host")))
            .expect("a scratch file");
        std::fs::write(path("changed"), format!("[127.0.0.1]:{port} {}", public("other-host")))
            .expect("a scratch file");
        std::fs::write(path("nobody"), "").expect("a scratch file");
        let server = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin yes\nPermitUserEnvironment yes\nPidFile none\n\
             MaxStartups 100\nMaxSessions 100\n",
            path("host"),
            path("allowed"),
        );
        std::fs::write(path("sshd_config"), server).expect("a scratch file");
        std::fs::write(path("ssh_config"), client(&path, port)).expect("a scratch file");
        let program = format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", path("ssh_config"));
        std::fs::create_dir(folder.path().join("bin")).expect("a folder");
        std::fs::write(path("bin/ssh"), program).expect("a scratch file");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path("bin/ssh"), executable).expect("it is ours");
        let log = File::create(path("log")).expect("a log");
        let server = Command::new(SERVER)
            .args(["-D", "-e", "-f", &path("sshd_config")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("sshd starts");
        let host = Self { folder, server };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(host.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(20), "sshd does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(host)
    }

    /// The `PATH` with an `ssh` that knows the names below.
    pub fn path(&self) -> String {
        let rest = std::env::var("PATH").unwrap_or_default();
        format!("{}:{rest}", self.folder.path().join("bin").display())
    }

    /// Stands in the command line of every `ssh` that goes there.
    pub fn mark(&self) -> PathBuf {
        self.folder.path().join("ssh_config")
    }

    /// The `ssh` programs that go there now.
    pub fn connections(&self) -> Vec<i32> {
        let mark = self.mark().display().to_string();
        let entries = std::fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
        let numbers = entries.filter_map(|entry| entry.file_name().to_string_lossy().parse().ok());
        let is_ours = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&mark)
        };
        numbers.filter(is_ours).collect()
    }
}

/// The hosts, each with one thing that is so.
fn client(path: &impl Fn(&str) -> String, port: u16) -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().expect("a user").name;
    let hosts = [
        ("good", "good", "known"),
        ("bare", "bare", "known"),
        ("engineless", "engineless", "known"),
        ("locked", "locked", "known"),
        ("refused", "stranger", "known"),
        ("unknown", "good", "nobody"),
        ("changed", "good", "changed"),
    ];
    let written = hosts.map(|(host, key, known)| {
        format!(
            "Host {host}\n HostName 127.0.0.1\n Port {port}\n User {user}\n IdentitiesOnly yes\n\
             \n IdentityAgent none\n IdentityFile {}\n UserKnownHostsFile {}\n GlobalKnownHostsFile /dev/null\n",
            path(key),
            path(known),
        )
    });
    written.concat()
}

impl Drop for SshHost {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
