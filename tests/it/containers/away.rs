//! Engines that are away, come back, or never answer.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcpfier::plan::Environment;
use mcpfier::runner::End;
use mcpfier::runner::container::{ContainerFailure, look};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Bench, first_words, to_the_end};
use crate::support::engine::engine;

/// A socket that leads to the engine as long as it is open.
struct Door {
    path: PathBuf,
    engine: PathBuf,
    open: Option<JoinHandle<()>>,
}

impl Door {
    fn open(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        let listener = UnixListener::bind(&self.path).expect("a socket");
        let engine = self.engine.clone();
        self.open = Some(tokio::spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((mut from, _)) = listener.accept().await {
                let engine = engine.clone();
                visits.spawn(async move {
                    let mut to = UnixStream::connect(engine).await.expect("the engine is there");
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
            }
        }));
    }

    /// Every connection breaks at once.
    async fn close(&mut self) {
        let open = self.open.take().expect("it is open");
        open.abort();
        let _ = open.await;
        std::fs::remove_file(&self.path).expect("its socket is there");
    }
}

/// A bench whose engine is behind a door that is still closed.
fn behind_a_door(folder: &Path, script: &str) -> Option<(Bench, Door)> {
    let engine = engine()?;
    let Some(socket) = engine.host.strip_prefix("unix://").map(PathBuf::from) else {
        crate::support::skip::skip("an engine that goes away (it is not on a socket)");
        return None;
    };
    let door = Door { path: folder.join("engine.sock"), engine: socket, open: None };
    let bench = Bench::on(engine, named(&door.path), &["/bin/sh", "-c", script]);
    Some((bench, door))
}

fn named(socket: &Path) -> Arc<Environment> {
    let host = format!("unix://{}", socket.display());
    Arc::new(Environment::from([("DOCKER_HOST".to_owned(), host)]))
}

#[tokio::test]
async fn an_engine_that_is_away_is_told_and_used_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, mut door)) = behind_a_door(folder.path(), "echo here") else { return };
    for _ in 0..2 {
        let told = bench.failure().await.to_string();
        let at = format!("the container engine at `unix://{}` cannot be reached", door.path.display());
        assert!(told.starts_with(&at) && told.contains("DOCKER_HOST"), "{told}");
        door.open();
        bench.run().await.says("here\n");
        door.close().await;
    }
}

#[tokio::test]
async fn a_call_whose_engine_goes_away_is_lost_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, mut door)) = behind_a_door(folder.path(), "echo up; sleep 60") else { return };
    door.open();
    let mut running = bench.start(CancellationToken::new()).await;
    assert_eq!(first_words(&mut running).await, "up\n");
    door.close().await;
    assert_eq!(to_the_end(&mut running).await.end, End::Lost);
    assert_eq!(bench.containers().len(), 1, "nobody could remove it");
    door.open();
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn an_engine_that_never_answers_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let _silent = UnixListener::bind(&path).unwrap();
    let begun = Instant::now();
    let failure = look(named(&path), None, Vec::new()).await.unwrap_err();
    assert!(
        matches!(failure, ContainerFailure::Slow { .. } | ContainerFailure::Unreachable { .. }),
        "{failure}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn who_is_asked_says_which_engine_it_is() {
    let Some(engine) = engine() else { return };
    let survey = look(engine.environment(), None, Vec::new()).await.unwrap().survey;
    assert_eq!((survey.at, survey.by), (engine.host.clone(), "DOCKER_HOST".to_owned()));
    assert_eq!(survey.version, engine.docker(&["version", "--format", "{{.Server.Version}}"]));
}

/// An engine that says of itself what it is told to, has nothing, and writes down what it is asked.
fn pretended(path: &Path, newest: &str, oldest: &str) -> Arc<Mutex<Vec<String>>> {
    let listener = std::os::unix::net::UnixListener::bind(path).expect("a socket");
    let version = format!(r#"{{"Version":"9","ApiVersion":"{newest}","MinAPIVersion":"{oldest}"}}"#);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.as_str() {
                "/version" => ("200 OK", version.as_str()),
                _ => ("404 Not Found", r#"{"message":"no such image"}"#),
            };
            heard.lock().unwrap().push(path);
            let length = body.len();
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    asked
}

#[tokio::test]
async fn an_engine_is_spoken_to_in_the_version_that_was_tested_as_long_as_it_knows_that() {
    let folder = tempfile::tempdir().unwrap();
    for (newest, oldest, spoken) in
        [("1.41", "1.12", "1.41"), ("1.53", "1.24", "1.41"), ("1.54", "1.44", "1.44")]
    {
        let path = folder.path().join(newest);
        let asked = pretended(&path, newest, oldest);
        let seen = look(named(&path), None, vec!["tool:1".to_owned()]).await.unwrap();
        assert_eq!((seen.survey.api.as_str(), seen.missing.as_slice()), (newest, &["tool:1".to_owned()][..]));
        let expected = ["/version".to_owned(), format!("/v{spoken}/images/tool:1/json")];
        assert_eq!(*asked.lock().unwrap(), expected, "{newest}");
    }
    let path = folder.path().join("old");
    pretended(&path, "1.40", "1.12");
    let told = look(named(&path), None, Vec::new()).await.unwrap_err().to_string();
    assert!(told.contains("is too old: it speaks API 1.40, and 1.41 is needed"), "{told}");
}

#[tokio::test]
async fn what_waits_is_gone_with_its_engine_and_made_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some((bench, mut door)) = behind_a_door(folder.path(), "hostname") else { return };
    if let Err(reason) = mcpfier::runner::container::init::program() {
        return crate::support::skip::skip(&format!("containers made ahead ({reason})"));
    }
    door.open();
    let bench = bench.warmed(2).await;
    let before = bench.containers();
    door.close().await;
    bench.until_there_wait(0).await;
    let told = match bench.try_start(CancellationToken::new()).await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it started"),
    };
    assert!(told.contains("cannot be reached"), "{told}");
    door.open();
    bench.until_there_wait(2).await;
    let begun = Instant::now();
    // Those of before are removed as soon as somebody can.
    while bench.containers().iter().any(|container| before.contains(container)) {
        assert!(begun.elapsed() < super::LONG, "{before:?} {:?}", bench.containers());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bench.shut_down().await;
}
