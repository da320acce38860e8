//! What cannot be started, and what is said of it.

use mcpfier::model::Pull;
use mcpfier::runner::container::ContainerFailure;

use super::bench;

#[tokio::test]
async fn an_image_that_is_not_there_is_named_with_what_to_do() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let bench = bench.with(|plan| plan.image = "mcpfier-test/absent:9".to_owned());
    let told = "the image `mcpfier-test/absent:9` is not there, and `pull` is `never`; \
                `docker pull mcpfier-test/absent:9` fetches it";
    assert_eq!(bench.failure().await.to_string(), told);
}

#[tokio::test]
async fn a_program_that_is_not_in_the_image_is_named() {
    for program in ["no-such-program", "/bin/no-such-program"] {
        let Some(bench) = bench(&[program]) else { return };
        let failure = bench.failure().await;
        assert!(matches!(failure, ContainerFailure::NoProgram { .. }), "{failure:?}");
        let told = failure.to_string();
        let begin = format!("there is no `{program}` in the image `mcpfier-test/busybox:1`");
        assert!(told.starts_with(&begin), "{told}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_executed_is_told_apart() {
    for program in ["/bin/locked", "/etc"] {
        let Some(bench) = bench(&[program]) else { return };
        let failure = bench.failure().await;
        assert!(matches!(failure, ContainerFailure::NotExecutable { .. }), "{program}: {failure:?}");
    }
}

#[tokio::test]
async fn the_images_own_program_runs_where_none_is_named() {
    let Some(bench) = bench(&[]) else { return };
    bench.run().await.says("the words of the image\n");
}

#[tokio::test]
async fn a_network_that_is_not_there_is_named() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let bench = bench.with(|plan| plan.network = mcpfier::model::Network::Named("mcpfier-no-net".to_owned()));
    let told = bench.failure().await.to_string();
    assert!(told.contains("mcpfier-no-net"), "{told}");
}

#[tokio::test]
async fn a_user_that_is_not_there_is_named() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let told =
        bench.with(|plan| plan.lockdown.user = Some("nobody-here".to_owned())).failure().await.to_string();
    assert!(told.contains("nobody-here"), "{told}");
}

#[tokio::test]
async fn less_memory_than_an_engine_takes_is_told() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let bench = bench.with(|plan| plan.limits.memory = Some(mcpfier::model::ByteSize::kib(4)));
    let told = bench.failure().await.to_string();
    assert!(told.to_lowercase().contains("memory"), "{told}");
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_told_with_the_reason() {
    // Nothing listens there.
    let image = "127.0.0.1:1/some/image:2";
    for pull in [Pull::Missing, Pull::Always] {
        let Some(bench) = bench(&["/bin/true"]) else { return };
        let bench = bench.with(|plan| (plan.image, plan.pull) = (image.to_owned(), pull));
        let failure = bench.failure().await;
        let ContainerFailure::NotPulled { image: told, problem, .. } = failure else { panic!("{failure}") };
        assert_eq!(told, image);
        assert!(problem.contains("127.0.0.1:1"), "{problem}");
    }
}
