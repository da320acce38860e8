//! The program that tries to escape, in a container that a file describes: it has to manage nothing.
//!
//! It is mounted with the libraries that it needs, so that it is the one that was just built.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::place::Place;
use crate::support::processes::{example, mark};

/// What a container has of its own: to use it touches nobody else.
const ITS_OWN: [&str; 13] = [
    "list /tmp",
    "write /tmp",
    "write /dev/shm",
    "open a terminal",
    "read a variable of process 1",
    "share memory by number",
    "listen by TCP",
    "listen at a local socket",
    // Nobody but itself can be reached; what arrives outside is looked at outside.
    "send by UDP",
    "connect over version 6",
    "ping",
    "ask the kernel for its routes",
    // A ring is held by the same rules as what is asked without one.
    "make sockets by a ring",
];

/// What engines let through whatever is asked of them, as `docs/concepts/engines.md` says.
const OF_ENGINES: [&str; 1] = ["open a socket to the hypervisor"];
const OF_PODMAN: [&str; 5] = [
    "make a namespace by clone",
    "make a namespace by clone3",
    "make a user namespace",
    "mount in namespaces of its own",
    // Of a ring that each container has for itself.
    "use the kernel's keys",
];

/// What can be read of a folder that is mounted read-only.
const READING: [&str; 7] = [
    "climb out of the working directory",
    "list a folder outside",
    "look through the root of process 1",
    "open what lies outside from its folder",
    "read a file outside",
    "read through a symbolic link",
    "watch a folder outside",
];

/// Everything around a container that it could reach where nothing holds it.
struct World {
    engine: Engine,
    place: Place,
    victim: Child,
    neighbour: String,
    gateway: TcpListener,
    tcp: TcpListener,
    udp: UdpSocket,
    _unix: UnixListener,
    _abstract: UnixListener,
    abstract_name: String,
}

impl World {
    fn of(engine: Engine) -> Self {
        let place = Place::with(&[("outside/secret", "a secret\n"), ("work/readable", "content\n")]);
        let abstract_name = mark();
        let address = UnixAddress::from_abstract_name(&abstract_name).unwrap();
        let neighbour = ["run", "--detach", "--rm", IMAGE, "httpd", "-f", "-p", "80", "-h", "/tmp"];
        let neighbour = engine.docker(&neighbour);
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        Self {
            victim: Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap(),
            gateway: TcpListener::bind((network_address(&engine, &neighbour, "Gateway"), 0)).unwrap(),
            tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            udp,
            _unix: UnixListener::bind(place.path("outside/socket")).unwrap(),
            _abstract: UnixListener::bind_addr(&address).unwrap(),
            abstract_name,
            engine,
            place,
            neighbour,
        }
    }

    /// What it manages, each once.
    fn managed(&self, outside: &Path, change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut command = self.command(outside);
        change(&mut command);
        let file = json!({ "version": 1, "commands": [command] });
        self.place.write("tools.yaml", &file.to_string());
        let mut command = self.place.command("", &["--config", "tools.yaml", "call", "escape"]);
        command.env("DOCKER_HOST", &self.engine.host);
        let ran = self.place.finish(command).ends_with(0);
        let (managed, tried): (Vec<&str>, Vec<&str>) =
            ran.stdout.lines().partition(|line| line.starts_with("managed: "));
        // The program and its child, each to its end.
        let counts: Vec<usize> =
            tried.iter().filter_map(|line| line.strip_prefix("tried ")?.parse().ok()).collect();
        let is_whole = matches!(counts[..], [one, other] if one == other && one > 100);
        assert!(is_whole, "{}{}", ran.stdout, ran.stderr);
        let mut managed: Vec<String> = managed.iter().map(|line| line.replace("managed: ", "")).collect();
        managed.sort();
        managed.dedup();
        managed
    }

    /// What of that is not its own, nor given to every container by this engine.
    fn beyond_its_own(&self, managed: Vec<String>) -> Vec<String> {
        let of_podman: &[&str] = if self.engine.is_podman { &OF_PODMAN } else { &[] };
        let is_known =
            |deed: &str| [&ITS_OWN[..], &OF_ENGINES, of_podman].iter().any(|some| some.contains(&deed));
        managed.into_iter().filter(|deed| !is_known(deed)).collect()
    }

    fn command(&self, outside: &Path) -> Value {
        let neighbour =
            SocketAddr::new(network_address(&self.engine, &self.neighbour, "IPAddress").into(), 80);
        let mut mounts = program();
        mounts.push(json!({ "source": self.place.path("work"), "target": "/work" }));
        json!({
            "name": "escape",
            "description": "Tries to.",
            "container": {
                "image": IMAGE,
                "pull": "never",
                "workdir": "/work",
                "mounts": mounts,
                "tmpfs": [{ "target": "/tmp", "size": "4MiB" }],
            },
            "script": "/escape",
            "limits": { "pids": 32 },
            "env": {
                "OUTSIDE": outside,
                "SERVER": self.victim.id().to_string(),
                "TCP": self.tcp.local_addr().unwrap().port().to_string(),
                "UDP": self.udp.local_addr().unwrap().port().to_string(),
                "UNIX": outside.join("socket"),
                "ABSTRACT": self.abstract_name,
                "CONTAINER": "yes",
                "ENGINE": self.engine.host.trim_start_matches("unix://"),
                "GATEWAY": self.gateway.local_addr().unwrap().to_string(),
                "NEIGHBOUR": neighbour.to_string(),
                "METADATA": "169.254.169.254:80",
                "PROCESSES": "32",
                "BYTES": (4 << 20).to_string(),
            },
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = self.engine.command(&["rm", "--force", &self.neighbour]).output();
    }
}

/// Of the network that a container is in.
fn network_address(engine: &Engine, container: &str, field: &str) -> Ipv4Addr {
    let format = format!("{{{{range .NetworkSettings.Networks}}}}{{{{.{field}}}}}{{{{end}}}}");
    let told = engine.docker(&["inspect", "--format", &format, container]);
    told.parse().unwrap_or_else(|_| panic!("no address: {told}"))
}

/// The program and its libraries, each where it looks for them.
fn program() -> Vec<Value> {
    let program = example("escape");
    let output = Command::new("ldd").arg(&program).output().expect("ldd starts");
    let told = String::from_utf8(output.stdout).expect("text");
    let paths = told.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    let mut mounts: Vec<Value> =
        paths.map(|path| json!({ "source": PathBuf::from(path), "target": path })).collect();
    mounts.push(json!({ "source": program, "target": "/escape" }));
    mounts
}

#[test]
fn what_tries_to_escape_from_a_container_manages_nothing() {
    let Some(engine) = engine() else { return };
    let world = World::of(engine);
    let managed = world.managed(&world.place.path("outside"), |_| ());
    assert_eq!(world.beyond_its_own(managed), [""; 0]);
    assert!(world.udp.recv(&mut [0; 8]).is_err(), "something came out of it");
}

#[test]
fn what_is_mounted_can_be_read_and_not_changed() {
    let Some(engine) = engine() else { return };
    let world = World::of(engine);
    let source = world.place.path("outside");
    let managed = world.managed(Path::new("/outside"), |command| {
        let mounts = command["container"]["mounts"].as_array_mut().unwrap();
        mounts.push(json!({ "source": source, "target": "/outside" }));
    });
    assert_eq!(world.beyond_its_own(managed), READING);
}

#[test]
fn root_without_capabilities_manages_no_more_than_to_be_root() {
    let Some(engine) = engine() else { return };
    let world = World::of(engine);
    let managed = world.managed(&world.place.path("outside"), |command| {
        command["container"]["user"] = json!("root");
    });
    // Its folder of devices is memory of its own.
    assert_eq!(world.beyond_its_own(managed), ["be root", "make a file among the devices"]);
}

#[test]
fn in_an_open_container_the_same_program_manages_a_lot() {
    let Some(engine) = engine() else { return };
    let world = World::of(engine);
    let source = world.place.path("outside");
    let managed = world.managed(Path::new("/outside"), |command| {
        let container = &mut command["container"];
        let mounts = container["mounts"].as_array_mut().unwrap();
        mounts.push(json!({ "source": source, "target": "/outside", "read_only": false }));
        container["network"] = json!("bridge");
        container["user"] = json!("root");
        container["read_only"] = json!(false);
        container["cap_drop"] = json!([]);
        container["no_new_privileges"] = json!(false);
        // Whatever answers there on this machine is nobody's business here.
        let neighbour = command["env"]["NEIGHBOUR"].clone();
        command["env"]["METADATA"] = neighbour;
        command["limits"] = json!({ "pids": 64 });
    });
    for deed in [
        "make a file outside",
        "make a device",
        "make a device of the kernel's memory",
        "hold a capability",
        "gain by a program with another owner",
        "become somebody else",
        "open a raw socket",
        "reach the gateway",
        "reach another container",
        "reach the metadata of a cloud",
        "ask a name server outside",
        "have an interface to outside",
        "have a route to outside",
        "be root",
        "speak to a local socket",
        "have more processes than it may",
    ] {
        assert!(managed.contains(&deed.to_owned()), "{deed}: {managed:?}");
    }
}
