//! `completion/complete`: suggestions for arguments of prompts and for holes of URIs.

use rmcp::ErrorData;
use rmcp::model::{CompleteRequestMethod, CompleteRequestParams, ConstString, Reference};
use serde_json::{Map, json};

use crate::engine::{Asking, Suggestions};

use super::super::context::Context;
use super::super::reply::Reply;
use super::super::server::{Server, not_offered};
use super::json::result;
use super::{Offered, error_of};

impl Server {
    pub(in crate::mcp) async fn answer_complete(
        &self,
        request: CompleteRequestParams,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let era = self.era(context)?;
        if !Offered::by(&self.engine.state()).completions {
            return Err(not_offered(CompleteRequestMethod::VALUE));
        }
        let asking = match &request.r#ref {
            Reference::Prompt(prompt) => Asking::Prompt(&prompt.name),
            Reference::Resource(resource) => Asking::Resource(&resource.uri),
            _ => return Err(ErrorData::invalid_params("expected `ref/prompt` or `ref/resource`", None)),
        };
        let known = request.context.and_then(|context| context.arguments).unwrap_or_default();
        let mut known: Vec<(String, String)> = known.into_iter().collect();
        known.sort();
        let typed = (request.argument.name.as_str(), request.argument.value.as_str());
        let suggested = self.engine.suggest(&asking, typed, known, &self.reader(context)).await;
        let Suggestions { values, total } = suggested.map_err(|problem| error_of(problem, None))?;
        let more = total > values.len();
        let completion = json!({ "values": values, "total": total, "hasMore": more });
        Ok(result(Map::from_iter([("completion".to_owned(), completion)]), None, era, &self.face.identity))
    }
}
