//! TLS: whom the server shows which certificate, and what happens when its files change.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Certificate, ClientBuilder, tls};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::house::{COMMANDS, PATIENCE, answer, call};
use crate::support::certificates::{Wanted, make_certificate, make_certificates};
use crate::support::client::text;
use crate::support::server::{Server, Wire};

/// A server with TLS, in a folder with certificates.
pub struct Secure {
    pub server: Server,
    pub port: u16,
}

/// The part of a file that has them used.
pub const FILES: &str = "tls: { cert: server.pem, key: server.key }";

impl Secure {
    /// `http` is what stands in `server.http`.
    pub async fn start(http: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        Self::start_in(folder, http).await
    }

    pub async fn start_in(folder: TempDir, http: &str) -> Self {
        write(folder.path(), http);
        Self::serve(folder).await
    }

    /// What `tools.yaml` in a folder says.
    pub async fn serve(folder: TempDir) -> Self {
        let mut command = program(&["--port", "0"]);
        command.current_dir(folder.path());
        let mut server = Server::run(Wire::Pipes, folder, command);
        let said = server.says("/mcp").await;
        let port = said.split("https://127.0.0.1:").nth(1).and_then(|rest| rest.split('/').next());
        let port = port.and_then(|port| port.parse().ok()).unwrap_or_else(|| panic!("no address: {said}"));
        Self { server, port }
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.server.folder.path().join(name)).unwrap()
    }

    /// A client that believes the authority in a file.
    pub fn client_with(&self, ca: &str) -> ClientBuilder {
        let ca = Certificate::from_pem(&self.file(ca)).unwrap();
        let builder = reqwest::Client::builder().tls_certs_only([ca]);
        builder.pool_max_idle_per_host(0).timeout(PATIENCE)
    }

    pub fn client(&self) -> ClientBuilder {
        self.client_with("ca.pem")
    }

    pub async fn call(
        &self,
        client: &reqwest::Client,
        message: &Value,
    ) -> reqwest::Result<reqwest::Response> {
        let request = client.post(format!("https://127.0.0.1:{}/", self.port));
        request.header("Content-Type", "application/json").body(message.to_string()).send().await
    }

    /// What the server shows now to somebody who looks.
    async fn is_believed_by(&self, ca: &str) -> bool {
        let client = self.client_with(ca).build().unwrap();
        client.get(format!("https://127.0.0.1:{}/livez", self.port)).send().await.is_ok()
    }
}

fn write(folder: &Path, http: &str) {
    let text = format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ {http} }} }}\n");
    std::fs::write(folder.join("tools.yaml"), text).unwrap();
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").args(["--config", "tools.yaml", "--server"]).args(words);
    command
}

#[tokio::test]
async fn a_client_that_believes_the_authority_calls_over_tls_and_no_other_does() {
    let secure = Secure::start(FILES).await;
    let client = secure.client().build().unwrap();
    let message =
        answer(secure.call(&client, &call(1, "echo", json!({ "what": "hi" }))).await.unwrap()).await;
    assert_eq!(text(&message["result"]), "hi\n");
    assert!(!secure.is_believed_by("other-ca.pem").await);
    let mut plain = TcpStream::connect(("127.0.0.1", secure.port)).unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = String::new();
    plain.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("use https://"), "{said}");
}

#[tokio::test]
async fn a_version_that_is_too_old_is_not_spoken() {
    let secure = Secure::start(r#"tls: { cert: server.pem, key: server.key, min_version: "1.3" }"#).await;
    let get = |client: reqwest::Client| client.get(format!("https://127.0.0.1:{}/livez", secure.port)).send();
    let old = secure.client().tls_version_max(tls::Version::TLS_1_2).build().unwrap();
    assert!(get(old).await.is_err());
    assert!(get(secure.client().build().unwrap()).await.is_ok());
}

#[tokio::test]
async fn pages_of_the_servers_own_origin_are_those_that_came_over_tls() {
    let secure = Secure::start(FILES).await;
    let client = secure.client().build().unwrap();
    for (scheme, status) in [("https", 200), ("http", 403)] {
        let origin = format!("{scheme}://127.0.0.1:{}", secure.port);
        let request = client.get(format!("https://127.0.0.1:{}/livez", secure.port));
        assert_eq!(request.header("Origin", origin).send().await.unwrap().status(), status, "{scheme}");
    }
}

#[tokio::test]
async fn new_files_are_used_without_a_restart_and_what_is_broken_is_not() {
    let mut secure = Secure::start(FILES).await;
    assert!(secure.is_believed_by("ca.pem").await);
    let folder = secure.server.folder.path().to_path_buf();
    // A certificate whose key has not come yet: what was used stays.
    let (ca, key) = (folder.join("other-ca.pem"), folder.join("other-ca.key"));
    signed_by(&folder, "next", "other-ca");
    std::fs::rename(folder.join("next.pem"), folder.join("server.pem")).unwrap();
    let begun = Instant::now();
    while !secure.server.stderr().contains("the certificates stay as they were") {
        assert!(secure.is_believed_by("ca.pem").await, "what was used stays");
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    std::fs::rename(folder.join("next.key"), folder.join("server.key")).unwrap();
    while !secure.is_believed_by("other-ca.pem").await {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!secure.is_believed_by("ca.pem").await);
    assert!(ca.exists() && key.exists());
    let said = secure.server.stderr();
    assert_eq!(said.matches("the certificates stay as they were").count(), 1, "told once: {said}");
    assert_eq!(said.matches("new certificates are used").count(), 1, "{said}");
}

#[tokio::test]
async fn a_saved_file_that_names_other_certificates_is_live() {
    let secure = Secure::start(FILES).await;
    let folder = secure.server.folder.path().to_path_buf();
    signed_by(&folder, "next", "other-ca");
    write(&folder, "tls: { cert: next.pem, key: next.key }");
    let begun = Instant::now();
    while !secure.is_believed_by("other-ca.pem").await {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Where it listens, and that TLS is spoken there, counts from the next start.
    write(&folder, "");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(secure.is_believed_by("other-ca.pem").await);
}

/// A certificate for this machine.
fn signed_by(folder: &Path, name: &str, authority: &str) {
    let extensions = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";
    make_certificate(folder, &Wanted { name, subject: "/CN=next", authority, extensions, days: 2 });
}

#[tokio::test]
async fn a_certificate_for_development_is_made_once_and_kept_where_the_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let http = "tls: { self_signed: true, cert: own.pem, key: own.key }";
    let secure = Secure::start_in(folder, http).await;
    assert!(secure.is_believed_by("own.pem").await);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(secure.server.folder.path().join("own.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let first = secure.file("own.pem");
    let again = tempfile::tempdir().unwrap();
    for name in ["own.pem", "own.key"] {
        std::fs::write(again.path().join(name), secure.file(name)).unwrap();
    }
    let secure = Secure::start_in(again, http).await;
    assert_eq!(secure.file("own.pem"), first);
    assert!(secure.is_believed_by("own.pem").await);
}

#[tokio::test]
async fn a_slow_handshake_is_let_go_and_holds_up_nobody() {
    let secure = Secure::start("tls: { cert: server.pem, key: server.key, handshake_timeout: 4s }").await;
    let begun = Instant::now();
    let mut slow: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", secure.port)).unwrap();
            stream.write_all(&[0x16, 3, 1]).unwrap();
            stream
        })
        .collect();
    assert!(secure.is_believed_by("ca.pem").await);
    for stream in &mut slow {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(begun.elapsed() >= Duration::from_millis(3900) && begun.elapsed() < PATIENCE);
    assert!(secure.is_believed_by("ca.pem").await);
}

#[test]
fn without_a_usable_certificate_nothing_is_served() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    std::fs::write(folder.path().join("empty.pem"), "").unwrap();
    for (http, expected) in [
        ("tls: { cert: nowhere.pem, key: server.key }", "nowhere.pem` cannot be read"),
        ("tls: { cert: empty.pem, key: server.key }", "empty.pem` holds no certificate in PEM"),
        ("tls: { cert: server.pem, key: server.pem }", "server.pem` holds no private key in PEM"),
        ("tls: { cert: server.pem, key: client.key }", "cannot be used together"),
        (
            "tls: { cert: server.pem, key: server.key, client_ca: empty.pem }",
            "empty.pem` holds no certificate",
        ),
        ("tls: { self_signed: true, cert: server.pem, key: missing.key }", "missing.key` is not"),
    ] {
        write(folder.path(), http);
        let output = program(&["--port", "0"]).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{http}: {said}");
        assert!(said.contains(expected), "{http}: {said}");
    }
}
