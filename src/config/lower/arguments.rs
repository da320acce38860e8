//! `args`: words, conditions, groups and literals.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind as NodeKind, Node};
use crate::model::{Argument, Kind, ParamName, Template};

use super::scope::{Scope, Spot};
use super::words::Words;

/// Reads `args` of a program.
pub struct Arguments<'a> {
    pub reader: &'a Reader<'a>,
    pub scope: &'a Scope<'a>,
}

impl<'a> Arguments<'a> {
    /// The words that follow others, of which the first is what runs.
    pub fn read(&self, before: &[&str], field: Option<Field<'a>>) -> Vec<Argument> {
        let Some(field) = field else { return Vec::new() };
        let Some(items) = self.reader.list(field.node, "args") else { return Vec::new() };
        self.elements(items, &mut Words::after(self.scope, before))
    }

    fn elements(&self, items: &'a [Node<'a>], words: &mut Words<'_>) -> Vec<Argument> {
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            match self.words_of(item) {
                Some(texts) => elements.extend(texts.iter().map(|text| {
                    let template = Template::literal(text);
                    words.word(&template, item.span);
                    Argument::Word(template)
                })),
                None => elements.extend(self.element(item, words)),
            }
        }
        elements
    }

    /// The words of an element that is a list of `vars`.
    fn words_of(&self, node: &Node<'_>) -> Option<&'a [String]> {
        node.as_text().and_then(|text| self.scope.place.filling(false).words_of(text))
    }

    fn element(&self, node: &'a Node<'a>, words: &mut Words<'_>) -> Option<Argument> {
        match &node.kind {
            NodeKind::Scalar(scalar) => {
                let written = Spanned { value: &*scalar.text, span: node.span };
                let template = self.scope.template(written, Spot::Word, false)?;
                words.word(&template, node.span);
                Some(Argument::Word(template))
            }
            NodeKind::List(items) => {
                if items.is_empty() {
                    self.bad(node.span, "this group is empty");
                }
                let mut group = words.group();
                let elements = self.elements(items, &mut group);
                // An empty list counts as absent, as one of a caller does.
                let is_absent = items.iter().any(|item| self.words_of(item).is_some_and(<[_]>::is_empty));
                (!is_absent).then_some(Argument::Group(elements))
            }
            NodeKind::Map(_) if node.get("literal").is_some() => self.literal(node, words),
            NodeKind::Map(_) if node.get("if").is_some() => self.condition(node, words),
            NodeKind::Map(_) => {
                self.bad(node.span, "an element of `args` that is a map has `if` and `args`, or `literal`");
                None
            }
            NodeKind::Null | NodeKind::Broken => {
                self.reader.wrong_type(node, "an element of `args`", "text");
                None
            }
        }
    }

    fn literal(&self, node: &'a Node<'a>, words: &mut Words<'_>) -> Option<Argument> {
        let mut fields = Fields::open(self.reader, node, &shape::LITERAL)?;
        let text = fields.text("literal");
        fields.close();
        let template = Template::literal(text?.value);
        words.word(&template, node.span);
        Some(Argument::Word(template))
    }

    fn condition(&self, node: &'a Node<'a>, words: &mut Words<'_>) -> Option<Argument> {
        let mut fields = Fields::open(self.reader, node, &shape::CONDITION)?;
        let param = fields.text("if").and_then(|name| self.boolean(name));
        let items = fields.required("args").and_then(|field| self.reader.list(field.node, "args"));
        fields.close();
        let args = self.elements(items?, &mut words.branch());
        Some(Argument::If { param: param?, args })
    }

    /// The boolean parameter that a condition names.
    fn boolean(&self, written: Spanned<&str>) -> Option<ParamName> {
        let bare = written.value.trim_start_matches("{{").trim_end_matches("}}").trim();
        let bare = bare.strip_prefix("params.").unwrap_or(bare);
        self.scope.mark_used(bare);
        let found = self.scope.params.find(bare);
        let message = match found {
            Some(param) if bare != written.value => {
                format!("`if` takes the bare name of a parameter: `{}`", param.name)
            }
            Some(param) if param.kind != Kind::Boolean => {
                format!("`if` needs a boolean parameter; `{bare}` is none")
            }
            Some(param) => return Some(param.name.clone()),
            None if self.scope.params.is_declared(bare) => return None,
            None => format!("`if` needs a boolean parameter; there is no parameter `{bare}`"),
        };
        self.scope.problems.add(Diagnostic::error(Code::NotBoolean, written.span, message));
        None
    }

    fn bad(&self, span: Span, message: &str) {
        let problem = Diagnostic::error(Code::BadArgument, span, message);
        self.scope.problems.add(problem.help(
            "expected a word, `{ if: PARAMETER, args: […] }`, `{ literal: TEXT }`, or a list that stands or falls as a whole",
        ));
    }
}
