//! Images that are built of files beside the configuration.

use serde_json::json;

use super::{Images, Shop};
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::server::{Server, Wire};

fn tools(build: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: show\n    description: Shows what is in it.\n    container: {build}\n    script: /bin/sh\n    args: [\"-c\", \"cat /made; ls -a /all 2>/dev/null; id -u\"]\n"
    )
}

#[test]
fn an_image_is_built_once_for_each_content() {
    let Some(engine) = engine() else { return };
    let dockerfile = format!("FROM {IMAGE}\nCOPY made /made\n");
    let unique = format!("first {}\n", std::process::id());
    let tools = tools("{ build: ./tool }");
    let files = [("tools.yaml", tools.as_str()), ("tool/Dockerfile", &dockerfile), ("tool/made", &unique)];
    let shop = Shop::with(&engine, &files);
    let first = shop.tag("show");
    let mut images = Images(&engine, vec![first.clone()]);
    let ran = shop.run(&["show"]).ends_with(0);
    assert_eq!(ran.stdout, format!("{unique}65534\n"));
    let told = ran.stderr.to_lowercase();
    assert!(told.contains("step 2/") && told.contains("copy made /made"), "{}", ran.stderr);
    assert_eq!(shop.run(&["show"]).ends_with(0).stderr, "", "it is there");

    shop.place.write("tool/made", &format!("second {}\n", std::process::id()));
    let second = shop.tag("show");
    assert_ne!(second, first);
    images.1.push(second.clone());
    shop.run(&["images", "build"]).ends_with(0);
    let ran = shop.run(&["show"]).ends_with(0);
    assert!(ran.stdout.starts_with("second") && ran.stderr.is_empty(), "{}{}", ran.stdout, ran.stderr);
    let listed = shop.run(&["images"]).ends_with(0).stdout;
    assert!(listed.contains(&second) && listed.contains("show  built of [home]/tool"), "{listed}");
    // What it was before is built anew: the image of before went when another took its place.
    assert!(!has(&engine, &first) && has(&engine, &second));
    shop.place.write("tool/made", &unique);
    assert_eq!(shop.tag("show"), first);
    assert_ne!(shop.run(&["show"]).ends_with(0).stderr, "");
    assert!(has(&engine, &first) && !has(&engine, &second));
}

fn has(engine: &Engine, image: &str) -> bool {
    engine.command(&["image", "inspect", image]).output().expect("docker starts").status.success()
}

#[test]
fn of_each_build_the_newest_stays_and_what_a_container_uses() {
    let Some(engine) = engine() else { return };
    let unique = std::process::id();
    let tools = format!(
        "version: 1\ncommands:\n  - name: one-{unique}\n    description: Shows.\n    container: {{ build: ./tool, image: \"mcpfier-test/own-{unique}:1\" }}\n    script: /bin/cat\n    args: [/made]\n"
    );
    let dockerfile = format!("FROM {IMAGE}\nCOPY made /made\n");
    let files = [("tools.yaml", tools.as_str()), ("tool/Dockerfile", &dockerfile), ("tool/made", "")];
    let shop = Shop::with(&engine, &files);
    let name = format!("one-{unique}");
    let mut tags = Vec::new();
    let mut images = Images(&engine, vec![format!("mcpfier-test/own-{unique}:1")]);
    let mut build = |number: u32| {
        shop.place.write("tool/made", &format!("{number} of {unique}\n"));
        let tag = shop.tag(&name);
        images.1.push(tag.clone());
        shop.run(&["images", "build"]).ends_with(0);
        tags.push(tag.clone());
        tag
    };
    let first = build(1);
    let user = engine.docker(&["create", &first, "/bin/true"]);
    let second = build(2);
    assert!(has(&engine, &first), "a container uses it");
    let third = build(3);
    assert_eq!([&first, &second, &third].map(|tag| has(&engine, tag)), [true, false, true]);
    // What carries no label of ours is nobody's business of ours, whatever its name.
    let foreign = format!("mcpfier-build:foreign-{unique}");
    engine.docker(&["tag", IMAGE, &foreign]);
    let cleaned = shop.run(&["clean"]).ends_with(0);
    assert!(!cleaned.stdout.contains(&first), "{}", cleaned.stdout);
    engine.docker(&["rm", user.trim()]);
    let cleaned = shop.run(&["clean"]).ends_with(0);
    assert!(cleaned.stdout.contains(&format!("removed {first} of `{name}`\n")), "{}", cleaned.stdout);
    assert_eq!([&first, &third, &foreign].map(|tag| has(&engine, tag)), [false, true, true]);
    assert!(has(&engine, &format!("mcpfier-test/own-{unique}:1")));
    engine.docker(&["rmi", &foreign]);
}

/// What a line does at a shell. Other tests remove images meanwhile, of which Podman's build complains.
fn pasted(engine: &Engine, line: &str) -> std::process::Output {
    let run = || {
        let mut pasted = std::process::Command::new("bash");
        pasted.args(["-c", line]).env("DOCKER_HOST", &engine.host).env("DOCKER_BUILDKIT", "0");
        pasted.output().expect("bash starts")
    };
    let is_of_others = |output: &std::process::Output| {
        let said = String::from_utf8_lossy(&output.stderr);
        ["layer not known", "image not known", "is not a container"].iter().any(|known| said.contains(known))
    };
    let ran = run();
    if is_of_others(&ran) { run() } else { ran }
}

#[test]
fn the_line_of_a_dry_run_builds_and_runs_the_same() {
    let Some(engine) = engine() else { return };
    let dockerfile = format!(
        "FROM {IMAGE} AS one\nARG WORD\nRUN echo \"$WORD\" > /made\nFROM one AS two\nRUN echo no > /made\n"
    );
    let word = format!("it's {}", std::process::id());
    let tools = tools(&format!(
        "{{ image: mcpfier-test/named:dev, build: {{ context: ./tool, dockerfile: ./other/File, target: one, args: {{ WORD: \"{word}\" }} }} }}"
    ));
    let files = [("tools.yaml", tools.as_str()), ("other/File", &dockerfile), ("tool/x", "")];
    let shop = Shop::with(&engine, &files);
    let tag = shop.tag("show");
    let _images = Images(&engine, vec![tag.clone(), "mcpfier-test/named:dev".to_owned()]);
    let plan = shop.command(&["--dry-run", "show"]).output().expect("it starts");
    let plan = String::from_utf8(plan.stdout).expect("text");
    let line =
        plan.lines().find_map(|line| line.trim_start().strip_prefix("command ")).expect("a line").trim();
    let pasted = pasted(&engine, line);
    let said = String::from_utf8_lossy(&pasted.stderr);
    assert_eq!(String::from_utf8_lossy(&pasted.stdout), format!("{word}\n65534\n"), "{line}\n{said}");
    let theirs =
        engine.docker(&["image", "inspect", "--format", "{{.RootFS.Layers}} {{.Config.Labels}}", &tag]);
    engine.docker(&["rmi", "--force", &tag, "mcpfier-test/named:dev"]);
    assert_eq!(shop.run(&["show"]).ends_with(0).stdout, format!("{word}\n65534\n"));
    let ours =
        engine.docker(&["image", "inspect", "--format", "{{.RootFS.Layers}} {{.Config.Labels}}", &tag]);
    assert_eq!(ours.split('[').next_back(), theirs.split('[').next_back(), "the same labels");
    assert_eq!(
        engine.docker(&["image", "inspect", "--format", "{{.Id}}", "mcpfier-test/named:dev"]),
        engine.docker(&["image", "inspect", "--format", "{{.Id}}", &tag])
    );
}

#[test]
fn what_is_ignored_and_the_dockerfile_from_elsewhere_are_not_in_the_image() {
    let Some(engine) = engine() else { return };
    let dockerfile = format!("FROM {IMAGE}\nCOPY . /all\nRUN echo {} > /made\n", std::process::id());
    let tools = tools("{ build: { context: ./tool, dockerfile: ./File } }");
    let files = [
        ("tools.yaml", tools.as_str()),
        ("File", &dockerfile),
        ("tool/.dockerignore", "*.log\nsecret\n!kept.log\n"),
        ("tool/a.log", ""),
        ("tool/kept.log", ""),
        ("tool/secret/key", ""),
        ("tool/main.py", ""),
    ];
    let shop = Shop::with(&engine, &files);
    let _images = Images(&engine, vec![shop.tag("show")]);
    let ran = shop.run(&["show"]).ends_with(0);
    let expected = format!("{}\n.\n..\n.dockerignore\nkept.log\nmain.py\n65534\n", std::process::id());
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn a_build_that_fails_is_told_by_its_step_and_leaves_nothing() {
    let Some(engine) = engine() else { return };
    let mark = format!("mark-{}", std::process::id());
    let dockerfile = format!("FROM {IMAGE}\nRUN echo {mark}; echo too bad >&2; exit 3\n");
    let tools = tools("{ build: ./tool }");
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("tool/Dockerfile", &dockerfile)]);
    for words in [&["show"][..], &["images", "build"]] {
        let ran = shop.run(words);
        assert!(ran.status != 0, "{}", ran.stdout);
        let told = ran.stderr.split("error: ").last().expect("an error");
        assert!(
            told.starts_with("the image of `[home]/tool` cannot be built: step 2/")
                && told.contains("(`RUN echo"),
            "{told}"
        );
        // Docker's words, or Podman's.
        assert!(told.contains("code: 3; its") || told.contains("status 3; its"), "{told}");
        assert!(told.contains("; its last lines:\n") && told.contains("\n  too bad"), "{told}");
    }
    let listed = engine.docker(&["ps", "--all", "--no-trunc", "--format", "{{.Command}}"]);
    assert!(!listed.contains(&mark), "{listed}");
}

#[test]
fn what_cannot_be_a_context_is_told_before_anything_is_sent() {
    let Some(engine) = engine() else { return };
    let tools = tools("{ build: ./tool }");
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("tool/x", "")]);
    let told = |expected: &str| {
        for words in [&["show"][..], &["--dry-run", "show"]] {
            let ran = shop.run(words).ends_with(5);
            assert!(
                ran.stderr.contains("`show` cannot run here: its image cannot be built: "),
                "{}",
                ran.stderr
            );
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        }
        let ran = shop.run(&["images"]).ends_with(0);
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    };
    told("there is no Dockerfile `[home]/tool/Dockerfile`");
    shop.place.write("tool/Dockerfile", &format!("FROM {IMAGE}\n"));
    let huge = std::fs::File::create(shop.place.path("tool/huge")).expect("a scratch file");
    huge.set_len(2 << 30).expect("a hole");
    told("holds more than 1 GiB; name what an image does not need in its `.dockerignore`");
    std::fs::remove_file(shop.place.path("tool/huge")).expect("it is there");
    let elsewhere = tempfile::tempdir().expect("a scratch folder");
    std::fs::remove_dir_all(shop.place.path("tool")).expect("it is there");
    std::os::unix::fs::symlink(elsewhere.path(), shop.place.path("tool")).expect("a link");
    told("leads out of `[home]`, the folder of the file that names it");
}

#[test]
fn two_who_want_the_same_image_get_it() {
    let Some(engine) = engine() else { return };
    let dockerfile = format!("FROM {IMAGE}\nRUN sleep 1; echo {} twice > /made\n", std::process::id());
    let tools = tools("{ build: ./tool }");
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("tool/Dockerfile", &dockerfile)]);
    let _images = Images(&engine, vec![shop.tag("show")]);
    let runs = std::thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| shop.run(&["show"])));
        runs.map(|run| run.join().expect("it ends"))
    });
    for ran in runs {
        assert!(ran.ends_with(0).stdout.contains("twice"));
    }
}

#[test]
fn the_example_is_built_and_says_which_words_are_frequent() {
    let Some(engine) = engine() else { return };
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let read = |name: &str| std::fs::read_to_string(source.join(name)).expect("an example");
    let file = read("build.yaml");
    let (dockerfile, script) = (read("word-report/Dockerfile"), read("word-report/report.sh"));
    let files = [
        ("tools.yaml", file.as_str()),
        ("word-report/Dockerfile", &dockerfile),
        ("word-report/report.sh", &script),
    ];
    let shop = Shop::with(&engine, &files);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(shop.place.path("word-report/report.sh"), mode).expect("an executable");
    let run = |words: &[&str]| {
        let mut command = shop.command(words);
        command.env("BASE_IMAGE", IMAGE);
        shop.place.finish(command).ends_with(0).stdout
    };
    let plan: serde_json::Value =
        serde_json::from_str(&run(&["--dry-run", "frequent-words", "text=x", "--json"])).expect("JSON");
    let _images = Images(&engine, vec![plan["image"].as_str().expect("a name").to_owned()]);
    let said = run(&["frequent-words", "text=the cat and the dog and the bird", "count=2"]);
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["3", "the", "2", "and"]);
}

#[tokio::test]
async fn a_client_sees_the_steps_of_a_build_as_progress() {
    let Some(engine) = engine() else { return };
    let dockerfile =
        format!("FROM {IMAGE}\nRUN echo on its way; sleep 2; echo {} > /made\n", std::process::id());
    let tools = tools("{ build: ./tool }");
    let shop = Shop::with(&engine, &[("tools.yaml", &tools), ("tool/Dockerfile", &dockerfile)]);
    let _images = Images(&engine, vec![shop.tag("show")]);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut server = Server::run(Wire::Pipes, folder, shop.command(&[]));
    server.client.initialize().await;
    let params = json!({ "name": "show", "arguments": {}, "_meta": { "progressToken": 7 } });
    let response = server.client.ask(1, "tools/call", params).await;
    assert_eq!(response["result"]["isError"], false, "{response}");
    let messages: Vec<String> = server
        .client
        .passed()
        .iter()
        .filter_map(|message| Some(message["params"]["message"].as_str()?.to_owned()))
        .collect();
    assert!(messages.iter().any(|message| message == "on its way"), "{messages:?}");
}
