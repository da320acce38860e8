//! `resources/list`, `resources/templates/list`, `resources/read`, and the subscriptions of the older
//! era.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{
    ConstString, ListResourceTemplatesRequestMethod, ListResourcesRequestMethod, ReadResourceRequestMethod,
    SubscribeRequestMethod, UnsubscribeRequestMethod,
};
use serde_json::{Map, Value, json};

use crate::engine::{Listed, State};
use crate::model::{Principal, Resource, ResourceSource};

use super::super::context::Context;
use super::super::reply::Reply;
use super::super::server::{Server, not_offered};
use super::json::{FRESH, contents, entry, result, text};
use super::{Offered, error_of, refuse_cursor};

impl Server {
    pub(in crate::mcp) async fn answer_resources(
        &self,
        cursor: Option<String>,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let (era, state) = (self.era(context)?, self.resources(ListResourcesRequestMethod::VALUE)?);
        refuse_cursor(cursor)?;
        self.told.resources(state.edition());
        let listed = self.engine.list_resources(&self.caller.principal(&state)).await;
        let listed = listed.map_err(|problem| error_of(problem, None))?;
        // The files of a folder come and go, and so do jobs.
        let is_still =
            !state.keeps_jobs() && listed.iter().all(|listed| matches!(listed, Listed::Resource(_)));
        let fresh = if is_still { FRESH } else { Duration::ZERO };
        let map = Map::from_iter([("resources".to_owned(), listed.into_iter().map(of_list).collect())]);
        Ok(result(map, Some(fresh), era, &self.face.identity))
    }

    pub(in crate::mcp) fn answer_templates(
        &self,
        cursor: Option<String>,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let era = self.era(context)?;
        let state = self.resources(ListResourceTemplatesRequestMethod::VALUE)?;
        refuse_cursor(cursor)?;
        let caller = self.caller.principal(&state);
        let templates = state.resources_of(&caller, false).into_iter();
        let templates = templates.map(|resource| described(resource, "uriTemplate", resource.uri.text()));
        let map = Map::from_iter([("resourceTemplates".to_owned(), templates.collect())]);
        Ok(result(map, Some(FRESH), era, &self.face.identity))
    }

    pub(in crate::mcp) async fn answer_read(&self, uri: &str, context: &Context) -> Result<Reply, ErrorData> {
        let era = self.era(context)?;
        self.resources(ReadResourceRequestMethod::VALUE)?;
        let read = self.engine.read(uri, &self.reader(context)).await;
        let read = read.map_err(|problem| error_of(problem, Some(uri)))?;
        let map = Map::from_iter([("contents".to_owned(), json!([contents(read)]))]);
        Ok(result(map, Some(Duration::ZERO), era, &self.face.identity))
    }

    /// The client of a session wants to be told of changes.
    pub(in crate::mcp) fn answer_subscribe(&self, uri: &str, context: &Context) -> Result<(), ErrorData> {
        self.era(context)?;
        self.resources(SubscribeRequestMethod::VALUE)?;
        let updates = self.updates(uri).map_err(|problem| error_of(problem, Some(uri)))?;
        self.told.due().follow(updates).map_err(|full| ErrorData::invalid_params(full.to_string(), None))
    }

    pub(in crate::mcp) fn answer_unsubscribe(&self, uri: &str, context: &Context) -> Result<(), ErrorData> {
        self.era(context)?;
        self.resources(UnsubscribeRequestMethod::VALUE)?;
        self.told.due().leave(uri);
        Ok(())
    }

    /// The state, if there is anything to read in it.
    fn resources(&self, method: &str) -> Result<std::sync::Arc<State>, ErrorData> {
        let state = self.engine.state();
        match Offered::by(&state).resources {
            true => Ok(state),
            false => Err(not_offered(method)),
        }
    }
}

/// What a caller can read that changes with the configuration alone, to be compared.
pub(in crate::mcp) fn listed_resources(state: &State, caller: &Principal) -> Vec<Value> {
    let all = [true, false].into_iter().flat_map(|are_fixed| state.resources_of(caller, are_fixed));
    all.map(|resource| described(resource, "uri", resource.uri.text())).collect()
}

fn described(resource: &Resource, key: &str, uri: &str) -> Value {
    entry([
        (key, Some(json!(uri))),
        ("name", Some(json!(resource.name))),
        ("title", text(&resource.title)),
        ("description", text(&resource.description)),
        ("mimeType", text(&mime(resource))),
    ])
}

/// What is known of the type without reading.
fn mime(resource: &Resource) -> Option<String> {
    let usual = matches!(resource.source, ResourceSource::Text(_)).then(|| "text/plain".to_owned());
    resource.mime.clone().or(usual)
}

fn of_list(listed: Listed) -> Value {
    match listed {
        Listed::Resource(resource) => described(&resource, "uri", resource.uri.text()),
        Listed::File { uri, name, size, mime, of } => entry([
            ("uri", Some(json!(uri))),
            ("name", Some(json!(name))),
            ("description", text(&of.description)),
            ("mimeType", text(&mime)),
            ("size", Some(json!(size))),
        ]),
        Listed::Job { uri, name, description } => {
            json!({ "uri": uri, "name": name, "description": description, "mimeType": "text/plain" })
        }
    }
}
