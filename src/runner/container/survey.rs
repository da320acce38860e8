//! Looking at an engine without running anything.

use std::sync::Arc;

use super::connection::{Connection, Connector, Trouble};
use super::failure::ContainerFailure;
use super::{Seen, Survey};
use crate::model::Executor;
use crate::plan::Environment;

/// Which engine calls would use, and which of these images it does not have.
pub async fn look(
    environment: Arc<Environment>,
    executor: Option<Executor>,
    images: Vec<String>,
) -> Result<Seen, ContainerFailure> {
    let connection = Connector::new(environment, executor.as_ref()).connection().await?.for_a_look();
    let mut missing = Vec::new();
    for image in images {
        if !has_image(&connection, &image).await? {
            missing.push(image);
        }
    }
    Ok(Seen { survey: survey_of(&connection), missing })
}

fn survey_of(connection: &Connection) -> Survey {
    let greeting = &connection.greeting;
    Survey {
        at: connection.address.host.to_string(),
        by: connection.address.by.clone(),
        name: greeting.name.clone(),
        version: greeting.version.clone(),
        api: greeting.api.clone(),
    }
}

async fn has_image(connection: &Connection, image: &str) -> Result<bool, ContainerFailure> {
    let inspected = connection.docker.inspect_image(image);
    match connection.answer("to look at an image", inspected).await {
        Ok(_) => Ok(true),
        Err(Trouble::Said { status: 404, .. }) => Ok(false),
        Err(trouble) => Err(trouble.into()),
    }
}
