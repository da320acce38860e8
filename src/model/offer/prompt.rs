//! A prompt: messages with holes that a person fills in a client.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{Authorization, Params, TextTemplate};

#[derive(Debug, Clone)]
pub struct Prompt {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// All of them texts.
    pub arguments: Arc<Params>,
    pub messages: Vec<PromptMessage>,
    pub authorization: Authorization,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PromptMessage {
    pub role: PromptRole,
    pub content: PromptContent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptRole {
    User,
    Assistant,
}

impl PromptRole {
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum PromptContent {
    Text(PromptText),
    /// A file with an image or a sound in it.
    Media(PathBuf),
    /// A resource of this file, by its URI.
    Resource(TextTemplate),
    /// A resource that stands here itself.
    Embedded {
        uri: TextTemplate,
        mime: Option<String>,
        text: PromptText,
    },
}

/// Where a text with holes stands.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptText {
    Here(TextTemplate),
    /// In a file, which is read when the prompt is asked for. Its holes see these variables.
    File {
        path: PathBuf,
        vars: Arc<Map<String, Value>>,
    },
}
