//! What a client has said that it can be asked.

use rmcp::model::ClientCapabilities;
use serde_json::{Map, Value, json};

/// What one question takes of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mcp) enum Ability {
    /// A form for a person.
    Form,
    /// A page that a person is sent to.
    Page,
    Sampling,
    /// Sampling with tools.
    ToolSampling,
    Roots,
}

impl Ability {
    /// `None` if a client cannot be asked that at all.
    pub(in crate::mcp) fn of(question: &Value) -> Option<Self> {
        let params = question.get("params");
        Some(match question.get("method")?.as_str()? {
            "elicitation/create" => {
                match params.and_then(|params| params.get("mode")).and_then(Value::as_str) {
                    None | Some("form") => Self::Form,
                    Some("url") => Self::Page,
                    Some(_) => return None,
                }
            }
            "sampling/createMessage" => {
                let with_tools = |params: &Value| params.get("tools").is_some_and(|tools| !tools.is_null());
                if params.is_some_and(with_tools) { Self::ToolSampling } else { Self::Sampling }
            }
            "roots/list" => Self::Roots,
            _ => return None,
        })
    }

    pub(in crate::mcp) fn is_in(self, capabilities: &ClientCapabilities) -> bool {
        match self {
            // Without a mode it is forms, as it was before there were modes.
            Self::Form => capabilities
                .elicitation
                .as_ref()
                .is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none()),
            Self::Page => {
                capabilities.elicitation.as_ref().is_some_and(|elicitation| elicitation.url.is_some())
            }
            Self::Sampling => capabilities.sampling.is_some(),
            Self::ToolSampling => {
                capabilities.sampling.as_ref().is_some_and(|sampling| sampling.tools.is_some())
            }
            Self::Roots => capabilities.roots.is_some(),
        }
    }

    /// As a client would declare it.
    fn declared(self) -> (&'static str, Value) {
        match self {
            Self::Form => ("elicitation", json!({ "form": {} })),
            Self::Page => ("elicitation", json!({ "url": {} })),
            Self::Sampling => ("sampling", json!({})),
            Self::ToolSampling => ("sampling", json!({ "tools": {} })),
            Self::Roots => ("roots", json!({})),
        }
    }

    /// All of these, as a client would declare them.
    pub(in crate::mcp) fn all(lacking: &[Self]) -> Value {
        let mut all: Map<String, Value> = Map::new();
        for ability in lacking {
            let (name, parts) = ability.declared();
            let of_name = all.entry(name).or_insert_with(|| json!({}));
            if let (Value::Object(known), Value::Object(more)) = (of_name, parts) {
                known.extend(more);
            }
        }
        Value::Object(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_asked_only_what_it_has_declared() {
        let of = |declared: Value| serde_json::from_value::<ClientCapabilities>(declared).unwrap();
        let form = json!({ "method": "elicitation/create", "params": { "message": "?" } });
        let page = json!({ "method": "elicitation/create", "params": { "mode": "url" } });
        let sampling = json!({ "method": "sampling/createMessage", "params": {} });
        let with_tools = json!({ "method": "sampling/createMessage", "params": { "tools": [] } });
        let roots = json!({ "method": "roots/list" });
        for (question, declared, may) in [
            (&form, json!({ "elicitation": {} }), true),
            (&form, json!({ "elicitation": { "form": {} } }), true),
            (&form, json!({ "elicitation": { "url": {} } }), false),
            (&form, json!({ "sampling": {} }), false),
            (&page, json!({ "elicitation": {} }), false),
            (&page, json!({ "elicitation": { "url": {} } }), true),
            (&sampling, json!({ "sampling": {} }), true),
            (&with_tools, json!({ "sampling": {} }), false),
            (&with_tools, json!({ "sampling": { "tools": {} } }), true),
            (&roots, json!({ "roots": {} }), true),
            (&roots, json!({}), false),
        ] {
            assert_eq!(
                Ability::of(question).unwrap().is_in(&of(declared.clone())),
                may,
                "{question} {declared}"
            );
        }
        for strange in [
            json!({ "method": "ping" }),
            json!({}),
            json!({ "method": "elicitation/create", "params": { "mode": "x" } }),
        ] {
            assert_eq!(Ability::of(&strange), None, "{strange}");
        }
    }

    #[test]
    fn what_is_lacking_is_named_as_it_would_be_declared() {
        let all = Ability::all(&[Ability::Form, Ability::Page, Ability::Roots]);
        assert_eq!(all, json!({ "elicitation": { "form": {}, "url": {} }, "roots": {} }));
    }
}
