//! Images for verbs that run nothing: looked at, fetched, built, and saved to be looked through.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;

use super::care::{self, Care, registry_digest};
use super::connection::{Connection, Connector};
use super::failure::ContainerFailure;
use super::{Found, Scanned, pull};
use crate::model::{Executor, Scan, Verify};
use crate::plan::{Environment, PlannedBuild};
use crate::runner::Teller;

const SAVING: &str = "to save the image";
/// How long an engine may say nothing while it saves.
const SILENCE: Duration = Duration::from_secs(120);

/// The images of the engines of a file.
pub struct Images(Arc<Environment>);

impl Images {
    pub fn new(environment: Arc<Environment>) -> Self {
        Self(environment)
    }

    async fn connection(&self, executor: Option<&Executor>) -> Result<Connection, ContainerFailure> {
        Connector::new(Arc::clone(&self.0), executor).connection().await
    }

    /// What the engine has of that name, if it has it.
    pub async fn look(
        &self,
        executor: Option<&Executor>,
        image: &str,
    ) -> Result<Option<Found>, ContainerFailure> {
        let found = care::inspect(&self.connection(executor).await?, image).await?;
        Ok(found.and_then(|found| {
            let digest = registry_digest(image, &found).map(str::to_owned);
            let size = found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            Some(Found { digest, size, id: found.id? })
        }))
    }

    pub async fn pull(
        &self,
        executor: Option<&Executor>,
        image: &str,
        platform: Option<&str>,
        news: &Teller,
    ) -> Result<(), ContainerFailure> {
        pull::pull(&self.connection(executor).await?, &self.0, image, platform, news).await
    }

    /// Whether all who have to have signed it have; it has to be there.
    pub async fn verify(
        &self,
        executor: Option<&Executor>,
        image: &str,
        signers: &[Verify],
    ) -> Result<(), ContainerFailure> {
        if signers.is_empty() {
            return Ok(());
        }
        let gone = || ContainerFailure::NoImage { image: image.to_owned() };
        let found = care::inspect(&self.connection(executor).await?, image).await?.ok_or_else(gone)?;
        for signer in signers {
            care::signed(&self.0, image, signer, &found).await?;
        }
        Ok(())
    }

    /// Builds it unless it is there.
    pub async fn build(
        &self,
        executor: Option<&Executor>,
        planned: &PlannedBuild,
        platform: Option<&str>,
        news: &Teller,
    ) -> Result<(), ContainerFailure> {
        let connection = self.connection(executor).await?;
        Care::default().built(&connection, &self.0, planned, platform, news).await?;
        Ok(())
    }

    /// Has it looked through. `None`: this host has no such scanner.
    pub async fn scan(
        &self,
        executor: Option<&Executor>,
        image: &str,
        scan: &Scan,
    ) -> Result<Option<Scanned>, ContainerFailure> {
        super::scan::scan(&self.connection(executor).await?, &self.0, image, scan).await
    }
}

/// Writes the image into a file, as `docker save` does.
pub async fn save(connection: &Connection, image: &str, path: &Path) -> Result<(), ContainerFailure> {
    let refused = |problem: String| ContainerFailure::Refused { doing: SAVING, problem };
    let mut file = std::fs::File::create(path).map_err(|error| refused(error.to_string()))?;
    let mut pieces = connection.docker.export_image(image);
    loop {
        let next = tokio::time::timeout(SILENCE, pieces.next()).await;
        match next.map_err(|_| ContainerFailure::Slow { doing: SAVING, after: SILENCE })? {
            Some(Ok(piece)) => {
                file.write_all(&piece).map_err(|error| refused(error.to_string()))?;
            }
            Some(Err(error)) => return Err(connection.trouble(SAVING, error).into()),
            None => return Ok(()),
        }
    }
}
