//! A certificate from a real authority of that kind: Pebble, which Let's Encrypt tests clients with.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client};
use serde_json::json;
use tempfile::TempDir;

use super::house::{COMMANDS, PATIENCE};
use crate::support::certificates::make_certificates;
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

/// The certificate in files is for this name, too.
const NAME: &str = "api.db.test";

/// Ends with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, words: &[&str], folder: &Path) -> Option<Program> {
    let log = std::fs::File::create(folder.join(format!("{program}.log"))).unwrap();
    let mut command = Command::new(program);
    command.args(words).current_dir(folder).env("PEBBLE_VA_NOSLEEP", "1");
    command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null()).spawn().ok().map(Program)
}

fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A running authority, and a folder for a server whose names it proves.
struct Authority {
    folder: TempDir,
    at: PathBuf,
    /// Who has signed what it gives.
    root: Certificate,
    /// Who has signed the certificate in files.
    files: Certificate,
    /// Where it is.
    directory: u16,
    /// Where it looks for the server.
    ours: u16,
    _programs: [Program; 2],
}

impl Authority {
    /// `None` where there is none.
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_path_buf();
        make_certificates(&at);
        let (directory, management, ours) = (free(), free(), free());
        let dns = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{directory}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": "server.pem", "privateKey": "server.key",
            "httpPort": free(), "tlsPort": ours, "ocspResponderURL": "", "externalAccountBindingRequired": false,
        } });
        std::fs::write(at.join("pebble.json"), config.to_string()).unwrap();
        let names = ["-dns01", &dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", ""];
        let words = [&names[..], &["-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]].concat();
        let names = start("pebble-challtestsrv", &words, &at);
        let pebble = start("pebble", &["-config", "pebble.json", "-dnsserver", &dns], &at);
        let (Some(names), Some(pebble)) = (names, pebble) else {
            skip("there is no Pebble");
            return None;
        };
        let files = Certificate::from_pem(&std::fs::read(at.join("ca.pem")).unwrap()).unwrap();
        let client = Client::builder().tls_certs_only([files.clone()]).build().unwrap();
        let begun = Instant::now();
        // Pebble makes a root anew whenever it starts.
        let root = loop {
            match client.get(format!("https://127.0.0.1:{management}/roots/0")).send().await {
                Ok(root) => break Certificate::from_pem(&root.bytes().await.unwrap()).unwrap(),
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        Some(Self { folder, at, root, files, directory, ours, _programs: [names, pebble] })
    }

    /// The settings of TLS by which a server asks it.
    fn asked(&self) -> String {
        let directory = format!("https://127.0.0.1:{}/dir", self.directory);
        format!(
            "acme: {{ domains: [{NAME}], email: ops@example.com, directory: \"{directory}\", directory_ca: ca.pem, cache: kept }}"
        )
    }

    fn write(&self, tls: &str) {
        let http = format!("port: {}, allowed_hosts: [{NAME}], tls: {{ {tls} }}", self.ours);
        let file = format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ {http} }} }}\n");
        std::fs::write(self.at.join("tools.yaml"), file).unwrap();
    }

    /// A server with these settings.
    fn serve(&mut self, tls: &str) -> Server {
        self.write(tls);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.env_remove("PORT").args(["--config", "tools.yaml", "--server"]).current_dir(&self.at);
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Server::run(Wire::Pipes, folder, command)
    }

    /// Whether a client that believes these, and no others, is served.
    async fn is_believed(&self, believed: &[&Certificate]) -> Result<(), reqwest::Error> {
        let client = Client::builder().tls_certs_only(believed.iter().copied().cloned());
        let client = client.resolve(NAME, ([127, 0, 0, 1], self.ours).into()).build().unwrap();
        let answered = client.get(format!("https://{NAME}:{}/livez", self.ours)).send().await?;
        assert_eq!(answered.status(), 200);
        Ok(())
    }
}

#[tokio::test]
async fn an_authority_gives_a_certificate_by_itself() {
    let Some(mut authority) = Authority::start().await else { return };
    let mut server = authority.serve(&authority.asked());
    server.says("has given a certificate").await;
    let begun = Instant::now();
    while let Err(error) = authority.is_believed(&[&authority.root]).await {
        assert!(begun.elapsed() < PATIENCE, "{error:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for name in ["account.json", "key.pem", "certificate.pem"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(authority.at.join("kept").join(name)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_is_loaded_later_asks_an_authority_and_what_there_was_serves_until_then() {
    let Some(mut authority) = Authority::start().await else { return };
    let mut server = authority.serve("cert: server.pem, key: server.key");
    server.says("/mcp").await;
    authority.is_believed(&[&authority.files]).await.unwrap();
    authority.write(&authority.asked());
    let begun = Instant::now();
    while authority.is_believed(&[&authority.root]).await.is_err() {
        let either = authority.is_believed(&[&authority.root, &authority.files]).await;
        assert!(either.is_ok(), "{either:?} {}", server.stderr());
        assert!(begun.elapsed() < PATIENCE, "no certificate is asked for: {}", server.stderr());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
