//! Where no jobs are kept: this program was built without the feature `jobs`. What is said here of a
//! store is said of none.

use std::future::Ready;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::model::CallerId;

use super::record::Record;
use super::{Job, JobId};

/// There is none.
pub enum Store {}

/// What is kept, for those who only look.
pub enum KeptJobs {}

#[derive(Debug, thiserror::Error)]
#[error("this program was built without the feature `jobs`, so none are kept")]
pub struct BadJobs;

impl Store {
    pub fn open(_folder: &Path) -> Result<Arc<Self>, BadJobs> {
        Err(BadJobs)
    }

    pub fn server(&self) -> &str {
        match *self {}
    }

    pub fn begin(&self, _job: &Arc<Job>, _record: Record, _keep: Duration) -> Ready<bool> {
        match *self {}
    }

    pub fn hold(&self, _job: &Arc<Job>) {
        match *self {}
    }

    pub fn release(&self, _id: &JobId) {
        match *self {}
    }

    pub async fn end(&self, _job: &Arc<Job>, _record: Record, _keep: Duration) -> bool {
        match *self {}
    }

    pub fn log_of(&self, _id: &JobId) {
        match *self {}
    }

    pub fn forget(&self, _id: &JobId) {
        match *self {}
    }

    pub fn job(&self, _id: &JobId) -> Option<Arc<Job>> {
        match *self {}
    }

    pub fn jobs_of(&self, _owner: &CallerId, _most: usize) -> Vec<Arc<Job>> {
        match *self {}
    }
}

impl KeptJobs {
    pub fn open(_folder: &Path) -> Result<Option<Self>, BadJobs> {
        Err(BadJobs)
    }

    pub fn all(&self) -> Result<Vec<Record>, BadJobs> {
        match *self {}
    }

    pub fn find(&self, _id: &JobId) -> Result<Option<(Record, Job)>, BadJobs> {
        match *self {}
    }

    pub fn cancel(&mut self, _id: &JobId) -> Result<bool, BadJobs> {
        match *self {}
    }

    pub fn prune(&mut self, _older: Duration) -> Result<usize, BadJobs> {
        match *self {}
    }
}
