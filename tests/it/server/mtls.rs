//! Callers who are known by the certificate of their client.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Identity;
use serde_json::{Value, json};

use super::house::{COMMANDS, PATIENCE, answer, call, request};
use super::tls::Secure;
use crate::audit::{of, until_in};
use crate::support::certificates::{Wanted, make_certificate, make_certificates, run};
use crate::support::client::text;

const USERS: &str = r#"tls: { cert: server.pem, key: server.key, client_ca: ca.pem, client_auth: CLIENT_AUTH },
    auth: {
      api_keys: [{ name: ann, key: a-key-of-ann-in-a-test, permissions: [slow] }],
      mtls: { users: [{ subject: "CN=client", name: ci, permissions: [echo] }] },
    }"#;

async fn start(client_auth: &str) -> Secure {
    Secure::start(&USERS.replace("CLIENT_AUTH", client_auth)).await
}

fn with(secure: &Secure, name: &str) -> reqwest::Client {
    let both = [secure.file(&format!("{name}.pem")), secure.file(&format!("{name}.key"))].concat();
    secure.client().identity(Identity::from_pem(&both).unwrap()).build().unwrap()
}

async fn tools(secure: &Secure, client: &reqwest::Client) -> Vec<String> {
    let listed = answer(secure.call(client, &request(1, "tools/list", json!({}))).await.unwrap()).await;
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools: {listed}"));
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_certificate_lets_in_its_owner_with_what_they_may() {
    let secure = start("required").await;
    let ci = with(&secure, "client");
    let message = call(1, "echo", json!({ "what": "known" }));
    let said = answer(secure.call(&ci, &message).await.unwrap()).await;
    assert_eq!(text(&said["result"]), "known\n");
    assert_eq!(tools(&secure, &ci).await, ["echo"]);
    let denied = answer(secure.call(&ci, &call(1, "slow", json!({}))).await.unwrap()).await;
    assert!(denied["error"]["message"].as_str().unwrap().contains("slow"), "{denied}");
}

#[tokio::test]
async fn who_has_no_certificate_that_is_believed_is_not_even_talked_to() {
    let secure = start("required").await;
    let message = call(1, "echo", json!({ "what": "in" }));
    let nobody = secure.client().build().unwrap();
    assert!(secure.call(&nobody, &message).await.is_err());
    for name in ["other-client", "old-client", "server"] {
        let client = with(&secure, name);
        assert!(secure.call(&client, &message).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_believed_certificate_of_nobody_in_the_file_lets_nobody_in() {
    let mut secure =
        Secure::start(&USERS.replace("CLIENT_AUTH", "optional").replace("CN=client", "CN=another")).await;
    let client = with(&secure, "client");
    let response = secure.call(&client, &call(1, "echo", json!({ "what": "in" }))).await.unwrap();
    assert_eq!(response.status(), 401);
    secure.server.says("the certificate of `CN=client` is nobody's").await;
}

#[tokio::test]
async fn where_certificates_are_optional_a_key_does_and_wins_over_one() {
    let secure = start("optional").await;
    let nobody = secure.client().build().unwrap();
    let message = call(1, "slow", json!({ "seconds": 0 }));
    assert_eq!(secure.call(&nobody, &message).await.unwrap().status(), 401);
    for client in [nobody, with(&secure, "client")] {
        let request = client.post(format!("https://127.0.0.1:{}/", secure.port));
        let request =
            request.header("Content-Type", "application/json").header("X-API-Key", "a-key-of-ann-in-a-test");
        let said = answer(request.body(message.to_string()).send().await.unwrap()).await;
        assert_eq!(text(&said["result"]), "started\ndone\n");
    }
}

/// Makes the list of an authority anew, after it has taken back a certificate if one is named.
fn list(folder: &Path, revoked: Option<&str>) {
    let path = |name: &str| folder.join(name).display().to_string();
    let settings = format!(
        "[ca]\ndefault_ca = own\n[own]\ndatabase = {}\ncrlnumber = {}\ndefault_md = sha256\ndefault_crl_days = 30\n",
        path("index"),
        path("number")
    );
    std::fs::write(path("authority"), settings).unwrap();
    if !folder.join("index").exists() {
        std::fs::write(path("index"), "").unwrap();
        std::fs::write(path("number"), "01\n").unwrap();
    }
    let (settings, key, ca, out) = (path("authority"), path("ca.key"), path("ca.pem"), path("new.crl"));
    let with = ["ca", "-config", &settings, "-keyfile", &key, "-cert", &ca];
    if let Some(revoked) = revoked {
        run("openssl", &[&with[..], &["-revoke", &path(revoked)]].concat());
    }
    run("openssl", &[&with[..], &["-gencrl", "-out", &out]].concat());
    std::fs::rename(out, path("clients.crl")).unwrap();
}

#[tokio::test]
async fn a_certificate_that_its_authority_takes_back_lets_in_no_more() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    list(folder.path(), None);
    let file =
        USERS.replace("CLIENT_AUTH", "required").replace("client_ca", "client_crl: clients.crl, client_ca");
    let secure = Secure::start_in(folder, &file).await;
    let ci = with(&secure, "client");
    let message = call(1, "echo", json!({ "what": "known" }));
    let said = answer(secure.call(&ci, &message).await.unwrap()).await;
    assert_eq!(text(&said["result"]), "known\n");
    list(secure.server.folder.path(), Some("client.pem"));
    let begun = Instant::now();
    while secure.call(&ci, &message).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it is still let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Callers by other names of their certificates, who have different roles.
const OTHER_NAMES: &str = r#"
audit: { file: audit.jsonl }
roles:
  - { name: talker, permissions: [echo] }
  - { name: waiter, permissions: [slow] }
server:
  http:
    tls: { cert: server.pem, key: server.key, client_ca: ca.pem }
    auth:
      mtls:
        users:
          - { san: "dns:robot.example.com", name: robot, roles: [talker] }
          - { san: "email:ci@example.com", name: ci, roles: [waiter] }
          - { san: "uri:spiffe://example.com/nightly", name: nightly, roles: [talker, waiter] }
          - { san: "ip:2001:DB8:0:0::7", permissions: [echo] }
          - { subject: "CN=somebody", name: somebody, permissions: ["*"] }
"#;

async fn start_with_other_names() -> Secure {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{COMMANDS}{OTHER_NAMES}")).unwrap();
    Secure::serve(folder).await
}

/// A client with a certificate of these names.
fn named(secure: &Secure, subject: &str, names: &str) -> reqwest::Client {
    let names = if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
    let extensions = format!("extendedKeyUsage=clientAuth\n{names}");
    let wanted = Wanted { name: "named", subject, authority: "ca", extensions: &extensions, days: 2 };
    make_certificate(secure.server.folder.path(), &wanted);
    with(secure, "named")
}

#[tokio::test]
async fn a_certificate_lets_in_by_another_name_in_it_with_the_roles_of_that_caller() {
    let secure = start_with_other_names().await;
    let shown = [
        ("/CN=any", "DNS:robot.example.com", "robot", &["echo"][..]),
        ("/CN=any", "DNS:ROBOT.Example.COM", "robot", &["echo"]),
        ("/CN=any", "email:ci@example.com", "ci", &["slow"]),
        // Those who make such names leave the subject empty.
        ("/", "critical,URI:spiffe://example.com/nightly", "nightly", &["echo", "slow"]),
        ("/CN=any", "IP:2001:db8::7", "2001:DB8:0:0::7", &["echo"]),
        // Of several names it takes one, wherever it stands among those of nobody.
        ("/CN=any", "DNS:a.example.com,email:ci@example.com,URI:urn:b", "ci", &["slow"]),
        ("/CN=any", "otherName:1.2.3.4;UTF8:c,DNS:a.example.com,DNS:robot.example.com", "robot", &["echo"]),
    ];
    for (subject, names, caller, expected) in shown {
        let client = named(&secure, subject, names);
        assert_eq!(tools(&secure, &client).await, expected, "{caller} by {names}");
        let arguments = if expected[0] == "echo" { json!({ "what": "in" }) } else { json!({ "seconds": 0 }) };
        let said = answer(secure.call(&client, &call(1, expected[0], arguments)).await.unwrap()).await;
        assert_eq!(said["result"]["isError"], false, "{caller}: {said}");
    }
    let records = until_in(secure.server.folder.path(), "call.ended", shown.len()).await;
    let callers: Vec<Value> =
        of(&records, "call.began").into_iter().map(|began| began["caller"].clone()).collect();
    let expected: Vec<Value> =
        shown.iter().map(|(_, _, caller, _)| json!(format!("certificate:{caller}"))).collect();
    assert_eq!(callers, expected);
}

#[tokio::test]
async fn another_name_that_is_only_like_a_callers_lets_nobody_in() {
    let secure = start_with_other_names().await;
    let shown = [
        ("/CN=robot.example.com", ""),
        ("/CN=dns:robot.example.com", "DNS:a.example.com"),
        ("/CN=any", "DNS:robot.example.com.evil.test"),
        ("/CN=any", "DNS:*.example.com"),
        ("/CN=any", "email:robot.example.com"),
        ("/CN=any", "URI:robot.example.com"),
        ("/CN=any", "URI:dns:robot.example.com"),
        ("/CN=any", "email:CI@example.com"),
        ("/CN=any", "URI:spiffe://example.com/Nightly"),
        ("/CN=any", "URI:spiffe://example.com/nightly/more"),
        ("/CN=any", "IP:2001:db8::8"),
        ("/CN=any", "otherName:1.2.3.4;UTF8:robot.example.com"),
    ];
    for (subject, names) in shown {
        let client = named(&secure, subject, names);
        let refused = secure.call(&client, &call(1, "echo", json!({ "what": "in" }))).await.unwrap();
        assert_eq!(refused.status(), 401, "{subject} {names}");
    }
    let records = until_in(secure.server.folder.path(), "request.refused", shown.len()).await;
    assert!(of(&records, "call.began").is_empty(), "{records:#?}");
}

#[tokio::test]
async fn a_certificate_with_the_names_of_two_callers_lets_nobody_in() {
    let mut secure = start_with_other_names().await;
    for (subject, names) in [
        ("/CN=two-hats", "DNS:robot.example.com,email:ci@example.com"),
        ("/CN=somebody", "DNS:a.example.com,URI:spiffe://example.com/nightly"),
    ] {
        let client = named(&secure, subject, names);
        let refused = secure.call(&client, &request(1, "tools/list", json!({}))).await.unwrap();
        assert_eq!(refused.status(), 401, "{subject} {names}");
    }
    secure.server.says("the certificate of `CN=two-hats` is that of several of `auth.mtls`").await;
    // The same caller by two names is one caller.
    let client = named(&secure, "/CN=any", "DNS:robot.example.com,DNS:Robot.example.com");
    assert_eq!(tools(&secure, &client).await, ["echo"]);
}
