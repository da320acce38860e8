//! A small virtual machine with cgroup v2, for what the host's kernel may not offer.
//!
//! QEMU in software, Debian's cloud kernel, and a root file system in memory that holds busybox, the
//! binary with its libraries, and what a test adds. It boots in about three seconds.
//! `tests/run` provides the parts and names the kernel in `MCPFIER_TEST_KERNEL`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::skip::skip;

const BEGIN: &str = "---- begin ----";
const END: &str = "---- end ";

/// Mounts what a test may look at, runs `/script` and switches off.
const INIT: &str = r#"#!/bin/sh
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /tmp
export PATH=/bin HOME=/tmp
echo "---- begin ----"
sh /script 2>&1
echo "---- end $? ----"
poweroff -f
"#;

/// A machine that is not switched on yet.
pub struct Machine {
    kernel: PathBuf,
    root: TempDir,
}

/// What a script left on the console.
pub struct Session {
    pub status: i32,
    /// stdout and stderr.
    pub text: String,
}

impl Machine {
    /// `None`, and one line that says why, where there is no emulator, kernel or busybox.
    pub fn with_mcpfier() -> Option<Self> {
        let kernel = std::env::var_os("MCPFIER_TEST_KERNEL").map(PathBuf::from).filter(|path| path.exists());
        let (Some(kernel), Some(_), Some(busybox)) = (kernel, found("qemu-system-x86_64"), found("busybox"))
        else {
            skip("no virtual machine here; tests/run provides one");
            return None;
        };
        let machine = Self { kernel, root: tempfile::tempdir().expect("a scratch folder") };
        for folder in ["bin", "proc", "sys", "dev", "tmp"] {
            std::fs::create_dir(machine.root.path().join(folder)).expect("a folder of the new root");
        }
        machine.copy(&busybox, "bin/busybox");
        for applet in applets(&busybox) {
            let link = machine.root.path().join("bin").join(applet);
            if !link.exists() {
                std::os::unix::fs::symlink("busybox", link).expect("a link to busybox");
            }
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_mcpfier"));
        machine.copy(binary, "bin/mcpfier");
        for library in libraries(binary) {
            machine.copy(&library, &library.to_string_lossy());
        }
        machine.write("init", INIT.as_bytes());
        Some(machine)
    }

    /// Adds a file, executable.
    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.inside(name);
        std::fs::write(&path, content).expect("a file of the new root");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    /// Boots, runs a shell script as root, and switches off. A machine that hangs is killed.
    pub fn run(self, script: &str) -> Session {
        self.write("script", script.as_bytes());
        let memory = self.packed();
        let output = Command::new("timeout")
            .args(["--kill-after=5", "120", "qemu-system-x86_64", "-accel", "tcg", "-m", "768"])
            .args(["-nographic", "-no-reboot", "-nic", "none", "-kernel"])
            .arg(&self.kernel)
            // Whether the timer ticks is tried in a moment of its own time, which a busy host may not give it.
            .args(["-append", "console=ttyS0 panic=-1 quiet no_timer_check rdinit=/init", "-initrd"])
            .arg(&memory)
            .stdin(Stdio::null())
            .output()
            .expect("the emulator starts");
        Session::read(&output)
    }

    fn copy(&self, from: &Path, name: &str) {
        std::fs::copy(from, self.inside(name)).expect("a copy in the new root");
    }

    fn inside(&self, name: &str) -> PathBuf {
        let path = self.root.path().join(name.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().expect("it is below the root"))
            .expect("a folder of the new root");
        path
    }

    /// The root file system as one archive beside it.
    fn packed(&self) -> PathBuf {
        let archive = self.root.path().with_extension("cpio");
        let status = Command::new("sh")
            .args(["-c", r#"find . | busybox cpio -o -H newc >"$0" 2>/dev/null"#])
            .arg(&archive)
            .current_dir(self.root.path())
            .status();
        assert!(status.is_ok_and(|status| status.success()), "the root file system cannot be packed");
        archive
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.root.path().with_extension("cpio"));
    }
}

impl Session {
    fn read(output: &Output) -> Self {
        let console = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        let parts = console.split_once(BEGIN).and_then(|(_, rest)| rest.rsplit_once(END));
        let (text, tail) = parts.unwrap_or_else(|| panic!("the machine did not come to its end:\n{console}"));
        let status = tail.split_whitespace().next().and_then(|status| status.parse().ok());
        Self { status: status.expect("a script ends with a status"), text: text.trim_start().to_owned() }
    }
}

/// Runs a script whose every check has to pass.
pub fn passes(machine: Machine, script: &str) {
    let session = machine.run(script);
    assert_eq!(session.status, 0, "it stopped early:\n{}", session.text);
    assert!(session.text.trim_end().ends_with("done"), "it stopped early:\n{}", session.text);
    assert!(!session.text.contains("FAIL "), "{}", session.text);
    let checks = script.lines().filter(|line| line.starts_with("verdict ")).count();
    assert_eq!(session.text.matches("PASS ").count(), checks, "{}", session.text);
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.exists())
}

fn applets(busybox: &Path) -> Vec<String> {
    let output = Command::new(busybox).arg("--list").output().expect("busybox starts");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// The shared libraries of a program, with the loader.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().expect("ldd starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}
