//! A certificate from a real authority of that kind: Pebble, which Let's Encrypt tests clients with.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Certificate;
use serde_json::json;

use super::house::{COMMANDS, PATIENCE};
use crate::support::certificates::make_certificates;
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

const NAME: &str = "tools.mcpfier.test";

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

#[tokio::test]
async fn an_authority_gives_a_certificate_by_itself() {
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
    let Some(_names) = start("pebble-challtestsrv", &words, &at) else {
        return skip("there is no Pebble");
    };
    let Some(_pebble) = start("pebble", &["-config", "pebble.json", "-dnsserver", &dns], &at) else {
        return skip("there is no Pebble");
    };
    let begun = Instant::now();
    let trusting = Certificate::from_pem(&std::fs::read(at.join("ca.pem")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusting]).build().unwrap();
    // Pebble makes a root anew whenever it starts.
    let root = loop {
        match client.get(format!("https://127.0.0.1:{management}/roots/0")).send().await {
            Ok(root) => break root.bytes().await.unwrap(),
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let acme = format!(
        "domains: [{NAME}], email: ops@example.com, directory: \"https://127.0.0.1:{directory}/dir\", directory_ca: ca.pem, cache: kept"
    );
    let http = format!("port: {ours}, allowed_hosts: [{NAME}], tls: {{ acme: {{ {acme} }} }}");
    std::fs::write(
        at.join("tools.yaml"),
        format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ {http} }} }}\n"),
    )
    .unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").args(["--config", "tools.yaml", "--server"]).current_dir(&at);
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.says("has given a certificate").await;
    let client = reqwest::Client::builder().tls_certs_only([Certificate::from_pem(&root).unwrap()]);
    let client =
        client.resolve(NAME, ([127, 0, 0, 1], ours).into()).pool_max_idle_per_host(0).build().unwrap();
    let begun = Instant::now();
    loop {
        match client.get(format!("https://{NAME}:{ours}/livez")).send().await {
            Ok(answer) => break assert_eq!(answer.status(), 200),
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for name in ["account.json", "key.pem", "certificate.pem"] {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(at.join("kept").join(name)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
