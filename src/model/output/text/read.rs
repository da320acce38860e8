//! Text → passages, by the parser of handlebars, within bounds.

use handlebars::template::{BlockParam, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, Template};

use super::{Block, Local, Lookup, Operand, Operator, Passage, Start};
use crate::model::nearest;

/// Why a text is no template for a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    #[error("it is {0} bytes long; at most {MOST_WRITTEN} may be")]
    TooLong(usize),
    #[error("its blocks and brackets stand in each other more than {MOST_NESTED} deep")]
    TooDeep,
    #[error("{problem}")]
    Syntax { problem: String, line: usize },
    #[error("`{0}` cannot stand in a template of a result")]
    Form(String),
    #[error("there is no function `{name}` in templates{}", meant(.nearest.as_deref()))]
    UnknownFunction { name: String, nearest: Option<String> },
    #[error("`{name}` takes {takes}; found {found}")]
    Operands { name: String, takes: &'static str, found: usize },
    #[error("`{0}` is no path")]
    Path(String),
    #[error("`{0}` leads out of all blocks")]
    TooFarUp(String),
    #[error("`{0}` means something only inside of `{{{{#each}}}}`")]
    NoBlock(String),
}

const MOST_WRITTEN: usize = 16 * 1024;
const MOST_NESTED: usize = 32;

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

pub fn passages(source: &str) -> Result<Vec<Passage>, BadText> {
    if source.len() > MOST_WRITTEN {
        return Err(BadText::TooLong(source.len()));
    }
    // Its parser goes down the stack for both.
    if nesting(source) > MOST_NESTED {
        return Err(BadText::TooDeep);
    }
    if source.contains("{{{{") {
        return Err(BadText::Form("{{{{ … }}}}".to_owned()));
    }
    let template = Template::compile(source).map_err(|error| BadText::Syntax {
        problem: plain(&error.reason().to_string()),
        line: error.pos().map_or(1, |(line, _)| line),
    })?;
    all(&template)
}

fn all(template: &Template) -> Result<Vec<Passage>, BadText> {
    let passages = template.elements.iter().filter(|element| !matches!(element, TemplateElement::Comment(_)));
    passages.map(passage).collect()
}

fn passage(element: &TemplateElement) -> Result<Passage, BadText> {
    match element {
        TemplateElement::RawString(text) => Ok(Passage::Text(text.clone())),
        // Nothing is escaped, so the two are the same.
        TemplateElement::Expression(inside) | TemplateElement::HtmlExpression(inside) => {
            expression(inside).map(Passage::Put)
        }
        TemplateElement::HelperBlock(inside) => block(inside).map(|block| Passage::Block(Box::new(block))),
        TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
            Err(BadText::Form("{{> … }}".to_owned()))
        }
        TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
            Err(BadText::Form("{{* … }}".to_owned()))
        }
        _ => Err(BadText::Form("this form".to_owned())),
    }
}

/// `{{path}}`, or `{{function value …}}`.
fn expression(inside: &HelperTemplate) -> Result<Operand, BadText> {
    if !inside.hash.is_empty() {
        return Err(BadText::Form(format!("{} …=…", written(&inside.name))));
    }
    if inside.params.is_empty() {
        return operand(&inside.name);
    }
    let name = written(&inside.name);
    let Some((_, operator, takes)) = Operator::ALL.iter().find(|(known, ..)| *known == name) else {
        let known = Operator::ALL.iter().map(|(known, ..)| *known);
        let nearest = nearest(&name, known).map(str::to_owned);
        return Err(BadText::UnknownFunction { name, nearest });
    };
    let values = inside.params.iter().map(operand).collect::<Result<Vec<_>, _>>()?;
    let (found, any) = (values.len(), matches!(operator, Operator::And | Operator::Or));
    if found == *takes || (any && found > *takes) {
        return Ok(Operand::Of(*operator, values));
    }
    let takes = match takes {
        1 => "one value",
        _ if any => "two values or more",
        _ => "two values",
    };
    Err(BadText::Operands { name, takes, found })
}

fn operand(parameter: &Parameter) -> Result<Operand, BadText> {
    match parameter {
        Parameter::Literal(value) => Ok(Operand::Literal(value.clone())),
        Parameter::Name(name) => lookup(name).map(Operand::At),
        Parameter::Path(path) => lookup(raw(path)).map(Operand::At),
        Parameter::Subexpression(inside) => match inside.as_element() {
            TemplateElement::Expression(inside) => expression(inside),
            _ => Err(BadText::Form("(…)".to_owned())),
        },
        _ => Err(BadText::Form("this form".to_owned())),
    }
}

fn block(inside: &HelperTemplate) -> Result<Block, BadText> {
    let name = written(&inside.name);
    let [value] = inside.params.as_slice() else {
        return match name.as_str() {
            "if" | "unless" | "each" | "with" => {
                Err(BadText::Operands { name, takes: "one value", found: inside.params.len() })
            }
            _ => Err(BadText::Form(format!("{{{{#{name}}}}}"))),
        };
    };
    if !inside.hash.is_empty() {
        return Err(BadText::Form(format!("{{{{#{name} …=…}}}}")));
    }
    let part = |template: &Option<Template>| template.as_ref().map_or(Ok(Vec::new()), all);
    let (value, body, otherwise) = (operand(value)?, part(&inside.template)?, part(&inside.inverse)?);
    let names = block_names(inside);
    match name.as_str() {
        "if" => Ok(Block::If { test: value, holds: true, then: body, otherwise }),
        "unless" => Ok(Block::If { test: value, holds: false, then: body, otherwise }),
        "each" => Ok(Block::Each { over: value, names, body, otherwise }),
        "with" => Ok(Block::With { of: value, names, body, otherwise }),
        _ => {
            let nearest = nearest(&name, ["if", "unless", "each", "with"].into_iter()).map(str::to_owned);
            Err(BadText::UnknownFunction { name: format!("#{name}"), nearest })
        }
    }
}

fn block_names(inside: &HelperTemplate) -> Vec<String> {
    match &inside.block_param {
        None => Vec::new(),
        Some(BlockParam::Single(name)) => vec![written(name)],
        Some(BlockParam::Pair((one, other))) => vec![written(one), written(other)],
        Some(_) => Vec::new(),
    }
}

fn written(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Name(name) => name.clone(),
        Parameter::Path(path) => raw(path).to_owned(),
        Parameter::Literal(value) => value.to_string(),
        _ => "(…)".to_owned(),
    }
}

fn raw(path: &Path) -> &str {
    match path {
        Path::Relative((_, raw)) | Path::Local((_, _, raw)) => raw,
    }
}

/// `../name`, `this.name`, `@index`, `@root.name`, `name.[with blanks].0`.
fn lookup(written: &str) -> Result<Lookup, BadText> {
    let bad = || BadText::Path(written.to_owned());
    let (mut rest, mut up) = (written, 0);
    rest = rest.strip_prefix("./").unwrap_or(rest);
    let is_local = rest.starts_with('@');
    let root = rest.strip_prefix("@root").filter(|rest| rest.starts_with(['.', '/']));
    rest = root.map_or_else(|| rest.trim_start_matches('@'), |rest| rest.get(1..).unwrap_or_default());
    while let Some(above) = rest.strip_prefix("../").or_else(|| rest.strip_prefix("...")) {
        (rest, up) = (above, up + 1);
    }
    let mut path = segments(rest).ok_or_else(bad)?;
    if root.is_some() {
        return Ok(Lookup { written: written.to_owned(), up: 0, start: Start::Root, path });
    }
    if path.first().is_some_and(|first| first == "this") {
        path.remove(0);
    }
    let start = match (is_local, path.as_slice()) {
        (false, _) => Start::Here,
        (true, [name]) => match name.as_str() {
            "index" => Start::Local(Local::Index),
            "key" => Start::Local(Local::Key),
            "first" => Start::Local(Local::First),
            "last" => Start::Local(Local::Last),
            _ => return Err(bad()),
        },
        (true, _) => return Err(bad()),
    };
    if matches!(start, Start::Local(_)) {
        path.clear();
    }
    Ok(Lookup { written: written.to_owned(), up, start, path })
}

/// Splits at `.` and `/`; what stands in `[…]` is one name.
fn segments(text: &str) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let (segment, after) = match rest.strip_prefix('[') {
            Some(inside) => {
                let (segment, after) = inside.split_once(']')?;
                (segment, after)
            }
            None => rest.split_at(rest.find(['.', '/']).unwrap_or(rest.len())),
        };
        if segment.is_empty() {
            return None;
        }
        segments.push(segment.to_owned());
        match after.strip_prefix(['.', '/']) {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(segments),
            None => return None,
        }
    }
}

/// How deep blocks and brackets of expressions stand in each other, at the most.
fn nesting(source: &str) -> usize {
    // Of each open block: how many stand in each other there, for a link of an `else if` is one more.
    let mut open: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for inside in source.split("{{").skip(1) {
        let inside = inside.split("}}").next().unwrap_or_default().trim_start_matches(['~', ' ']);
        match (inside.chars().next(), open.last_mut()) {
            (Some('#' | '^'), _) => open.push(1),
            (Some('/'), _) => drop(open.pop()),
            (_, Some(chain)) if inside.starts_with("else ") => *chain += 1,
            _ => {}
        }
        deepest = deepest.max(open.iter().sum::<usize>() + brackets(inside));
    }
    deepest
}

fn brackets(inside: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in inside.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The first line of what the parser says; those after draw the template.
fn plain(reason: &str) -> String {
    let line = reason.lines().find(|line| !line.trim().is_empty()).unwrap_or(reason).trim();
    match line {
        line if line.starts_with("invalid handlebars syntax") => {
            "this is no template of handlebars".to_owned()
        }
        line => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::TextTemplate;
    use super::*;

    #[test]
    fn a_template_has_its_own_names_and_those_of_its_items() {
        let template = TextTemplate::read(
            "{{version}} {{params.a}}{{#each result as |row|}}{{row.x}}{{y}}{{../stdout}}{{@root.stderr}}{{@index}}\
             {{#if (eq this.z 3)}}{{else if ../b}}{{/if}}{{/each}}{{#unless exit_code}}{{len result}}{{/unless}}",
        )
        .unwrap();
        let names: Vec<&str> = template.names().iter().map(|name| name.written.as_str()).collect();
        assert_eq!(
            names,
            ["version", "params.a", "result", "../stdout", "@root.stderr", "../b", "exit_code"]
        );
        assert!(template.sees("result") && !template.sees("y"));
    }

    #[test]
    fn what_is_no_template_says_why() {
        for (source, reason) in [
            ("{{> part}}", "`{{> … }}` cannot stand in a template of a result"),
            ("{{log x}}", "there is no function `log` in templates"),
            ("{{jsn x}}", "there is no function `jsn` in templates; did you mean `json`?"),
            ("{{#eac x}}{{/eac}}", "there is no function `#eac` in templates; did you mean `each`?"),
            ("{{eq a}}", "`eq` takes two values; found 1"),
            ("{{#if}}{{/if}}", "`if` takes one value; found 0"),
            ("{{../a}}", "`../a` leads out of all blocks"),
            ("{{@index}}", "`@index` means something only inside of `{{#each}}`"),
            ("{{this}}", "`this` means something only inside of `{{#each}}`"),
            ("{{@nothing}}", "`@nothing` is no path"),
            ("{{{{raw}}}}x{{{{/raw}}}}", "`{{{{ … }}}}` cannot stand in a template of a result"),
        ] {
            assert_eq!(TextTemplate::read(source).unwrap_err().to_string(), reason, "{source}");
        }
        for source in ["{{", "{{#if a}}", "{{/if}}", "{{#if a}}{{/each}}", "{{a b=c}}", "{{}}", "{{a..b}}"] {
            assert!(TextTemplate::read(source).is_err(), "{source}");
        }
    }

    #[test]
    fn nesting_is_bounded_before_anything_goes_down_the_stack() {
        let blocks = format!("{}{}", "{{#if a}}".repeat(800), "{{/if}}".repeat(800));
        let chain = format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if a}}".repeat(800));
        let brackets = format!("{{{{{}a{}}}}}", "(not ".repeat(2000), ")".repeat(2000));
        let literals = format!("{{{{len {}{}}}}}", "[".repeat(2000), "]".repeat(2000));
        for source in [blocks, chain, brackets, literals] {
            assert_eq!(TextTemplate::read(&source), Err(BadText::TooDeep));
        }
        assert_eq!(TextTemplate::read(&"a".repeat(20_000)), Err(BadText::TooLong(20_000)));
        assert!(TextTemplate::read(&"{{#if a}}x{{else}}y{{/if}}".repeat(500)).is_ok());
    }
}
