//! What callers show to be let in, and whatever else they send, stays with the server: an upstream and
//! a command get what the file says, and nothing of it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::house::{House, answer, call, request};
use super::passwords::made;
use crate::support::client::text;
use crate::support::issuer::{Issuer, Signer, now};
use crate::support::web::{self, Web};

/// In everything that a test's caller sends beside arguments, and nowhere else.
const MARK: &str = "of-the-caller";
const KEY: &str = "a-long-key-of-the-caller";
const PASSWORD: &str = "a password of-the-caller";
const OPAQUE: &str = "a-token-that-says-nothing-of-the-caller";
const ADDRESS: &str = "203.0.113.9";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OWN: &str = "the-token-that-the-file-has-for-the-upstream";

/// `look` writes what it sees into a file: an answer would have secrets struck out.
const FILE: &str = r#"
secrets: { own: { file: own } }
commands:
  - name: ask
    description: Asks an upstream.
    webhook: { url: "UPSTREAM/asked", body: { what: "{{what}}" }, allow_private: true }
    params: { what: string }
  - name: signed
    description: Asks an upstream with a token of the file's own.
    webhook: { url: "UPSTREAM/signed", auth: { type: bearer, token: "{{secrets.own}}" }, allow_private: true }
  - name: look
    description: Writes down what it is given.
    shell: sh
    env_inherit: all
    run: "{ env; tr '\\0' '\\n' </proc/$$/cmdline; echo input: $(wc -c); } >>seen; echo looked"
  - name: all
    description: All of them.
    steps: [{ command: ask, with: { what: this } }, { command: signed }, { command: look }]
server:
  http:
    auth:
      api_keys: [{ name: robot, key: KEY }]
      basic: { users: [{ username: ann, password_hash: "HASH" }] }
      oauth: { issuer: "ISSUER", audience: api://us, introspection: { client_id: us, client_secret: the-secret-of-us } }
"#;

/// What a caller may send with a request, and none of it is about the call.
const BESIDE: [(&str, &str); 12] = [
    ("Cookie", "session=cookie-of-the-caller"),
    ("Forwarded", "for=203.0.113.9;host=of-the-caller.example.com"),
    ("X-Forwarded-For", ADDRESS),
    ("X-Forwarded-Host", "of-the-caller.example.com"),
    ("X-Real-IP", ADDRESS),
    ("Proxy-Authorization", "Bearer proxy-token-of-the-caller"),
    ("User-Agent", "agent-of-the-caller/1.0"),
    ("Referer", "http://of-the-caller.example.com/"),
    ("Baggage", "who=of-the-caller"),
    ("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("Mcp-Extra", "mcp-of-the-caller"),
    ("X-Custom", "custom-of-the-caller"),
];

/// A way to be let in: a header, and what nobody else may see of it.
struct Way {
    header: &'static str,
    value: String,
    hidden: Vec<String>,
}

impl Way {
    fn new(header: &'static str, value: String, hidden: &[&str]) -> Self {
        Self { header, value, hidden: hidden.iter().map(ToString::to_string).collect() }
    }

    fn all(token: &str) -> [Self; 6] {
        let basic = BASE64_STANDARD.encode(format!("ann:{PASSWORD}"));
        let parts: Vec<&str> = token.split('.').collect();
        [
            Self::new("Authorization", format!("Bearer {KEY}"), &[]),
            Self::new("Authorization", format!("ApiKey {KEY}"), &[]),
            Self::new("X-API-Key", KEY.to_owned(), &[]),
            Self::new("Authorization", format!("Basic {basic}"), &[&basic]),
            Self::new("Authorization", format!("Bearer {token}"), &parts),
            Self::new("Authorization", format!("Bearer {OPAQUE}"), &[]),
        ]
    }

    fn shown(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(self.header, &self.value);
        BESIDE.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Calls everything as clients of all kinds do, and gives the name of the session.
    async fn call(&self, house: &House) -> String {
        let message = call(1, "all", json!({}));
        let opens = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let opened = self.shown(house.post(&request(0, "initialize", opens))).send().await.unwrap();
        let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        for sent in [
            house.plain(&message),
            house.post(&message).header("Mcp-Session-Id", &session),
            house.modern(1, "tools/call", json!({ "name": "all", "arguments": {} })),
        ] {
            let said = answer(self.shown(sent).send().await.unwrap()).await;
            let ended = text(&said["result"]).ends_with("look:\nlooked\n");
            assert!(ended, "{} {}: {said}", self.header, self.value);
        }
        session
    }
}

async fn start(issuer: &Issuer, upstream: &Web) -> House {
    let folder = tempfile::tempdir().unwrap();
    let file = FILE
        .replace("UPSTREAM", &upstream.url())
        .replace("ISSUER", &issuer.url)
        .replace("HASH", &made(PASSWORD))
        .replace("KEY", KEY);
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    std::fs::write(folder.path().join("own"), OWN).unwrap();
    House::start_in(folder, "tools.yaml", &[]).await
}

#[tokio::test]
async fn what_a_caller_sends_beside_arguments_reaches_no_upstream_and_no_command() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let claims: Value = json!({ "active": true, "aud": "api://us", "sub": "ben", "exp": now() + 300 });
    issuer.says(OPAQUE, claims);
    let upstream = Web::start(|_, stream| web::reply(stream, &web::answer("200 OK", &[], b"heard")));
    let house = start(&issuer, &upstream).await;

    let ways = Way::all(&signer.sign(&issuer.claims("api://us")));
    let mut hidden = vec![MARK.to_owned(), ADDRESS.to_owned(), TRACE.to_owned()];
    for way in &ways {
        hidden.push(way.call(&house).await);
        hidden.extend_from_slice(&way.hidden);
    }

    let heard = upstream.heard();
    assert_eq!(heard.len(), 2 * 3 * ways.len());
    for request in &heard {
        let names: BTreeSet<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        let (expected, token): (&[&str], _) = match request.target.as_str() {
            "/asked" => {
                (&["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"], None)
            }
            _ => (
                &["accept", "accept-encoding", "authorization", "host", "user-agent"],
                Some(format!("Bearer {OWN}")),
            ),
        };
        assert_eq!(names, BTreeSet::from_iter(expected.iter().copied()), "{}", request.target);
        assert_eq!(request.header("authorization"), token.as_deref(), "{}", request.target);
        tells_nothing(&format!("{request:?}"), &hidden);
    }

    let seen = std::fs::read_to_string(house.server.folder.path().join("seen")).unwrap();
    assert_eq!(seen.matches("input: 0\n").count(), 3 * ways.len(), "{seen}");
    assert_eq!(seen.matches("\nPATH=").count(), 3 * ways.len(), "{seen}");
    tells_nothing(&seen, &hidden);
}

#[track_caller]
fn tells_nothing(seen: &str, hidden: &[String]) {
    for word in hidden {
        assert!(!seen.contains(word.as_str()), "`{word}` is in\n{seen}");
    }
}
