//! Who is told that the list has changed, and when nobody is.

use serde_json::{Value, json};

use super::{CHANGED, ERAS, Era, Listener, edition};
use crate::support::client::modern_meta;
use crate::support::server::Server;

#[tokio::test]
async fn a_reload_that_leaves_the_list_as_it_was_is_told_to_nobody() {
    for era in ERAS {
        let mut client = Listener::serving(era, &edition(0)).await;
        client.save(&edition(0).replace("args: [hello]", "args: [hello, you]\n    timeout: 7s"));
        client.server.says("reloaded: 2 tools").await;
        assert_eq!(client.says("hello").await, "hello you\n");
        client.save(&edition(1));
        client.hears().await;
        assert_eq!(client.tools().await, ["hello", "edition_1"]);
        assert!(client.server.client.passed().is_empty(), "it was told once");
    }
}

#[tokio::test]
async fn a_file_that_is_saved_as_it_was_is_not_loaded() {
    let mut client = Listener::serving(Era::Handshake, &edition(0)).await;
    client.save(&edition(1));
    client.hears().await;
    client.save(&edition(1));
    client.save(&edition(2));
    client.hears().await;
    let said = client.server.stderr();
    assert!(said.matches("reloaded").count() <= 2, "{said}");
}

#[tokio::test]
async fn a_subscription_that_comes_after_a_change_is_told_at_once() {
    let mut server = Server::start(edition(0).strip_prefix("version: 1\n").unwrap());
    let meta = json!({ "_meta": modern_meta() });
    server.client.ask(1, "tools/list", meta.clone()).await;
    std::fs::write(server.folder.path().join("tools.yaml"), edition(1)).unwrap();
    server.says("reloaded").await;
    let wanted = json!({ "toolsListChanged": true, "promptsListChanged": true });
    let params = json!({ "notifications": wanted, "_meta": modern_meta() });
    server.client.request("s", "subscriptions/listen", params.clone()).await;
    let ack = server.client.next().await.unwrap();
    assert_eq!(ack["params"]["notifications"], json!({ "toolsListChanged": true }), "{ack}");
    assert_eq!(server.client.next().await.unwrap()["method"], CHANGED);
    // Now it has the newest list, and another subscription has nothing to say.
    server.client.ask(2, "tools/list", meta.clone()).await;
    server.client.request("t", "subscriptions/listen", params).await;
    server.client.next().await.unwrap();
    server.client.ask(3, "tools/list", meta).await;
    assert!(server.client.passed().is_empty());
}

#[tokio::test]
async fn a_cancelled_subscription_is_told_nothing_more() {
    let mut client = Listener::serving(Era::PerRequest, &edition(0)).await;
    client.server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    assert_eq!(client.tools().await, ["hello", "edition_0"]);
    client.save(&edition(1));
    client.server.says("reloaded").await;
    assert_eq!(client.tools().await, ["hello", "edition_1"]);
    assert!(client.server.client.passed().is_empty());
}

#[tokio::test]
async fn a_client_without_a_session_or_a_subscription_is_told_nothing() {
    let mut server = Server::start(edition(0).strip_prefix("version: 1\n").unwrap());
    let meta = json!({ "_meta": modern_meta() });
    server.client.ask(1, "tools/list", meta.clone()).await;
    std::fs::write(server.folder.path().join("tools.yaml"), edition(1)).unwrap();
    server.says("reloaded").await;
    server.client.ask(2, "tools/list", meta).await;
    assert!(server.client.passed().is_empty());
}

#[tokio::test]
async fn a_subscription_ends_with_the_input_and_holds_up_nothing() {
    let mut client = Listener::serving(Era::PerRequest, &edition(0)).await;
    client.server.client.hang_up();
    let rest: Vec<Value> = client.server.client.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0]["id"], 1);
    assert_eq!(rest[0]["result"]["resultType"], "complete", "{rest:?}");
    let (status, took) = client.server.ended().await;
    assert!(status.success() && took.as_secs() < 2, "{status} after {took:?}");
}
