//! TLS with a real server: whom a call believes, and who it says it is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::get;
use super::proxy::tunnels;
use crate::support::certificates::make_certificates;
use crate::support::program::mcpfier;
use crate::support::skip::skip;

/// A server of OpenSSL's, which tells whom it speaks to.
struct Tls {
    child: Child,
    url: String,
}

impl Tls {
    fn start(folder: &TempDir, name: &str, words: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_server", "-www", "-accept", "127.0.0.1:0"])
            .args(["-cert", &format!("{name}.pem"), "-key", &format!("{name}.key")])
            .args(words)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let accepts = |line: String| line.strip_prefix("ACCEPT ").map(str::to_owned);
        let address = lines.by_ref().map_while(Result::ok).find_map(accepts).expect("an address");
        // Whatever else it says is read, so that it never waits.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("https://{address}/") }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn certificates() -> Option<TempDir> {
    if Command::new("openssl").arg("version").output().is_err() {
        skip("there is no openssl; tests/run installs it");
        return None;
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    make_certificates(folder.path());
    Some(folder)
}

fn keys(folder: &TempDir, keys: &str) -> String {
    format!(", tls: {{ {} }}", keys.replace("DIR", &folder.path().to_string_lossy()))
}

#[test]
fn an_authority_of_the_file_is_believed_and_no_other() {
    let Some(folder) = certificates() else { return };
    let server = Tls::start(&folder, "server", &[]);
    let call = |keys: &str| mcpfier(&["call", "get"]).tools(&get(&server.url, keys));
    let said = call(&keys(&folder, "ca: DIR/ca.pem")).run();
    assert!(said.stdout.contains("TLSv1.3"), "{}", said.stdout);
    let several = keys(&folder, "ca: [DIR/other-ca.pem, DIR/ca.pem]");
    call(&several).run();
    for keys in [String::new(), keys(&folder, "ca: DIR/other-ca.pem")] {
        let said = call(&keys).ends_with(125).run();
        assert!(said.stderr.starts_with("mcpfier: no answer: cannot connect to "), "{}", said.stderr);
        assert!(said.stderr.contains("certificate"), "{}", said.stderr);
    }
    let old = Tls::start(&folder, "old-server", &[]);
    let tools = get(&old.url, &keys(&folder, "ca: DIR/ca.pem"));
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
    assert!(said.stderr.to_lowercase().contains("expired"), "{}", said.stderr);
}

#[test]
fn a_client_shows_its_certificate_where_it_is_asked_for() {
    let Some(folder) = certificates() else { return };
    let server =
        Tls::start(&folder, "server", &["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem"]);
    let call = |keys: &str| mcpfier(&["call", "get"]).tools(&get(&server.url, keys));
    let client = keys(&folder, "ca: DIR/ca.pem, client_cert: DIR/client.pem, client_key: DIR/client.key");
    let said = call(&client).may_talk().run();
    assert!(said.stdout.contains("CN=client") || said.stdout.contains("CN = client"), "{}", said.stdout);
    call(&keys(&folder, "ca: DIR/ca.pem")).ends_with(125).run();
    let other =
        keys(&folder, "ca: DIR/ca.pem, client_cert: DIR/other-client.pem, client_key: DIR/other-client.key");
    call(&other).ends_with(125).run();
    let plan = mcpfier(&["--dry-run", "get"]).tools(&get(&server.url, &client)).may_talk().run().stdout;
    assert!(plan.contains("--cacert ") && plan.contains("--cert ") && plan.contains("--key "), "{plan}");
}

#[test]
fn the_oldest_version_can_be_chosen() {
    let Some(folder) = certificates() else { return };
    let server = Tls::start(&folder, "server", &["-tls1_2"]);
    let call = |keys: &str| mcpfier(&["call", "get"]).tools(&get(&server.url, keys));
    call(&keys(&folder, "ca: DIR/ca.pem")).run();
    call(&keys(&folder, "ca: DIR/ca.pem, min_version: \"1.3\"")).ends_with(125).run();
}

#[test]
fn believing_anybody_takes_a_reason() {
    let Some(folder) = certificates() else { return };
    let server = Tls::start(&folder, "old-server", &[]);
    let tools = get(&server.url, ", tls: { insecure: true }");
    mcpfier(&["call", "get"]).tools(&tools).may_talk().run();
    let said = mcpfier(&["--validate"]).tools(&tools).may_talk().run();
    assert!(said.stderr.contains("warning[W0232]"), "{}", said.stderr);
    let allowed =
        tools + "    allow: [{ code: W0232, reason: It makes itself a certificate at each start. }]\n";
    let said = mcpfier(&["--validate"]).tools(&allowed).may_talk().run();
    assert!(!said.stderr.contains("W0232"), "{}", said.stderr);
}

#[test]
fn files_that_are_none_are_named() {
    let Some(folder) = certificates() else { return };
    std::fs::write(folder.path().join("none.pem"), "nothing").expect("a scratch file");
    for (tls, told) in [
        ("ca: DIR/missing.pem", "missing.pem` cannot be read"),
        ("ca: DIR/none.pem", "none.pem` holds no certificate in the form PEM"),
        ("client_cert: DIR/client.pem, client_key: DIR/none.pem", "are no certificate with its key"),
        ("client_cert: DIR/client.pem, client_key: DIR", "cannot be read: it is no regular file"),
    ] {
        let tools = get("https://127.0.0.1:1/", &keys(&folder, tls));
        let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(125).run();
        assert!(said.stderr.contains(told), "{tls}: {}", said.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let Some(folder) = certificates() else { return };
    let client = keys(&folder, "client_cert: DIR/client.pem, client_key: DIR/client.key");
    for (mode, is_told) in [(0o600, false), (0o640, true), (0o604, true)] {
        let key = folder.path().join("client.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("our file");
        let said =
            mcpfier(&["--validate"]).tools(&get("https://shop.example.com/", &client)).may_talk().run();
        assert_eq!(said.stderr.contains("warning[W0234]"), is_told, "{mode:o}: {}", said.stderr);
    }
}

#[test]
fn tls_goes_through_a_proxy_from_end_to_end() {
    let Some(folder) = certificates() else { return };
    let server = Tls::start(&folder, "server", &[]);
    let (proxy, asked) = tunnels();
    let tls = keys(&folder, "ca: DIR/ca.pem") + &format!(", proxy: \"http://{proxy}\"");
    let said = mcpfier(&["call", "get"]).tools(&get(&server.url, &tls)).run();
    assert!(said.stdout.contains("TLSv1.3"), "{}", said.stdout);
    let expected = server.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    assert_eq!(*asked.lock().expect("nobody panicked with it"), [expected]);
}
