//! Graphics cards: this engine has none to give, so what it is asked for is looked at.

use mcpfier::model::{Gpus, Secrets};
use mcpfier::plan::docker_line;
use mcpfier::runner::container::ContainerFailure;

use crate::containers::bench;

#[tokio::test]
async fn an_engine_without_cards_says_so_and_nothing_is_left() {
    for (gpus, flag) in [
        (Gpus::All, "--gpus all"),
        (Gpus::Count(2), "--gpus 2"),
        (Gpus::Ids(vec!["a".to_owned(), "b".to_owned()]), "--gpus '\"device=a,b\"'"),
    ] {
        let Some(bench) = bench(&["/bin/true"]) else { return };
        let bench = bench.with(|plan| plan.gpus = Some(gpus.clone()));
        let line = docker_line(&bench.plan, &Secrets::new());
        assert!(line.contains(flag), "{line}");
        // What would run with cards runs here only if the engine has some.
        match bench.failure().await {
            ContainerFailure::NoGpus { problem } if bench.engine.is_podman => {
                assert!(problem.contains("passes over"), "{problem}");
            }
            ContainerFailure::NoGpus { problem } => assert!(problem.contains("[[gpu]]"), "{problem}"),
            other => panic!("{other}"),
        }
    }
}
