//! A sandbox of an ordinary user's, and of somebody who is killed.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getuid};
use serde_json::json;

use super::{World, is_kept, tools};
use crate::support::client::text;
use crate::support::processes::{example, mark, marked};
use crate::support::server::{Server, Wire};

/// Nobody in particular.
const SOMEBODY: u32 = 65534;

/// A program as an ordinary user starts it; root becomes one.
fn ordinary(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    if getuid().is_root() {
        command.uid(SOMEBODY).gid(SOMEBODY);
    }
    command
}

/// Gives a folder with all that is in it away.
fn give(folder: &Path) {
    if getuid().is_root() {
        chown(folder, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => give(&entry.path()),
                false => chown(entry.path(), Some(SOMEBODY), Some(SOMEBODY)).unwrap(),
            }
        }
    }
}

/// A copy where others may execute it, whatever lies above the original.
fn copied(program: &Path, place: &Path) -> PathBuf {
    let copy = place.join(program.file_name().unwrap());
    std::fs::copy(program, &copy).unwrap();
    copy
}

#[test]
fn nobody_escapes_as_an_ordinary_user() {
    if !is_kept() {
        return;
    }
    let world = World::of(|program| ordinary(program));
    let mcpfier = copied(Path::new(env!("CARGO_BIN_EXE_mcpfier")), &world.place.path(""));
    let escape = copied(&example("escape"), &world.place.path("work"));
    give(&world.place.path(""));
    let managed = |sandbox| {
        world.managed_by(sandbox, &escape, |place, words| {
            let mut command = ordinary(&mcpfier);
            let path = std::env::var_os("PATH").unwrap_or_default();
            command.args(words).env_clear().env("PATH", path).env("HOME", place.path(""));
            command.current_dir(place.path("work"));
            give(&place.path("work"));
            place.finish(command)
        })
    };
    assert_eq!(managed("true"), [""; 0]);
    let without = managed("false");
    for deed in ["signal another process", "read a file outside", "read variables of another process"] {
        assert!(without.contains(&deed.to_owned()), "{deed}: {without:?}");
    }
}

/// Who may not open up a folder cannot remove it: the supervisor is not allowed to, another process is.
#[tokio::test]
async fn folders_that_an_ordinary_user_cannot_look_into_are_removed_with_what_is_in_them() {
    if !is_kept() {
        return;
    }
    let script = "ls -A ~; mkdir -p ~/a/b; (umask 477; mkdir ~/closed); touch ~/closed/x; echo \"$HOME\"";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), tools("true", script)).unwrap();
    let mcpfier = copied(Path::new(env!("CARGO_BIN_EXE_mcpfier")), folder.path());
    give(folder.path());
    let mut command = ordinary(mcpfier);
    command.arg("--config").arg(folder.path().join("tools.yaml")).current_dir(folder.path());
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.client.initialize().await;
    for id in 1..6 {
        let result = server.client.call(id, "it", json!({})).await;
        let private = text(&result).trim().to_owned();
        assert!(private.starts_with("/tmp/mcpfier-") && !private.contains('\n'), "{result}");
        gone(&private).await;
    }
}

#[tokio::test]
async fn what_a_killed_supervisor_leaves_is_removed_while_the_server_runs() {
    if !is_kept() {
        return;
    }
    let mark = mark();
    let script = format!("mkdir ~/a; echo \"$HOME\" > out; exec sh -c 'sleep 600; : {mark}'");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out"), "").unwrap();
    std::fs::write(folder.path().join("tools.yaml"), tools("{ write: [out] }", &script)).unwrap();
    let mut server = Server::start_in(Wire::Pipes, folder);
    server.client.initialize().await;
    server.client.request(1, "tools/call", json!({ "name": "it", "arguments": {} })).await;
    let private = server.file("out").await;
    // It comes after the word in the file.
    let begun = Instant::now();
    let supervisor = loop {
        if let Some(pid) = marked(&mark).first() {
            break parent(*pid);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the command never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    gone(private.trim()).await;
    assert!(marked(&mark).is_empty());
}

/// The supervisor of a command: the process of that name above it.
fn parent(pid: u32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let parent: i32 = stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap();
    let name = std::fs::read_to_string(format!("/proc/{parent}/comm")).unwrap();
    if name.trim() == "mcpfier-run" { parent } else { self::parent(parent.unsigned_abs()) }
}

async fn gone(private: &str) {
    let begun = Instant::now();
    while Path::new(private).exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{private} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
