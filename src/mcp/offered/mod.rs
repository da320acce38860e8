//! Prompts, resources and suggestions, as clients ask for them and are answered.

mod complete;
mod json;
mod prompts;
mod resources;

pub(super) use prompts::listed_prompts;
pub(super) use resources::listed_resources;

use rmcp::ErrorData;
use serde_json::json;

use crate::engine::{NotRead, Reader, State};
use crate::model::Suggest;

use super::context::Context;
use super::server::Server;

/// What of all this a state offers.
pub(super) struct Offered {
    pub prompts: bool,
    pub resources: bool,
    pub completions: bool,
}

impl Offered {
    pub(super) fn by(state: &State) -> Self {
        let offers = &state.catalog().offers;
        let prompts = offers.prompts.iter().flat_map(|prompt| prompt.arguments.iter());
        let holes = offers.resources.iter().flat_map(|resource| resource.params.iter());
        let is_suggested = |suggest: &Option<Suggest>| suggest.is_some();
        let has_folders =
            offers.resources.iter().any(|resource| !resource.uri.is_fixed() && resource.is_on_disk());
        let mut params = prompts.chain(holes);
        Self {
            prompts: !offers.prompts.is_empty(),
            // Those of jobs are there wherever jobs are.
            resources: !offers.resources.is_empty() || state.keeps_jobs(),
            completions: has_folders
                || params.any(|param| is_suggested(&param.rule.suggest) || param.schema.contains_key("enum")),
        }
    }
}

impl Server {
    /// Who reads.
    fn reader(&self, context: &Context) -> Reader {
        Reader {
            principal: self.caller.principal(&self.engine.state()),
            origin: self.origin(context),
            cancel: context.cancel.clone(),
        }
    }
}

/// Why nothing is answered, in the words of the protocol.
fn error_of(problem: NotRead, uri: Option<&str>) -> ErrorData {
    let text = problem.to_string();
    match problem {
        NotRead::NoResource(_) => ErrorData::resource_not_found(text, uri.map(|uri| json!({ "uri": uri }))),
        NotRead::NoPrompt(_) | NotRead::Bad(_) => ErrorData::invalid_params(text, None),
        // What a caller may not run is not there for them.
        NotRead::Rejected(rejection) if rejection.is_unknown_tool() => {
            ErrorData::resource_not_found("there is no such resource", uri.map(|uri| json!({ "uri": uri })))
        }
        NotRead::Failed(_) | NotRead::Rejected(_) => ErrorData::internal_error(text, None),
    }
}

/// All lists have one page.
fn refuse_cursor(cursor: Option<String>) -> Result<(), ErrorData> {
    match cursor.filter(|cursor| !cursor.is_empty()) {
        Some(_) => Err(ErrorData::invalid_params("unknown `cursor`: the list has one page", None)),
        None => Ok(()),
    }
}
