//! Fetching an image.

use std::time::Duration;

use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt;
use tokio::time::Instant;

use super::connection::{Connection, Trouble};
use super::credentials::{credentials, registry};
use super::failure::ContainerFailure;
use super::layers::Layers;
use crate::plan::Environment;
use crate::runner::Teller;

const DOING: &str = "to pull the image";
/// How long an engine may say nothing while it fetches.
const SILENCE: Duration = Duration::from_secs(120);

pub async fn pull(
    connection: &Connection,
    environment: &Environment,
    image: &str,
    platform: Option<&str>,
    news: &Teller,
) -> Result<(), ContainerFailure> {
    tracing::info!("pulling the image `{image}`");
    let credentials = credentials(environment, registry(image)).await;
    let (name, tag) = parts(image);
    let options = CreateImageOptions {
        from_image: Some(name.to_owned()),
        tag: Some(tag.to_owned()),
        platform: platform.unwrap_or_default().to_owned(),
        ..CreateImageOptions::default()
    };
    let mut layers = Layers::of(image);
    let mut progress = connection.docker.create_image(Some(options), None, credentials);
    loop {
        let next = tokio::time::timeout(SILENCE, progress.next()).await;
        match next.map_err(|_| ContainerFailure::Slow { doing: DOING, after: SILENCE })? {
            Some(Ok(info)) => {
                if let Some(line) = layers.hear(&info, Instant::now()) {
                    news.state(line);
                }
            }
            Some(Err(error)) => return Err(refused(image, connection.trouble(DOING, error))),
            None => break,
        }
    }
    tracing::info!("the image `{image}` is there");
    Ok(())
}

/// The name, and the digest or the tag. Without a tag an engine would fetch them all.
pub fn parts(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (untagged(name).0, digest);
    }
    untagged(image)
}

fn untagged(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        // A colon before a slash stands before a port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// The name without tag and digest.
pub fn repository(image: &str) -> &str {
    parts(image).0
}

/// With what Docker leaves out: its own registry, and the library in it.
pub fn whole(repository: &str) -> String {
    match (registry(repository), repository.contains('/')) {
        (host, _) if repository.starts_with(&format!("{host}/")) => repository.to_owned(),
        (_, true) => format!("docker.io/{repository}"),
        (_, false) => format!("docker.io/library/{repository}"),
    }
}

fn refused(image: &str, trouble: Trouble) -> ContainerFailure {
    let problem = match trouble {
        Trouble::Away(failure) => return failure,
        Trouble::Said { message, .. } => message,
    };
    let told = problem.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| told.contains(word));
    let cure = if says(&["toomanyrequests", "rate limit", "too many requests"]) {
        "wait until the registry allows more, or log in with `docker login`: who is known may pull more"
    } else if says(&["denied", "unauthorized", "no basic auth", "authentication"]) {
        "check its name, or log in to its registry with `docker login`"
    } else if says(&[
        "not found",
        "manifest unknown",
        "no such image",
        "no such manifest",
        "invalid reference",
    ]) {
        "check its name and its tag"
    } else {
        "see whether the engine reaches the registry"
    };
    ContainerFailure::NotPulled { image: image.to_owned(), problem, cure: cure.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_registry_refuses_is_told_with_what_to_do() {
        let cure = |message: &str| {
            let trouble = Trouble::Said { doing: DOING, status: 404, message: message.to_owned() };
            match refused("team/tool:1", trouble) {
                ContainerFailure::NotPulled { cure, .. } => cure,
                other => panic!("{other}"),
            }
        };
        for (message, expected) in [
            (
                "pull access denied for team/tool, repository does not exist or may require 'docker login': denied",
                "log in",
            ),
            ("Get https://r/v2/: unauthorized: authentication required", "log in"),
            (
                "toomanyrequests: You have reached your pull rate limit.",
                "wait until the registry allows more",
            ),
            ("manifest for team/tool:1 not found: manifest unknown", "check its name and its tag"),
            ("dial tcp: lookup r: no such host", "see whether the engine reaches the registry"),
            ("net/http: TLS handshake timeout", "see whether the engine reaches the registry"),
        ] {
            assert!(cure(message).contains(expected), "{message}: {}", cure(message));
        }
    }

    #[test]
    fn repositories_are_one_however_they_are_written() {
        for (written, expected) in [
            ("python", "docker.io/library/python"),
            ("team/tool", "docker.io/team/tool"),
            ("docker.io/team/tool", "docker.io/team/tool"),
            ("ghcr.io/a/b", "ghcr.io/a/b"),
            ("127.0.0.1:5000/a", "127.0.0.1:5000/a"),
        ] {
            assert_eq!(whole(written), expected);
        }
    }

    #[test]
    fn an_image_is_fetched_by_one_tag_or_by_its_digest() {
        for (image, name, tag) in [
            ("python", "python", "latest"),
            ("python:3.12", "python", "3.12"),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "latest"),
            ("127.0.0.1:5000/a:1", "127.0.0.1:5000/a", "1"),
            ("a@sha256:00", "a", "sha256:00"),
            ("a:1@sha256:00", "a", "sha256:00"),
        ] {
            assert_eq!(parts(image), (name, tag), "{image}");
        }
    }
}
