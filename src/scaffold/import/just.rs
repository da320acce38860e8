//! A justfile: a command for each public recipe, with its parameters.
//!
//! Recipes paste their parameters into lines of shell. So a text is narrowed to characters that mean
//! nothing to a shell; whoever knows that a recipe quotes its parameters may widen the pattern.

use regex::Regex;
use serde_json::{Value, json};

use super::{BadImport, Imported, plain_word};
use crate::scaffold::proposal::{Action, Element, Param, Presence, Proposal, param_name, tool_name};

/// A parameter of a recipe, as it is written.
#[derive(Debug, PartialEq)]
struct Written {
    name: String,
    /// `+`, `*` or nothing.
    many: Option<char>,
    default: Option<String>,
}

pub fn read(text: &str, file: &str) -> Result<Imported, BadImport> {
    let header =
        Regex::new(r"^@?([A-Za-z_][A-Za-z0-9_-]*)((?:\s+[^:=]|\s+[^:]*?=)[^:]*?|[^:=]*)?\s*:([^=].*)?$")
            .expect("the pattern is written here");
    let mut imported = Imported::default();
    let (mut comment, mut attributes) = (None, String::new());
    for line in text.lines() {
        if let Some(text) = line.strip_prefix('#') {
            comment = Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.starts_with('!'));
        } else if line.starts_with('[') {
            attributes.push_str(line);
        } else {
            let found = header.captures(line).filter(|_| !is_statement(line));
            if let Some(found) = found {
                let part = |at: usize| found.get(at).map_or("", |part| part.as_str());
                recipe(&mut imported, part(1), part(2), comment.take(), &attributes, file);
            }
            comment = None;
            attributes.clear();
        }
    }
    imported.or_nothing("no public recipe")
}

fn is_statement(line: &str) -> bool {
    let words = ["set ", "alias ", "export ", "import ", "mod ", "unexport "];
    words.iter().any(|word| line.starts_with(word)) || line.starts_with([' ', '\t'])
}

fn recipe(
    imported: &mut Imported,
    name: &str,
    params: &str,
    comment: Option<String>,
    attributes: &str,
    file: &str,
) {
    if name.starts_with('_') || attributes.contains("private") {
        return;
    }
    if attributes.contains("confirm") {
        imported.notes.push(format!("left out the recipe `{name}`: it asks a person before it runs"));
        return;
    }
    match written(params) {
        Some(written) => imported.proposals.push(command(name, written, comment, file)),
        None => imported
            .notes
            .push(format!("left out the recipe `{name}`: its parameters `{}` cannot be read", params.trim())),
    }
}

/// `a b='x' +rest`; `None` if it is more than that.
fn written(params: &str) -> Option<Vec<Written>> {
    let param = Regex::new(r#"^\s*([+*])?\$?([A-Za-z_][A-Za-z0-9_-]*)(?:\s*=\s*('[^']*'|"[^"\\]*"|`[^`]*`|\([^()]*\)|[A-Za-z_][A-Za-z0-9_]*))?"#)
        .expect("the pattern is written here");
    let (mut rest, mut found) = (params.trim_end(), Vec::new());
    while !rest.is_empty() {
        let captures = param.captures(rest)?;
        let part = |at: usize| captures.get(at).map(|part| part.as_str());
        found.push(Written {
            name: part(2)?.to_owned(),
            many: part(1).and_then(|sign| sign.chars().next()),
            default: part(3).map(str::to_owned),
        });
        rest = rest.get(captures.get(0)?.end()..)?;
    }
    Some(found)
}

fn command(name: &str, written: Vec<Written>, comment: Option<String>, file: &str) -> Proposal {
    let usual = ["justfile", ".justfile"].contains(&file.to_ascii_lowercase().as_str());
    let named = (!usual).then(|| format!("--justfile={file}"));
    let mut args: Vec<Element> =
        ["--color=never".to_owned()].into_iter().chain(named).map(Element::Word).collect();
    args.extend(["--", name].map(|word| Element::Word(word.to_owned())));
    let mut remarks = Vec::new();
    let mut params = Vec::new();
    for written in written {
        let Some(param) = param(&written) else {
            remarks.push(format!(
                "`{}` and what follows it keep their defaults, which are expressions.",
                written.name
            ));
            break;
        };
        args.push(Element::Word(format!("{{{{{}}}}}", param.name)));
        params.push(param);
    }
    Proposal {
        name: tool_name(&format!("just-{name}")),
        description: comment.unwrap_or_else(|| format!("Run the recipe `{name}` of the justfile.")),
        remarks,
        action: Action::Program { script: "just".to_owned(), args },
        params,
        timeout: Some("10m".to_owned()),
        ..Proposal::default()
    }
}

/// `None` if its default is an expression: a caller who leaves it out would shift what follows.
fn param(written: &Written) -> Option<Param> {
    let literal = written
        .default
        .as_deref()
        .map(|text| text.strip_prefix(['\'', '"']).map(|text| text.trim_end_matches(['\'', '"']).to_owned()));
    let mut schema = plain_word();
    let presence = match (written.many, literal) {
        (_, Some(None)) => return None,
        (Some('*'), None) => Presence::Optional,
        (_, None) => Presence::Required,
        (Some(_), Some(Some(default))) => Presence::Default(json!([default])),
        (None, Some(Some(default))) => Presence::Default(Value::from(default)),
    };
    if let Presence::Default(Value::String(default)) = &presence
        && !Regex::new(schema.get("pattern")?.as_str()?).is_ok_and(|pattern| pattern.is_match(default))
    {
        // Its own default has to fit: nothing, or what the author chose.
        schema.insert(
            "pattern".to_owned(),
            json!(format!("^({}|[A-Za-z0-9_./:@%+,][A-Za-z0-9_./:@%+,=-]*)$", regex::escape(default))),
        );
    }
    if written.many.is_some() {
        let items = Value::Object(schema);
        schema = json!({ "type": "array", "items": items }).as_object().cloned()?;
    }
    let name = param_name(&written.name);
    Some(Param { description: format!("`{}` of the recipe", written.name), name, schema, presence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_become_commands_with_their_parameters() {
        let text = "\
set shell := ['bash', '-c']
version := '1'
alias b := build

# Build a target
build target profile='debug' *flags: setup
    cargo build --profile {{profile}} {{target}} {{flags}}
_hidden:
    x
[private]
also-hidden:
    x
[confirm]
drop:
    x
@greet name=`whoami` other='x':
    echo {{name}}
deploy $ENV='' +hosts=('a' + 'b'): build && clean
";
        let imported = read(text, "justfile").unwrap();
        let names: Vec<&str> = imported.proposals.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["just-build", "just-greet", "just-deploy"]);
        assert_eq!(imported.notes, ["left out the recipe `drop`: it asks a person before it runs"]);
        let build = &imported.proposals[0];
        assert_eq!(build.description, "Build a target");
        let params: Vec<(&str, &Presence)> =
            build.params.iter().map(|p| (p.name.as_str(), &p.presence)).collect();
        assert_eq!(
            params,
            [
                ("target", &Presence::Required),
                ("profile", &Presence::Default(json!("debug"))),
                ("flags", &Presence::Optional)
            ]
        );
        assert!(imported.proposals[1].params.is_empty());
        assert_eq!(imported.proposals[1].remarks.len(), 1);
        assert_eq!(imported.proposals[2].params[0].name, "env_value");
        assert_eq!(imported.proposals[2].params[0].presence, Presence::Default(json!("")));
    }

    #[test]
    fn parameters_are_read_one_by_one() {
        assert_eq!(written(" a b=\"x y\" +c").unwrap().len(), 3);
        assert_eq!(written(" a=f(g(x))"), None);
    }
}
