//! The jobs of a folder for those who only look, and for those who tidy up: the shell.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::engine::jobs::record::Record;
use crate::engine::jobs::{Job, JobId};

use super::database::Database;
use super::folder::{BadJobs, Folder};

/// What servers keep in one folder.
pub struct KeptJobs {
    folder: Folder,
    database: Database,
}

impl KeptJobs {
    /// `None` if nothing was ever kept there.
    pub fn open(path: &Path) -> Result<Option<Self>, BadJobs> {
        let Some(folder) = Folder::existing(path)? else { return Ok(None) };
        let database = Database::open(&folder.database())?;
        Ok(Some(Self { folder, database }))
    }

    /// Everybody's, the newest first.
    pub fn all(&self) -> Result<Vec<Record>, BadJobs> {
        let records = self.database.all()?;
        Ok(records.into_iter().map(|record| self.folder.judged(record)).collect())
    }

    /// A job as it is now, with its log and, if it is over, its result.
    pub fn find(&self, id: &JobId) -> Result<Option<(Record, Job)>, BadJobs> {
        let record = self.database.find(id.as_str())?.map(|record| self.folder.judged(record));
        Ok(record.map(|record| {
            let job = Job::recorded(record.clone(), self.folder.log(id));
            (record, job)
        }))
    }

    /// Asks the server that runs a job to end it. Says no if it is over.
    pub fn cancel(&mut self, id: &JobId) -> Result<bool, BadJobs> {
        Ok(self.database.together(|changes| changes.cancel(id))?)
    }

    /// Forgets what has been over for so long; says how many these were.
    pub fn prune(&mut self, keep: Duration) -> Result<usize, BadJobs> {
        self.database.lose(&self.folder)?;
        let old = self.database.old(keep)?;
        self.database.together(|changes| old.iter().try_for_each(|id| changes.forget(id)))?;
        for id in &old {
            // It may have written nothing.
            let _ = fs::remove_file(self.folder.log(id));
        }
        Ok(old.len())
    }
}
