//! Prompts and resources in a lock: what models read of them, and what stands behind.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{
    Authorization, FileGlob, JsonTemplate, Offers, Params, Prompt, PromptContent, PromptText, Resource,
    ResourceSource,
};

use super::{access, written};

/// `None` where a file offers nothing beside its tools.
pub(super) fn offers(offers: &Offers, folder: &Path) -> Option<Value> {
    if offers.is_empty() {
        return None;
    }
    let prompts = offers.prompts.iter().map(|prompt| (prompt.name.clone(), of_prompt(prompt, folder)));
    let resources = offers
        .resources
        .iter()
        .map(|resource| (resource.uri.text().to_owned(), of_resource(resource, folder)));
    let [prompts, resources] = [prompts.collect::<Map<_, _>>(), resources.collect::<Map<_, _>>()];
    Some(json!({ "prompts": prompts, "resources": resources }))
}

fn of_prompt(prompt: &Prompt, folder: &Path) -> Value {
    let messages = prompt.messages.iter().map(|message| {
        let content = match &message.content {
            PromptContent::Text(text) => json!({ "text": words(text, folder) }),
            PromptContent::Media(path) => json!({ "media": written::path(path, folder) }),
            PromptContent::Resource(uri) => json!({ "resource": uri.source() }),
            PromptContent::Embedded { uri, mime, text } => {
                json!({ "resource": uri.source(), "mime": mime, "text": words(text, folder) })
            }
        };
        json!({ "role": message.role.name(), "content": content })
    });
    json!({
        "title": prompt.title,
        "description": prompt.description,
        "arguments": schema(&prompt.arguments),
        "messages": messages.collect::<Vec<_>>(),
        "authorization": authorization(&prompt.authorization),
    })
}

fn words(text: &PromptText, folder: &Path) -> Value {
    match text {
        PromptText::Here(template) => json!({ "here": template.source(), "vars": template.vars }),
        PromptText::File { path, vars: _ } => json!({ "file": written::path(path, folder) }),
    }
}

fn of_resource(resource: &Resource, folder: &Path) -> Value {
    let source = match &resource.source {
        ResourceSource::Text(template) => json!({ "text": template.source(), "vars": template.vars }),
        ResourceSource::File(path) => json!({ "file": written::path(path, folder) }),
        ResourceSource::Directory(directory) => json!({
            "directory": written::path(&directory.path, folder),
            "files": directory.files.iter().map(FileGlob::text).collect::<Vec<_>>(),
        }),
        ResourceSource::Command { tool, with } => {
            let with = with.iter().map(|(name, value)| (name.to_string(), json_of(value)));
            json!({ "command": tool.as_str(), "with": with.collect::<Map<_, _>>() })
        }
    };
    json!({
        "name": resource.name,
        "title": resource.title,
        "description": resource.description,
        "mime": resource.mime,
        "params": schema(&resource.params),
        "source": source,
        "authorization": authorization(&resource.authorization),
    })
}

fn schema(params: &Params) -> Value {
    Value::Object((**params.input_schema()).clone())
}

fn authorization(authorization: &Authorization) -> Value {
    access::authorization(authorization)
}

fn json_of(template: &JsonTemplate) -> Value {
    match template {
        JsonTemplate::Value(value) => value.clone(),
        JsonTemplate::Text(text) => json!(written::template(text)),
        JsonTemplate::List(items) => items.iter().map(json_of).collect(),
        JsonTemplate::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), json_of(value))).collect())
        }
    }
}
