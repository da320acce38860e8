//! Images that were built for a tool before it was built of something else. Of each the newest stays, and
//! so does whatever a container uses.

use std::collections::HashMap;

use bollard::models::ImageSummary;
use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions};

use super::connection::{Connection, Trouble};
use super::failure::ContainerFailure;
use super::meanwhile::{ATTEMPTS, was_removed};
use crate::model::BUILT;
use crate::plan::{BUILD_OF_LABEL, PlannedBuild};

const LISTING: &str = "to list images";
const LOOKING: &str = "to look at an image";
const REMOVING: &str = "to remove an image";

/// Removes what an image that was just built takes the place of. What cannot be removed is left for
/// `mcpfier clean`.
pub async fn replaced(connection: &Connection, planned: &PlannedBuild) {
    let label = format!("{BUILD_OF_LABEL}={}", planned.of);
    match labelled(connection, label).await {
        Ok(images) => {
            let old = images.iter().flat_map(tags).filter(|tag| bare(tag) != planned.tag);
            for tag in old {
                match removed(connection, tag).await {
                    Ok(true) => tracing::info!("the image `{tag}` is removed, which was built before"),
                    Ok(false) => tracing::debug!("`{tag}` is in use"),
                    Err(failure) => tracing::debug!("`{tag}` is not removed: {failure}"),
                }
            }
        }
        Err(failure) => tracing::debug!("old images are not removed: {failure}"),
    }
}

/// Removes all but the newest of each; gives back their names, each with its tool.
pub async fn clean(connection: &Connection) -> Result<Vec<(String, String)>, ContainerFailure> {
    let mut by_tool: HashMap<String, Vec<ImageSummary>> = HashMap::new();
    for image in labelled(connection, BUILD_OF_LABEL.to_owned()).await? {
        if let Some(of) = image.labels.get(BUILD_OF_LABEL) {
            by_tool.entry(of.clone()).or_default().push(image);
        }
    }
    let mut cleaned = Vec::new();
    for (of, images) in by_tool.into_iter().filter(|(_, images)| images.len() > 1) {
        let images = newest_first(connection, images).await;
        let tool = of.rsplit_once('@').map_or(of.as_str(), |(tool, _)| tool).to_owned();
        for tag in images.iter().skip(1).flat_map(tags) {
            if removed(connection, tag).await? {
                cleaned.push((bare(tag).to_owned(), tool.clone()));
            }
        }
    }
    cleaned.sort();
    Ok(cleaned)
}

/// The list says the second, and several may be of the same one.
async fn newest_first(connection: &Connection, images: Vec<ImageSummary>) -> Vec<ImageSummary> {
    let mut dated = Vec::with_capacity(images.len());
    for image in images {
        let found = connection.answer(LOOKING, connection.docker.inspect_image(&image.id)).await;
        let created = found.ok().and_then(|found| found.created).unwrap_or_default();
        dated.push(((image.created, fraction(&created).to_owned()), image));
    }
    dated.sort_by(|(one, _), (other, _)| other.cmp(one));
    dated.into_iter().map(|(_, image)| image).collect()
}

/// The digits of a moment that are behind its second; as texts they are ordered as the moments are.
fn fraction(moment: &str) -> &str {
    let behind = moment.split_once('.').map_or("", |(_, behind)| behind);
    behind.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default()
}

async fn labelled(connection: &Connection, label: String) -> Result<Vec<ImageSummary>, ContainerFailure> {
    let filters = HashMap::from([("label".to_owned(), vec![label])]);
    let options = ListImagesOptions { filters: Some(filters), ..ListImagesOptions::default() };
    let mut attempts = 1;
    loop {
        let listed = connection.docker.list_images(Some(options.clone()));
        match connection.answer(LISTING, listed).await {
            Err(Trouble::Said { message, .. }) if attempts < ATTEMPTS && was_removed(&message) => {
                attempts += 1
            }
            listed => return Ok(listed?),
        }
    }
}

/// Those that we give. Other names of an image are its owner's.
fn tags(image: &ImageSummary) -> impl Iterator<Item = &String> {
    let is_ours = |tag: &&String| bare(tag).split_once(':').is_some_and(|(name, _)| name == BUILT);
    image.repo_tags.iter().filter(is_ours)
}

/// Podman writes the whole name.
fn bare(tag: &str) -> &str {
    let known = ["docker.io/library/", "localhost/"];
    known.iter().find_map(|prefix| tag.strip_prefix(prefix)).unwrap_or(tag)
}

/// Whether it is gone: one that a container uses stays.
async fn removed(connection: &Connection, tag: &str) -> Result<bool, ContainerFailure> {
    let options = RemoveImageOptions { force: false, ..RemoveImageOptions::default() };
    let removed = connection.docker.remove_image(tag, Some(options), None);
    match connection.answer(REMOVING, removed).await {
        Ok(_) => Ok(true),
        Err(Trouble::Said { status: 404, .. }) => Ok(true),
        Err(Trouble::Said { status: 409, .. }) => Ok(false),
        Err(Trouble::Said { message, .. }) if message.contains("in use") => Ok(false),
        Err(trouble) => Err(trouble.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::fraction;

    #[test]
    fn moments_of_a_second_are_ordered_by_what_is_behind_it() {
        let moments = [
            "2026-11-23T14:20:05Z",
            "2026-11-23T14:20:05.09Z",
            "2026-11-23T14:20:05.1Z",
            "2026-11-23T14:20:05.12+00:00",
        ];
        assert!(moments.map(fraction).is_sorted_by(|one, other| one < other));
    }
}
