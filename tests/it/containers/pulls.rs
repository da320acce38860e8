//! Images that have to be fetched, from a small registry of the tests' own.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcpfier::model::Pull;
use mcpfier::plan::Environment;
use mcpfier::runner::container::{ContainerFailure, ContainerRunner};

use super::{Bench, bench};
use crate::support::engine::IMAGE;
use crate::support::web::{Heard, Web, answer, reply};

/// A registry with one image in it, as `docker save` has written it. With a password it is for those
/// who know it.
struct Registry {
    web: Web,
    _folder: tempfile::TempDir,
}

impl Registry {
    fn with_the_image(bench: &Bench, password: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let saved = folder.path().join("saved.tar");
        bench.engine.docker(&["save", "--output", &saved.display().to_string(), IMAGE]);
        let unpacked =
            std::process::Command::new("tar").arg("-C").arg(folder.path()).arg("-xf").arg(&saved).status();
        assert!(unpacked.expect("tar starts").success());
        let manifest = manifest(folder.path());
        let place = folder.path().to_path_buf();
        let password = password.map(str::to_owned);
        let web = Web::start(move |heard, stream| {
            reply(stream, &told(heard, &place, &manifest, password.as_deref()));
        });
        Self { web, _folder: folder }
    }

    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.web.address)
    }
}

/// The layers and the settings of an image, and the manifest that names them, each as a file that is
/// named by its digest. The last one's is given back.
fn manifest(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("manifest.json")).expect("what docker saved");
    let saved: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let blob = |kind: &str, name: &serde_json::Value| {
        let file = folder.join(name.as_str().expect("a file"));
        let size = file.metadata().expect("it was saved").len();
        let digest = digest(&file);
        std::fs::copy(&file, folder.join(&digest)).expect("a copy");
        serde_json::json!({
            "mediaType": format!("application/vnd.docker.{kind}"),
            "size": size,
            "digest": format!("sha256:{digest}"),
        })
    };
    let layers = saved[0]["Layers"].as_array().expect("layers").iter();
    let layers: Vec<_> = layers.map(|layer| blob("image.rootfs.diff.tar", layer)).collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": blob("container.image.v1+json", &saved[0]["Config"]),
        "layers": layers,
    });
    let file = folder.join("manifest.v2");
    std::fs::write(&file, manifest.to_string()).expect("a scratch file");
    let digest = digest(&file);
    std::fs::rename(&file, folder.join(&digest)).expect("another name");
    digest
}

fn digest(file: &Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(file).output().expect("sha256sum starts");
    String::from_utf8(output.stdout).expect("text").split(' ').next().expect("a digest").to_owned()
}

/// What the engine is told. Manifests are asked for by tag and by digest, the rest by digest.
fn told(heard: &Heard, folder: &Path, manifest: &str, password: Option<&str>) -> Vec<u8> {
    let known = password.is_none_or(|password| {
        heard.header("authorization") == Some(&format!("Basic {}", STANDARD.encode(format!("me:{password}"))))
    });
    if !known {
        let asks = ("Www-Authenticate", "Basic realm=\"test\"");
        return answer("401 Unauthorized", &[asks], b"{}");
    }
    let (place, name) = heard.target.rsplit_once('/').unwrap_or_default();
    let digest = name.strip_prefix("sha256:");
    match digest.or((name == "1").then_some(manifest)).map(|digest| std::fs::read(folder.join(digest))) {
        _ if place == "/v2" => answer("200 OK", &[], b"{}"),
        Some(Ok(bytes)) => {
            let kind = match place.ends_with("/manifests") {
                true => "application/vnd.docker.distribution.manifest.v2+json",
                false => "application/octet-stream",
            };
            let digest = format!("sha256:{}", digest.unwrap_or(manifest));
            let mut whole =
                answer("200 OK", &[("Content-Type", kind), ("Docker-Content-Digest", &digest)], &bytes);
            if heard.method == "HEAD" {
                whole.truncate(whole.len() - bytes.len());
            }
            whole
        }
        _ => {
            let missing = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
            answer("404 Not Found", &[("Content-Type", "application/json")], missing)
        }
    }
}

impl Bench {
    fn of_image(self, image: &str, pull: Pull) -> Self {
        self.with(|plan| (plan.image, plan.pull) = (image.to_owned(), pull))
    }
}

/// Pulled images are the tests' own.
struct Pulled<'a>(&'a Bench, String);

impl Drop for Pulled<'_> {
    fn drop(&mut self) {
        let _ = self.0.engine.command(&["rmi", "--force", &self.1]).output();
    }
}

#[tokio::test]
async fn a_missing_image_is_fetched_once() {
    let Some(bench) = bench(&["/bin/echo", "fetched"]) else { return };
    let registry = Registry::with_the_image(&bench, None);
    let image = registry.image("some/image:1");
    let bench = bench.of_image(&image, Pull::Missing);
    let _pulled = Pulled(&bench, image.clone());
    bench.run().await.says("fetched\n");
    let asked = registry.web.heard().len();
    assert!(asked > 0);
    bench.run().await.says("fetched\n");
    assert_eq!(registry.web.heard().len(), asked, "it was there");
}

#[tokio::test]
async fn an_image_that_a_registry_does_not_have_is_told() {
    let Some(bench) = bench(&["/bin/true"]) else { return };
    let registry = Registry::with_the_image(&bench, None);
    let image = registry.image("some/image:2");
    let told = bench.of_image(&image, Pull::Missing).failure().await.to_string();
    assert!(told.starts_with(&format!("the image `{image}` cannot be pulled: ")), "{told}");
    assert!(told.contains("manifest unknown") && told.ends_with("check its name and its tag"), "{told}");
}

#[tokio::test]
async fn a_registry_that_wants_to_know_who_asks_is_told_what_docker_login_left() {
    let Some(bench) = bench(&["/bin/echo", "let in"]) else { return };
    // With what is spelled differently in the two alphabets of base64.
    let password = "pass>>>??word";
    let registry = Registry::with_the_image(&bench, Some(password));
    let image = registry.image("private/image:1");
    let bench = bench.of_image(&image, Pull::Always);
    let failure = bench.failure().await;
    let ContainerFailure::NotPulled { cure, .. } = &failure else { panic!("{failure}") };
    assert!(cure.contains("docker login"), "{failure}");

    let home = tempfile::tempdir().unwrap();
    let docker = home.path().join("docker");
    std::fs::create_dir(&docker).unwrap();
    let auth = STANDARD.encode(format!("me:{password}"));
    let login = serde_json::json!({ "auths": { registry.web.address.to_string(): { "auth": auth } } });
    std::fs::write(docker.join("config.json"), login.to_string()).unwrap();
    let mut environment = Environment::clone(&bench.engine.environment());
    environment.insert("DOCKER_CONFIG".to_owned(), docker.display().to_string());
    let mut bench = bench;
    bench.runner = ContainerRunner::new(Arc::new(environment));
    let _pulled = Pulled(&bench, image.clone());
    bench.run().await.says("let in\n");
}
