//! Looking at an engine without running anything.

use std::sync::Arc;
use std::time::Duration;

use super::Survey;
use super::connection::{Connector, Trouble};
use super::failure::ContainerFailure;
use crate::plan::Environment;

/// Nobody waits longer for a look.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which engine calls would use.
pub async fn survey(environment: Arc<Environment>) -> Result<Survey, ContainerFailure> {
    let connector = Connector::new(environment);
    let connection = in_time(connector.connection()).await?;
    let greeting = &connection.greeting;
    Ok(Survey {
        at: connection.address.host.to_string(),
        by: connection.address.by.clone(),
        name: greeting.name.clone(),
        version: greeting.version.clone(),
        api: greeting.api.clone(),
    })
}

/// Whether the engine has an image.
pub async fn has_image(environment: Arc<Environment>, image: &str) -> Result<bool, ContainerFailure> {
    let connector = Connector::new(environment);
    in_time(async {
        let connection = connector.connection().await?;
        let inspected = connection.docker.inspect_image(image);
        match connection.answer("to look at an image", inspected).await {
            Ok(_) => Ok(true),
            Err(Trouble::Said { status: 404, .. }) => Ok(false),
            Err(trouble) => Err(trouble.into()),
        }
    })
    .await
}

async fn in_time<T>(look: impl Future<Output = Result<T, ContainerFailure>>) -> Result<T, ContainerFailure> {
    let slow = ContainerFailure::Slow { doing: "looking for it", after: PATIENCE };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or(Err(slow))
}
