//! Engines that are away, come back, or never answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mcpfier::plan::Environment;
use mcpfier::runner::End;
use mcpfier::runner::container::{ContainerFailure, survey};
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
    let failure = survey(named(&path)).await.unwrap_err();
    assert!(
        matches!(failure, ContainerFailure::Slow { .. } | ContainerFailure::Unreachable { .. }),
        "{failure}"
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn who_is_asked_says_which_engine_it_is() {
    let Some(engine) = engine() else { return };
    let survey = survey(engine.environment()).await.unwrap();
    assert_eq!((survey.at, survey.by), (engine.host.clone(), "DOCKER_HOST".to_owned()));
    assert_eq!(survey.version, engine.docker(&["version", "--format", "{{.Server.Version}}"]));
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
