//! One of `prompts` → a prompt.

use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::param::LoweredParams;
use crate::config::lower::scope::Scope;
use crate::config::native::{Made, MadeOf, MessageKeys, OfferKeys, PromptKeys, only_made};
use crate::config::read::Spanned;
use crate::config::shape;
use crate::model::{
    Kind, Params, Presence, Prompt, PromptContent, PromptMessage, PromptRole, Resource, ToolName,
};

use super::content::content;
use super::{Names, Offering, owned};

pub fn prompt(offering: &Offering<'_>, keys: &PromptKeys<'_>, names: &mut Names) -> Option<Prompt> {
    let place = offering.place;
    let arguments = LoweredParams::read(place, keys.arguments);
    check_arguments(offering, &arguments);
    let scope = Scope::new(place, &arguments, offering.secrets);
    let messages = messages(offering, &scope, keys);
    let what = |name: &str| format!("put it into the text as `{{{{{name}}}}}`, or remove it");
    scope.report_unused(what);
    let name = keys.name?;
    names.note(offering, name, "prompts of the name");
    if let Err(error) = name.value.parse::<ToolName>() {
        let problem = Diagnostic::error(Code::BadName, name.span, error.to_string());
        place.reader.problems.add(problem.label("the name of a prompt"));
    }
    Some(Prompt {
        name: name.value.to_owned(),
        title: owned(keys.title),
        description: owned(keys.description),
        authorization: offering.authorize(name.value, keys.authorization.as_deref()),
        messages: messages?,
        arguments: Arc::new(Params::new(arguments.list)),
    })
}

/// Clients send texts and nothing else.
fn check_arguments(offering: &Offering<'_>, arguments: &LoweredParams) {
    for (name, span) in arguments.places() {
        let Some(argument) = arguments.find(name) else { continue };
        if argument.kind != Kind::Text {
            let message = format!("the argument `{name}` has to be a text: clients send nothing else");
            let problem = Diagnostic::error(Code::BadArgumentKind, span, message);
            offering.place.reader.problems.add(problem.help(format!("write `{name}: string`")));
        }
        if matches!(&argument.presence, Presence::Default(value) if !value.is_string()) {
            let message = format!("the default of `{name}` has to be a text");
            offering.place.reader.problems.add(Diagnostic::error(Code::BadDefault, span, message));
        }
    }
}

fn messages(offering: &Offering<'_>, scope: &Scope<'_>, keys: &PromptKeys<'_>) -> Option<Vec<PromptMessage>> {
    let names = (&shape::PROMPT, ["text", "file", "messages"].as_slice());
    let Some(made) = only_made(offering.place.reader, &keys.made_of, names, keys.span) else {
        scope.doubt();
        return None;
    };
    match &made.of {
        MadeOf::Messages(list) if list.is_empty() => {
            let message = "`messages` is empty, so the prompt says nothing";
            offering.place.reader.problems.add(Diagnostic::error(Code::BadOffer, made.key_span, message));
            None
        }
        MadeOf::Messages(list) => {
            let read: Vec<_> = list.iter().map(|keys| message(offering, scope, keys)).collect();
            read.into_iter().collect()
        }
        _ => {
            let content = content(offering, scope, made)?;
            Some(vec![PromptMessage { role: PromptRole::User, content }])
        }
    }
}

fn message(offering: &Offering<'_>, scope: &Scope<'_>, keys: &MessageKeys<'_>) -> Option<PromptMessage> {
    let names = (&shape::MESSAGE, ["text", "file", "image", "audio", "resource"].as_slice());
    let made = only_made(offering.place.reader, &keys.made_of, names, keys.span);
    if made.is_none() {
        scope.doubt();
    }
    content(offering, scope, made?).map(|content| PromptMessage { role: keys.role, content })
}

/// A resource that a prompt sends along has to be one of the file, where its URI is known.
pub fn check_resources(
    offering: &Offering<'_>,
    prompts: &[Prompt],
    resources: &[Resource],
    keys: &OfferKeys<'_>,
) {
    let is_there = |uri: &str| {
        resources.iter().any(|resource| resource.uri.text() == uri || resource.uri.read_uri(uri).is_some())
    };
    let sent =
        prompts.iter().flat_map(|prompt| &prompt.messages).filter_map(|message| match &message.content {
            PromptContent::Resource(uri) if uri.names().is_empty() => Some(uri.source()),
            _ => None,
        });
    for uri in sent.filter(|uri| !is_there(uri)) {
        for written in written_resources(keys).filter(|written| written.value == uri) {
            let message = format!("there is no resource `{uri}` in this file");
            let problem = Diagnostic::error(Code::UnknownResource, written.span, message);
            offering
                .place
                .reader
                .problems
                .add(problem.help(
                    "declare it under `resources`, or say what it is: `resource: { uri: …, text: … }`",
                ));
        }
    }
}

fn written_resources<'k>(keys: &'k OfferKeys<'_>) -> impl Iterator<Item = Spanned<&'k str>> {
    let made = keys.prompts.iter().flat_map(|prompt| &prompt.made_of);
    let messages = made.filter_map(|made| match &made.of {
        MadeOf::Messages(messages) => Some(messages),
        _ => None,
    });
    messages.flatten().flat_map(|message| &message.made_of).filter_map(|made: &Made<'_>| match &made.of {
        MadeOf::Resource(uri) => Some(*uri),
        _ => None,
    })
}
