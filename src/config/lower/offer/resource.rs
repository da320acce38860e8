//! One of `resources` → a resource.

use std::path::Path;
use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::flow::Written;
use crate::config::lower::param::LoweredParams;
use crate::config::lower::scope::Scope;
use crate::config::native::{Made, MadeOf, ResourceKeys, only_made};
use crate::config::read::Spanned;
use crate::config::shape;
use crate::model::{
    Directory, FileGlob, JsonTemplate, Kind, Param, ParamName, Params, Presence, Resource, ResourceSource,
    Template, Tool, UriTemplate,
};

use super::holes::text;
use super::{Names, Offering, owned};

pub fn resource(offering: &Offering<'_>, keys: &ResourceKeys<'_>, uris: &mut Names) -> Option<Resource> {
    let problems = offering.place.reader.problems;
    let mut params = LoweredParams::read(offering.place, keys.params);
    let names = (&shape::RESOURCE, ["text", "file", "directory", "command"].as_slice());
    let made = only_made(offering.place.reader, &keys.made_of, names, keys.span);
    let written = keys.uri?;
    uris.note(offering, written, "resources with the URI");
    let uri = match UriTemplate::read(written.value) {
        Ok(uri) => uri,
        Err(error) => {
            let message = format!("this is no URI of a resource: {error}");
            problems.add(Diagnostic::error(Code::BadUri, written.span, message));
            return None;
        }
    };
    check_params(offering, &params, &uri);
    params.add_holes(uri.holes(), written.span);
    let making = Making { offering, keys, uri: &uri, written, params: &params };
    let source = making.source(made?)?;
    making.check_beside(&source);
    Some(Resource {
        name: keys.name.map_or_else(|| name_of(&uri), |name| name.value.to_owned()),
        title: owned(keys.title),
        description: owned(keys.description),
        mime: owned(keys.mime),
        authorization: offering.authorize(uri.text(), keys.authorization.as_deref()),
        source,
        params: Arc::new(Params::new(params.list)),
        uri,
    })
}

/// What follows the scheme.
fn name_of(uri: &UriTemplate) -> String {
    let text = uri.text();
    let rest = text.split_once("://").or_else(|| text.split_once(':')).map_or(text, |(_, rest)| rest);
    if rest.is_empty() { text.to_owned() } else { rest.to_owned() }
}

/// Parameters are for the holes of the URI, and single values.
fn check_params(offering: &Offering<'_>, params: &LoweredParams, uri: &UriTemplate) {
    let refuse = |span, message: String, help: &str| {
        let problem = Diagnostic::error(Code::BadArgumentKind, span, message);
        offering.place.reader.problems.add(problem.help(help));
    };
    for (name, span) in params.places() {
        if !uri.holes().any(|hole| hole == name) {
            refuse(span, format!("the URI has no hole `{name}`"), "write it into the URI: `{name}`");
        }
        let Some(param) = params.find(name) else { continue };
        if param.rule.ask {
            let message = "nobody is asked for a part of a URI: whoever reads has written it";
            let problem = Diagnostic::error(Code::BadAsk, span, message);
            offering.place.reader.problems.add(problem.help("remove `ask`"));
        }
        if matches!(param.kind, Kind::Array(_) | Kind::Object) {
            refuse(span, format!("`{name}` stands in a URI and cannot be a list or a map"), "make it a text");
        }
        if param.presence != Presence::Required {
            refuse(
                span,
                format!("`{name}` is always there: a URI has no hole that is empty"),
                "leave out `default` and `optional`",
            );
        }
        if param.rule.path.is_some() {
            refuse(span, format!("`{name}` cannot be a path here"), "files are handed out by `directory`");
        }
    }
}

struct Making<'a> {
    offering: &'a Offering<'a>,
    keys: &'a ResourceKeys<'a>,
    uri: &'a UriTemplate,
    written: Spanned<&'a str>,
    params: &'a LoweredParams,
}

impl Making<'_> {
    fn source(&self, made: &Made<'_>) -> Option<ResourceSource> {
        let scope = Scope::new(self.offering.place, self.params, self.offering.secrets);
        match &made.of {
            MadeOf::Text(written) => text(&scope, *written).map(ResourceSource::Text),
            MadeOf::File(written) => {
                self.refuse_holes("a file is the same whatever stands in the URI");
                self.offering.file(*written, made.key).map(ResourceSource::File)
            }
            MadeOf::Directory(written) => self.directory(*written).map(ResourceSource::Directory),
            MadeOf::Command(written) => {
                let tool = self.offering.reading_command(*written)?;
                let with = self.with(&scope, tool)?;
                Some(ResourceSource::Command { tool: tool.name.clone(), with })
            }
            _ => None,
        }
    }

    fn refuse_holes(&self, why: &str) {
        if let Some(hole) = self.uri.holes().next() {
            let message = format!("the URI has the hole `{hole}`: {why}");
            let problem = Diagnostic::error(Code::BadUri, self.written.span, message);
            self.offering
                .place
                .reader
                .problems
                .add(problem.help("for the files of a folder write `directory`"));
        }
    }

    fn directory(&self, written: Spanned<&str>) -> Option<Directory> {
        let mut holes = self.uri.holes();
        let (Some(hole), None) = (holes.next(), holes.next()) else {
            let message = "the URI of a folder has exactly one hole, for the path of the file";
            let problem = Diagnostic::error(Code::BadUri, self.written.span, message);
            let start = self.uri.text().split('{').next().unwrap_or_default().trim_end_matches('/');
            let start = if start.ends_with(':') { format!("{start}//") } else { format!("{start}/") };
            self.offering.place.reader.problems.add(problem.help(format!("write `{start}{{+path}}`")));
            return None;
        };
        let path = self.offering.place.path(written, "directory")?;
        self.offering.check_there(&path, written.span, "directory", Path::is_dir);
        let usual = if self.uri.takes_path(hole) { "**" } else { "*" };
        let files = match &self.keys.files {
            None => FileGlob::read(usual).into_iter().collect(),
            Some(globs) => super::suggest::globs(self.offering.place.reader, globs),
        };
        Some(Directory { path, files, hole: hole.to_owned() })
    }

    /// The arguments of the command.
    fn with(&self, scope: &Scope<'_>, tool: &Tool) -> Option<Vec<(ParamName, JsonTemplate)>> {
        if self.keys.with.is_none() {
            return self.by_name(tool);
        }
        Written { scope, span: self.keys.span, with: self.keys.with, callee: tool }.read()
    }

    /// What stands in the holes, by name.
    fn by_name(&self, tool: &Tool) -> Option<Vec<(ParamName, JsonTemplate)>> {
        let refuse = |message: String| {
            let problem = Diagnostic::error(Code::StepArguments, self.written.span, message);
            let help = "say which arguments it gets: `with: { NAME: \"{{hole}}\" }`";
            self.offering.place.reader.problems.add(problem.help(help));
        };
        let is_hole = |param: &&Param| self.uri.holes().any(|hole| hole == param.name.as_str());
        if let Some(hole) = self.uri.holes().find(|hole| tool.params.find(hole).is_none()) {
            refuse(format!("`{}` has no parameter `{hole}`, so the hole says nothing to it", tool.name));
        }
        let mut required = tool.params.iter().filter(|param| param.presence == Presence::Required);
        if let Some(missing) = required.find(|param| !is_hole(param)) {
            refuse(format!("`{}` requires `{}`, of which the URI says nothing", tool.name, missing.name));
        }
        let given = tool.params.iter().filter(is_hole).map(|param| {
            let template = Template::parse(&format!("{{{{params.{}}}}}", param.name)).ok()?;
            Some((param.name.clone(), JsonTemplate::Text(template)))
        });
        given.collect()
    }

    /// Keys that belong to another source.
    fn check_beside(&self, source: &ResourceSource) {
        let refuse = |span, key: &str, of: &str| {
            let message = format!("`{key}` says nothing without `{of}`");
            self.offering.place.reader.problems.add(Diagnostic::error(Code::BadOffer, span, message));
        };
        if let (Some(files), false) = (&self.keys.files, matches!(source, ResourceSource::Directory(_))) {
            let span = files.first().map_or(self.keys.span, |file| file.span);
            refuse(span, "files", "directory");
        }
        if let (Some(with), false) = (self.keys.with, matches!(source, ResourceSource::Command { .. })) {
            refuse(with.key_span, "with", "command");
        }
    }
}
