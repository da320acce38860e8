//! The image of a call, before it runs: built if it has to be, fetched, and no other than the one
//! that was agreed on and signed. It then runs by its id, so that nobody can exchange it meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use bollard::models::ImageInspect;
use tokio::sync::Mutex as Turn;

use super::build::Building;
use super::connection::{Connection, Trouble};
use super::failure::ContainerFailure;
use super::scans::Scans;
use super::{cosign, pull};
use crate::model::{Pull, Verify};
use crate::plan::{ContainerPlan, Environment, PlannedBuild};
use crate::runner::Teller;

/// What is known of images from one call to the next.
#[derive(Default)]
pub struct Care {
    /// Those who want the same image built wait for each other.
    building: Mutex<HashMap<String, Arc<Turn<()>>>>,
    /// Images whose signatures were looked at, with what they were looked at for.
    verified: Mutex<HashSet<String>>,
    scans: Scans,
}

/// Whether the image of a plan has to prove something before it runs. One that is built here has
/// what it is built of in its name.
pub fn has_to_prove(plan: &ContainerPlan) -> bool {
    plan.locked.is_some() || plan.verify.is_some() || plan.scan.is_some()
}

impl Care {
    /// The id of the image that may run.
    pub async fn image(
        &self,
        connection: &Connection,
        environment: &Environment,
        plan: &ContainerPlan,
        news: &Teller,
    ) -> Result<String, ContainerFailure> {
        let found = match &plan.build {
            Some(planned) => {
                let platform = plan.platform.as_deref();
                self.built(connection, environment, planned, platform, news).await?
            }
            None => fetched(connection, environment, plan, news).await?,
        };
        let no_image = || ContainerFailure::NoImage { image: plan.image.clone() };
        let id = found.id.clone().ok_or_else(no_image)?;
        if let Some(locked) = &plan.locked
            && !digests(&found).any(|digest| digest == locked)
        {
            return Err(ContainerFailure::NotAgreed {
                image: plan.image.clone(),
                locked: locked.clone(),
                found: shown_digest(&plan.image, &found).unwrap_or_else(|| id.clone()),
            });
        }
        self.verify(environment, plan, &found, &id).await?;
        if let Some(scan) = &plan.scan {
            self.scans.look(connection, environment, (&plan.image, &id), scan, news).await?;
        }
        Ok(id)
    }

    pub async fn built(
        &self,
        connection: &Connection,
        environment: &Environment,
        planned: &PlannedBuild,
        platform: Option<&str>,
        news: &Teller,
    ) -> Result<ImageInspect, ContainerFailure> {
        if let Some(found) = inspect(connection, &planned.tag).await? {
            return Ok(found);
        }
        let turn = {
            let mut building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(building.entry(planned.tag.clone()).or_default())
        };
        let _turn = turn.lock().await;
        if let Some(found) = inspect(connection, &planned.tag).await? {
            return Ok(found);
        }
        Building { connection, environment, planned, platform, news }.build().await?;
        let gone = || ContainerFailure::NoImage { image: planned.tag.clone() };
        inspect(connection, &planned.tag).await?.ok_or_else(gone)
    }

    /// Signatures are looked at once for each image.
    async fn verify(
        &self,
        environment: &Environment,
        plan: &ContainerPlan,
        found: &ImageInspect,
        id: &str,
    ) -> Result<(), ContainerFailure> {
        let Some(verify) = &plan.verify else { return Ok(()) };
        let known = format!("{id} {verify:?}");
        let verified = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified().contains(&known) {
            return Ok(());
        }
        signed(environment, &plan.image, verify, found).await?;
        verified().insert(known);
        Ok(())
    }
}

/// Whether an image that the engine has is signed by whom it has to be.
pub async fn signed(
    environment: &Environment,
    image: &str,
    verify: &Verify,
    found: &ImageInspect,
) -> Result<(), ContainerFailure> {
    let bad = |problem: String| ContainerFailure::NotVerified { image: image.to_owned(), problem };
    let nowhere = || bad("it was not pulled from a registry, which is where signatures lie".to_owned());
    let digest = registry_digest(image, found).ok_or_else(nowhere)?;
    let named = format!("{}@{digest}", pull::repository(image));
    cosign::verify(environment, verify, &named).await.map_err(bad)
}

/// As `pull` says.
async fn fetched(
    connection: &Connection,
    environment: &Environment,
    plan: &ContainerPlan,
    news: &Teller,
) -> Result<ImageInspect, ContainerFailure> {
    let (image, platform) = (plan.image.as_str(), plan.platform.as_deref());
    if plan.pull != Pull::Always
        && let Some(found) = inspect(connection, image).await?
    {
        return Ok(found);
    }
    let gone = || ContainerFailure::NoImage { image: image.to_owned() };
    if plan.pull == Pull::Never {
        return Err(gone());
    }
    pull::pull(connection, environment, image, platform, news).await?;
    inspect(connection, image).await?.ok_or_else(gone)
}

/// What the engine knows of an image; `None` if it does not have it.
pub async fn inspect(connection: &Connection, image: &str) -> Result<Option<ImageInspect>, ContainerFailure> {
    let inspected = connection.docker.inspect_image(image);
    match connection.answer("to look at an image", inspected).await {
        Ok(found) => Ok(Some(found)),
        Err(Trouble::Said { status: 404, .. }) => Ok(None),
        Err(trouble) => Err(trouble.into()),
    }
}

/// Every digest that an image goes by: those of registries, and its own.
pub fn digests(found: &ImageInspect) -> impl Iterator<Item = &str> {
    let of_registries = found.repo_digests.iter().flatten();
    of_registries.filter_map(|name| Some(name.split_once('@')?.1)).chain(found.id.as_deref())
}

/// The digest by which the registry of an image has it.
pub fn registry_digest<'f>(image: &str, found: &'f ImageInspect) -> Option<&'f str> {
    let repository = pull::repository(image);
    let names = found.repo_digests.iter().flatten();
    let mut names = names.filter_map(|name| name.split_once('@'));
    let is_it = |name: &str| name == repository || pull::whole(name) == pull::whole(repository);
    names.find(|(name, _)| is_it(name)).map(|(_, digest)| digest)
}

/// The digest that people are told: that of the registry, or its own.
pub fn shown_digest(image: &str, found: &ImageInspect) -> Option<String> {
    registry_digest(image, found).map(str::to_owned).or_else(|| found.id.clone())
}
