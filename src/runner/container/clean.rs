//! Removing containers whose server is gone: those that carry our labels, and no others.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};

use super::Cleaned;
use super::connection::{Connection, Connector, Trouble};
use super::failure::ContainerFailure;
use super::owner::{OWNER, Owner, TOOL};
use super::private_files::PrivateFiles;
use crate::model::Executor;
use crate::plan::Environment;

/// On the engine that is named, or on the one that is found.
pub async fn clean(
    environment: Arc<Environment>,
    executor: Option<&Executor>,
) -> Result<Vec<Cleaned>, ContainerFailure> {
    clean_with(&Connector::new(environment, executor)).await
}

pub async fn clean_with(connector: &Connector) -> Result<Vec<Cleaned>, ContainerFailure> {
    let connection = connector.connection().await?;
    let here = Owner::this();
    let options = ListContainersOptions {
        all: true,
        filters: Some(HashMap::from([("label".to_owned(), vec![OWNER.to_owned()])])),
        ..ListContainersOptions::default()
    };
    let listed = connection.docker.list_containers(Some(options));
    let mut cleaned = Vec::new();
    for container in connection.answer("to list containers", listed).await? {
        let labels = container.labels.unwrap_or_default();
        let owner = labels.get(OWNER).and_then(|label| Owner::of_label(label));
        let Some(id) = container.id.filter(|_| owner.is_some_and(|owner| owner.is_gone(&here))) else {
            continue;
        };
        if let Err(failure) = remove(&connection, &id).await {
            // Another may be at it.
            tracing::debug!("`{id}` is not removed: {failure}");
            continue;
        }
        let names = container.names.unwrap_or_default();
        let name = names.first().map_or(id.as_str(), |name| name.trim_start_matches('/')).to_owned();
        cleaned.push(Cleaned { name, tool: labels.get(TOOL).cloned().unwrap_or_default() });
    }
    PrivateFiles::clean(&here);
    Ok(cleaned)
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
