//! Files that a container finds when it starts, and files that it writes for its caller.

use mcpfier::model::SecretText;
use mcpfier::plan::{Fill, Word};
use mcpfier::runner::SecretValues;

use serde_json::Value;

use super::{known, shell};
use crate::support::engine::{IMAGE, engine};
use crate::support::place::Place;

#[tokio::test]
async fn files_are_where_they_should_be_under_a_root_that_cannot_be_written() {
    let script =
        "cat /etc/tool/settings.json /run/secret; echo x > /run/secret 2>/dev/null && echo wrote; true";
    let Some(mut bench) = shell(script) else { return };
    let name: mcpfier::model::SecretName = "key".parse().unwrap();
    bench.secrets = SecretValues::of([(name.clone(), SecretText::of("hush-hush".to_owned()).unwrap())]);
    let bench = bench.with(|plan| {
        plan.files = vec![
            ("/etc/tool/settings.json".to_owned(), known("{}\n")),
            ("/run/secret".to_owned(), Word::Filled(vec![Fill::Secret(name)])),
        ];
    });
    bench.run().await.says("{}\nhush-hush");
    let left = std::fs::read_dir("/dev/shm").unwrap().filter_map(Result::ok);
    // Other tests have files there too, while they run.
    let is_ours = |entry: &std::fs::DirEntry| {
        let files = std::fs::read_dir(entry.path()).into_iter().flatten().filter_map(Result::ok);
        let mut texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.any(|text| text == "hush-hush")
    };
    let left: Vec<_> = left.filter(is_ours).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_is_written_into_a_mount_is_a_file_of_the_result() {
    let Some(engine) = engine() else { return };
    let tools = format!(
        r#"version: 1
commands:
  - name: draw
    description: Writes files.
    container:
      image: "{IMAGE}"
      pull: never
      user: root
      workdir: /work
      mounts: [{{ source: ./results, target: /work, read_only: false }}, {{ source: ./more, target: /more, read_only: false }}]
    run: |
      mkdir -p out
      echo hello >out/note.txt
      printf '\211PNG\r\n\032\nrest' >out/picture.png
      ln -s /etc/passwd out/passwd.txt
      head -c 40000 /dev/zero >/more/large.bin
      echo drawn
    output: {{ files: ["out/*", /more/*] }}
  - name: private
    description: Writes a file that nobody else may read.
    container:
      image: "{IMAGE}"
      pull: never
      mounts: [{{ source: ./open, target: /open, read_only: false }}]
    run: umask 077; echo mine >/open/mine.txt; id -u
    output: {{ files: [/open/*] }}
"#
    );
    let place = Place::with(&[
        ("tools.yaml", &tools),
        ("results/out/old.txt", "was there"),
        ("more/old.bin", "was there"),
        ("open/old.txt", "was there"),
    ]);
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(place.path("open"), everybody).unwrap();
    let call = |name: &str| -> Value {
        let mut command = place.command("", &["--config", "tools.yaml", "call", name, "--json"]);
        command.env("DOCKER_HOST", &engine.host);
        serde_json::from_str(&place.finish(command).ends_with(0).stdout).unwrap()
    };
    let drawn = call("draw");
    assert_eq!(drawn["stdout"], "drawn\n", "{drawn:#}");
    let told = |document: &Value| -> Vec<(String, String, u64)> {
        let text = |file: &Value, key: &str| file[key].as_str().unwrap_or_default().to_owned();
        let files = document["files"].as_array().unwrap_or_else(|| panic!("{document:#}")).iter();
        files
            .map(|file| (text(file, "name"), text(file, "mimeType"), file["size"].as_u64().unwrap()))
            .collect()
    };
    let file = |name: &str, kind: &str, size: u64| (name.to_owned(), kind.to_owned(), size);
    assert_eq!(
        told(&drawn),
        [
            file("large.bin", "application/octet-stream", 40_000),
            file("out/note.txt", "text/plain", 6),
            file("out/picture.png", "image/png", 12),
        ]
    );
    // The scratch folder is called so in what a run left.
    let note = "file://[home]/results/out/note.txt";
    assert_eq!(drawn["files"][1]["uri"], note);
    let private = call("private");
    assert_eq!(
        (&private["stdout"], told(&private)),
        (&"65534\n".into(), vec![file("mine.txt", "text/plain", 5)])
    );
}
