//! `examples/deploy`, judged by the tools that it is written for: the image is built and run by an
//! engine, the manifests are held against the schemas of Kubernetes, compose reads its file.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::place::Place;
use crate::support::skip::skip;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(example(name)).expect("the example")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_file_that_is_deployed_is_a_good_one_wherever_it_stands() {
    let manifests = read("kubernetes.yaml");
    let (_, rest) = manifests.split_once("tools.yaml: |\n").unwrap();
    let (within, _) = rest.split_once("\n---").unwrap();
    let within: String =
        within.lines().map(|line| line.strip_prefix("    ").unwrap_or("").to_owned() + "\n").collect();
    for (file, copy) in [(read("tools.yaml"), "a"), (within, "")] {
        let place = Place::with(&[("tools.yaml", &file)]);
        let mut command = place.command("", &["--validate", "tools.yaml"]);
        command.env("ANN_KEY", "a-key-of-ann-that-is-long").env("COPY", copy);
        let judged = place.finish(command).ends_with(0);
        assert!(
            !judged.stdout.contains("warning") && !judged.stderr.contains("warning"),
            "{}{}",
            judged.stdout,
            judged.stderr
        );
        // What the platform waits for is longer than what the server may take.
        assert!(file.contains("drain: 20s") && file.contains("notice: 5s"), "{file}");
    }
    assert!(manifests.contains("terminationGracePeriodSeconds: 30"));
    assert!(read("compose.yaml").contains("stop_grace_period: 30s"));
}

#[test]
fn kubernetes_knows_every_word_of_the_manifests() {
    let Some(judge) = std::env::var_os("MCPFIER_TEST_KUBERNETES") else {
        skip("the manifests of Kubernetes (there is no kubernetes-validate; tests/run installs it)");
        return;
    };
    let judged = |file: &Path| Command::new(&judge).arg("--strict").arg(file).output().expect("it starts");
    let good = judged(&example("kubernetes.yaml"));
    assert!(good.status.success(), "{}", said(&good));
    for kind in
        ["deployment/mcpfier", "service/mcpfier", "networkpolicy/mcpfier", "poddisruptionbudget/mcpfier"]
    {
        assert!(said(&good).contains(kind), "{kind}: {}", said(&good));
    }
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.yaml");
    std::fs::write(&bad, read("kubernetes.yaml").replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"))
        .unwrap();
    assert!(!judged(&bad).status.success(), "it would not notice a wrong word");
}

#[test]
fn compose_reads_its_file_and_asks_for_the_key() {
    if Command::new("docker-compose").arg("version").output().is_err() {
        skip("the compose file (there is no docker-compose; tests/run installs it)");
        return;
    }
    let config = |key: Option<&str>| {
        let mut command = Command::new("docker-compose");
        command.arg("--file").arg(example("compose.yaml")).arg("config").env_remove("ANN_KEY");
        command.envs(key.map(|key| ("ANN_KEY", key))).output().unwrap()
    };
    let read = config(Some("a-key"));
    assert!(read.status.success(), "{}", said(&read));
    for told in ["COPY: a", "COPY: b", "ipv4_address: 10.0.0.12", "read_only: true"] {
        assert!(said(&read).contains(told), "{told}: {}", said(&read));
    }
    let without = config(None);
    assert!(!without.status.success() && said(&without).contains("mcpfier key create"), "{}", said(&without));
}

#[cfg(feature = "containers")]
mod image {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::support::engine::{Engine, IMAGE, engine};

    /// The last stage of the Dockerfile, with the program that was built for the tests, and with the
    /// libraries that it loads put into the base.
    fn build(engine: &Engine, tag: &str) {
        let folder = tempfile::tempdir().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_mcpfier"));
        std::fs::copy(program, folder.path().join("mcpfier")).unwrap();
        let loaded = Command::new("ldd").arg(program).output().unwrap();
        for library in said(&loaded).split_whitespace().filter(|word| word.starts_with('/')) {
            let within = folder.path().join("libraries").join(library.trim_start_matches('/'));
            std::fs::create_dir_all(within.parent().unwrap()).unwrap();
            std::fs::copy(library, within).unwrap();
        }
        let dockerfile = read("Dockerfile");
        let (_, last) = dockerfile.rsplit_once("FROM ${BASE}\n").expect("the last stage");
        let last = last.replace("COPY --from=build /build/mcpfier", "COPY mcpfier");
        let whole = format!("FROM {IMAGE}\nCOPY libraries /\n{last}");
        std::fs::write(folder.path().join("Dockerfile"), whole).unwrap();
        let mut command = engine.command(&["build", "--quiet", "--tag", tag]);
        let built = command.env("DOCKER_BUILDKIT", "0").arg(folder.path()).output().unwrap();
        assert!(built.status.success(), "{}", said(&built));
    }

    /// A container that is gone when the test is.
    struct Container<'e>(&'e Engine, String);

    impl Drop for Container<'_> {
        fn drop(&mut self) {
            let _ = self.0.command(&["rm", "--force", "--volumes", &self.1]).output();
        }
    }

    #[test]
    fn its_last_stage_is_a_server_that_needs_no_rights_and_stops_when_it_is_told() {
        let Some(engine) = engine() else { return };
        if engine.is_podman {
            return;
        }
        let tag = format!("mcpfier-test/served-{}:1", std::process::id());
        build(&engine, &tag);
        let folder = tempfile::tempdir().unwrap();
        let file = read("tools.yaml").replace("notice: 5s", "notice: 1s");
        let more = "  - { name: who, description: Who this is., shell: sh, run: 'id -u; id -g; touch /tmp/a && echo written; touch /a || echo no' }\n";
        std::fs::write(folder.path().join("tools.yaml"), file + more).unwrap();
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), readable).unwrap();
        let mount = format!("{}:/etc/mcpfier:ro", folder.path().display());
        let id = engine.docker(&[
            "run",
            "--detach",
            "--network",
            "none",
            "--read-only",
            "--tmpfs",
            "/tmp:size=16m,mode=1777",
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "--env",
            "ANN_KEY=a-key-of-ann-that-is-long",
            "--volume",
            &mount,
            &tag,
        ]);
        let container = Container(&engine, id);
        let within =
            |words: &[&str]| engine.command(&[&["exec", &container.1], words].concat()).output().unwrap();
        let begun = Instant::now();
        loop {
            let ready = within(&["wget", "-q", "-O", "-", "http://127.0.0.1:8080/readyz"]);
            if said(&ready).contains("ok") {
                break;
            }
            let logs = said(&engine.command(&["logs", &container.1]).output().unwrap());
            assert!(begun.elapsed() < Duration::from_secs(60), "{} {logs}", said(&ready));
            std::thread::sleep(Duration::from_millis(100));
        }
        let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"who"}}"#;
        let answered = within(&[
            "wget",
            "-q",
            "-O",
            "-",
            "--header",
            "Content-Type: application/json",
            "--header",
            "X-API-Key: a-key-of-ann-that-is-long",
            "--post-data",
            call,
            "http://127.0.0.1:8080/mcp",
        ]);
        assert!(said(&answered).contains(r"10001\n10001\nwritten\n"), "{}", said(&answered));
        assert!(said(&answered).contains(r"no\n"), "{}", said(&answered));
        let begun = Instant::now();
        engine.docker(&["stop", "--time", "30", &container.1]);
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        assert_eq!(engine.docker(&["inspect", "--format", "{{.State.ExitCode}}", &container.1]), "0");
        drop(container);
        engine.docker(&["rmi", "--force", &tag]);
    }
}
