//! Templates of other wrappers paste values into shell scripts. Here a placeholder becomes a
//! variable, quoted for the place where it stands, so that no value can become code.

use regex::Regex;

use crate::scaffold::proposal::param_name;

/// Where a character of a script stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Bare,
    Double,
    Single,
}

/// The script with each placeholder, whose first group is its name, as a variable of ours.
pub fn with_variables(script: &str, placeholder: &Regex) -> String {
    let (mut text, mut end, mut place) = (String::new(), 0, Place::Bare);
    for found in placeholder.captures_iter(script) {
        let Some(whole) = found.get(0) else { continue };
        let before = script.get(end..whole.start()).unwrap_or_default();
        place = place_after(before, place);
        text.push_str(before);
        let variable = format!("${{PARAM_{}-}}", param_name(found.get(1).map_or("", |name| name.as_str())));
        text.push_str(&match place {
            Place::Bare => format!("\"{variable}\""),
            Place::Double => variable,
            Place::Single => format!("'\"{variable}\"'"),
        });
        end = whole.end();
    }
    text.push_str(script.get(end..).unwrap_or_default());
    text
}

fn place_after(text: &str, mut place: Place) -> Place {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        place = match (place, c) {
            (Place::Bare | Place::Double, '\\') => {
                characters.next();
                place
            }
            (Place::Bare, '\'') => Place::Single,
            (Place::Bare, '"') => Place::Double,
            (Place::Single, '\'') | (Place::Double, '"') => Place::Bare,
            (place, _) => place,
        };
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_becomes_a_variable_quoted_for_its_place() {
        let placeholder = Regex::new("<<([a-z-]+)>>").unwrap();
        for (script, expected) in [
            ("ls <<a>>", "ls \"${PARAM_a-}\""),
            ("ls \"x <<a>>\" <<b>>", "ls \"x ${PARAM_a-}\" \"${PARAM_b-}\""),
            ("ls 'x <<a-b>>'", "ls 'x '\"${PARAM_a_b-}\"''"),
            ("echo \\\" <<a>>", "echo \\\" \"${PARAM_a-}\""),
        ] {
            assert_eq!(with_variables(script, &placeholder), expected);
        }
    }
}
