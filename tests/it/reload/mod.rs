//! A saved change is live without a restart, whatever saves it, and nobody who calls notices more
//! than another list of tools.

mod agreed;
mod calls;
mod composed;
mod listeners;
mod long;
mod rechecks;
mod saves;
mod terminal;
mod wrong;

use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::{modern_meta, text};
use crate::support::server::{Server, Wire};

const CHANGED: &str = "notifications/tools/list_changed";

/// The file with a tool that every edition has, and one that tells editions apart.
fn edition(number: usize) -> String {
    format!(
        "version: 1
commands:
  - name: hello
    description: Says hello.
    script: echo
    args: [hello]
  - name: edition_{number}
    description: The tool of this edition.
    script: echo
    args: ['{number}']
"
    )
}

/// How a client speaks with the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Era {
    Handshake,
    PerRequest,
}

const ERAS: [Era; 2] = [Era::Handshake, Era::PerRequest];

/// A client of one era that hears of changes.
struct Listener {
    era: Era,
    server: Server,
    last_id: u64,
}

impl Listener {
    /// Serves `tools.yaml` of this folder.
    async fn start(era: Era, folder: TempDir) -> Self {
        Self::start_with(era, folder, &[]).await
    }

    async fn start_with(era: Era, folder: TempDir, words: &[&str]) -> Self {
        Self::of(era, Server::start_with(Wire::Pipes, folder, words)).await
    }

    async fn of(era: Era, server: Server) -> Self {
        let mut listener = Self { era, server, last_id: 0 };
        match era {
            Era::Handshake => {
                listener.server.client.initialize().await;
            }
            Era::PerRequest => {
                listener
                    .request("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }))
                    .await;
                let ack = listener.server.client.next().await.unwrap();
                assert_eq!(ack["method"], "notifications/subscriptions/acknowledged", "{ack}");
            }
        }
        listener
    }

    /// Serves a file with this content.
    async fn serving(era: Era, content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tools.yaml"), content).unwrap();
        Self::start(era, folder).await
    }

    fn folder(&self) -> &Path {
        self.server.folder.path()
    }

    fn save(&self, content: &str) {
        std::fs::write(self.folder().join("tools.yaml"), content).unwrap();
    }

    /// Saves as a careful program does: at no time there is half a file.
    fn replace(&self, content: &str) {
        let fresh = self.folder().join("tools.yaml.new");
        std::fs::write(&fresh, content).unwrap();
        std::fs::rename(fresh, self.folder().join("tools.yaml")).unwrap();
    }

    fn hang_up(&self) {
        self.server.signal(Signal::SIGHUP);
    }

    async fn request(&mut self, method: &str, mut params: Value) -> u64 {
        if self.era == Era::PerRequest {
            params["_meta"] = modern_meta();
        }
        self.last_id += 1;
        self.server.client.request(self.last_id, method, params).await;
        self.last_id
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params).await;
        self.server.client.answer(id).await
    }

    async fn call(&mut self, tool: &str) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": {} })).await
    }

    async fn says(&mut self, tool: &str) -> String {
        let answer = self.call(tool).await;
        text(&answer["result"]).to_owned()
    }

    async fn tools(&mut self) -> Vec<String> {
        let answer = self.ask("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {answer}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for the next change.
    async fn hears(&mut self) {
        let passed = self.server.client.passed();
        if passed.iter().any(|message| message["method"] == CHANGED) {
            return;
        }
        let message = self.server.client.next().await.expect("the server is there");
        self.is_change(&message);
    }

    fn is_change(&self, message: &Value) {
        assert_eq!(message["method"], CHANGED, "{message}");
        let subscription = &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        match self.era {
            Era::Handshake => assert!(message.get("params").is_none(), "{message}"),
            Era::PerRequest => assert_eq!(subscription, 1, "{message}"),
        }
    }

    /// Calls without pause until a change is heard; every call is answered.
    async fn calls_until_it_hears(&mut self) {
        let (mut in_flight, mut heard) = (Vec::new(), false);
        while !heard || !in_flight.is_empty() {
            while !heard && in_flight.len() < 4 {
                in_flight.push(self.request("tools/call", json!({ "name": "hello", "arguments": {} })).await);
            }
            let message = self.server.client.next().await.expect("the server is there");
            if message.get("method").is_some() {
                self.is_change(&message);
                heard = true;
                continue;
            }
            in_flight.retain(|id| message["id"] != json!(id));
            assert_eq!(text(&message["result"]), "hello\n", "{message}");
        }
    }
}
