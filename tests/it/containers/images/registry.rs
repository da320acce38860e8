//! A real registry on loopback that lets in who knows a password, and what is pushed to it.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::engine::{Engine, IMAGE};
use crate::support::skip::skip;

pub const USER: &str = "me";
pub const PASSWORD: &str = "correct horse";
/// That password, as `htpasswd -B` writes it.
const HASH: &str = "$2b$04$ubCXg.O89NQe3GzynTz83eUlFcENb3Q9NOz105kF9lFGsustdlcgm";

pub struct Registry {
    pub address: String,
    child: Child,
    folder: tempfile::TempDir,
}

impl Registry {
    /// `None` after saying why the calling test cannot run.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("it").port();
        let address = format!("127.0.0.1:{port}");
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("users"), format!("{USER}:{HASH}\n")).expect("a file");
        let settings = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"{address}\" }}\nauth: {{ htpasswd: {{ realm: test, path: {} }} }}\n",
            at("store"),
            at("users"),
        );
        std::fs::write(at("settings.yml"), settings).expect("a file");
        let log = File::create(at("log")).expect("a file");
        let started = Command::new("docker-registry")
            .args(["serve", &at("settings.yml")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = match started {
            Ok(child) => child,
            Err(error) => {
                skip(&format!("images from a registry (no `docker-registry`: {error})"));
                return None;
            }
        };
        let registry = Self { address, child, folder };
        registry.wait();
        Some(registry)
    }

    fn wait(&self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the registry does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What `docker login` writes.
    pub fn login(&self) -> String {
        let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        serde_json::json!({ "auths": { &self.address: { "auth": auth } } }).to_string()
    }

    /// Pushes an image of the engine under another name, which the engine then forgets. Gives back
    /// the name and the digest.
    pub fn push(&self, engine: &Engine, image: &str, name: &str) -> (String, String) {
        let target = format!("{}/{name}", self.address);
        let docker = self.folder.path().join("docker");
        std::fs::create_dir_all(&docker).expect("a folder");
        std::fs::write(docker.join("config.json"), self.login()).expect("a file");
        engine.docker(&["tag", image, &target]);
        let folder = docker.display().to_string();
        engine.docker(&["--config", &folder, "push", &target]);
        engine.docker(&["rmi", &target]);
        let digest = self.digest(name);
        (target, digest)
    }

    /// What it has under a name. Podman's client says another one than it pushes.
    fn digest(&self, name: &str) -> String {
        use std::io::{Read, Write};
        let (name, tag) = name.rsplit_once(':').expect("a tag");
        let mut stream = std::net::TcpStream::connect(&self.address).expect("it listens");
        let kinds = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
        let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let request = format!(
            "HEAD /v2/{name}/manifests/{tag} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic {auth}\r\nAccept: {kinds}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let head = answer.lines().find_map(|line| line.strip_prefix("Docker-Content-Digest: "));
        head.unwrap_or_else(|| panic!("no digest: {answer}")).trim().to_owned()
    }

    /// The image of the tests with a mark of its own: who removes what comes of it by force does not
    /// remove the image of all tests, which is what Podman does with one of the same content.
    pub fn push_busybox(&self, engine: &Engine, name: &str) -> (String, String) {
        use std::io::Write;
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let own = format!("mcpfier-test/pushed:{}-{number}", std::process::id());
        let mut build = engine.command(&["build", "--quiet", "--tag", &own, "-"]);
        build.env("DOCKER_BUILDKIT", "0").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = build.spawn().expect("docker starts");
        let dockerfile = format!("FROM {IMAGE}\nLABEL pushed={own}\n");
        child.stdin.take().expect("it was piped").write_all(dockerfile.as_bytes()).expect("it reads");
        assert!(child.wait().expect("it ends").success());
        let pushed = self.push(engine, &own, name);
        engine.docker(&["rmi", &own]);
        pushed
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
