//! Images that are held to what was agreed on: by digests in the file, by the lock, by signatures.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::registry::Registry;
use super::{Images, Shop};
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::skip::skip;

fn tools(container: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: hi\n    description: Says hi.\n    container: {container}\n    script: /bin/echo\n    args: [hi]\n"
    )
}

/// Another image under a name: the one of the tests with one file more.
fn exchanged(engine: &Engine, name: &str) {
    use std::io::Write;
    let mut build = engine.command(&["build", "--quiet", "--tag", name, "-"]);
    build.env("DOCKER_BUILDKIT", "0").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null());
    let mut child = build.spawn().expect("docker starts");
    let mut stdin = child.stdin.take().expect("it was piped");
    stdin.write_all(format!("FROM {IMAGE}\nENV OTHER={name}\n").as_bytes()).expect("it reads");
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn what_has_to_be_pinned_is_an_error_until_it_is() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (image, digest) = registry.push_busybox(&engine, "team/pinned:1");
    let file = tools(&format!("{{ image: \"{image}\", require_digest: true }} # the tool"));
    let login = registry.login();
    let shop = Shop::with(&engine, &[("tools.yaml", &file), ("docker/config.json", &login)]);
    let ran = shop.run(&["hi"]).ends_with(3);
    assert!(
        ran.stderr.contains("error[E0170]") && ran.stderr.contains("mcpfier images pin"),
        "{}",
        ran.stderr
    );
    let ran = shop.run(&["images", "pin"]).ends_with(1);
    assert!(ran.stderr.contains(&format!("the engine does not have `{image}`")), "{}", ran.stderr);
    assert_eq!(shop.place.read("tools.yaml"), file);

    let folder = shop.place.path("docker").display().to_string();
    engine.docker(&["--config", &folder, "pull", &image]);
    let named = format!("{}@{digest}", image.trim_end_matches(":1"));
    let _images = Images(&engine, vec![image.clone(), named]);
    let ran = shop.run(&["images", "pin"]).ends_with(0);
    assert_eq!(ran.stdout, format!("{image}@{digest}\n"));
    assert_eq!(shop.place.read("tools.yaml"), file.replace(&image, &format!("{image}@{digest}")));
    assert_eq!(shop.run(&["hi"]).ends_with(0).stdout, "hi\n");
    let listed = shop.run(&["images"]).ends_with(0).stdout;
    assert!(listed.trim_end().ends_with(", pinned"), "{listed}");
}

#[test]
fn a_lock_holds_an_image_to_its_digest() {
    let Some(engine) = engine() else { return };
    let name = format!("mcpfier-test/locked:{}", std::process::id());
    let _images = Images(&engine, vec![name.clone()]);
    engine.docker(&["tag", IMAGE, &name]);
    let file = tools(&format!("{{ image: \"{name}\", pull: never }}"));
    let shop = Shop::with(&engine, &[("tools.yaml", &file)]);
    shop.run(&["lock"]).ends_with(0);
    let lock = shop.place.read("mcpfier.lock");
    assert!(lock.contains(&format!("\"{name}\": \"sha256:")), "{lock}");
    assert_eq!(shop.run(&["--locked", "hi"]).ends_with(0).stdout, "hi\n");
    shop.run(&["lock", "--check"]).ends_with(0);

    exchanged(&engine, &name);
    let ran = shop.run(&["--locked", "hi"]).ends_with(125);
    assert!(ran.stderr.contains(&format!("another image of the name `{name}`")), "{}", ran.stderr);
    let ran = shop.run(&["lock", "--check"]).ends_with(1);
    assert!(ran.stderr.contains(&format!("{name}: sha256:")), "{}", ran.stderr);
    assert_eq!(shop.run(&["hi"]).ends_with(0).stdout, "hi\n", "without `--locked` it is what it was");
    let plan = shop.run(&["--locked", "--dry-run", "hi"]).ends_with(0).stdout;
    assert!(plan.contains("nothing but sha256:") && plan.contains("as the lock says"), "{plan}");

    let ran = shop.run(&["lock"]).ends_with(0);
    assert!(ran.stdout.contains(&format!("{name}: sha256:")), "{}", ran.stdout);
    assert_eq!(shop.run(&["--locked", "hi"]).ends_with(0).stdout, "hi\n");
}

#[test]
fn without_an_engine_a_lock_says_what_it_does_not_know_and_keeps_what_it_knew() {
    let Some(engine) = engine() else { return };
    let file = tools(&format!("{{ image: \"{IMAGE}\", pull: never }}"));
    let shop = Shop::with(&engine, &[("tools.yaml", &file)]);
    let away = |words: &[&str]| {
        let mut command = shop.command(words);
        command.env("DOCKER_HOST", "unix:///no/such.sock");
        shop.place.finish(command)
    };
    let ran = away(&["lock"]).ends_with(0);
    assert!(ran.stderr.contains("no engine says which digests"), "{}", ran.stderr);
    assert!(shop.place.read("mcpfier.lock").contains(&format!("\"{IMAGE}\": null")));
    shop.run(&["lock"]).ends_with(0);
    let known = shop.place.read("mcpfier.lock");
    assert!(known.contains(&format!("\"{IMAGE}\": \"sha256:")), "{known}");
    away(&["lock"]).ends_with(0);
    assert_eq!(shop.place.read("mcpfier.lock"), known);
    let ran = away(&["lock", "--check"]).ends_with(0);
    assert!(ran.stderr.contains("the images were not looked at"), "{}", ran.stderr);
    away(&["--locked", "list"]).ends_with(0);
}

#[test]
fn a_lock_holds_a_build_to_its_context() {
    let Some(engine) = engine() else { return };
    let file = tools("{ build: ./tool }");
    let dockerfile = format!("FROM {IMAGE}\n# {}\n", std::process::id());
    let shop = Shop::with(&engine, &[("tools.yaml", &file), ("tool/Dockerfile", &dockerfile)]);
    let _images = Images(&engine, vec![shop.tag("hi")]);
    shop.run(&["lock"]).ends_with(0);
    assert_eq!(shop.run(&["--locked", "hi"]).ends_with(0).stdout, "hi\n");
    shop.place.write("tool/Dockerfile", &format!("{dockerfile}RUN true\n"));
    let ran = shop.run(&["--locked", "hi"]).ends_with(6);
    assert!(ran.stderr.contains("is not what the lock says"), "{}", ran.stderr);
    shop.run(&["lock", "--check"]).ends_with(1);
}

#[test]
fn what_has_to_be_signed_does_not_run_unless_cosign_says_so() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (image, digest) = registry.push_busybox(&engine, "team/signed:1");
    let file = tools(&format!("{{ image: \"{image}\", verify: {{ key: ./our.pub }} }}"));
    let login = registry.login();
    let mut shop = Shop::with(&engine, &[("tools.yaml", &file), ("docker/config.json", &login)]);
    let _images = Images(&engine, vec![image.clone()]);
    let bare = format!("{}@{digest}", image.trim_end_matches(":1"));
    let line = format!("cosign verify --key [home]/our.pub {bare}");
    let plan = shop.run(&["--dry-run", "hi"]).ends_with(0).stdout;
    assert!(plan.contains(&format!("cosign verify --key [home]/our.pub {image}@DIGEST")), "{plan}");
    // A machine that has one shows the rest all the same.
    if std::process::Command::new("cosign").arg("version").output().is_err() {
        let ran = shop.run(&["hi"]).ends_with(125);
        assert!(
            ran.stderr.contains(&format!("there is no `cosign` on this host to ask: `{line}`")),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    let note = shop.place.path("asked").display().to_string();
    shop.program(
        "cosign",
        &format!("#!/bin/sh\necho \"$@\" >> {note}\necho 'no matching signatures' >&2; exit 1\n"),
    );
    let ran = shop.run(&["hi"]).ends_with(125);
    assert!(
        ran.stderr.contains("does not count as signed") && ran.stderr.contains("no matching signatures"),
        "{}",
        ran.stderr
    );
    shop.program("cosign", &format!("#!/bin/sh\necho \"$@\" >> {note}\n"));
    assert_eq!(shop.run(&["hi"]).ends_with(0).stdout, "hi\n");
    let home = shop.place.path("").display().to_string();
    let line = line.replace("[home]", home.trim_end_matches('/')).replace("cosign ", "");
    assert_eq!(shop.place.read("asked"), format!("{line}\n{line}\n"));
}

/// The real one, which `tests/run` provides.
struct Cosign<'s> {
    program: PathBuf,
    shop: &'s Shop,
}

impl<'s> Cosign<'s> {
    fn in_shop(shop: &'s Shop) -> Option<Self> {
        let program = std::env::var_os("MCPFIER_TEST_COSIGN").map(PathBuf::from);
        if program.is_none() {
            skip("signatures of images (`tests/run` provides cosign)");
        }
        Some(Self { program: program?, shop })
    }

    fn run(&self, words: &[&str]) {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(self.shop.place.path("")).env("HOME", self.shop.place.path(""));
        command.env("COSIGN_PASSWORD", "of the key").env("DOCKER_CONFIG", self.shop.place.path("docker"));
        let output = command.stdin(Stdio::null()).output().expect("cosign starts");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_real_signature_counts_and_none_or_that_of_another_key_does_not() {
    let (Some(engine), Some(registry)) = (engine(), Registry::start()) else { return };
    let (signed, digest) = registry.push_busybox(&engine, "team/signed:1");
    let (bare, _) = registry.push_busybox(&engine, "team/bare:1");
    let container = |image: &str, key: &str| {
        format!("{{ image: \"{image}\", verify: {{ key: ./{key}.pub, transparency_log: false }} }}")
    };
    let command = |name: &str, image: &str, key: &str| {
        let container = container(image, key);
        format!(
            "  - {{ name: {name}, description: Says it., script: /bin/echo, args: [{name}], container: {container} }}\n"
        )
    };
    let file = [
        "version: 1\ncommands:\n",
        &command("signed", &signed, "ours"),
        &command("bare", &bare, "ours"),
        &command("other", &signed, "theirs"),
    ]
    .concat();
    let login = registry.login();
    let mut shop = Shop::with(&engine, &[("tools.yaml", &file), ("docker/config.json", &login)]);
    let _images = Images(&engine, vec![signed.clone(), bare.clone()]);
    {
        let Some(cosign) = Cosign::in_shop(&shop) else { return };
        for key in ["ours", "theirs"] {
            cosign.run(&["generate-key-pair", "--output-key-prefix", key]);
        }
        let image = format!("{}@{digest}", signed.trim_end_matches(":1"));
        cosign.run(&["sign", "--yes", "--key", "ours.key", "--tlog-upload=false", &image]);
        let program = cosign.program.display().to_string();
        shop.program("cosign", &format!("#!/bin/sh\nexec {program} \"$@\"\n"));
    }
    let plan = shop.run(&["--dry-run", "signed"]).ends_with(0).stdout;
    assert!(plan.contains("cosign verify --key [home]/ours.pub --private-infrastructure=true"), "{plan}");
    assert_eq!(shop.run(&["signed"]).ends_with(0).stdout, "signed\n");
    for (name, why) in [("bare", "no signatures found"), ("other", "no matching signatures")] {
        let ran = shop.run(&[name]).ends_with(125);
        assert!(
            ran.stderr.contains("does not count as signed") && ran.stderr.contains(why),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
    // Two of the three tools run in the same image.
    for (keys, pulled) in [("ours", "is there"), ("theirs", "does not count as signed")] {
        shop.place
            .write("one.yaml", &["version: 1\ncommands:\n", &command("signed", &signed, keys)].concat());
        let mut pull = shop.place.command("", &["--config", "one.yaml", "images", "pull"]);
        pull.env("DOCKER_HOST", &engine.host).env("PATH", &shop.path);
        pull.env("DOCKER_CONFIG", shop.place.path("docker"));
        let ran = shop.place.finish(pull).ends_with(i32::from(keys == "theirs"));
        assert!((ran.stdout + &ran.stderr).contains(pulled), "{keys}");
    }
    let ran = shop.run(&["images", "pull", "bare"]).ends_with(1);
    assert!(ran.stderr.contains("no signatures found") && ran.stdout.is_empty(), "{}", ran.stderr);
}
