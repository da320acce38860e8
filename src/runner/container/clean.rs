//! Removing containers whose server is gone: those that carry our labels, and no others.

use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::RemoveContainerOptions;
use tokio::time::sleep;

use super::Cleaned;
use super::connection::{Connection, Connector, Trouble};
use super::failure::ContainerFailure;
use super::init::InitFile;
use super::listing;
use super::old_builds;
use super::owner::{OWNER, Owner, TOOL};
use super::private_files::PrivateFiles;
use crate::model::Executor;
use crate::plan::Environment;

/// How often cleaning is tried, and how long after the last time.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// On the engine that is named, or on the one that is found.
pub async fn clean(
    environment: Arc<Environment>,
    executor: Option<&Executor>,
) -> Result<Vec<Cleaned>, ContainerFailure> {
    let connector = Connector::new(environment, executor);
    let mut cleaned = clean_with(&connector).await?;
    let images = old_builds::clean(&connector.connection().await?).await?;
    cleaned.extend(images.into_iter().map(|(name, tool)| Cleaned { name, tool, is_image: true }));
    Ok(cleaned)
}

pub async fn clean_with(connector: &Connector) -> Result<Vec<Cleaned>, ContainerFailure> {
    let connection = connector.connection().await?;
    let here = Owner::this();
    let mut cleaned = Vec::new();
    for attempt in 1..=ATTEMPTS {
        // An engine that is at it already, or busy, refuses; and nobody else comes to clean.
        match sweep(&connection, &here, &mut cleaned).await {
            Ok(true) => break,
            Err(failure) if attempt == ATTEMPTS => return Err(failure),
            Ok(false) | Err(_) => sleep(PAUSE).await,
        }
    }
    PrivateFiles::clean(&here);
    InitFile::clean(&here, &connector.environment);
    Ok(cleaned)
}

/// Whether all that nobody owns any more is removed.
async fn sweep(
    connection: &Connection,
    here: &Owner,
    cleaned: &mut Vec<Cleaned>,
) -> Result<bool, ContainerFailure> {
    let mut is_clean = true;
    for container in listing::ours(connection).await? {
        let labels = container.labels.unwrap_or_default();
        let owner = labels.get(OWNER).and_then(|label| Owner::of_label(label));
        if !owner.is_some_and(|owner| owner.is_gone(here)) {
            continue;
        }
        let id = container.id;
        if let Err(failure) = remove(connection, &id).await {
            tracing::debug!("`{id}` is not removed: {failure}");
            is_clean = false;
            continue;
        }
        let names = container.names.unwrap_or_default();
        let name = names.first().map_or(id.as_str(), |name| name.trim_start_matches('/')).to_owned();
        let tool = labels.get(TOOL).cloned().unwrap_or_default();
        cleaned.push(Cleaned { name, tool, is_image: false });
    }
    Ok(is_clean)
}

/// Kills it if it runs. One that is gone, or that somebody else removes, is as good as removed.
pub async fn remove(connection: &Connection, container: &str) -> Result<(), ContainerFailure> {
    remove_if_there(connection, container).await.map(drop)
}

/// The same, and whether it was there.
pub async fn remove_if_there(connection: &Connection, container: &str) -> Result<bool, ContainerFailure> {
    let options = RemoveContainerOptions { v: true, force: true, link: false };
    let removed = connection.docker.remove_container(container, Some(options));
    match connection.answer("to remove a container", removed).await {
        Ok(()) => Ok(true),
        Err(Trouble::Said { status: 404, .. }) => Ok(false),
        Err(trouble) => Err(trouble.into()),
    }
}
