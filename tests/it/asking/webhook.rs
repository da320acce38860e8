//! Somebody elsewhere decides: the call goes to them as a signed request, and they answer now or later.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::shell::{mcpfier, place, said};
use crate::support::client::text;
use crate::support::server::{Server, Wire};
use crate::support::web::{Heard, Web, answer, reply};

const SECRET: &str = "whsec_c29tZXRoaW5nIG9mIGEgZ29vZCBsZW5ndGg=";
/// A value that nobody may read.
const PIN: &str = "4711-0815";

/// Answers each request with what stands here at that moment.
struct Office {
    web: Web,
    says: Arc<Mutex<Vec<u8>>>,
}

impl Office {
    fn open() -> Self {
        let says = Arc::new(Mutex::new(Vec::new()));
        let words = Arc::clone(&says);
        let web = Web::start(move |_, stream| {
            let words = words.lock().expect("nobody panicked with it").clone();
            reply(stream, &words);
        });
        Self { web, says }
    }

    fn says(&self, status: &str, body: &str) {
        let words = answer(status, &[("Content-Type", "application/json")], body.as_bytes());
        *self.says.lock().expect("nobody panicked with it") = words;
    }

    fn file(&self, more: &str) -> String {
        let url = self.web.url();
        format!(
            r#"
secrets: {{ office: {{ file: secret }} }}
commands:
  - name: pay
    description: Pays an invoice.
    script: touch
    args: ["paid-{{{{invoice}}}}"]
    env: {{ PIN: "{{{{pin}}}}" }}
    params:
      invoice: {{ type: string, pattern: "^[0-9]+$" }}
      pin: {{ type: string, pattern: "^[0-9-]+$", sensitive: true }}
    confirm:
      text: "Pay {{{{invoice}}}} with {{{{pin}}}}?"
      approve: {{ webhook: {{ url: "{url}/ask?of={{{{tool}}}}", secret: "{{{{secrets.office}}}}", headers: {{ X-Team: blue }}{more} }} }}
"#
        )
    }

    fn house(&self, more: &str) -> TempDir {
        let folder = place(&self.file(more));
        std::fs::write(folder.path().join("secret"), SECRET).unwrap();
        folder
    }

    async fn server(&self, more: &str) -> Server {
        let folder = self.house(more);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.arg("--config").arg(folder.path().join("tools.yaml"));
        command.env("XDG_STATE_HOME", folder.path().join("state"));
        let mut server = Server::run(Wire::Pipes, folder, command);
        server.client.initialize().await;
        server
    }
}

fn pay(invoice: &str) -> Value {
    json!({ "invoice": invoice, "pin": PIN })
}

fn paid(server: &Server, invoice: &str) -> bool {
    server.folder.path().join(format!("paid-{invoice}")).exists()
}

/// Whether it is signed with the secret, judged by the library that TLS is made of and not by ours.
fn is_signed(heard: &Heard) -> bool {
    let key = BASE64_STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let (id, time) = (
        heard.header("webhook-id").unwrap_or_default(),
        heard.header("webhook-timestamp").unwrap_or_default(),
    );
    let made = aws_lc_rs::hmac::sign(&key, format!("{id}.{time}.{}", heard.body).as_bytes());
    let made = format!("v1,{}", BASE64_STANDARD.encode(made.as_ref()));
    id.len() > 20 && time.parse::<u64>().is_ok() && heard.header("webhook-signature") == Some(&made)
}

#[tokio::test]
async fn whoever_answers_decides_at_once() {
    let office = Office::open();
    let mut server = office.server(", allow_private: true").await;
    office.says("200 OK", r#"{ "decision": "approve", "by": "ann" }"#);
    let done = server.client.call(1, "pay", pay("12")).await;
    assert_eq!(done["isError"], false, "{done}");
    assert!(paid(&server, "12"));
    let heard = office.web.heard();
    let heard = heard.first().unwrap();
    assert_eq!((heard.method.as_str(), heard.target.as_str()), ("POST", "/ask?of=pay"));
    assert_eq!(heard.header("x-team"), Some("blue"));
    assert!(is_signed(heard), "{heard:?}");
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    let mut fields: Vec<&String> = body.as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["caller", "expires", "id", "plan", "text", "tool"]);
    assert_eq!((&body["tool"], &body["caller"]), (&json!("pay"), &json!("local:local")));
    let shown = body["text"].as_str().unwrap();
    assert!(shown.starts_with("Pay 12 with ***?\n\nThis would run:\n"), "{shown}");
    assert!(shown.contains("touch paid-12"), "{shown}");
    assert!(!heard.body.contains(PIN) && !heard.body.contains("c29tZXRoaW5n"), "{}", heard.body);
    let expires = body["expires"].as_str().unwrap();
    assert!(expires.starts_with("20") && expires.ends_with('Z'), "{expires}");
    for (id, (status, words, expected)) in (10..).zip([
        (
            "200 OK",
            r#"{ "decision": "deny", "by": "ann", "reason": "too much" }"#,
            "it was denied by ann: too much",
        ),
        ("200 OK", r#"{ "decision": "maybe" }"#, "with the decision `maybe`"),
        ("200 OK", "yes", "its answer is no"),
        ("200 OK", "", "its answer is no"),
        ("204 No Content", "", "HTTP status 204"),
        ("403 Forbidden", r#"{ "decision": "approve" }"#, "HTTP status 403"),
        ("500 Broken", "", "HTTP status 500"),
    ]) {
        office.says(status, words);
        let refused = server.client.call(id, "pay", pay("13")).await;
        assert_eq!(refused["isError"], true, "{status} {words}");
        assert!(text(&refused).contains("has to be confirmed before it runs"), "{refused}");
        assert!(text(&refused).contains(expected), "{expected}: {refused}");
        assert!(!paid(&server, "13"), "{status} {words}");
    }
    // An approval of one call is none of another.
    assert_eq!(office.web.heard().len(), 8);
}

#[tokio::test]
async fn a_decision_that_comes_later_is_waited_for_at_the_shell() {
    let office = Office::open();
    let mut server = office.server(", allow_private: true").await;
    office.says("202 Accepted", "");
    let refused = server.client.call(1, "pay", pay("12")).await;
    let sent: Value = serde_json::from_str(&office.web.heard()[0].body).unwrap();
    let id = sent["id"].as_str().unwrap();
    assert!(text(&refused).contains(&format!("mcpfier approvals approve {id}")), "{refused}");
    office.says("200 OK", r#"{ "decision": "approve" }"#);
    let again = server.client.call(2, "pay", pay("12")).await;
    assert!(text(&again).contains(id), "it waits already: {again}");
    assert_eq!(office.web.heard().len(), 1, "it was asked twice");
    assert!(mcpfier(&server.folder, &["approvals", "approve", id]).status.success());
    assert_eq!(server.client.call(3, "pay", pay("12")).await["isError"], false);
    assert!(paid(&server, "12"));
    assert_eq!(office.web.heard().len(), 1, "what was approved was asked again");
    office.says("202 Accepted", "");
    let refused = server.client.call(4, "pay", pay("14")).await;
    let sent: Value = serde_json::from_str(&office.web.heard()[1].body).unwrap();
    let id = sent["id"].as_str().unwrap();
    assert_eq!(refused["isError"], true);
    assert!(mcpfier(&server.folder, &["approvals", "deny", id, "--reason", "no money"]).status.success());
    let denied = server.client.call(5, "pay", pay("14")).await;
    assert!(text(&denied).contains("it was denied: no money"), "{denied}");
    assert!(!paid(&server, "14"));
}

#[tokio::test]
async fn the_request_keeps_to_the_rules_of_calls() {
    let office = Office::open();
    office.says("200 OK", r#"{ "decision": "approve" }"#);
    let folder = office.house("");
    let refused = mcpfier(&folder, &["pay", "invoice=12", &format!("pin={PIN}")]);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("reached from this host or its network only"), "{}", said(&refused));
    assert_eq!(office.web.heard().len(), 0, "a private address was reached");
    let mut server = office.server(", allow_private: true, timeout: 1s").await;
    let away = answer("302 Found", &[("Location", &format!("{}/other", office.web.url()))], b"");
    *office.says.lock().unwrap() = away;
    let refused = server.client.call(1, "pay", pay("12")).await;
    assert!(text(&refused).contains("HTTP status 302"), "{refused}");
    assert_eq!(office.web.heard().len(), 1, "a redirect was followed");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = std::fs::read_to_string(server.folder.path().join("tools.yaml")).unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let file = file.replace(&office.web.address.port().to_string(), &port);
    let folder = place(file.strip_prefix("version: 1\n").unwrap());
    std::fs::write(folder.path().join("secret"), SECRET).unwrap();
    let waited = mcpfier(&folder, &["pay", "invoice=12", &format!("pin={PIN}")]);
    assert_eq!(waited.status.code(), Some(6), "{}", said(&waited));
    assert!(said(&waited).contains("gave no answer"), "{}", said(&waited));
    assert!(!folder.path().join("paid-12").exists() && !paid(&server, "12"));
}

#[test]
fn a_plan_says_who_decides() {
    let office = Office::open();
    let folder = office.house(", allow_private: true");
    let planned = said(&mcpfier(&folder, &["--dry-run", "pay", "invoice=12", &format!("pin={PIN}")]));
    let decides = format!("Pay 12 with ***? ({}/ask?of={{{{tool}}}} decides)", office.web.url());
    assert!(planned.contains(&decides), "{planned}");
    let planned = mcpfier(&folder, &["--dry-run", "--json", "pay", "invoice=12", &format!("pin={PIN}")]);
    let planned: Value = serde_json::from_slice(&planned.stdout).unwrap();
    let webhook = format!("{}/ask?of={{{{tool}}}}", office.web.url());
    assert_eq!(planned["confirm"]["approve"], json!({ "webhook": webhook }));
    assert_eq!(office.web.heard().len(), 0, "a plan has asked somebody");
}

#[test]
fn a_lock_holds_fast_who_decides() {
    let office = Office::open();
    let folder = office.house(", allow_private: true");
    let locked = mcpfier(&folder, &["lock"]);
    assert!(locked.status.success(), "{}", said(&locked));
    let kept = mcpfier(&folder, &["lock", "--check"]);
    assert!(kept.status.success(), "{}", said(&kept));
    let file = folder.path().join("tools.yaml");
    for (from, to) in [
        ("/ask?of", "/elsewhere?of"),
        ("X-Team: blue", "X-Team: red"),
        ("secret: \"{{secrets.office}}\", ", ""),
    ] {
        let before = std::fs::read_to_string(&file).unwrap();
        assert!(before.contains(from), "{before}");
        std::fs::write(&file, before.replace(from, to)).unwrap();
        let changed = mcpfier(&folder, &["lock", "--check"]);
        assert!(!changed.status.success() && said(&changed).contains("pay"), "{from}: {}", said(&changed));
        std::fs::write(&file, before).unwrap();
    }
}
