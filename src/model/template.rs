//! Templates: one template is one word, parsed when the file is loaded, never split again.
//!
//! The language is handlebars, of which a word knows two forms: `{{path}}` and `{{json path}}`.
//! Values are put in as they are; nothing is escaped and nothing in a value is expanded again.

use std::fmt;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};

use super::name::{BadName, ParamName, SecretName, StepId};

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// `{{path}}`: the value as text.
    Value(Reference),
    /// `{{json path}}`: the value as JSON.
    Json(Reference),
}

/// What a template refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A parameter, or a value inside of it.
    Param {
        name: ParamName,
        path: Vec<String>,
    },
    Secret(SecretName),
    /// A variable of the file. It is known at load, and no template of a tool has one.
    Var(String),
    /// What a step before has come to.
    Step {
        id: StepId,
        part: StepPart,
        /// Into its JSON.
        path: Vec<String>,
    },
    /// What this round of `for_each` is for, or a value inside of it.
    Item {
        path: Vec<String>,
    },
    /// A root whose feature is not built yet (`env`, `caller`, …).
    NotSupported(String),
}

/// What can be asked of a step that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepPart {
    /// Without newlines at its end, as `$( )` has it.
    Stdout,
    Stderr,
    /// Its stdout read as JSON.
    Json,
    ExitCode,
}

impl StepPart {
    pub const ALL: [Self; 4] = [Self::Stdout, Self::Stderr, Self::Json, Self::ExitCode];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Json => "json",
            Self::ExitCode => "exit_code",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == text)
    }
}

/// Why a text is no template for a word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("this is not a template: {0}")]
    Syntax(String),
    #[error("`{0}` cannot stand in a word; expected `{{{{name}}}}` or `{{{{json name}}}}`")]
    Form(String),
    #[error("`{path}` is not a name: {reason}")]
    Name { path: String, reason: BadName },
    #[error("`{{{{{0}}}}}` has to name one of them; expected `{{{{{0}.NAME}}}}`")]
    Root(String),
    #[error(
        "`{{{{{0}}}}}` has to say what of the step; expected `{{{{steps.ID.stdout}}}}`, `.stderr`, `.json` or `.exit_code`"
    )]
    Part(String),
}

/// These mean something else to handlebars, so they cannot name a parameter.
const WORDS_OF_HANDLEBARS: [&str; 6] = ["this", "else", "true", "false", "null", "undefined"];

/// Longer templates are refused before the parser sees them: nesting costs it stack.
const MAX_SOURCE: usize = 16 * 1024;

impl Template {
    /// A word without holes; braces in it mean nothing.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { pieces: vec![Piece::Text(text.clone())], source: text }
    }

    pub fn parse(source: &str) -> Result<Self, BadTemplate> {
        // Most words hold no brace at all, and one is found faster than two.
        if !source.contains('{') {
            return Ok(Self::literal(source));
        }
        let pieces = match parse_plain(source) {
            Some(pieces) => pieces?,
            None => parse_handlebars(source)?,
        };
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// The same template with its holes filled in part: text beside text becomes one.
    pub fn with_pieces(self, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (_, Piece::Text(text)) if text.is_empty() => {}
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, piece) => joined.push(piece),
            }
        }
        Self { pieces: joined, ..self }
    }

    /// The text that the user wrote.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(reference) | Piece::Json(reference) => Some(reference),
        })
    }

    /// The reference, if the template is exactly one `{{path}}`.
    pub fn whole(&self) -> Option<&Reference> {
        match self.pieces.as_slice() {
            [Piece::Value(reference)] => Some(reference),
            _ => None,
        }
    }

    /// The text, if there is no hole.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Reference {
    fn parse(path: &str) -> Result<Self, BadTemplate> {
        let bad = |reason| BadTemplate::Name { path: path.to_owned(), reason };
        let mut segments = path.split('.').map(str::to_owned);
        let root = segments.next().unwrap_or_default();
        if WORDS_OF_HANDLEBARS.contains(&root.as_str()) {
            return Err(BadTemplate::Form(format!("{{{{{path}}}}}")));
        }
        match root.as_str() {
            "params" | "secrets" if path == root => Err(BadTemplate::Root(root)),
            "params" => {
                let name = segments.next().unwrap_or_default().parse().map_err(bad)?;
                Ok(Self::Param { name, path: segments.collect() })
            }
            "secrets" => {
                let name = segments.collect::<Vec<_>>().join(".").parse().map_err(bad)?;
                Ok(Self::Secret(name))
            }
            "vars" => Ok(Self::Var(segments.collect::<Vec<_>>().join("."))),
            "steps" => Self::step(path, segments),
            "item" => Ok(Self::Item { path: segments.collect() }),
            "env" | "caller" | "now" | "os" | "call" | "run" => Ok(Self::NotSupported(root)),
            _ => Ok(Self::Param { name: root.parse().map_err(bad)?, path: segments.collect() }),
        }
    }

    /// `steps.ID.PART`, and a path behind `json`.
    fn step(path: &str, mut segments: impl Iterator<Item = String>) -> Result<Self, BadTemplate> {
        let id = segments.next().ok_or_else(|| BadTemplate::Root("steps".to_owned()))?;
        let id = id.parse().map_err(|reason| BadTemplate::Name { path: path.to_owned(), reason })?;
        let part = segments.next().and_then(|part| StepPart::parse(&part));
        let inner: Vec<String> = segments.collect();
        match part {
            Some(part) if part == StepPart::Json || inner.is_empty() => {
                Ok(Self::Step { id, part, path: inner })
            }
            _ => Err(BadTemplate::Part(path.to_owned())),
        }
    }
}

/// As it stands between the braces.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path: &[String] = match self {
            Self::Param { name, path } => {
                write!(f, "{name}")?;
                path
            }
            Self::Step { id, part, path } => {
                write!(f, "steps.{id}.{}", part.name())?;
                path
            }
            Self::Item { path } => {
                f.write_str("item")?;
                path
            }
            Self::Secret(name) => return write!(f, "secrets.{name}"),
            Self::Var(name) => return write!(f, "vars.{name}"),
            Self::NotSupported(root) => return f.write_str(root),
        };
        path.iter().try_for_each(|segment| write!(f, ".{segment}"))
    }
}

/// Reads what nearly every template is, text and `{{dotted.path}}`, without the full parser, which
/// costs most of the start of a large file. `None` leaves the decision to the full parser.
fn parse_plain(source: &str) -> Option<Result<Vec<Piece>, BadTemplate>> {
    let mut pieces = Vec::new();
    let mut rest = source;
    while let Some(open) = find_twice(rest, b'{') {
        let (text, tail) = rest.split_at(open);
        let inside = tail.get(2..)?;
        let close = find_twice(inside, b'}')?;
        let path = inside.get(..close)?;
        let is_path = !path.is_empty()
            && path.split('.').all(|segment| {
                !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            })
            && !path.starts_with(|c: char| c.is_ascii_digit());
        if !is_path || text.ends_with(['\\', '{']) || inside.get(close + 2..)?.starts_with('}') {
            return None;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        match Reference::parse(path) {
            Ok(reference) => pieces.push(Piece::Value(reference)),
            Err(error) => return Some(Err(error)),
        }
        rest = inside.get(close + 2..)?;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    // Most have one, and room was made for four.
    pieces.shrink_to_fit();
    Some(Ok(pieces))
}

/// Where an ASCII character stands twice. Words are so short that `find` takes longer to get ready.
fn find_twice(text: &str, character: u8) -> Option<usize> {
    text.as_bytes().windows(2).position(|pair| pair == [character, character])
}

fn parse_handlebars(source: &str) -> Result<Vec<Piece>, BadTemplate> {
    if source.len() > MAX_SOURCE {
        return Err(BadTemplate::Syntax(format!("it is longer than {MAX_SOURCE} bytes")));
    }
    if let Some(form) = ["{{{", "{{~", "{{&"].into_iter().find(|form| source.contains(form)) {
        return Err(BadTemplate::Form(form.to_owned()));
    }
    let template = handlebars::Template::compile(source)
        .map_err(|error| BadTemplate::Syntax(error.reason().to_string()))?;
    template.elements.iter().map(piece).collect()
}

fn piece(element: &TemplateElement) -> Result<Piece, BadTemplate> {
    match element {
        TemplateElement::RawString(text) => Ok(Piece::Text(text.clone())),
        TemplateElement::Expression(expression) => hole(expression),
        TemplateElement::HtmlExpression(_) => Err(BadTemplate::Form("{{{ … }}}".to_owned())),
        TemplateElement::HelperBlock(block) => {
            Err(BadTemplate::Form(format!("{{{{#{}}}}}", path_text(&block.name))))
        }
        TemplateElement::Comment(_) => Err(BadTemplate::Form("{{! … }}".to_owned())),
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
            Err(BadTemplate::Form("{{> … }}".to_owned()))
        }
        TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
            Err(BadTemplate::Form("{{* … }}".to_owned()))
        }
        _ => Err(BadTemplate::Form("this form".to_owned())),
    }
}

fn hole(expression: &HelperTemplate) -> Result<Piece, BadTemplate> {
    let name = path_text(&expression.name);
    match expression.params.as_slice() {
        [] if expression.hash.is_empty() => Ok(Piece::Value(Reference::parse(&name)?)),
        [Parameter::Path(_)] if name == "json" && expression.hash.is_empty() => {
            let path = expression.params.first().map(path_text).unwrap_or_default();
            Ok(Piece::Json(Reference::parse(&path)?))
        }
        _ => Err(BadTemplate::Form(format!("{{{{{name} …}}}}"))),
    }
}

fn path_text(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Name(name) => name.clone(),
        Parameter::Path(handlebars::Path::Relative((_, raw))) => raw.clone(),
        Parameter::Path(handlebars::Path::Local((_, _, raw))) => raw.clone(),
        Parameter::Literal(json) => json.to_string(),
        _ => "(…)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(name: &str) -> Reference {
        Reference::Param { name: name.parse().unwrap(), path: Vec::new() }
    }

    #[test]
    fn text_and_holes_are_told_apart() {
        let template = Template::parse("--max={{limit}}/{{params.b}}").unwrap();
        assert_eq!(
            template.pieces(),
            [
                Piece::Text("--max=".into()),
                Piece::Value(param("limit")),
                Piece::Text("/".into()),
                Piece::Value(param("b")),
            ]
        );
        assert_eq!(Template::parse("{{paths}}").unwrap().whole(), Some(&param("paths")));
        assert_eq!(Template::parse("{{ a }}").unwrap().whole(), Some(&param("a")));
        assert_eq!(Template::parse("{{json a}}").unwrap().pieces(), [Piece::Json(param("a"))]);
        assert_eq!(Template::parse("a{b}").unwrap().as_literal(), Some("a{b}"));
        assert_eq!(Template::parse(r"\{{x}}").unwrap().as_literal(), Some("{{x}}"));
    }

    #[test]
    fn the_short_way_reads_what_the_full_parser_reads() {
        for source in ["{{a}}", "x{{a.b}}y", "{{a}}{{b}}", "{{secrets.t}} {{params.a}}", "}}{{a}}"] {
            let short = parse_plain(source).unwrap().unwrap();
            assert_eq!(short, parse_handlebars(source).unwrap(), "{source}");
        }
    }

    #[test]
    fn every_other_form_is_refused() {
        for source in [
            "{{{a}}}",
            "{{#if a}}x{{/if}}",
            "{{> p}}",
            "{{!c}}",
            "{{a",
            "{{}}",
            "{{json}}{{json a b}}",
            "{{lookup a b}}",
            "{{~a}}",
            "{{../a}}",
            "{{@root}}",
            "{{this}}",
            "{{a-b}}",
            "{{\"x\"}}",
            "{{json (a)}}",
        ] {
            assert!(Template::parse(source).is_err(), "{source}");
        }
    }
}
