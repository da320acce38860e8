//! Known vulnerabilities, by the real Trivy with a database of the tests' own that knows one.

use std::path::{Path, PathBuf};

use mcpfier::model::{Scan, Severity, WhenAbsent};
use mcpfier::runner::container::ContainerFailure;

use super::{Images, Shop};
use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::skip::skip;

const KNOWN: &str = "CVE-2099-0001";

fn tools(image: &str) -> String {
    format!(
        "version: 1\ncommands:\n  - name: hi\n    description: Says hi.\n    container: \"{image}\"\n    script: /bin/echo\n"
    )
}

fn trivy() -> Option<PathBuf> {
    let found = std::env::var_os("MCPFIER_TEST_TRIVY").map(PathBuf::from);
    if found.is_none() {
        skip("a scan of images (`tests/run` provides Trivy)");
    }
    found
}

/// An image that says that it is Alpine and has bash.
fn alpine(engine: &Engine, name: &str) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let write = |file: &str, text: &str| {
        let path = folder.path().join("root").join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("etc/alpine-release", "3.22.0\n");
    write("etc/os-release", "ID=alpine\nVERSION_ID=3.22.0\n");
    write(
        "lib/apk/db/installed",
        "C:Q1xxxxxxxxxxxxxxxxxxxxxxxxxxx=\nP:bash\nV:5.2.37-r0\nA:x86_64\no:bash\n\n",
    );
    let archive = folder.path().join("root.tar").display().to_string();
    let root = folder.path().join("root").display().to_string();
    let made = std::process::Command::new("tar").args(["-C", &root, "-cf", &archive, "."]).status();
    assert!(made.expect("tar starts").success());
    engine.docker(&["import", &archive, name]);
}

/// A leaf of a bbolt file: keys with their values, some of which are buckets.
fn leaf(id: u64, mut items: Vec<(&str, bool, Vec<u8>)>) -> Vec<u8> {
    items.sort_by_key(|(key, ..)| *key);
    let mut page = [&id.to_le_bytes()[..], &2_u16.to_le_bytes()].concat();
    page.extend((items.len() as u16).to_le_bytes());
    page.extend([0; 4]);
    let (mut heads, mut bodies) = (Vec::new(), Vec::new());
    for (at, (key, is_bucket, value)) in items.iter().enumerate() {
        let position = (items.len() - at) * 16 + bodies.len();
        for number in [u32::from(*is_bucket), position as u32, key.len() as u32, value.len() as u32] {
            heads.extend(number.to_le_bytes());
        }
        bodies.extend(key.as_bytes());
        bodies.extend(value);
    }
    [page, heads, bodies].concat()
}

/// A bucket that stands in the value of its parent.
fn bucket(items: Vec<(&str, bool, Vec<u8>)>) -> Vec<u8> {
    [vec![0; 16], leaf(0, items)].concat()
}

fn meta(id: u64) -> Vec<u8> {
    let mut page = [&id.to_le_bytes()[..], &4_u16.to_le_bytes(), &[0; 6]].concat();
    let mut body: Vec<u8> =
        [0xED0C_DAED_u32, 2, 4096, 0].iter().flat_map(|number| number.to_le_bytes()).collect();
    // The root, its sequence, the free list, the end, the transaction.
    body.extend([3_u64, 0, 2, 4, id].iter().flat_map(|number| number.to_le_bytes()));
    let sum = body
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    page.extend(body);
    page.extend(sum.to_le_bytes());
    page
}

/// What Trivy knows: one vulnerability in bash, of this severity.
fn database(cache: &Path, severity: &str) {
    let folder = cache.join("db");
    std::fs::create_dir_all(&folder).expect("a folder");
    let json = |value: serde_json::Value| value.to_string().into_bytes();
    let source = serde_json::json!({ "ID": "alpine", "Name": "Test", "URL": "http://test.invalid" });
    let advisory = json(serde_json::json!({ "FixedVersion": "9.9.9-r0" }));
    let known = json(serde_json::json!({ "Title": "planted", "Severity": severity }));
    let root = leaf(
        3,
        vec![
            ("data-source", true, bucket(vec![("alpine 3.22", false, json(source))])),
            ("alpine 3.22", true, bucket(vec![("bash", true, bucket(vec![(KNOWN, false, advisory)]))])),
            ("vulnerability", true, bucket(vec![(KNOWN, false, known)])),
        ],
    );
    let free = [&2_u64.to_le_bytes()[..], &0x10_u16.to_le_bytes(), &[0; 6]].concat();
    let mut file = Vec::new();
    for mut page in [meta(0), meta(1), free, root] {
        assert!(page.len() <= 4096);
        page.resize(4096, 0);
        file.extend(page);
    }
    std::fs::write(folder.join("trivy.db"), file).expect("a file");
    let metadata = r#"{"Version":2,"NextUpdate":"2099-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z","DownloadedAt":"2026-01-01T00:00:00Z"}"#;
    std::fs::write(folder.join("metadata.json"), metadata).expect("a file");
}

#[test]
fn what_is_known_of_an_image_blocks_as_far_as_it_is_said() {
    let (Some(engine), Some(trivy)) = (engine(), trivy()) else { return };
    let name = format!("mcpfier-test/alpine:{}", std::process::id());
    alpine(&engine, &name);
    let _images = Images(&engine, vec![name.clone()]);
    let tools = tools(&name);
    let mut shop = Shop::with(&engine, &[("tools.yaml", &tools), ("tmp/x", "")]);
    shop.program("trivy", &format!("#!/bin/sh\nexec {} \"$@\"\n", trivy.display()));
    let scan = |severity: &str, block_on: &[&str]| {
        database(&shop.place.path("cache"), severity);
        let mut command = shop.command(&[&["images", "scan"], block_on].concat());
        command.env("TRIVY_CACHE_DIR", shop.place.path("cache")).env("TRIVY_SKIP_DB_UPDATE", "true");
        command.env("TRIVY_SKIP_VERSION_CHECK", "true").env("TRIVY_PKG_TYPES", "os");
        command.env("TRIVY_OFFLINE_SCAN", "true").env("TMPDIR", shop.place.path("tmp"));
        shop.place.finish(command)
    };
    let ran = scan("CRITICAL", &[]).ends_with(1);
    assert!(ran.stdout.contains(KNOWN) && ran.stdout.contains("bash"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains(&format!("{name}: there is something that is critical or worse")),
        "{}",
        ran.stderr
    );
    let ran = scan("HIGH", &[]).ends_with(0);
    assert!(ran.stdout.ends_with(&format!("{name}: nothing that is critical or worse\n")), "{}", ran.stdout);
    scan("HIGH", &["--block-on", "high"]).ends_with(1);
    scan("MEDIUM", &["--block-on", "high", "hi"]).ends_with(0);
    let left: Vec<_> = std::fs::read_dir(shop.place.path("tmp")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");

    std::fs::remove_dir_all(shop.place.path("cache")).expect("it is there");
    let mut command = shop.command(&["images", "scan"]);
    command.env("TRIVY_CACHE_DIR", shop.place.path("cache")).env("TRIVY_SKIP_DB_UPDATE", "true");
    let ran = shop.place.finish(command).ends_with(125);
    assert!(ran.stderr.contains("`trivy image") && ran.stderr.contains("failed: "), "{}", ran.stderr);
}

#[test]
fn a_host_without_a_scanner_is_no_clean_image() {
    let Some(engine) = engine() else { return };
    let tools = tools(IMAGE);
    let mut shop = Shop::with(&engine, &[("tools.yaml", &tools)]);
    shop.path = shop.place.path("").display().to_string();
    let ran = shop.run(&["images", "scan"]).ends_with(125);
    assert!(ran.stderr.contains("there is neither `trivy` nor `grype` on this host"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let ran = shop.run(&["images", "scan", "nothing"]).ends_with(2);
    assert!(ran.stderr.contains("`nothing` is neither an image of the file nor a tool"), "{}", ran.stderr);
}

/// An image of the tests that says that it is Alpine and has bash.
fn guarded(engine: &Engine, name: &str) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    alpine(engine, &format!("{name}-bare"));
    let dockerfile = format!("FROM {name}-bare AS bare\nFROM {IMAGE}\nCOPY --from=bare / /\n");
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).expect("a file");
    let context = folder.path().display().to_string();
    let mut build = engine.command(&["build", "--quiet", "--tag", name, &context]);
    let built = build.env("DOCKER_BUILDKIT", "0").output().expect("docker starts");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    // Podman keeps the stages of a build.
    let _ = engine.command(&["rmi", "--force", &format!("{name}-bare")]).output();
}

fn calling(shop: &Shop, words: &[&str]) -> crate::support::place::Ran {
    let mut command = shop.command(words);
    command.env("TRIVY_CACHE_DIR", shop.place.path("cache")).env("TRIVY_SKIP_DB_UPDATE", "true");
    command.env("TRIVY_SKIP_VERSION_CHECK", "true").env("TRIVY_PKG_TYPES", "os");
    command.env("TRIVY_OFFLINE_SCAN", "true").env("TMPDIR", shop.place.path("tmp"));
    shop.place.finish(command)
}

#[test]
fn an_image_is_looked_through_before_it_runs() {
    let (Some(engine), Some(trivy)) = (engine(), trivy()) else { return };
    let name = format!("mcpfier-test/guarded:{}", std::process::id());
    guarded(&engine, &name);
    let _images = Images(&engine, vec![name.clone()]);
    let tools = |scan: &str| {
        format!(
            "version: 1\ncommands:\n  - name: hi\n    description: Says hi.\n    container: {{ image: \"{name}\", scan: {scan} }}\n    script: /bin/echo\n    args: [hi]\n"
        )
    };
    let mut shop = Shop::with(&engine, &[("tools.yaml", &tools("{}")), ("tmp/x", "")]);
    shop.program("trivy", &format!("#!/bin/sh\nexec {} \"$@\"\n", trivy.display()));
    let plan = calling(&shop, &["--dry-run", "hi"]).ends_with(0).stdout;
    assert!(plan.contains("with nothing that is critical or worse, as trivy or grype says"), "{plan}");

    let ran = calling(&shop, &["hi"]).ends_with(125);
    assert!(
        ran.stderr.contains("could not be looked through") && ran.stderr.contains("download-db-only"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    database(&shop.place.path("cache"), "CRITICAL");
    let ran = calling(&shop, &["hi"]).ends_with(125);
    let expected =
        format!("the image `{name}` may not run: trivy knows something of it that is critical or worse");
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let blocked = calling(&shop, &["images", "scan", &name]).ends_with(1);
    assert!(blocked.stdout.contains(KNOWN), "{}", blocked.stdout);
    assert!(
        blocked.stderr.contains("what `trivy` knows is") && blocked.stderr.contains(" days old"),
        "{}",
        blocked.stderr
    );

    database(&shop.place.path("cache"), "HIGH");
    let ran = calling(&shop, &["hi"]).ends_with(0);
    assert_eq!(ran.stdout, "hi\n");
    assert!(ran.stderr.contains("was looked through, but what `trivy` knows is"), "{}", ran.stderr);
    shop.place.write("tools.yaml", &tools("{ block_on: high, with: trivy }"));
    calling(&shop, &["hi"]).ends_with(125);
    let left: Vec<_> = std::fs::read_dir(shop.place.path("tmp")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");

    // Without a scanner.
    shop.path = shop.place.path("").display().to_string();
    let ran = calling(&shop, &["hi"]).ends_with(125);
    assert!(
        ran.stderr.contains("there is no `trivy` on this host; install one, or write `when_absent: warn`"),
        "{}",
        ran.stderr
    );
    shop.place.write("tools.yaml", &tools("{ when_absent: warn }"));
    let ran = calling(&shop, &["hi"]).ends_with(0);
    assert_eq!(ran.stdout, "hi\n");
    assert!(
        ran.stderr.contains(&format!("{name} was not looked through: there is no `trivy` and no `grype`")),
        "{}",
        ran.stderr
    );
}

#[tokio::test]
async fn a_server_has_an_image_looked_through_once() {
    let (Some(engine), Some(trivy)) = (engine(), trivy()) else { return };
    let Some(mut bench) = crate::containers::bench(&["/bin/echo", "hi"]) else { return };
    let name = format!("mcpfier-test/once:{}", std::process::id());
    guarded(&engine, &name);
    let _images = Images(&engine, vec![name.clone()]);
    let folder = tempfile::tempdir().expect("a scratch folder");
    database(&folder.path().join("cache"), "HIGH");
    let noted = folder.path().join("noted");
    let program = folder.path().join("trivy");
    let script = format!("#!/bin/sh\necho \"$1\" >> {}\nexec {} \"$@\"\n", noted.display(), trivy.display());
    std::fs::write(&program, script).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("an executable");
    let mut environment = (*engine.environment()).clone();
    let path = std::env::var("PATH").unwrap_or_default();
    environment.insert("PATH".to_owned(), format!("{}:{path}", folder.path().display()));
    environment.insert("TRIVY_CACHE_DIR".to_owned(), folder.path().join("cache").display().to_string());
    for (name, value) in [
        ("TRIVY_SKIP_DB_UPDATE", "true"),
        ("TRIVY_SKIP_VERSION_CHECK", "true"),
        ("TRIVY_PKG_TYPES", "os"),
        ("TRIVY_OFFLINE_SCAN", "true"),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    bench.runner = mcpfier::runner::container::ContainerRunner::new(std::sync::Arc::new(environment));
    bench.plan.image = name;
    bench.plan.scan =
        Some(Scan { block_on: Severity::Critical, with: None, when_absent: WhenAbsent::Refuse });
    let (one, other) = tokio::join!(bench.call(), bench.call());
    assert_eq!([one.text(), other.text()], ["hi\n", "hi\n"], "{one:?} {other:?}");
    bench.call().await.says("hi\n");
    let asked = std::fs::read_to_string(&noted).expect("it was asked");
    assert_eq!(asked.lines().filter(|word| *word == "image").count(), 1, "{asked}");
    bench.plan.scan = bench.plan.scan.map(|scan| Scan { block_on: Severity::High, ..scan });
    assert!(matches!(bench.failure().await, ContainerFailure::Blocked { by: "trivy", block_on: "high", .. }));
}
