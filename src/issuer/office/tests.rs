//! The ages of keys, on a clock that stands still until a test moves it.

use std::sync::mpsc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;

const INSTANT: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
const METADATA: &str = "/.well-known/openid-configuration";

/// An issuer that says what a test wants, and remembers what it was asked for.
struct Source {
    url: String,
    says: Mutex<Vec<(&'static str, String)>>,
    asked: Mutex<Vec<String>>,
    is_asked: Notify,
    /// Whoever has it keeps every answer back.
    answers: tokio::sync::Mutex<()>,
}

impl Source {
    async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            says: Mutex::default(),
            asked: Mutex::default(),
            is_asked: Notify::new(),
            answers: tokio::sync::Mutex::default(),
        });
        let own = Arc::clone(&source);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let own = Arc::clone(&own);
                tokio::spawn(async move { own.answer(stream).await });
            }
        });
        source
    }

    async fn answer(&self, stream: TcpStream) {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next_line().await.unwrap().unwrap_or_default();
        while lines.next_line().await.unwrap().is_some_and(|line| !line.is_empty()) {}
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let said = lock(&self.says).iter().find(|(place, _)| *place == path).map(|(_, text)| text.clone());
        lock(&self.asked).push(path);
        self.is_asked.notify_one();
        let _may_answer = self.answers.lock().await;
        let (status, text) = said.map_or((500, String::new()), |text| (200, text));
        let head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", text.len());
        let mut stream = lines.into_inner().into_inner();
        stream.write_all(format!("{head}{text}").as_bytes()).await.unwrap();
    }

    fn says(&self, place: &'static str, text: String) {
        self.is_silent_at(place);
        lock(&self.says).push((place, text));
    }

    fn is_silent_at(&self, place: &'static str) {
        lock(&self.says).retain(|(other, _)| *other != place);
    }

    /// From now on these are its keys.
    fn has(&self, ids: &[&str]) {
        self.says("/keys", keys(ids));
    }

    fn asked(&self, place: &str) -> usize {
        lock(&self.asked).iter().filter(|asked| *asked == place).count()
    }
}

fn keys(ids: &[&str]) -> String {
    // A key is named here and verifies nothing.
    let key = |id: &&str| json!({ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43), "kid": id });
    json!({ "keys": ids.iter().map(key).collect::<Vec<Value>>() }).to_string()
}

struct Scene {
    source: Arc<Source>,
    office: Arc<Office>,
    /// A paused clock runs ahead where all wait for the network, unless somebody is at work elsewhere.
    _clock: mpsc::Sender<()>,
}

impl Scene {
    /// An issuer with these keys, of which nothing is known yet.
    async fn start(ids: &[&str]) -> Self {
        let source = Source::start().await;
        source.has(ids);
        let place = format!("{}/keys", source.url);
        Self::of(source, Some(place))
    }

    fn of(source: Arc<Source>, jwks_uri: Option<String>) -> Self {
        let (clock, ends) = mpsc::channel();
        tokio::task::spawn_blocking(move || ends.recv());
        let office = Office::new(issuer(&source.url, jwks_uri), Arc::default());
        Self { source, office: Arc::new(office), _clock: clock }
    }

    /// Whether a token that names a key finds it.
    async fn finds(&self, id: &str) -> bool {
        self.office.keys(Some(id)).await.is_ok_and(|keys| keys.knows(id))
    }

    /// What is being fetched has come.
    async fn settle(&self) {
        drop(self.office.turn.lock().await);
    }

    fn fetched(&self) -> usize {
        self.source.asked("/keys")
    }

    /// How often a crowd of tokens that name keys which do not exist has the issuer asked.
    async fn storm(&self) -> usize {
        let before = self.fetched();
        let ids: Vec<String> = (0..50).map(|number| format!("unknown-{number}")).collect();
        let found = join_all(ids.iter().map(|id| self.finds(id))).await;
        assert_eq!(found, vec![false; ids.len()]);
        self.fetched() - before
    }
}

fn issuer(name: &str, jwks_uri: Option<String>) -> Issuer {
    Issuer { jwks_uri, ..Issuer::plain(name, "api://us") }
}

async fn later(by: Duration) {
    tokio::time::advance(by).await;
}

#[tokio::test(start_paused = true)]
async fn fresh_keys_are_not_fetched_again_and_older_ones_once_while_they_are_used() {
    let scene = Scene::start(&["one"]).await;
    assert!(scene.finds("one").await);
    scene.source.is_asked.notified().await;
    later(FRESH).await;
    assert!(scene.finds("one").await);
    scene.settle().await;
    assert_eq!(scene.fetched(), 1);

    scene.source.has(&["one", "two"]);
    later(INSTANT).await;
    let kept_back = scene.source.answers.lock().await;
    for _ in 0..50 {
        assert!(scene.finds("one").await, "nobody waits for the new ones");
    }
    scene.source.is_asked.notified().await;
    drop(kept_back);
    scene.settle().await;
    assert_eq!(scene.fetched(), 2, "they are fetched once for all who found them old");
    assert!(scene.finds("two").await);
    later(FRESH).await;
    assert!(scene.finds("one").await);
    scene.settle().await;
    assert_eq!(scene.fetched(), 2, "and are fresh again");
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_exist_are_asked_for_three_times_at_once_and_then_every_fifteen_seconds() {
    let scene = Scene::start(&["one"]).await;
    let mut asked = vec![scene.storm().await];
    for seconds in [14, 1, 14, 1, 0] {
        later(Duration::from_secs(seconds)).await;
        asked.push(scene.storm().await);
    }
    assert_eq!(asked, [3, 0, 1, 0, 1, 0]);
    assert!(scene.finds("one").await, "who is known is held up by nobody");
    assert_eq!(scene.fetched(), 5);
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_had_again_count_for_an_hour_and_no_longer() {
    let scene = Scene::start(&["one"]).await;
    assert!(scene.finds("one").await);
    let troubles = [None, Some(keys(&[])), Some("<html>".to_owned())];
    for (minute, trouble) in (1..60).zip(troubles.iter().cycle()) {
        match trouble {
            Some(text) => scene.source.says("/keys", text.clone()),
            None => scene.source.is_silent_at("/keys"),
        }
        later(MINUTE).await;
        assert!(scene.finds("one").await, "after {minute} minutes");
        scene.settle().await;
    }
    assert_eq!(scene.fetched(), 1 + (11..60).count(), "it is tried as long as they are old");
    scene.source.is_silent_at("/keys");
    later(MINUTE - INSTANT).await;
    assert!(scene.finds("one").await, "the hour is not over");
    scene.settle().await;

    later(INSTANT).await;
    let refused = scene.office.keys(Some("one")).await.unwrap_err();
    let RefusedToken::Unjudged(reason) = refused else {
        panic!("nobody can say that it is wrong: {refused}")
    };
    assert!(reason.contains("cannot be asked") && reason.contains("/keys: HTTP status 500"), "{reason}");
    assert!(!scene.finds("one").await, "nor does a second token find it");
    scene.source.has(&["one"]);
    later(Duration::from_secs(15)).await;
    assert!(scene.finds("one").await, "until the issuer is back");
}

#[tokio::test(start_paused = true)]
async fn of_a_new_key_nobody_says_that_it_is_wrong_while_the_issuer_is_away() {
    let scene = Scene::start(&["one"]).await;
    assert!(scene.finds("one").await);
    scene.source.is_silent_at("/keys");
    for _ in 0..5 {
        let refused = scene.office.keys(Some("two")).await.unwrap_err();
        assert!(matches!(refused, RefusedToken::Unjudged(_)), "{refused}");
        assert!(scene.finds("one").await, "who is known is let in");
    }
    scene.source.has(&["one", "two"]);
    later(Duration::from_secs(15)).await;
    assert!(scene.finds("two").await, "until the issuer is back");
    let keys = scene.office.keys(Some("three")).await.unwrap();
    assert!(!keys.knows("three"), "which then says itself what it does not have");
}

#[tokio::test(start_paused = true)]
async fn keys_that_rotate_are_seen_at_once_by_their_names_and_by_their_age_without() {
    let scene = Scene::start(&["one"]).await;
    assert!(scene.finds("one").await);
    scene.source.has(&["two"]);
    assert!(scene.finds("two").await, "a token that names a new key has it fetched");
    assert!(!scene.finds("one").await, "the old one is gone");
    assert_eq!(scene.fetched(), 3);

    scene.source.has(&["three"]);
    let knows = async |id: &str| scene.office.keys(None).await.unwrap().knows(id);
    later(FRESH).await;
    assert!(knows("two").await);
    scene.settle().await;
    assert_eq!(scene.fetched(), 3, "a token without a name is judged by what is there");
    later(INSTANT).await;
    assert!(knows("two").await);
    scene.settle().await;
    assert!(knows("three").await);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_shares_what_is_fetched_and_who_goes_takes_nothing_along() {
    let scene = Scene::start(&["one"]).await;
    let kept_back = scene.source.answers.lock().await;
    let office = Arc::clone(&scene.office);
    let first = tokio::spawn(async move { office.keys(Some("one")).await });
    scene.source.is_asked.notified().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let others = join_all((0..20).map(|_| scene.finds("one")));
    let (found, ()) = tokio::join!(others, async { drop(kept_back) });
    assert_eq!(found, [true; 20]);
    assert_eq!(scene.fetched(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_moves_its_keys_is_followed_when_they_are_old() {
    let source = Source::start().await;
    let says_of_itself = |place: &str| {
        let about = json!({ "issuer": source.url, "jwks_uri": format!("{}{place}", source.url) });
        source.says(METADATA, about.to_string());
    };
    says_of_itself("/keys");
    source.has(&["one"]);
    let scene = Scene::of(Arc::clone(&source), None);
    assert!(scene.finds("one").await);
    says_of_itself("/moved");
    source.says("/moved", keys(&["one", "two"]));
    later(FRESH).await;
    assert!(scene.finds("one").await);
    scene.settle().await;
    assert_eq!((source.asked(METADATA), source.asked("/moved")), (1, 0));
    later(INSTANT).await;
    assert!(scene.finds("one").await);
    scene.settle().await;
    assert!(scene.finds("two").await);
    assert_eq!((source.asked(METADATA), source.asked("/keys"), source.asked("/moved")), (2, 1, 1));
}
