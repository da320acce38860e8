//! Where the jobs of one file are kept, and by which copy of its server.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::model::hex;

#[derive(Debug, Clone)]
pub struct JobPlace {
    pub(super) folder: PathBuf,
    pub(super) copy: Option<String>,
}

impl JobPlace {
    /// Below a folder, the same for every server of a file, and another one for each copy.
    pub fn of(base: &Path, file: &Path, copy: Option<String>) -> Self {
        Self { folder: base.join(name(file, copy.as_deref())), copy }
    }
}

fn name(file: &Path, copy: Option<&str>) -> String {
    let digest = Sha256::digest(file.as_os_str().as_encoded_bytes());
    let digest: String = hex(&digest).chars().take(16).collect();
    copy.map_or_else(|| digest.clone(), |copy| format!("{digest}-{copy}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_and_each_copy_has_a_folder_of_its_own() {
        let (a, b) = (Path::new("/a.yaml"), Path::new("/b.yaml"));
        assert_eq!(name(a, None), name(a, None));
        assert_ne!(name(a, None), name(b, None));
        assert_eq!(name(a, Some("x")), format!("{}-x", name(a, None)));
    }
}
