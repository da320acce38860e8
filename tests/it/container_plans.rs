//! Plans of containers: what they say, and that the line for a shell says the same. No engine is
//! needed; a stand-in for `docker` notes what it is asked for.

use std::process::Command;

use serde_json::Value;

use crate::support::place::{Place, Ran};

const FILE: &str = r#"version: 1
secrets: { token: { env: TEST_TOKEN } }
commands:
  - name: everything
    description: Sets whatever can be set.
    script: /usr/bin/tool
    args: ["it's {{word}}", "", "$HOME", --, "{{word}}"]
    params:
      word: { type: string, description: A word, default: "a\n'b' \"c\" \\ $(id)" }
      folder: { type: string, description: A folder, optional: true }
    stdin: "in {{word}} {{secrets.token}}\n"
    env: { TOKEN: "<{{secrets.token}}>", PLAIN: "a b\nc" }
    limits: { memory: 64MiB, cpu: 0.5, pids: 16, files: 64, disk: 1MiB }
    container:
      image: example.com/tool:1.0
      pull: never
      platform: linux/amd64
      workdir: /work
      mounts:
        - { source: "./a,b \"c\"", target: /a }
        - { source: "./data/{{folder}}", target: /data, within: ./data, read_only: false }
      tmpfs: [/tmp, { target: /cache, size: 2MiB }]
      files: { /run/token: "{{secrets.token}}\n", "/etc/a,b": "{{word}}" }
      network: database
      extra_hosts: { db: 10.0.0.1 }
      dns: ["::1"]
      devices: [/dev/null]
      labels: { team: the data team }
      cap_add: [chown]
      user: root
      init: true
      stop_signal: INT
  - name: image
    description: Run an image.
    container: hello-world:linux
  - name: entrypoint
    description: Run something else of an image.
    container: { image: "alpine:3.22", entrypoint: [sh, -c, 'echo "$@"', sh], read_only: false, cap_drop: [], no_new_privileges: false, user: image, tmpfs: [], network: bridge }
    args: ["{{words}}"]
    params: { words: { type: array, items: { type: string, pattern: "^[a-z]+$" }, default: [one, two] } }
    limits: { memory: none, cpu: none, pids: none, files: none, disk: 1GiB }
  - name: script
    description: Run a script.
    container: alpine:3.22
    run: echo "$PARAM_word" > /tmp/x
    params: { word: { type: string, default: it } }
"#;

/// Notes its words, what it reads, two variables, and the files that it would mount.
const DOCKER: &str = r#"#!/bin/sh
printf '%s\0' "$@" > "$NOTES/words"
printf '%s' "$TOKEN" > "$NOTES/token"
mkdir "$NOTES/files"
interactive=
for word; do
  case $word in
    --interactive) interactive=yes ;;
    type=bind,source=/*/[0-9],*) source=${word#type=bind,source=}; source=${source%%,*}; cp "$source" "$NOTES/files" ;;
  esac
done
if [ "$interactive" ]; then cat > "$NOTES/input"; else : > "$NOTES/input"; fi
exit 42
"#;

fn place() -> Place {
    let place =
        Place::with(&[("config.yaml", FILE), ("data/in/x", ""), ("bin/docker", DOCKER), ("tmp/x", "")]);
    let link = place.path("data/out");
    std::os::unix::fs::symlink("/usr", link).expect("a link");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(place.path("bin/docker"), mode).expect("an executable");
    place
}

fn dry_run(place: &Place, words: &[&str]) -> Ran {
    let mut command = place.command("", &[&["--dry-run"], words].concat());
    command.env("TEST_TOKEN", "correct horse 'battery'");
    place.finish(command)
}

fn plan(place: &Place, words: &[&str]) -> Value {
    let said = dry_run(place, &[words, &["--json"]].concat()).ends_with(0);
    serde_json::from_str(&said.stdout).expect("a plan is JSON")
}

/// Pastes a line into bash, where `docker` is the stand-in.
fn paste(place: &Place, line: &str) -> Vec<String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let line = line.replace("[home]", place.path("").to_string_lossy().trim_end_matches('/'));
    let output = Command::new("bash")
        .args(["-c", &line])
        .env_clear()
        .env("PATH", format!("{}:{path}", place.path("bin").display()))
        .env("NOTES", place.path(""))
        .env("TMPDIR", place.path("tmp"))
        .env("TEST_TOKEN", "correct horse 'battery'")
        .output()
        .expect("bash starts");
    assert_eq!(output.status.code(), Some(42), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    let words = place.read("words");
    words.split_terminator('\0').map(str::to_owned).collect()
}

#[test]
fn a_plan_shows_everything_that_is_decided() {
    let place = place();
    insta::assert_snapshot!(dry_run(&place, &["everything", "folder=in"]).ends_with(0).stdout);
}

#[test]
fn a_plan_shows_what_is_lifted() {
    insta::assert_snapshot!(dry_run(&place(), &["entrypoint"]).ends_with(0).stdout);
}

#[test]
fn the_line_asks_docker_for_what_the_plan_says() {
    let place = place();
    let plan = plan(&place, &["everything", "folder=in"]);
    let words = paste(&place, plan["docker"].as_str().expect("a line"));
    let at = words.iter().position(|word| word == "example.com/tool:1.0").expect("the image");
    let arguments: Vec<&str> =
        plan["arguments"].as_array().expect("words").iter().filter_map(Value::as_str).collect();
    assert_eq!(words[at + 1..], arguments);
    let value = |flag: &str| -> Vec<&str> {
        let flags = words[..at].windows(2).filter(|pair| pair[0] == flag);
        flags.map(|pair| pair[1].as_str()).collect()
    };
    let home = place.path("");
    let home = home.to_string_lossy().trim_end_matches('/').to_owned();
    let mounts = value("--mount");
    assert_eq!(mounts[0], format!("type=bind,\"source={home}/a,b \"\"c\"\"\",target=/a,readonly"));
    assert_eq!(mounts[1], format!("type=bind,source={home}/data/in,target=/data"));
    assert!(mounts[2].ends_with("/0,target=/run/token,readonly"), "{mounts:?}");
    assert!(mounts[3].ends_with("/1,\"target=/etc/a,b\",readonly"), "{mounts:?}");
    assert_eq!(value("--tmpfs"), ["/tmp:mode=1777,size=1048576", "/cache:mode=1777,size=2097152"]);
    assert_eq!(value("--env"), ["TOKEN", "PLAIN=a b\nc"]);
    assert_eq!(value("--memory-swap"), ["67108864"]);
    assert_eq!((value("--cap-drop"), value("--cap-add")), (vec!["ALL"], vec!["CHOWN"]));
    assert_eq!(value("--entrypoint"), ["/usr/bin/tool"]);
    assert_eq!(place.read("token"), "<correct horse 'battery'>");
    assert_eq!(place.read("input"), "in a\n'b' \"c\" \\ $(id) correct horse 'battery'\n");
    assert_eq!(place.read("files/0"), "correct horse 'battery'\n");
    assert_eq!(place.read("files/1"), "a\n'b' \"c\" \\ $(id)");
    let left: Vec<_> = std::fs::read_dir(place.path("tmp")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "the files are gone: {left:?}");
}

#[test]
fn no_secret_stands_in_a_word_of_docker() {
    let place = place();
    let said = dry_run(&place, &["everything"]).ends_with(0);
    assert!(!said.stdout.contains("correct horse"), "{}", said.stdout);
    let words = paste(&place, plan(&place, &["everything"])["docker"].as_str().expect("a line"));
    assert!(words.iter().all(|word| !word.contains("correct horse")), "{words:?}");
}

#[test]
fn an_image_alone_gets_no_words_and_an_entrypoint_of_several_is_whole() {
    let place = place();
    let line = |name: &str| plan(&place, &[name])["docker"].as_str().expect("a line").to_owned();
    assert_eq!(paste(&place, &line("image")).last().map(String::as_str), Some("hello-world:linux"));
    std::fs::remove_dir(place.path("files")).expect("it is empty");
    let words = paste(&place, &line("entrypoint"));
    let at = words.iter().position(|word| word == "--entrypoint").expect("an entrypoint");
    assert_eq!(words[at + 1..], ["sh", "alpine:3.22", "-c", "echo \"$@\"", "sh", "one", "two"]);
    assert!(words.windows(2).any(|pair| pair == ["--storage-opt", "size=1073741824"]), "{words:?}");
    for flag in ["--memory", "--read-only", "--cap-drop", "--user", "--tmpfs", "--pids-limit"] {
        assert!(!words.contains(&flag.to_owned()), "{words:?}");
    }
}

#[test]
fn a_script_gets_its_parameters_as_variables() {
    let plan = plan(&place(), &["script", "word=$(id)"]);
    assert_eq!(plan["entrypoint"], serde_json::json!(["sh"]));
    assert_eq!(plan["arguments"], serde_json::json!(["-c", "echo \"$PARAM_word\" > /tmp/x"]));
    assert_eq!(plan["env"]["PARAM_word"], "$(id)");
    assert_eq!(plan["limits"]["memory"]["value"], 512 << 20);
}

#[test]
fn what_callers_mount_stays_within_its_folder() {
    let place = place();
    let sources = |words: &[&str]| -> Vec<String> {
        let plan = plan(&place, &[&["everything"], words].concat());
        let mounts = plan["mounts"].as_array().expect("mounts").clone();
        mounts.iter().map(|mount| mount["source"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(sources(&[]).len(), 1, "an absent parameter mounts nothing");
    assert_eq!(sources(&["folder=in/../in"])[1], "[home]/data/in");
    for folder in ["..", "../..", "out", "out/bin", "in/../../bin", "/../../etc"] {
        let said = dry_run(&place, &["everything", &format!("folder={folder}")]).ends_with(2);
        assert!(said.stderr.contains("leads out of `[home]/data`"), "{folder}: {}", said.stderr);
    }
}

#[test]
fn what_is_mounted_by_an_included_file_lies_beside_it_and_is_shown_as_the_root_has_to_write_it() {
    let root = "version: 1\ninclude: [team/more.yaml]\ndefaults: { env_inherit: all }\ntemplates:\n  boxed: { container: { image: 'alpine:3.22', network: bridge } }\ncommands:\n  - { name: first, description: First., extends: boxed, script: ./bin/tool, container: { network: none } }\n";
    let more = "commands:\n  - name: second\n    description: Second.\n    script: ./bin/tool\n    container:\n      image: alpine:3.22\n      mounts:\n        - { source: ./data, target: /a }\n        - { source: \"{{sub}}/x\", target: /b, within: ./data }\n        - { source: \"./data/{{sub}}\", target: /c, within: ./data }\n    params: { sub: { type: string, default: data } }\n";
    let files = [("root.yaml", root), ("team/more.yaml", more), ("team/data/y", ""), ("team/x/y", "")];
    let place = Place::with(&files);
    place.run(&["--config", "root.yaml", "--validate", "--strict", "--offline"]).ends_with(0);
    for words in [&["config", "show"][..], &["config", "show", "--resolved"]] {
        let shown = place.run(&[&["--config", "root.yaml"], words].concat()).ends_with(0).stdout;
        place.write("shown.yaml", &shown);
        for tool in ["first", "second"] {
            let [written, shown] = ["root.yaml", "shown.yaml"]
                .map(|file| place.run(&["--config", file, "--dry-run", tool, "--json"]).ends_with(0).stdout);
            assert_eq!(shown, written, "{tool} {words:?}");
        }
    }
    let said = place.run(&["--config", "root.yaml", "--dry-run", "second", "sub=.."]).ends_with(2);
    assert!(said.stderr.contains("`[home]/team/../x`"), "{}", said.stderr);
    let said = place.run(&["--config", "root.yaml", "--dry-run", "first", "--json"]).ends_with(0);
    let plan: Value = serde_json::from_str(&said.stdout).expect("a plan is JSON");
    assert_eq!((&plan["image"], &plan["network"]), (&Value::from("alpine:3.22"), &Value::from("none")));
    assert_eq!(plan["entrypoint"], serde_json::json!(["./bin/tool"]));
}
