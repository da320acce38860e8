//! Where things are on this host: our own executable as clients should be told it, and the files of
//! the clients.

use std::path::{Component, Path, PathBuf};

use crate::clients::{CLIENTS, Client, Platform, Surroundings};
use crate::config::Host;

/// A client's file, there or not.
pub struct ClientFile {
    pub client: &'static Client,
    pub file: PathBuf,
    /// The file or the client's folder is there.
    pub is_used: bool,
}

/// The platform that this program was made for; others are most like Linux.
pub fn platform() -> Platform {
    match std::env::consts::OS {
        "windows" => Platform::Windows,
        "macos" => Platform::Macos,
        _ => Platform::Linux,
    }
}

/// The file of every client; `None` without a home.
pub fn client_files(host: &Host) -> Option<Vec<ClientFile>> {
    let named = |name: &str| host.environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let platform = platform();
    let home = match platform {
        Platform::Windows => host.home.clone().or_else(|| named("USERPROFILE"))?,
        _ => host.home.clone()?,
    };
    let surroundings = Surroundings { platform, home, variable: &named };
    let files = CLIENTS.iter().map(|client| {
        let file = client.file(&surroundings);
        let trace = client.trace(&file, &surroundings);
        let is_used = file.symlink_metadata().is_ok() || trace.is_some_and(|folder| folder.is_dir());
        ClientFile { client, file, is_used }
    });
    Some(files.collect())
}

/// Our executable as it is found on the PATH, if it is: that name outlives an update better than the
/// file that it leads to.
pub fn executable() -> PathBuf {
    let Ok(own) = std::env::current_exe() else { return PathBuf::from("mcpfier") };
    let Ok(real) = own.canonicalize() else { return own };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("mcpfier{}", std::env::consts::EXE_SUFFIX);
    let on_path =
        std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name));
    on_path.into_iter().find(|file| file.canonicalize().is_ok_and(|found| found == real)).unwrap_or(own)
}

/// A path as it is put into another file: without `..`, so that it is the same from wherever the program
/// was called. Symbolic links on the way to it may be meant, and stay unless `..` crosses them.
pub fn lasting(file: &Path) -> PathBuf {
    let is_direct = !file.components().any(|part| part == Component::ParentDir);
    match (is_direct, file.parent().map(Path::canonicalize), file.file_name()) {
        (false, Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => file.to_path_buf(),
    }
}

/// Why a client may not find this executable for long.
pub fn doubt(executable: &Path) -> Option<String> {
    let shown = executable.display();
    let folders: Vec<_> =
        executable.parent()?.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let built = folders.windows(2).any(|pair| matches!(pair, [first, _] if first == "target"));
    if built {
        return Some(format!(
            "{shown} is in a build folder, where `cargo clean` removes it and every build replaces it; \
             `install -D {shown} ~/.local/bin/mcpfier` puts it where it stays"
        ));
    }
    let temporary = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    temporary.iter().any(|folder| executable.starts_with(folder)).then(|| {
        format!("{shown} is in a folder for temporary files; move it where it stays, like ~/.local/bin")
    })
}
