//! Names of parameters: as they are written in our files, and each once in a command.

use std::collections::BTreeSet;

use crate::scaffold::proposal::param_name;

/// The names of one command so far.
#[derive(Default)]
pub struct Names(BTreeSet<String>);

impl Names {
    /// The name for what the interface calls so.
    pub fn take(&mut self, text: &str) -> String {
        let mut name = snake_case(text);
        name.truncate(60);
        let (wanted, mut number) = (name.clone(), 2);
        while !self.0.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}

/// `petId` → `pet_id`, `X-Request-ID` → `x_request_id`.
pub fn snake_case(text: &str) -> String {
    let mut snake = String::with_capacity(text.len() + 4);
    let mut was_lower = false;
    for c in text.chars() {
        if c.is_ascii_uppercase() && was_lower {
            snake.push('_');
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        snake.push(c);
    }
    param_name(&snake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_snake_case_and_different() {
        let mut names = Names::default();
        for (text, expected) in [
            ("petId", "pet_id"),
            ("X-Request-ID", "x_request_id"),
            ("pet_id", "pet_id_2"),
            ("filter[name]", "filter_name"),
            ("env", "env_value"),
            ("2fa", "option_2fa"),
        ] {
            assert_eq!(names.take(text), expected);
        }
    }
}
