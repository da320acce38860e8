//! `resources/read`: a URI → what stands there for whoever reads.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::{Engine, Presented, Sanitizer, State};
use crate::model::{Principal, Resource, ResourceSource, TextTemplate};
use crate::shaping;

use super::arguments::{handed, values};
use super::folder::{self, Found};
use super::{Body, Contents, NotRead, Reader, aside};

/// The URIs of jobs.
pub const RUN: &str = "run://";
/// Of the log of a job, what is read at once: its end.
const MOST_LOG: u64 = 4 * 1024 * 1024;

impl State {
    /// The resource that a URI means for a caller, with what stands in its holes.
    pub(super) fn resource_at(
        &self,
        uri: &str,
        caller: &Principal,
    ) -> Option<(Arc<Resource>, Map<String, Value>)> {
        let known = self.policy.known(caller.clone());
        let found = self.catalog().offers.resources_at(uri);
        let mut visible = found.filter(|(resource, _)| self.shows(&known, resource));
        visible.find_map(|(resource, texts)| {
            let values = values(resource.uri.text(), &resource.params, texts).ok()?;
            Some((Arc::clone(resource), values))
        })
    }
}

impl Engine {
    /// What stands under a URI. What a caller may not read is not there for them.
    pub async fn read(self: &Arc<Self>, uri: &str, reader: &Reader) -> Result<Contents, NotRead> {
        let read = self.contents(uri, reader).await;
        self.noted_resource(uri, reader, read).await
    }

    async fn contents(self: &Arc<Self>, uri: &str, reader: &Reader) -> Result<Contents, NotRead> {
        if let Some(of_job) = uri.strip_prefix(RUN) {
            return self.read_job(uri, of_job, &reader.principal);
        }
        let state = self.state();
        let (resource, values) =
            state.resource_at(uri, &reader.principal).ok_or_else(|| NotRead::no_resource(uri))?;
        let own = |found: Found| {
            let mime = resource.mime.clone().unwrap_or_else(|| found.mime.to_owned());
            Contents { uri: uri.to_owned(), body: Body::of(found.bytes, &mime), mime: Some(mime) }
        };
        match &resource.source {
            ResourceSource::Text(template) => {
                let body = Body::Text(render(template, values)?);
                Ok(Contents { uri: uri.to_owned(), mime: resource.mime.clone().or_else(plain), body })
            }
            ResourceSource::File(path) => {
                let path = path.clone();
                aside(move || folder::file(&path)).await.map(own)
            }
            ResourceSource::Directory(directory) => {
                let (directory, uri) = (directory.clone(), uri.to_owned());
                let name = values.get(&directory.hole).and_then(Value::as_str).unwrap_or_default().to_owned();
                aside(move || folder::file_below(&directory, &name, &uri)).await.map(own)
            }
            ResourceSource::Command { tool, with } => {
                let presented = self.print(tool, handed(with, &values), reader).await?;
                Ok(printed(uri, resource.mime.clone(), presented))
            }
        }
    }

    /// The log or the result of a caller's own job.
    fn read_job(&self, uri: &str, of_job: &str, caller: &Principal) -> Result<Contents, NotRead> {
        let unknown = || NotRead::no_resource(uri);
        let (id, what) = of_job.split_once('/').ok_or_else(unknown)?;
        let job = self.jobs().find(id, caller).ok_or_else(unknown)?;
        match what {
            "output" => {
                let total = job.status().log_bytes;
                let most = usize::try_from(MOST_LOG).unwrap_or(usize::MAX);
                let part = job.log(total.saturating_sub(MOST_LOG), most);
                let body = Body::Text(Sanitizer::clean(&part.bytes));
                Ok(Contents { uri: uri.to_owned(), mime: plain(), body })
            }
            "result" => {
                let running = || NotRead::Failed(format!("the job `{id}` still runs; it has no result yet"));
                Ok(printed(uri, None, job.result().ok_or_else(running)?))
            }
            _ => Err(unknown()),
        }
    }
}

/// What a command printed, as the result of a call would show it.
fn printed(uri: &str, mime: Option<String>, presented: Presented) -> Contents {
    let text = presented.plain_text();
    let Presented { mime: own, binary, structured, .. } = presented;
    let (usual, body) = match (structured, binary) {
        (Some(value), _) => (Some("application/json".to_owned()), Body::Text(value.to_string())),
        (None, Some(binary)) => (Some(binary.mime), Body::Bytes(binary.bytes.concat().into())),
        (None, None) => (own.or_else(plain), Body::Text(text)),
    };
    Contents { uri: uri.to_owned(), mime: mime.or(usual), body }
}

fn plain() -> Option<String> {
    Some("text/plain".to_owned())
}

/// A text with these values in its holes.
pub(super) fn render(template: &TextTemplate, values: Map<String, Value>) -> Result<String, NotRead> {
    let root = Map::from_iter([
        ("params".to_owned(), Value::Object(values)),
        ("vars".to_owned(), Value::Object(template.vars.clone())),
    ]);
    shaping::render(template, &root, None).map_err(NotRead::Bad)
}
