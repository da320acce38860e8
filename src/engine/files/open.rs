//! Opens a file below a folder, without going through any link on the way.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a file that was found below a folder. Between the two it may have been exchanged for a link, so
/// the kernel is asked to follow none.
pub fn below(folder: &Path, path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    match beneath(folder, path) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        opened => return opened,
    }
    step_by_step(folder, path)
}

#[cfg(target_os = "linux")]
fn beneath(folder: &Path, path: &Path) -> io::Result<File> {
    use nix::errno::Errno;
    use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};

    let name = path.strip_prefix(folder).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    let folder = File::open(folder)?;
    // Without waiting for the other end of a pipe that has taken its place.
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
    match openat2(&folder, name, OpenHow::new().flags(flags).resolve(resolve)) {
        Ok(file) => Ok(File::from(file)),
        Err(Errno::ENOSYS) => Err(io::ErrorKind::Unsupported.into()),
        Err(error) => Err(error.into()),
    }
}

/// Where the kernel cannot be asked: no folder on the way and not the file itself may be a link.
fn step_by_step(folder: &Path, path: &Path) -> io::Result<File> {
    let real = path.canonicalize()?;
    if real != folder.canonicalize()?.join(path.strip_prefix(folder).unwrap_or(path)) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits() | nix::fcntl::OFlag::O_NONBLOCK.bits());
    }
    options.open(&real)
}

/// Whether it is a plain file that only another user may read: a link to it is still worth something.
pub fn is_closed_to_us(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
        && File::open(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}
