//! `prompts/get`: a prompt and what is filled in → its messages.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::model::{PromptContent, PromptRole, PromptText, TextTemplate};

use super::arguments::values;
use super::resource::render;
use super::{Body, Contents, NotRead, Reader, aside, folder, shortened};

/// A prompt that is filled in.
#[derive(Debug)]
pub struct Filled {
    pub description: Option<String>,
    pub messages: Vec<Said>,
}

/// One message.
#[derive(Debug)]
pub struct Said {
    pub role: PromptRole,
    pub part: Part,
}

#[derive(Debug)]
pub enum Part {
    Text(String),
    /// An image or a sound.
    Media {
        mime: String,
        bytes: Bytes,
    },
    Resource(Contents),
}

impl Engine {
    /// A prompt with these texts filled in. One that a caller may not have is not there for them.
    pub async fn prompt(
        self: &Arc<Self>,
        name: &str,
        texts: Vec<(String, String)>,
        reader: &Reader,
    ) -> Result<Filled, NotRead> {
        let arguments = texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        let filled = self.filled(name, texts, reader).await;
        self.noted_prompt(name, &arguments, reader, filled).await
    }

    async fn filled(
        self: &Arc<Self>,
        name: &str,
        texts: Vec<(String, String)>,
        reader: &Reader,
    ) -> Result<Filled, NotRead> {
        let state = self.state();
        let visible = state.prompts_of(&reader.principal);
        let found = visible.into_iter().find(|prompt| prompt.name == name).map(Arc::clone);
        let prompt = found.ok_or_else(|| NotRead::NoPrompt(shortened(name)))?;
        let values = values(&prompt.name, &prompt.arguments, texts)?;
        let mut messages = Vec::with_capacity(prompt.messages.len());
        for message in &prompt.messages {
            let part = self.part(&message.content, &values, reader).await?;
            messages.push(Said { role: message.role, part });
        }
        Ok(Filled { description: prompt.description.clone(), messages })
    }

    async fn part(
        self: &Arc<Self>,
        content: &PromptContent,
        values: &Map<String, Value>,
        reader: &Reader,
    ) -> Result<Part, NotRead> {
        match content {
            PromptContent::Text(text) => words(text, values).await.map(Part::Text),
            PromptContent::Media(path) => media(path).await,
            PromptContent::Resource(uri) => {
                let uri = render(uri, values.clone())?;
                Box::pin(self.read(&uri, reader)).await.map(Part::Resource)
            }
            PromptContent::Embedded { uri, mime, text } => {
                let body = Body::Text(words(text, values).await?);
                let mime = mime.clone().or_else(|| Some("text/plain".to_owned()));
                Ok(Part::Resource(Contents { uri: render(uri, values.clone())?, mime, body }))
            }
        }
    }
}

async fn words(text: &PromptText, values: &Map<String, Value>) -> Result<String, NotRead> {
    match text {
        PromptText::Here(template) => render(template, values.clone()),
        PromptText::File { path, vars } => {
            let (path, name) =
                (path.clone(), path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            let found = aside(move || folder::file(&path)).await?;
            let wrong =
                |problem: String| NotRead::Failed(format!("the file `{name}` makes no text: {problem}"));
            let source = String::from_utf8(found.bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))?;
            let mut template = TextTemplate::read(&source).map_err(|error| wrong(error.to_string()))?;
            template.vars = (**vars).clone();
            render(&template, values.clone())
        }
    }
}

async fn media(path: &Path) -> Result<Part, NotRead> {
    let (path, name) =
        (path.to_path_buf(), path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let found = aside(move || folder::file(&path)).await?;
    if !found.mime.starts_with("image/") && !found.mime.starts_with("audio/") {
        return Err(NotRead::Failed(format!("the file `{name}` is neither an image nor a sound")));
    }
    Ok(Part::Media { mime: found.mime.to_owned(), bytes: found.bytes.into() })
}
