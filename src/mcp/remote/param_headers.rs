//! Values of a call that its client repeats in headers, because the schema of its tool says so: both
//! have to agree, for others on the way have gone by the header.

use rmcp::model::{ClientRequest, JsonObject, RequestId};

use super::super::wire::refusal::{Refusal, written};
use super::Reaction;
use super::rules::{HEADER_MISMATCH, Headers, decoded};
use crate::engine::Engine;
use crate::model::{ParamHeader, Principal};

/// Judges a call of the newer era.
pub(super) fn judge(
    engine: &Engine,
    caller: &Principal,
    headers: &Headers<'_>,
    id: &RequestId,
    request: &ClientRequest,
) -> Option<Reaction> {
    let ClientRequest::CallToolRequest(call) = request else { return None };
    let state = engine.state();
    let tool = state.catalog().tool(&call.params.name)?;
    if tool.params.headers().is_empty() || !state.offers(&call.params.name, caller) {
        return None;
    }
    let (nothing, given) = (JsonObject::new(), call.params.arguments.as_ref());
    let arguments = given.unwrap_or(&nothing);
    let problem = tool.params.headers().iter().find_map(|header| agree(header, headers, arguments).err())?;
    Some(Reaction::refused(400, Refusal::new(&written(id), HEADER_MISMATCH, &problem)))
}

fn agree(header: &ParamHeader, headers: &Headers<'_>, arguments: &JsonObject) -> Result<(), String> {
    let (name, place) = (&header.name, header.path.join("."));
    let mut sent = headers.params.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name));
    match (sent.next(), sent.next(), header.text(arguments)) {
        (_, Some(_), _) => Err(format!("the header `Mcp-Param-{name}` stands twice")),
        (None, None, None) => Ok(()),
        (None, None, Some(_)) => {
            Err(format!("expected the header `Mcp-Param-{name}`, as `{place}` in the body"))
        }
        (Some(_), None, None) => {
            Err(format!("there is a header `Mcp-Param-{name}`, and no `{place}` in the body"))
        }
        (Some((_, value)), None, Some(text)) => match value.and_then(decoded) {
            Some(value) if value == text => Ok(()),
            Some(_) => Err(format!("`Mcp-Param-{name}` is not what `{place}` in the body says")),
            None => Err(format!("`Mcp-Param-{name}` is neither a plain text nor `=?base64?…?=`")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_header_and_the_body_have_to_agree() {
        let header = ParamHeader { path: vec!["region".into()], name: "Region".into() };
        let agrees = |params: Vec<(&'static str, Option<&'static str>)>, value: serde_json::Value| {
            let headers = Headers { params, ..Headers::default() };
            agree(&header, &headers, json!({ "region": value }).as_object().unwrap()).is_ok()
        };
        assert!(agrees(vec![("region", Some("eu"))], json!("eu")));
        assert!(agrees(vec![("REGION", Some("=?base64?ZXU=?="))], json!("eu")));
        assert!(agrees(vec![("region", Some("=?base64?ZXU="))], json!("=?base64?ZXU=")));
        assert!(agrees(vec![], json!(null)));
        assert!(agrees(vec![("other", Some("us"))], json!(null)));
        assert!(!agrees(vec![], json!("eu")));
        assert!(!agrees(vec![("region", Some("us"))], json!("eu")));
        assert!(!agrees(vec![("region", Some("=?base64?ZX!?="))], json!("eu")));
        assert!(!agrees(vec![("region", None)], json!("eu")));
        assert!(!agrees(vec![("region", Some("eu"))], json!(null)));
        assert!(!agrees(vec![("region", Some("eu")), ("region", Some("eu"))], json!("eu")));
    }
}
