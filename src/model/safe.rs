//! Where stored secrets lie: one sealed file each, below the folder for a user's data.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::name::SecretName;

/// Holds the key itself, in place of a file with it. No command inherits it.
pub const KEY_VARIABLE: &str = "MCPFIER_SECRET_KEY";

/// Names the file with the key.
pub const KEY_FILE_VARIABLE: &str = "MCPFIER_SECRET_KEY_FILE";

/// The last part of the name of every sealed file.
pub const SEALED: &str = "sealed";

/// The folder of sealed files; `None` without a home.
pub fn safe_folder(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    Some(user_folder(environment, "XDG_DATA_HOME", ".local/share")?.join("mcpfier/secrets"))
}

/// The file with the key, unless a variable says otherwise.
pub fn key_file(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    Some(user_folder(environment, "XDG_CONFIG_HOME", ".config")?.join("mcpfier/secrets.key"))
}

/// The file in which one secret is kept.
pub fn sealed_file(folder: &Path, name: &SecretName) -> PathBuf {
    folder.join(format!("{name}.{SEALED}"))
}

/// A relative folder means nothing there, says the standard.
fn user_folder(environment: &BTreeMap<String, String>, variable: &str, usual: &str) -> Option<PathBuf> {
    let absolute = |name: &str| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| Some(absolute("HOME")?.join(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_user_and_never_a_relative_one() {
        for (variables, expected) in [
            (vec![("HOME", "/home/u")], Some("/home/u/.local/share/mcpfier/secrets")),
            (vec![("HOME", "/home/u"), ("XDG_DATA_HOME", "/data")], Some("/data/mcpfier/secrets")),
            (vec![("HOME", "/h"), ("XDG_DATA_HOME", "data")], Some("/h/.local/share/mcpfier/secrets")),
            (vec![("HOME", "")], None),
            (vec![], None),
        ] {
            let environment = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(safe_folder(&environment).as_deref(), expected.map(Path::new), "{variables:?}");
        }
    }
}
