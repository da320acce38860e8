//! Removing containers whose server is gone: those that carry our labels, and no others.

use std::collections::HashMap;
use std::sync::Arc;

use bollard::query_parameters::{ListContainersOptions, RemoveContainerOptions};

use super::Cleaned;
use super::connection::{Connection, Connector, Trouble};
use super::failure::ContainerFailure;
use super::init::InitFile;
use super::owner::{OWNER, Owner, TOOL};
use super::private_files::PrivateFiles;
use crate::plan::Environment;

pub async fn clean(environment: Arc<Environment>) -> Result<Vec<Cleaned>, ContainerFailure> {
    clean_with(&Connector::new(environment)).await
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
    InitFile::clean(&here, &connector.environment);
    Ok(cleaned)
}

/// Kills it if it runs. One that is gone, or that somebody else removes, is as good as removed.
pub async fn remove(connection: &Connection, container: &str) -> Result<(), ContainerFailure> {
    let options = RemoveContainerOptions { v: true, force: true, link: false };
    let removed = connection.docker.remove_container(container, Some(options));
    match connection.answer("to remove a container", removed).await {
        Ok(()) | Err(Trouble::Said { status: 404, .. }) => Ok(()),
        Err(trouble) => Err(trouble.into()),
    }
}
