//! Calls that wait for somebody at a shell to decide: a file each, in a folder of this user.
//!
//! The server writes what waits, and whoever decides writes what they decided beside it; a decision is
//! taken by moving it away, so of two calls one runs.
//!
//! ```text
//! ID.waiting                   what is asked
//! ID.decided                   the same, with what was decided
//! ```

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::model::hex;

const WAITING: &str = "waiting";
const DECIDED: &str = "decided";
/// More than this wait for nobody.
const MOST: usize = 1000;

/// A call that waits, or waited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub id: String,
    pub tool: String,
    /// With how that is known: `key:ci`.
    pub caller: String,
    /// The question, and beneath it what would run.
    pub text: String,
    /// The digest of what would run.
    pub plan: String,
    /// In seconds since 1970.
    pub asked: u64,
    pub expires: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Verdict>,
}

/// What somebody has decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub is_approved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why nothing can be read or written there.
#[derive(Debug, thiserror::Error)]
pub enum BadApprovals {
    #[error("`{path}` cannot be used: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("`{path}` belongs to somebody else, or others may write into it; remove it, or take their rights away", path = .path.display())]
    NotOurs { path: PathBuf },
    #[error(
        "{MOST} calls wait for an approval already, which is as many as may; `mcpfier approvals` shows them"
    )]
    TooMany,
    #[error("there is no call `{0}` that waits; `mcpfier approvals` shows those that do")]
    Unknown(String),
    #[error("the system gives no random numbers")]
    NoRandomness,
}

/// What is asked, and by whom.
pub(super) struct Asked<'a> {
    pub tool: &'a str,
    pub caller: String,
    pub text: &'a str,
    pub plan: &'a str,
}

impl Asked<'_> {
    fn is_waiting(&self, known: &Approval) -> bool {
        known.decision.is_none()
            && known.tool == self.tool
            && known.caller == self.caller
            && known.plan == self.plan
    }
}

/// The folder of one user.
#[derive(Debug, Clone)]
pub struct Approvals(PathBuf);

impl Approvals {
    pub fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Everything that waits or was decided and has not expired, the oldest first.
    pub fn all(&self) -> Result<Vec<Approval>, BadApprovals> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.io(error)),
        };
        self.check()?;
        let mut all: Vec<Approval> = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            let is_ours = path.extension().is_some_and(|kind| kind == WAITING || kind == DECIDED);
            // What cannot be read is being written, or moved away this moment.
            let Some(approval) = is_ours.then(|| read(&path)).flatten() else { continue };
            if approval.expires < now() {
                let _ = fs::remove_file(&path);
            } else {
                all.push(approval);
            }
        }
        all.sort_by(|one, other| (one.asked, &one.id).cmp(&(other.asked, &other.id)));
        Ok(all)
    }

    /// Has a call wait, by this name if it has one. One of the same caller for the same plan waits once.
    pub(super) fn ask(
        &self,
        asked: &Asked<'_>,
        id: Option<String>,
        ttl: Duration,
    ) -> Result<Approval, BadApprovals> {
        let all = self.all()?;
        if let Some(known) = all.iter().find(|known| asked.is_waiting(known)) {
            return Ok(known.clone());
        }
        if all.len() >= MOST {
            return Err(BadApprovals::TooMany);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(|error| self.io(error))?;
        self.check()?;
        let now = now();
        let approval = Approval {
            id: id.map_or_else(name, Ok)?,
            tool: asked.tool.to_owned(),
            caller: asked.caller.clone(),
            text: asked.text.to_owned(),
            plan: asked.plan.to_owned(),
            asked: now,
            expires: now + ttl.as_secs().max(1),
            decision: None,
        };
        self.write(&approval, WAITING)?;
        Ok(approval)
    }

    /// Such a call that waits already.
    pub(super) fn waiting(&self, asked: &Asked<'_>) -> Result<Option<Approval>, BadApprovals> {
        Ok(self.all()?.into_iter().find(|known| asked.is_waiting(known)))
    }

    /// What was decided about a call of this caller for this plan, taken away so that it counts once.
    pub(super) fn take(&self, tool: &str, caller: &str, plan: &str) -> Result<Option<Verdict>, BadApprovals> {
        for approval in self.all()? {
            let is_it = approval.tool == tool && approval.caller == caller && approval.plan == plan;
            if let (true, Some(verdict)) = (is_it, approval.decision)
                && fs::remove_file(self.file(&approval.id, DECIDED)).is_ok()
            {
                return Ok(Some(verdict));
            }
        }
        Ok(None)
    }

    /// One of them, by its name or the beginning of it.
    pub fn find(&self, name: &str) -> Result<Approval, BadApprovals> {
        let mut found = self.all()?.into_iter().filter(|approval| approval.id.starts_with(name));
        match (found.next(), found.next()) {
            (Some(only), None) if !name.is_empty() => Ok(only),
            _ => Err(BadApprovals::Unknown(name.to_owned())),
        }
    }

    /// Decides about a call that waits.
    pub fn decide(&self, name: &str, verdict: Verdict) -> Result<Approval, BadApprovals> {
        let waiting = self.find(name)?;
        if waiting.decision.is_some() {
            return Err(BadApprovals::Unknown(name.to_owned()));
        }
        let decided = Approval { decision: Some(verdict), ..waiting };
        // Whoever takes it away first has decided.
        fs::remove_file(self.file(&decided.id, WAITING))
            .map_err(|_| BadApprovals::Unknown(name.to_owned()))?;
        self.write(&decided, DECIDED)?;
        Ok(decided)
    }

    fn write(&self, approval: &Approval, kind: &str) -> Result<(), BadApprovals> {
        let text = serde_json::to_vec(approval).map_err(|error| self.io(error.into()))?;
        let (draft, file) = (self.file(&approval.id, "part"), self.file(&approval.id, kind));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .and_then(|mut draft| draft.write_all(&text))
            .and_then(|()| fs::rename(&draft, &file));
        written.map_err(|error| self.io(error))
    }

    fn file(&self, id: &str, kind: &str) -> PathBuf {
        self.0.join(format!("{id}.{kind}"))
    }

    /// What others could write would approve in somebody else's name.
    fn check(&self) -> Result<(), BadApprovals> {
        let metadata = fs::metadata(&self.0).map_err(|error| self.io(error))?;
        match metadata.uid() == nix::unistd::geteuid().as_raw() && metadata.mode() & 0o022 == 0 {
            true => Ok(()),
            false => Err(BadApprovals::NotOurs { path: self.0.clone() }),
        }
    }

    fn io(&self, source: io::Error) -> BadApprovals {
        BadApprovals::Io { path: self.0.clone(), source }
    }
}

fn read(path: &Path) -> Option<Approval> {
    let approval: Approval = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let is_decided = path.extension()? == DECIDED;
    (approval.decision.is_some() == is_decided && path.file_stem()?.to_str()? == approval.id)
        .then_some(approval)
}

/// Short, for a person to type; only who can read the folder could use it.
pub(super) fn name() -> Result<String, BadApprovals> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).map_err(|_| BadApprovals::NoRandomness)?;
    Ok(hex(&random))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    fn asked(caller: &str) -> Asked<'static> {
        Asked { tool: "deploy", caller: caller.to_owned(), text: "Deploy?", plan: "p1" }
    }

    fn yes() -> Verdict {
        Verdict { is_approved: true, reason: None }
    }

    #[test]
    fn a_call_waits_once_and_its_approval_counts_once() {
        let place = tempfile::tempdir().unwrap();
        let approvals = Approvals::at(place.path().join("approvals"));
        assert_eq!(approvals.all().unwrap(), []);
        let first = approvals.ask(&asked("ann"), None, TTL).unwrap();
        assert_eq!(approvals.ask(&asked("ann"), None, TTL).unwrap(), first);
        let others = approvals.ask(&asked("bob"), None, TTL).unwrap();
        assert_eq!(approvals.take("deploy", "ann", "p1").unwrap(), None);
        let waiting = approvals.waiting(&asked("ann")).unwrap();
        assert_eq!(waiting.as_ref(), Some(&first));
        approvals.decide(&first.id[..6], yes()).unwrap();
        assert!(approvals.decide(&first.id, yes()).is_err(), "decided already");
        assert_eq!(approvals.take("deploy", "bob", "p1").unwrap(), None);
        assert_eq!(approvals.take("deploy", "ann", "p2").unwrap(), None);
        assert_eq!(approvals.take("deploy", "ann", "p1").unwrap(), Some(yes()));
        assert_eq!(approvals.take("deploy", "ann", "p1").unwrap(), None);
        assert_eq!(approvals.all().unwrap(), [others]);
    }

    #[test]
    fn what_has_expired_is_gone_and_a_folder_that_others_write_is_not_believed() {
        let place = tempfile::tempdir().unwrap();
        let approvals = Approvals::at(place.path().join("approvals"));
        let first = approvals.ask(&asked("ann"), None, TTL).unwrap();
        let old = Approval { expires: now() - 1, ..first };
        fs::write(approvals.file(&old.id, WAITING), serde_json::to_vec(&old).unwrap()).unwrap();
        assert_eq!(approvals.all().unwrap(), []);
        assert!(matches!(approvals.decide(&old.id, yes()), Err(BadApprovals::Unknown(_))));
        assert!(matches!(approvals.find(""), Err(BadApprovals::Unknown(_))));
        fs::set_permissions(place.path().join("approvals"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(approvals.all(), Err(BadApprovals::NotOurs { .. })));
    }
}
