//! Callers who are known by the certificate of their client.

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Identity;
use serde_json::json;

use super::house::{PATIENCE, answer, call, request};
use super::tls::Secure;
use crate::support::certificates::{make_certificates, run};
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

#[tokio::test]
async fn a_certificate_lets_in_its_owner_with_what_they_may() {
    let secure = start("required").await;
    let ci = with(&secure, "client");
    let message = call(1, "echo", json!({ "what": "known" }));
    let said = answer(secure.call(&ci, &message).await.unwrap()).await;
    assert_eq!(text(&said["result"]), "known\n");
    let listed = answer(secure.call(&ci, &request(1, "tools/list", json!({}))).await.unwrap()).await;
    let names: Vec<&str> = listed["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["echo"]);
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
