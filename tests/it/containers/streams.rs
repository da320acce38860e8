//! What goes in and what comes out.

use std::time::Duration;

use mcpfier::model::SecretText;
use mcpfier::plan::{Fill, PlannedStdin, Word};
use mcpfier::runner::{End, OutputEvent, SecretValues, Stream};
use tokio_util::sync::CancellationToken;

use super::{bench, first_words, known, shell, to_the_end};

#[tokio::test]
async fn both_streams_come_out_and_are_told_apart() {
    let Some(bench) = shell("echo out; echo err >&2; printf more") else { return };
    let ran = bench.run().await;
    ran.says("out\nmore");
    assert_eq!(ran.stderr, "err\n");
}

#[tokio::test]
async fn the_shortest_output_is_never_lost() {
    let Some(bench) = bench(&["/bin/echo", "x"]) else { return };
    for _ in 0..10 {
        bench.run().await.says("x\n");
    }
}

#[tokio::test]
async fn output_comes_while_it_is_written() {
    let Some(bench) = shell("echo first; sleep 60") else { return };
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    assert_eq!(first_words(&mut running).await, "first\n");
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn its_input_is_handed_over_whole_and_closed() {
    let text = "0123456789abcdef".repeat(64 * 1024);
    let Some(bench) = bench(&["/bin/md5sum"]) else { return };
    let bench = bench.with(|plan| plan.stdin = PlannedStdin::Text(known(&text)));
    // Of the same text by the same program on this host.
    bench.run().await.says(&format!("{}  -\n", md5_of(&text)));
}

fn md5_of(text: &str) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut command = Command::new("md5sum");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("md5sum starts");
    child.stdin.take().expect("it was piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("text").split(' ').next().expect("a sum").to_owned()
}

#[tokio::test]
async fn an_input_that_nobody_reads_holds_nothing_up() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let text = "x".repeat(4 << 20);
    bench.with(|plan| plan.stdin = PlannedStdin::Text(known(&text))).run().await.says("");
}

#[tokio::test]
async fn without_an_input_there_is_its_end_at_once() {
    let Some(bench) = bench(&["/bin/cat"]) else { return };
    bench.run().await.says("");
}

#[tokio::test]
async fn a_program_that_answers_while_it_reads_is_not_stuck() {
    let Some(bench) = bench(&["/bin/cat"]) else { return };
    let text = "some line of text\n".repeat(400_000);
    let ran = bench.with(|plan| plan.stdin = PlannedStdin::Text(known(&text))).run().await;
    assert_eq!(ran.end, End::Success);
    assert!(ran.stdout == text.as_bytes(), "{} bytes of {}", ran.stdout.len(), text.len());
}

#[tokio::test]
async fn variables_and_secrets_arrive_and_nothing_of_the_host_does() {
    let Some(mut bench) = bench(&["/bin/env"]) else { return };
    let name: mcpfier::model::SecretName = "token".parse().unwrap();
    bench.secrets = SecretValues::of([(name.clone(), SecretText::of("s3cr3t value".to_owned()).unwrap())]);
    let bench = bench.with(|plan| {
        plan.variables = vec![
            ("PLAIN".to_owned(), known("a b=c")),
            ("TOKEN".to_owned(), Word::Filled(vec![Fill::Text("Bearer ".to_owned()), Fill::Secret(name)])),
        ];
    });
    let ran = bench.run().await;
    let text = ran.text();
    let mut names: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    if bench.engine.is_podman {
        names.retain(|name| !["TERM", "container"].contains(name));
    }
    assert_eq!(names, ["HOME", "HOSTNAME", "PATH", "PLAIN", "TOKEN"]);
    assert!(text.contains("PLAIN=a b=c\n") && text.contains("TOKEN=Bearer s3cr3t value\n"), "{text}");
}

#[tokio::test]
async fn much_output_comes_whole_and_in_order() {
    let Some(bench) = shell("head -c 67108864 /dev/zero | tr '\\0' 'z'; echo; echo end") else { return };
    let ran = bench.run().await;
    assert_eq!(ran.end, End::Success);
    assert_eq!(ran.stdout.len(), (64 << 20) + 5);
    assert!(ran.stdout.ends_with(b"z\nend\n"));
}

#[tokio::test]
async fn who_writes_faster_than_is_read_has_to_wait() {
    let script =
        "i=0; while [ $i -lt 4096 ]; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > /tmp/count; done";
    let Some(bench) = shell(script) else { return };
    let cancel = CancellationToken::new();
    let mut running = bench.start(cancel.clone()).await;
    first_words(&mut running).await;
    let id = bench.containers().remove(0);
    let count = || {
        let told = bench.engine.docker(&["exec", &id, "cat", "/tmp/count"]);
        told.parse::<u64>().unwrap_or_default()
    };
    // Nobody reads: soon it stands still, far from its end.
    let mut before = count();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = count();
        if now == before {
            break;
        }
        before = now;
    }
    assert!(before < 512, "it has written {before} of 4096 blocks that nobody has read");
    cancel.cancel();
    assert_eq!(to_the_end(&mut running).await.end, End::Cancelled);
    bench.assert_nothing_left().await;
}

#[tokio::test]
async fn output_of_children_that_outlive_their_parent_is_cut_with_them() {
    let Some(bench) = shell("(sleep 100; echo late) & echo early") else { return };
    let mut running = bench.start(CancellationToken::new()).await;
    let event = running.next().await;
    assert!(matches!(event, OutputEvent::Chunk { stream: Stream::Stdout, .. }), "{event:?}");
    assert_eq!(to_the_end(&mut running).await.end, End::Success);
    bench.assert_nothing_left().await;
}
