//! Scans of images that are wanted before they run: each once in a while, whoever calls meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::Instant;

use super::connection::Connection;
use super::failure::ContainerFailure;
use super::scan::scan;
use crate::model::{Scan, WhenAbsent};
use crate::plan::Environment;
use crate::runner::Teller;

/// After that the scanner may know more.
const LASTS: Duration = Duration::from_secs(24 * 3600);

/// What came of one, and when.
#[derive(Default)]
struct Last(Option<(Instant, Result<(), ContainerFailure>)>);

/// By image and by what was asked of it.
#[derive(Default)]
pub struct Scans(Mutex<HashMap<String, Arc<Turn<Last>>>>);

impl Scans {
    /// Refuses an image, which has a name and an id, of which too much is known.
    pub async fn look(
        &self,
        connection: &Connection,
        environment: &Environment,
        (image, id): (&str, &str),
        wanted: &Scan,
        news: &Teller,
    ) -> Result<(), ContainerFailure> {
        let turn = {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(format!("{id} {wanted:?}")).or_default())
        };
        let mut last = turn.lock().await;
        if let Some((at, result)) = &last.0
            && at.elapsed() < LASTS
        {
            return result.clone();
        }
        news.state(format!("looking through the image {image}"));
        let begun = Instant::now();
        let result = judged(connection, environment, (image, id), wanted, news).await;
        // What has failed is tried again.
        if matches!(result, Ok(()) | Err(ContainerFailure::Blocked { .. })) {
            last.0 = Some((begun, result.clone()));
        }
        result
    }
}

async fn judged(
    connection: &Connection,
    environment: &Environment,
    (image, id): (&str, &str),
    wanted: &Scan,
    news: &Teller,
) -> Result<(), ContainerFailure> {
    let Some(scanned) =
        scan(connection, environment, id, wanted).await.map_err(|failure| named(failure, image))?
    else {
        let names: Vec<&str> = wanted.scanners().iter().map(|scanner| scanner.name()).collect();
        let problem = format!("there is no `{}` on this host", names.join("` and no `"));
        return match wanted.when_absent {
            WhenAbsent::Warn => {
                tracing::warn!("the image `{image}` runs and was not looked through: {problem}");
                news.line(format!("{image} was not looked through: {problem}")).await;
                Ok(())
            }
            WhenAbsent::Refuse => Err(ContainerFailure::NotScanned {
                image: image.to_owned(),
                problem: format!("{problem}; install one, or write `when_absent: warn`"),
            }),
        };
    };
    if let Some(stale) = &scanned.stale {
        tracing::warn!("the image `{image}` was looked through, but {stale}");
        news.line(format!("{image} was looked through, but {stale}")).await;
    }
    match scanned.is_blocked {
        false => Ok(()),
        true => Err(ContainerFailure::Blocked {
            image: image.to_owned(),
            by: scanned.scanner.name(),
            block_on: wanted.block_on.name(),
        }),
    }
}

/// People know an image by its name.
fn named(failure: ContainerFailure, image: &str) -> ContainerFailure {
    match failure {
        ContainerFailure::NotScanned { problem, .. } => {
            ContainerFailure::NotScanned { image: image.to_owned(), problem }
        }
        other => other,
    }
}
