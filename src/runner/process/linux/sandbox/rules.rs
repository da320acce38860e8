//! The ruleset of Landlock: which files a command may open, and that it signals and connects to
//! nobody outside.

use std::ffi::{CStr, CString, OsStr};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, Scope,
};
use nix::libc;

use super::system;
use crate::model::Sandbox;
use crate::runner::process::linux::order::SandboxOrder;

/// The newest version that this was written for; of an older kernel everything that it has is used.
const NEWEST: ABI = ABI::V9;

/// The system's files are looked at again after so long: an update may have replaced one.
const TRUSTED: Duration = Duration::from_secs(1);

/// A ruleset, and what it was made of.
pub struct Rules {
    /// None where the kernel has no Landlock.
    descriptor: Option<OwnedFd>,
    host_network: bool,
    private: Option<CString>,
    wanted: Wanted,
    system: Vec<Place>,
    looked: Instant,
}

/// What the file asks for.
struct Wanted {
    read: Vec<Place>,
    write: Vec<Place>,
}

/// A path, and what was there when the ruleset was made: rules hold for that, and not for the name.
struct Place {
    path: CString,
    identity: Option<Identity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Right {
    Read,
    Write,
    Device,
}

impl Rules {
    pub fn make(order: &SandboxOrder<'_>, private: Option<&CStr>) -> io::Result<Self> {
        let mut making = Making(ruleset(order.host_network)?);
        let tmp = private.is_none().then_some(system::TMP).into_iter().flatten();
        let readable = Sandbox::SYSTEM.iter().chain(&system::SETTINGS).chain(&system::MACHINE);
        let mut places = Vec::new();
        for path in readable {
            places.push(making.named(path, Right::Read)?);
        }
        for path in system::DEVICES {
            places.push(making.named(path, Right::Device)?);
        }
        for path in tmp {
            places.push(making.named(path, Right::Write)?);
        }
        if let Some(private) = private {
            making.place(private, Right::Write)?;
        }
        let read =
            order.read.iter().map(|path| making.place(path, Right::Read)).collect::<io::Result<_>>()?;
        let write = order.write.iter().map(|path| making.writable(path)).collect::<io::Result<_>>()?;
        Ok(Self {
            descriptor: making.0.into(),
            host_network: order.host_network,
            private: private.map(CStr::to_owned),
            wanted: Wanted { read, write },
            system: places,
            looked: Instant::now(),
        })
    }

    pub fn descriptor(&self) -> Option<&OwnedFd> {
        self.descriptor.as_ref()
    }

    /// Whether a ruleset made now would be the same.
    pub fn still_hold(&mut self, order: &SandboxOrder<'_>, private: Option<&CStr>) -> bool {
        let Wanted { read, write } = &self.wanted;
        let is_same = self.host_network == order.host_network
            && self.private.as_deref() == private
            && names(read).eq(order.read.iter().copied())
            && names(write).eq(order.write.iter().copied());
        if !is_same || !read.iter().chain(write).all(Place::is_there_still) {
            return false;
        }
        if self.looked.elapsed() > TRUSTED {
            self.looked = Instant::now();
            return self.system.iter().all(Place::is_there_still);
        }
        true
    }
}

fn names(places: &[Place]) -> impl Iterator<Item = &CStr> {
    places.iter().map(|place| place.path.as_c_str())
}

impl Place {
    fn is_there_still(&self) -> bool {
        Identity::of(&self.path) == self.identity
    }
}

impl Identity {
    fn of(path: &CStr) -> Option<Self> {
        let stat = nix::sys::stat::stat(path).ok()?;
        Some(Self { device: stat.st_dev, inode: stat.st_ino })
    }
}

fn ruleset(host_network: bool) -> io::Result<RulesetCreated> {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    let ruleset = ruleset.handle_access(AccessFs::from_all(NEWEST)).map_err(other)?;
    let ruleset = match host_network {
        true => ruleset,
        false => ruleset.handle_access(AccessNet::from_all(NEWEST)).map_err(other)?,
    };
    ruleset.scope(Scope::from_all(NEWEST)).map_err(other)?.create().map_err(other)
}

struct Making(RulesetCreated);

impl Making {
    fn named(&mut self, path: &str, right: Right) -> io::Result<Place> {
        self.place(&CString::new(path)?, right)
    }

    /// One that is not there is not opened.
    fn place(&mut self, path: &CStr, right: Right) -> io::Result<Place> {
        let identity = match open(path) {
            Ok(file) => Some(self.allow(file, right)?),
            Err(_) => None,
        };
        Ok(Place { path: path.to_owned(), identity })
    }

    fn writable(&mut self, path: &CStr) -> io::Result<Place> {
        let identity = self.allow(open(path)?, Right::Write)?;
        Ok(Place { path: path.to_owned(), identity: Some(identity) })
    }

    fn allow(&mut self, file: File, right: Right) -> io::Result<Identity> {
        let metadata = file.metadata()?;
        let access =
            if metadata.is_dir() { right.access() } else { right.access() & AccessFs::from_file(NEWEST) };
        (&mut self.0).add_rule(PathBeneath::new(file, access)).map_err(other)?;
        Ok(Identity { device: metadata.dev(), inode: metadata.ino() })
    }
}

fn open(path: &CStr) -> io::Result<File> {
    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
    OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)
}

impl Right {
    fn access(self) -> BitFlags<AccessFs> {
        let read = AccessFs::from_read(NEWEST);
        match self {
            Self::Read => read,
            // Neither devices nor sockets are made, and no program is spoken to through one.
            Self::Write => {
                read | AccessFs::WriteFile
                    | AccessFs::RemoveDir
                    | AccessFs::RemoveFile
                    | AccessFs::MakeDir
                    | AccessFs::MakeReg
                    | AccessFs::MakeFifo
                    | AccessFs::MakeSym
                    | AccessFs::Refer
                    | AccessFs::Truncate
            }
            Self::Device => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate,
        }
    }
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}
