//! An engine that is reached by TLS, stands still, and comes and goes: one of the tests' own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mcpfier::model::{ClientCertificate, EngineHost, EngineTls, Executor};
use mcpfier::runner::End;
use mcpfier::runner::container::{ContainerFailure, look};
use tokio_util::sync::CancellationToken;

use super::{Bench, first_words, to_the_end};
use crate::support::certificates::make_certificates;
use crate::support::engine::IMAGE;
use crate::support::own_engine::{OwnEngine, own_engine};
use crate::support::place::Place;
use crate::support::program::{Program, mcpfier};

/// Certificates that are named as they lie in a folder.
fn tls(folder: &Path, ca: &str, client: Option<&str>) -> Option<EngineTls> {
    let client = client.map(|name| ClientCertificate {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    });
    Some(EngineTls { ca: folder.join(ca), client })
}

async fn why_not(host: &str, tls: Option<EngineTls>) -> String {
    let host = EngineHost::parse(host, tls.is_some()).expect("a host");
    let executor = Executor { name: "far".to_owned(), host, tls };
    match look(std::sync::Arc::default(), Some(executor), Vec::new()).await {
        Ok(seen) => panic!("it is believed: {:?}", seen.survey),
        Err(failure) => failure.to_string(),
    }
}

fn far(own: &OwnEngine, words: &[&str]) -> Program {
    let folder = own.certificates().display();
    let text = format!(
        r#"version: 1
executors:
  far:
    docker:
      host: tcp://127.0.0.1:{port}
      tls: {{ ca: "{folder}/ca.pem", cert: "{folder}/client.pem", key: "{folder}/client.key" }}
defaults: {{ container: {{ image: "{IMAGE}", pull: never }} }}
commands:
  - name: far
    description: Says what it reads.
    container: {{}}
    run_on: far
    script: /bin/cat
    stdin: "{{{{text}}}}"
    params: {{ text: {{ type: string, maxLength: 100000 }} }}
  - name: here
    description: Runs on this host.
    script: echo
    args: [here]
"#,
        port = own.port(),
    );
    mcpfier(words).tools(&text).env("DOCKER_HOST", "unix:///no/such.sock")
}

#[tokio::test]
async fn an_engine_is_reached_by_tls_where_both_sides_believe_each_other() {
    let Some(own) = own_engine().await else { return };
    let text = "all of it ".repeat(5_000);
    assert_eq!(far(&own, &["far", &format!("text={text}")]).run().stdout, text);
    let said = far(&own, &["--validate"]).run();
    assert!(said.stdout.contains(&format!("tcp://127.0.0.1:{}, by the executor `far`", own.port())));
    // What is to be pasted says the same of the certificates.
    let said = far(&own, &["--dry-run", "far", "text=pasted"]).run();
    let line =
        said.stdout.lines().find_map(|line| line.trim_start().strip_prefix("command ")).expect("a line");
    let output = Command::new("bash").env_remove("DOCKER_HOST").args(["-c", line]).output().unwrap();
    assert_eq!(&*output.stdout, b"pasted", "{line}: {}", String::from_utf8_lossy(&output.stderr));

    let (folder, host) = (own.certificates(), format!("tcp://127.0.0.1:{}", own.port()));
    for (tls, expected) in [
        (tls(folder, "other-ca.pem", Some("client")), "its certificate is not signed by `ca`"),
        (tls(folder, "ca.pem", Some("other-client")), "it does not believe our `cert`"),
        (tls(folder, "ca.pem", Some("old-client")), "it does not believe our `cert`"),
        (tls(folder, "ca.pem", None), "or we have none: it asks for one that its own authority"),
        (tls(folder, "no-ca.pem", None), "no-ca.pem` cannot be read: No such file"),
        (tls(folder, "ca.key", None), "ca.key` holds no certificate in PEM"),
        (None, "it speaks TLS, and nothing says which certificates to use"),
    ] {
        let told = why_not(&host, tls).await;
        assert!(told.starts_with(&format!("the container engine at `{host}` cannot be reached: ")), "{told}");
        assert!(told.contains(expected) && !told.contains('\n'), "{told}");
    }
    // The certificate is for the address.
    let other_name = format!("tcp://localhost:{}", own.port());
    let told = why_not(&other_name, tls(folder, "ca.pem", Some("client"))).await;
    assert!(told.contains("its certificate is for another name"), "{told}");
}

#[tokio::test]
async fn an_engine_of_the_environment_is_reached_by_tls_and_nothing_is_mounted_that_was_looked_up_here() {
    let Some(own) = own_engine().await else { return };
    let (folder, from) = (tempfile::tempdir().unwrap(), own.certificates());
    for (name, of) in [("ca.pem", "ca.pem"), ("cert.pem", "client.pem"), ("key.pem", "client.key")] {
        std::fs::copy(from.join(of), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("text"), "of this host").unwrap();
    let mounts =
        |within: &str| format!("[{{ source: {}/text, target: /in{within} }}]", folder.path().display());
    let text = |within: &str| {
        let mounts = mounts(within);
        format!(
            "version: 1\ncommands:\n  - name: read\n    description: Reads a file.\n    container: {{ image: \"{IMAGE}\", \
             pull: never, user: root, mounts: {mounts} }}\n    run: cat /in\n"
        )
    };
    let program = |within: &str| {
        let program = mcpfier(&["read"]).tools(&text(within)).env("DOCKER_TLS_VERIFY", "1");
        let program = program.env("DOCKER_CERT_PATH", folder.path().to_str().unwrap());
        program.env("DOCKER_HOST", &format!("tcp://127.0.0.1:{}", own.port()))
    };
    // It happens to be the same host.
    assert_eq!(program("").may_talk().run().stdout, "of this host");
    let within = format!(", within: {}", folder.path().display());
    let said = program(&within).ends_with(125).run();
    assert!(
        said.stderr
            .contains("what is mounted was looked up on this host, and the engine at `tcp://127.0.0.1:"),
        "{}",
        said.stderr
    );
}

#[tokio::test]
async fn a_certificate_that_is_over_and_a_port_without_tls_are_told() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let words = ["s_server", "-accept", &format!("127.0.0.1:{port}"), "-www", "-quiet"].map(str::to_owned);
    let _server = Ended(
        Command::new("openssl")
            .args(words)
            .args(["-cert", &path("old-server.pem"), "-key", &path("old-server.key")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < super::LONG);
    }
    let told = why_not(&format!("tcp://127.0.0.1:{port}"), tls(folder.path(), "ca.pem", None)).await;
    assert!(told.contains("its certificate has expired"), "{told}");

    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    let told = why_not(&format!("tcp://127.0.0.1:{port}"), tls(folder.path(), "ca.pem", None)).await;
    assert!(told.contains("it does not speak TLS"), "{told}");
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bench(own: &OwnEngine, script: &str) -> Bench {
    let engine = own.engine();
    let environment = engine.environment();
    Bench::on(engine, environment, &["/bin/sh", "-c", script])
}

#[tokio::test]
async fn an_engine_that_stands_still_ends_no_call_late_and_nothing_is_left() {
    let Some(own) = own_engine().await else { return };
    let bench = bench(&own, "trap '' TERM; echo up; while :; do sleep 0.1; done");
    let bench = bench.with(|plan| plan.timeout = Duration::from_secs(2));
    let mut running = bench.start(CancellationToken::new()).await;
    assert_eq!(first_words(&mut running).await, "up\n");
    own.freeze();
    let begun = Instant::now();
    let ended = to_the_end(&mut running).await.end;
    let took = begun.elapsed();
    assert_eq!(ended, End::TimedOut { after: Duration::from_secs(2) });
    assert!(took < Duration::from_secs(12), "{took:?}");

    // Who calls now is told as well, and commands of this host go on.
    let begun = Instant::now();
    let failure = bench.runner_failure().await;
    let took = begun.elapsed();
    assert!(matches!(failure, ContainerFailure::Slow { .. }), "{failure}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert_eq!(far(&own, &["here"]).run().stdout, "here\n");
    for words in [&["far", "text=x"][..], &["doctor"], &["--validate"]] {
        let begun = Instant::now();
        let said = far(&own, words).may_fail().run();
        let told = said.stdout + &said.stderr;
        assert!(told.contains("cannot be reached: it does not answer within 5 s"), "{told}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
    own.thaw();
    bench.assert_nothing_left().await;
    assert_eq!(far(&own, &["far", "text=again"]).run().stdout, "again");
}

#[tokio::test]
async fn an_engine_that_is_restarted_ends_its_calls_and_takes_the_next() {
    let Some(mut own) = own_engine().await else { return };
    let bench = bench(&own, "echo up; sleep 0.2; test -e /tmp/x || sleep 60");
    let mut running = bench.start(CancellationToken::new()).await;
    assert_eq!(first_words(&mut running).await, "up\n");
    own.stop();
    let begun = Instant::now();
    let end = to_the_end(&mut running).await.end;
    assert!(matches!(end, End::Lost | End::Signalled(9)), "{end:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let told = bench.runner_failure().await.to_string();
    assert!(told.contains("cannot be reached") && told.contains("see whether it runs"), "{told}");
    own.start();
    bench
        .with(|plan| plan.arguments = vec![super::known("-c"), super::known("echo again")])
        .run()
        .await
        .says("again\n");
}

#[tokio::test]
async fn images_are_looked_at_fetched_built_and_pinned_on_the_engine_that_is_named() {
    let Some(own) = own_engine().await else { return };
    let Some(registry) = super::images::registry::Registry::start() else { return };
    let engine = own.engine();
    let (image, digest) = registry.push_busybox(&engine, "team/far:1");
    let folder = own.certificates().display();
    let text = format!(
        r#"version: 1
executors:
  far:
    docker:
      host: tcp://127.0.0.1:{port}
      tls: {{ ca: "{folder}/ca.pem", cert: "{folder}/client.pem", key: "{folder}/client.key" }}
defaults: {{ run_on: far }}
commands:
  - name: fetched
    description: Says what it is.
    container: {{ image: "{image}", pull: never }}
    script: /bin/echo
    args: [fetched]
  - name: built
    description: Says what it is.
    container: {{ build: ./tool }}
    script: /bin/cat
    args: [/made]
"#,
        port = own.port(),
    );
    let unique = format!("built by {}\n", std::process::id());
    let dockerfile = format!("FROM {IMAGE}\nCOPY made /made\n");
    let files = [
        ("tools.yaml", text.as_str()),
        ("docker/config.json", &registry.login()),
        ("tool/Dockerfile", &dockerfile),
        ("tool/made", &unique),
    ];
    let place = Place::with(&files);
    let run = |words: &[&str]| {
        let mut command = place.command("", &[&["--config", "tools.yaml"], words].concat());
        command.env("DOCKER_HOST", "unix:///no/such.sock").env("DOCKER_CONFIG", place.path("docker"));
        place.finish(command)
    };
    let listed = run(&["images"]).ends_with(0).stdout;
    assert_eq!(listed.matches("not in the engine").count(), 2, "{listed}");
    run(&["fetched"]).ends_with(125);
    assert_eq!(run(&["images", "pull"]).ends_with(0).stdout, format!("{image} is there\n"));
    assert_eq!(run(&["fetched"]).ends_with(0).stdout, "fetched\n");
    let built = run(&["images", "build"]).ends_with(0).stdout;
    assert!(built.starts_with("mcpfier-build:") && built.ends_with(" is there\n"), "{built}");
    let ran = run(&["built"]).ends_with(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (unique.as_str(), ""));
    let document = run(&["images", "--json"]).ends_with(0).stdout;
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    for one in document.as_array().expect("a list") {
        assert_eq!((&one["engine"], &one["inEngine"]), (&"far".into(), &true.into()), "{document:#}");
    }
    assert_eq!(run(&["images", "pin"]).ends_with(0).stdout, format!("{image}@{digest}\n"));
    let cleaned = run(&["clean"]).ends_with(1);
    assert!(cleaned.stderr.contains("/no/such.sock") || cleaned.stdout.is_empty(), "{}", cleaned.stderr);
    let scanned = run(&["images", "scan", "fetched"]);
    assert!(!scanned.stderr.contains("/no/such.sock"), "{}", scanned.stderr);
}
