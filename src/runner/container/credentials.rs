//! Who we are to a registry: what `docker login` has left, in Docker's file or with its helpers.

use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::BollardRequest;
use bollard::auth::DockerCredentials;
use serde_json::Value;

use super::asked::{Ended, asked};
use super::context;
use crate::plan::Environment;

/// What a helper has to answer.
const PATIENCE: Duration = Duration::from_secs(20);
const HEADERS: [&str; 2] = ["X-Registry-Auth", "X-Registry-Config"];
/// Docker's own registry in its files.
const HUB: &str = "https://index.docker.io/v1/";

/// The registry that an image comes from, as Docker's files name it.
pub fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => HUB,
    }
}

/// What this user has for a registry, or nothing: many images are for everybody.
pub async fn credentials(environment: &Environment, registry: &str) -> Option<DockerCredentials> {
    let folder = context::docker_folder(environment);
    let file = context::configuration(folder.as_deref());
    let helper = file.get("credHelpers").and_then(|helpers| helpers.get(registry)).or(file.get("credsStore"));
    if let Some(helper) = helper.and_then(Value::as_str)
        && let Some(found) = by_helper(environment, helper, registry).await
    {
        return Some(found);
    }
    written(&file, registry)
}

fn written(file: &Value, registry: &str) -> Option<DockerCredentials> {
    let auths = file.get("auths")?.as_object()?;
    let bare = |name: &str| name.trim_start_matches("https://").trim_start_matches("http://").to_owned();
    let host = |name: &str| bare(name).split('/').next().unwrap_or_default().to_owned();
    let entry = auths.get(registry).or_else(|| {
        let same = auths.iter().find(|(name, _)| host(name) == host(registry));
        same.map(|(_, entry)| entry)
    })?;
    let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let pair = text("auth").and_then(|auth| String::from_utf8(STANDARD.decode(auth).ok()?).ok());
    let (username, password) = match pair.as_deref().and_then(|pair| pair.split_once(':')) {
        Some((username, password)) => (Some(username.to_owned()), Some(password.to_owned())),
        None => (text("username").map(str::to_owned), text("password").map(str::to_owned)),
    };
    let identitytoken = text("identitytoken").map(str::to_owned);
    (username.is_some() || identitytoken.is_some()).then(|| DockerCredentials {
        username,
        password,
        identitytoken,
        serveraddress: Some(registry.to_owned()),
        ..DockerCredentials::default()
    })
}

/// Asks a helper, `docker-credential-NAME`, which may wait for a person: it has a deadline.
async fn by_helper(environment: &Environment, helper: &str, registry: &str) -> Option<DockerCredentials> {
    let is_name = helper.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    let program = format!("docker-credential-{helper}");
    if !is_name {
        tracing::warn!("`{helper}` is no name of a credential helper");
        return None;
    }
    let mut command = Command::new(&program);
    command.arg("get").envs(environment);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let output = match asked(command, Some(registry.to_owned()), PATIENCE).await {
        Ended::Done(output) => output,
        Ended::NotStarted(error) => {
            tracing::warn!("`{program}`, which Docker's file names, cannot be run: {error}");
            return None;
        }
        Ended::Silent => {
            tracing::warn!("`{program}` says nothing");
            return None;
        }
    };
    let told: Value = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())?;
    let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
    let serveraddress = Some(registry.to_owned());
    // This user name says that what follows is no password.
    match text("Username")?.as_str() {
        "<token>" => Some(DockerCredentials {
            identitytoken: text("Secret"),
            serveraddress,
            ..DockerCredentials::default()
        }),
        username => Some(DockerCredentials {
            username: Some(username.to_owned()),
            password: text("Secret"),
            serveraddress,
            ..DockerCredentials::default()
        }),
    }
}

/// Engines read these headers in the alphabet for URLs, and the client writes the other.
pub fn respell(mut request: BollardRequest) -> BollardRequest {
    for header in HEADERS {
        let spelled = request.headers().get(header).and_then(|value| value.to_str().ok());
        if let Some(Ok(value)) = spelled.map(|value| value.replace('+', "-").replace('/', "_").parse()) {
            request.headers_mut().insert(header, value);
        }
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_registry_of_an_image_is_its_first_part_if_that_is_a_host() {
        for (image, expected) in [
            ("python:3.12", HUB),
            ("library/python", HUB),
            ("ghcr.io/a/b:1", "ghcr.io"),
            ("127.0.0.1:5000/a", "127.0.0.1:5000"),
            ("localhost/a", "localhost"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }

    #[test]
    fn a_login_is_found_however_its_registry_is_written() {
        let auth = STANDARD.encode("me:pass:word");
        let file = json!({"auths": {"https://ghcr.io/v2/": {"auth": auth}, HUB: {"identitytoken": "t"}}});
        let found = written(&file, "ghcr.io").unwrap();
        assert_eq!((found.username.as_deref(), found.password.as_deref()), (Some("me"), Some("pass:word")));
        assert_eq!(written(&file, HUB).unwrap().identitytoken.as_deref(), Some("t"));
        assert_eq!(written(&file, "quay.io"), None);
        assert_eq!(written(&json!({"auths": {"quay.io": {}}}), "quay.io"), None);
    }
}
