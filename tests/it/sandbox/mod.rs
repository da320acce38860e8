//! Commands in the kernel's sandbox: what they cannot do, what still works, and that nothing stays.

mod kernels;
mod limits;
mod paths;
mod people;

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::client::text;
use crate::support::place::{Place, Ran};
use crate::support::processes::{assert_none_left, example, mark};
use crate::support::server::Server;
use crate::support::skip::skip;

/// A command in a sandbox, from a script for the shell.
fn tools(sandbox: &str, script: &str) -> String {
    let script = script.replace('\n', "\n      ");
    format!(
        "version: 1\ncommands:\n  - name: it\n    description: Does it.\n    sandbox: {sandbox}\n    run: |\n      {script}\n"
    )
}

fn place(sandbox: &str, script: &str) -> Place {
    Place::with(&[("tools.yaml", &tools(sandbox, script)), ("readable", "content\n"), ("out/old", "old\n")])
}

fn run(place: &Place) -> Ran {
    place.run(&["--config", "tools.yaml", "call", "it"])
}

fn output(sandbox: &str, script: &str) -> String {
    run(&place(sandbox, script)).ends_with(0).stdout
}

/// Whether this kernel has all that is tested here.
fn is_kept() -> bool {
    let said = place("true", "true").run(&["--config", "tools.yaml", "--validate"]).stdout;
    let kept = said.contains("sandbox on this host: kept\n");
    if !kept {
        skip("this kernel keeps no sandbox");
    }
    kept
}

/// Everything that the program that tries to escape can reach where nothing holds it.
struct World {
    place: Place,
    victim: Child,
    tcp: TcpListener,
    udp: UdpSocket,
    _unix: UnixListener,
    _abstract: UnixListener,
    abstract_name: String,
}

impl World {
    fn new() -> Self {
        Self::of(|program| Command::new(program))
    }

    /// The same, with a process to attack that somebody else has started.
    fn of(command: impl Fn(&str) -> Command) -> Self {
        let place = Place::with(&[("outside/secret", "a secret\n"), ("work/readable", "content\n")]);
        let abstract_name = mark();
        let address = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        Self {
            victim: command("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            _unix: UnixListener::bind(place.path("outside/socket")).unwrap(),
            _abstract: UnixListener::bind_addr(&address).unwrap(),
            abstract_name,
            place,
        }
    }

    /// What it manages, each once.
    fn managed(&self, sandbox: &str) -> Vec<String> {
        self.managed_by(sandbox, &example("escape"), |place, words| place.run_in("work", words))
    }

    fn managed_by(
        &self,
        sandbox: &str,
        program: &Path,
        run: impl FnOnce(&Place, &[&str]) -> Ran,
    ) -> Vec<String> {
        let Self { place, victim, tcp, udp, abstract_name, .. } = self;
        let outside = place.path("outside");
        place.write(
            "work/tools.yaml",
            &format!(
                "version: 1\ncommands:\n  - name: escape\n    description: Tries to.\n    script: {}\n    sandbox: {sandbox}\n    env:\n      OUTSIDE: {}\n      SERVER: \"{}\"\n      TCP: \"{}\"\n      UDP: \"{}\"\n      UNIX: {}\n      ABSTRACT: {abstract_name}\n",
                program.display(),
                outside.display(),
                victim.id(),
                tcp.local_addr().unwrap().port(),
                udp.local_addr().unwrap().port(),
                outside.join("socket").display(),
            ),
        );
        let ran = run(place, &["--config", "tools.yaml", "call", "escape"]).ends_with(0);
        let (managed, tried): (Vec<&str>, Vec<&str>) =
            ran.stdout.lines().partition(|line| line.starts_with("managed: "));
        // The program and its child, each to its end.
        assert_eq!(tried, ["tried 68"; 2], "{}{}", ran.stdout, ran.stderr);
        let mut managed: Vec<String> = managed.iter().map(|line| line.replace("managed: ", "")).collect();
        managed.sort();
        managed.dedup();
        managed
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
    }
}

#[test]
fn what_tries_to_escape_manages_nothing() {
    if is_kept() {
        let world = World::new();
        assert_eq!(world.managed("true"), [""; 0]);
        assert_eq!(world.managed("{ read: [], write: [] }"), [""; 0]);
    }
}

#[test]
fn with_a_network_it_manages_what_a_network_is_and_no_more() {
    if is_kept() {
        let managed = World::new().managed("{ network: host }");
        let network = [
            "ask the kernel for its routes",
            "connect by TCP",
            "connect over version 6",
            "listen by TCP",
            "ping",
            "send by UDP",
        ];
        assert!(managed.iter().all(|deed| network.contains(&deed.as_str())), "{managed:?}");
        assert!(managed.contains(&"connect by TCP".to_owned()), "{managed:?}");
    }
}

#[test]
fn without_a_sandbox_the_same_program_manages_a_lot() {
    let managed = World::new().managed("false");
    for deed in [
        "read a file outside",
        "read through a symbolic link",
        "move a file from outside",
        "change permissions through an open file",
        "read variables of another process",
        "signal another process",
        "limit another process",
        "connect by TCP",
        "send by UDP",
        "speak to a local socket",
        "speak to an abstract socket",
    ] {
        assert!(managed.contains(&deed.to_owned()), "{deed}: {managed:?}");
    }
}

#[test]
fn ordinary_programs_work() {
    if !is_kept() {
        return;
    }
    let script = "git init -q \"$TMPDIR/repo\" && git -C \"$TMPDIR/repo\" status --short\n\
                  grep -c content readable > /dev/null && echo found\n\
                  printf 'all:\\n\\t@echo made\\n' > \"$TMPDIR/Makefile\"\n\
                  if command -v make > /dev/null; then make -s -C \"$TMPDIR\"; else echo made; fi\n\
                  LC_ALL=C.UTF-8 sort readable | head -n 1\n\
                  test -r /etc/ssl/certs && ls /usr/bin > /dev/null && echo system\n\
                  (sleep 0.01; echo later) & wait\n\
                  echo \"$HOME\" | grep -q \"^$TMPDIR\\$\" && touch ~/mine && ls ~\n";
    let expected = "found\nmade\ncontent\nsystem\nlater\n";
    let said = output("true", script);
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("mine\n"), "{said}");
}

#[test]
fn only_what_may_be_written_is() {
    if !is_kept() {
        return;
    }
    let place = place(
        "{ write: [out] }",
        "echo new > out/new && mv out/new out/newer && touch out/newer && rm out/old && cat out/newer\n\
         echo x 2>/dev/null > made || echo refused\n\
         ln readable out/link 2>/dev/null || echo refused\n\
         mv readable out/ 2>/dev/null || echo refused\n\
         mkdir out/deep && cp readable out/deep && ls out/deep",
    );
    assert_eq!(run(&place).ends_with(0).stdout, "new\nrefused\nrefused\nrefused\nreadable\n");
    assert_eq!(place.read("out/newer"), "new\n");
    assert!(!place.path("made").exists());
}

#[test]
fn what_is_read_can_be_narrowed_and_widened() {
    if is_kept() {
        assert_eq!(output("{ read: [] }", "cat readable 2>/dev/null || echo refused"), "refused\n");
        assert_eq!(
            output("{ read: [out] }", "cat out/old; cat readable 2>/dev/null || echo refused"),
            "old\nrefused\n"
        );
        assert_eq!(output("{ tmp: host }", "test -w /tmp && ls /tmp > /dev/null && echo there"), "there\n");
    }
}

#[test]
fn what_is_to_be_written_has_to_be_there() {
    let place = place("{ write: [missing] }", "true");
    let said = run(&place).ends_with(125).stderr;
    assert!(said.contains("the sandbox cannot be set up: there is no `"), "{said}");
    let said = place.run(&["--config", "tools.yaml", "--validate"]).stderr;
    assert!(said.contains("E0191"), "{said}");
}

#[tokio::test]
async fn every_call_finds_its_private_folder_empty_and_it_goes_with_the_server() {
    if !is_kept() {
        return;
    }
    let script = "ls -A \"$TMPDIR\"; mkdir -p \"$TMPDIR/a/b\"; mkdir -m 000 \"$TMPDIR/closed\"; touch \"$TMPDIR/x\"; echo \"$TMPDIR\"";
    let commands = tools("true", script).replace("version: 1\n", "");
    let mut server = Server::start(&commands);
    server.client.initialize().await;
    let mut folders = Vec::new();
    for id in 1..4 {
        let result = server.client.call(id, "it", json!({})).await;
        folders.push(text(&result).trim().to_owned());
    }
    assert!(
        folders.iter().all(|folder| folder.starts_with("/tmp/mcpfier-") && !folder.contains('\n')),
        "{folders:?}"
    );
    server.client.hang_up();
    server.ended().await;
    assert!(folders.iter().all(|folder| !Path::new(folder).exists()), "{folders:?}");
}

/// A filter stays on the process that has set it, so each kind of command has processes of its own.
#[tokio::test]
async fn commands_in_different_sandboxes_and_in_none_do_not_rub_off_on_each_other() {
    if !is_kept() {
        return;
    }
    let command = |name: &str, sandbox: &str| {
        let script = "sleep 0.0$1; chmod 644 readable 2>/dev/null && echo changes; perl -e 'use Socket; socket(S, AF_INET, SOCK_STREAM, 0) or exit 1' && echo connects; exit 0";
        format!(
            "  - name: {name}\n    description: Says what it can.\n    script: sh\n    args: [-c, {}, sh, \"{{{{wait}}}}\"]\n    params: {{ wait: {{ type: integer, minimum: 0, maximum: 9 }} }}\n    sandbox: {sandbox}\n",
            serde_json::Value::from(script)
        )
    };
    let kinds = [("free", "false"), ("alone", "true"), ("connected", "{ network: host }")];
    let commands: String = kinds.map(|(name, sandbox)| command(name, sandbox)).concat();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("readable"), "").unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\ncommands:\n{commands}")).unwrap();
    let mut server = Server::start_in(crate::support::server::Wire::Pipes, folder);
    server.client.initialize().await;
    let said = |name: &str| match name {
        "free" => "changes\nconnects",
        "connected" => "connects",
        _ => "(no output)",
    };
    // One after the other, in every order; then many at once.
    for (id, turn) in [0, 1, 2, 0, 2, 1, 1, 0, 2, 2, 1, 0].into_iter().enumerate() {
        let name = kinds[turn].0;
        let result = server.client.call(100 + id as i64, name, json!({ "wait": 0 })).await;
        assert_eq!(text(&result).trim(), said(name), "{name}");
    }
    for id in 0..30_usize {
        let call = json!({ "name": kinds[id % 3].0, "arguments": { "wait": id % 10 } });
        server.client.request(200 + id as i64, "tools/call", call).await;
    }
    for _ in 0..30 {
        let response = server.client.next().await.expect("thirty answers");
        let id = usize::try_from(response["id"].as_i64().unwrap() - 200).unwrap();
        assert_eq!(text(&response["result"]).trim(), said(kinds[id % 3].0), "{response}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_call_whose_server_is_killed() {
    if !is_kept() {
        return;
    }
    let mark = mark();
    let script = format!("echo \"$TMPDIR\" > out; touch \"$TMPDIR/x\"; exec sh -c 'sleep 600; : {mark}'");
    let commands = tools("{ write: [out] }", &script).replace("version: 1\n", "");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out"), "").unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{commands}")).unwrap();
    let mut server = Server::start_in(crate::support::server::Wire::Pipes, folder);
    server.client.initialize().await;
    let call = json!({ "name": "it", "arguments": {} });
    server.client.request(1, "tools/call", call).await;
    let private = server.file("out").await;
    server.signal(Signal::SIGKILL);
    server.ended().await;
    let patience = std::time::Duration::from_secs(30);
    assert_none_left(&mark, patience);
    let begun = std::time::Instant::now();
    while Path::new(private.trim()).exists() {
        assert!(begun.elapsed() < patience, "{private} is still there");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[test]
fn limits_and_the_timeout_hold_in_a_sandbox() {
    let place = place("true", "sleep 600");
    place.write("tools.yaml", &format!("{}    timeout: 300ms\n", tools("true", "sleep 600")));
    let said = run(&place).ends_with(124);
    assert!(said.stderr.contains("timed out"), "{}", said.stderr);
    place.write(
        "tools.yaml",
        &format!(
            "{}    limits: {{ files: 32 }}\n",
            tools("true", "ulimit -n; ulimit -n 64 2>/dev/null || echo refused")
        ),
    );
    assert_eq!(run(&place).ends_with(0).stdout, "32\nrefused\n");
}

#[test]
fn a_plan_says_what_is_allowed() {
    let place = place("{ write: [out], network: host }", "true");
    let plan = place.run(&["--config", "tools.yaml", "--dry-run", "it"]).ends_with(0).stdout;
    let plan = plan.replace(place.path("").to_string_lossy().trim_end_matches('/'), "[home]");
    let sandbox: Vec<&str> = plan.lines().skip_while(|line| !line.contains("sandbox")).take(3).collect();
    assert_eq!(
        sandbox,
        [
            "  sandbox  reads system folders, [home]",
            "           writes [home]/out, a private folder for temporary files",
            "           network host",
        ]
    );
    let plan = place.run(&["--config", "tools.yaml", "--dry-run", "it", "--json"]).ends_with(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!((&plan["sandbox"]["network"], &plan["sandbox"]["tmp"]), (&json!("host"), &json!("private")));
}

#[test]
fn a_sandbox_is_what_a_person_trusts_and_what_is_locked() {
    let place = place("{ write: [out] }", "true");
    let shown = place.run(&["--config", "tools.yaml", "trust", "--yes"]).stdout;
    assert!(shown.contains("in a sandbox: reads "), "{shown}");
    place.run(&["--config", "tools.yaml", "lock"]).ends_with(0);
    place.write("tools.yaml", &tools("{ write: [out], network: host }", "true"));
    let said = place.run(&["--config", "tools.yaml", "lock", "--check"]);
    assert_ne!(said.status, 0);
    assert!(format!("{}{}", said.stdout, said.stderr).contains("network"), "{}{}", said.stdout, said.stderr);
}
