//! What is chosen beside a file when it is loaded: profiles, values, tags.

use super::host::Host;

/// The variable that names profiles where no flag does.
pub const PROFILE_VARIABLE: &str = "MCPFIER_PROFILE";

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Laid over the file in this order.
    pub profiles: Vec<Typed>,
    /// `commands.NAME.timeout=5s`, laid over the profiles.
    pub sets: Vec<Typed>,
    /// If there are any, only commands with one of them are looked at.
    pub tags: Vec<Typed>,
}

/// A text that was typed, and where: problems point at it as at a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub origin: &'static str,
    pub text: String,
}

impl Typed {
    pub fn new(origin: &'static str, text: impl Into<String>) -> Self {
        Self { origin, text: text.into() }
    }
}

impl Choice {
    /// From the flags, and from the environment where no flag names a profile.
    pub fn of(profiles: &[String], sets: &[String], tags: &[String], host: &Host) -> Self {
        let typed = |origin: &'static str, texts: &[String]| -> Vec<Typed> {
            texts.iter().map(|text| Typed::new(origin, text.as_str())).collect()
        };
        let mut profiles = typed("--profile", profiles);
        if profiles.is_empty()
            && let Some(named) = host.environment.get(PROFILE_VARIABLE)
        {
            let names = named.split(',').map(str::trim).filter(|name| !name.is_empty());
            profiles = names.map(|name| Typed::new(PROFILE_VARIABLE, name)).collect();
        }
        Self { profiles, sets: typed("--set", sets), tags: typed("--tags", tags) }
    }

    /// The flags that say the same, whatever the environment says then.
    pub fn words(&self) -> Vec<String> {
        let flags = [("--profile", &self.profiles), ("--set", &self.sets), ("--tags", &self.tags)];
        let words = flags.into_iter().flat_map(|(flag, typed)| {
            typed.iter().flat_map(move |typed| [flag.to_owned(), typed.text.clone()])
        });
        words.collect()
    }

    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The first text of all.
    pub fn first(&self) -> Option<&Typed> {
        self.profiles.iter().chain(&self.sets).chain(&self.tags).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_variable_and_an_empty_variable_says_nothing() {
        let host = |value: &str| Host {
            environment: [(PROFILE_VARIABLE.to_owned(), value.to_owned())].into(),
            ..Host::default()
        };
        let names = |choice: Choice| -> Vec<String> {
            choice.profiles.into_iter().map(|typed| format!("{} {}", typed.origin, typed.text)).collect()
        };
        let flag = ["dev".to_owned()];
        assert_eq!(names(Choice::of(&flag, &[], &[], &host("prod"))), ["--profile dev"]);
        assert_eq!(
            names(Choice::of(&[], &[], &[], &host("prod, eu"))),
            ["MCPFIER_PROFILE prod", "MCPFIER_PROFILE eu"]
        );
        assert!(Choice::of(&[], &[], &[], &host("")).is_empty());
    }
}
