//! The volumes that an image declares. Where the root cannot be written to, they lie in memory instead of
//! on the disk of the engine's host, where nothing would limit them.

use bollard::models::ContainerCreateBody;

use super::connection::{Connection, Trouble};
use super::create::memory;
use crate::plan::ContainerPlan;

/// Puts memory in the place of each volume that neither a mount nor a `tmpfs` of the file covers.
pub async fn put_into_memory(
    connection: &Connection,
    plan: &ContainerPlan,
    body: &mut ContainerCreateBody,
) -> Result<(), Trouble> {
    if !plan.lockdown.read_only_root {
        return Ok(());
    }
    let image = body.image.as_deref().unwrap_or(&plan.image);
    let found = connection.answer("to look at the image", connection.docker.inspect_image(image)).await?;
    let declared = found.config.and_then(|config| config.volumes).unwrap_or_default();
    let host = body.host_config.get_or_insert_default();
    for place in declared {
        let is_covered =
            host.mounts.iter().flatten().any(|mount| mount.target.as_deref() == Some(place.as_str()));
        if !is_covered {
            let memory = || memory(plan.limits.disk);
            host.tmpfs.get_or_insert_default().entry(place).or_insert_with(memory);
        }
    }
    Ok(())
}
