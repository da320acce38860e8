//! `package.json`: a command for each script, without arguments.

use serde_json::{Map, Value};

use super::{BadImport, Imported};
use crate::scaffold::proposal::{Action, Element, Proposal, tool_name};

pub fn read(text: &str) -> Result<Imported, BadImport> {
    let package: Value = serde_json::from_str(text).map_err(|error| BadImport::NotJson(error.to_string()))?;
    let scripts = package.get("scripts").and_then(Value::as_object).ok_or(BadImport::Missing("`scripts`"))?;
    let manager = manager(&package);
    let mut imported = Imported::default();
    for (name, script) in scripts {
        let Some(script) = script.as_str() else { continue };
        match reason_to_leave_out(name, scripts) {
            Some(reason) => imported.notes.push(format!("left out the script `{name}`: {reason}")),
            None => imported.proposals.push(command(manager, name, script)),
        }
    }
    imported.or_nothing("no script in `scripts`")
}

/// What the package says it is managed by.
fn manager(package: &Value) -> &'static str {
    let named = package.get("packageManager").and_then(Value::as_str).unwrap_or_default();
    ["pnpm", "yarn", "bun"]
        .into_iter()
        .find(|manager| named.starts_with(&format!("{manager}@")))
        .unwrap_or("npm")
}

fn reason_to_leave_out(name: &str, scripts: &Map<String, Value>) -> Option<String> {
    if name.starts_with('-') || tool_name(name).is_empty() {
        return Some("its name cannot be passed on".to_owned());
    }
    const HOOKS: [&str; 6] =
        ["install", "preinstall", "postinstall", "prepare", "prepublish", "prepublishOnly"];
    if HOOKS.contains(&name) {
        return Some("npm runs it by itself".to_owned());
    }
    let of = name.strip_prefix("pre").or_else(|| name.strip_prefix("post"))?;
    scripts.contains_key(of).then(|| format!("npm runs it with `{of}`"))
}

fn command(manager: &str, name: &str, script: &str) -> Proposal {
    let args = ["run", name].map(|word| Element::Word(word.to_owned())).to_vec();
    Proposal {
        name: tool_name(&format!("{manager}-{name}")),
        description: format!("Run the project's script `{name}`, which is `{script}`."),
        action: Action::Program { script: manager.to_owned(), args },
        timeout: Some("10m".to_owned()),
        ..Proposal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_become_commands_and_hooks_do_not() {
        let text = r#"{ "packageManager": "pnpm@9.1.0", "scripts": { "build:css": "x", "pretest": "y", "test": "z", "prepare": "p" } }"#;
        let imported = read(text).unwrap();
        let names: Vec<&str> = imported.proposals.iter().map(|proposal| proposal.name.as_str()).collect();
        assert_eq!(names, ["pnpm-build-css", "pnpm-test"]);
        assert_eq!(
            imported.notes,
            [
                "left out the script `pretest`: npm runs it with `test`",
                "left out the script `prepare`: npm runs it by itself"
            ]
        );
        assert_eq!(read("{}"), Err(BadImport::Missing("`scripts`")));
        assert!(matches!(read("{"), Err(BadImport::NotJson(_))));
        assert!(matches!(read(r#"{"scripts": {}}"#), Err(BadImport::Nothing(_))));
    }
}
