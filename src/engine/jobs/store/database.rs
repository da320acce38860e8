//! The database of a store: one row a job.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::engine::jobs::record::Record;
use crate::engine::jobs::{JobId, JobState};
use crate::model::CallerId;

use super::folder::Folder;

/// How long one process waits for another that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// As many of one caller are kept when they are over, whatever their age.
const MOST_OF_CALLER: usize = 10_000;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS jobs (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, tool TEXT NOT NULL, server TEXT NOT NULL,
        state INTEGER NOT NULL, created INTEGER NOT NULL, changed INTEGER NOT NULL,
        last_line TEXT NOT NULL, log_bytes INTEGER NOT NULL, result BLOB,
        unwanted INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS jobs_of ON jobs (owner, created);
    CREATE INDEX IF NOT EXISTS running ON jobs (server) WHERE state = 0;
    CREATE INDEX IF NOT EXISTS ended ON jobs (changed) WHERE state != 0;
";

const COLUMNS: &str = "id, owner, tool, server, state, created, changed, last_line, log_bytes";

pub struct Database(Connection);

impl Database {
    /// Makes what is not there.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        // What was committed outlives this process, and is whole whatever happens to the host.
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.execute_batch(TABLES)?;
        Ok(Self(connection))
    }

    pub fn find(&self, id: &str) -> rusqlite::Result<Option<Record>> {
        let mut query = self.0.prepare(&format!("SELECT {COLUMNS}, result FROM jobs WHERE id = ?1"))?;
        query.query_row([id], |row| Ok(Record { result: row.get(9)?, ..record(row)? })).optional()
    }

    /// Of a caller, the newest first, without their results.
    pub fn of(&self, owner: &str, most: usize) -> rusqlite::Result<Vec<Record>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let order = "ORDER BY created DESC LIMIT ?2";
        let mut query =
            self.0.prepare(&format!("SELECT {COLUMNS}, NULL FROM jobs WHERE owner = ?1 {order}"))?;
        query.query_map(params![owner, most], record)?.collect()
    }

    /// Everybody's, the newest first, without their results.
    pub fn all(&self) -> rusqlite::Result<Vec<Record>> {
        let mut query = self.0.prepare(&format!("SELECT {COLUMNS}, NULL FROM jobs ORDER BY created DESC"))?;
        query.query_map([], record)?.collect()
    }

    /// Writes down that the jobs of servers that are gone are lost.
    pub fn lose(&self, folder: &Folder) -> rusqlite::Result<()> {
        let mut query = self.0.prepare("SELECT DISTINCT server FROM jobs WHERE state = 0")?;
        let servers: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for server in servers.iter().filter(|server| !folder.lives(server)) {
            let mut query = self
                .0
                .prepare(&format!("SELECT {COLUMNS}, NULL FROM jobs WHERE state = 0 AND server = ?1"))?;
            let lost: Vec<Record> = query.query_map([server], record)?.collect::<Result<_, _>>()?;
            for record in lost {
                let record = folder.judged(record);
                self.0.execute(
                    "UPDATE jobs SET state = ?2, changed = ?3, log_bytes = ?4, last_line = ?5 WHERE id = ?1 AND state = 0",
                    params![
                        record.id.as_str(),
                        number(record.state),
                        millis(SystemTime::now()),
                        signed(record.log_bytes),
                        record.last_line
                    ],
                )?;
            }
            folder.sweep(server);
        }
        Ok(())
    }

    /// All of it, or nothing.
    pub fn together<T>(
        &mut self,
        work: impl FnOnce(&Changes<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let changes = Changes(self.0.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?);
        let done = work(&changes)?;
        changes.0.commit()?;
        Ok(done)
    }

    /// Those of a server that somebody else wants to end.
    pub fn unwanted(&self, server: &str) -> rusqlite::Result<Vec<JobId>> {
        let sql = "SELECT id FROM jobs WHERE state = 0 AND server = ?1 AND unwanted = 1";
        let mut query = self.0.prepare(sql)?;
        let ids: Vec<String> = query.query_map([server], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(ids.iter().map(|id| JobId::of(id)).collect())
    }

    /// Which of those that are over are too old, or too many of their caller.
    pub fn old(&self, keep: Duration) -> rusqlite::Result<Vec<JobId>> {
        let before = SystemTime::now().checked_sub(keep).unwrap_or(UNIX_EPOCH);
        let too_many = "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY created DESC) \
                        AS place FROM jobs WHERE state != 0) WHERE place > ?2";
        let sql = format!("SELECT id FROM jobs WHERE state != 0 AND changed < ?1 UNION {too_many}");
        let mut query = self.0.prepare(&sql)?;
        let most = i64::try_from(MOST_OF_CALLER).unwrap_or(i64::MAX);
        let found = query.query_map(params![millis(before), most], |row| row.get::<_, String>(0))?;
        found.map(|id| id.map(|id| JobId::of(&id))).collect()
    }
}

/// Changes that come about together.
pub struct Changes<'c>(Transaction<'c>);

impl Changes<'_> {
    pub fn begin(&self, record: &Record) -> rusqlite::Result<()> {
        let Record { id, owner, tool, server, state, created, changed, last_line, log_bytes, result: _ } =
            record;
        let values = "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.0.execute(
            &format!("INSERT INTO jobs ({COLUMNS}) VALUES {values}"),
            params![
                id.as_str(),
                owner.as_str(),
                tool.as_str(),
                server,
                number(*state),
                millis(*created),
                millis(*changed),
                last_line,
                signed(*log_bytes)
            ],
        )?;
        Ok(())
    }

    pub fn end(&self, record: &Record) -> rusqlite::Result<()> {
        let Record { id, state, changed, last_line, log_bytes, result, .. } = record;
        self.0.execute(
            "UPDATE jobs SET state = ?2, changed = ?3, last_line = ?4, log_bytes = ?5, result = ?6 WHERE id = ?1",
            params![id.as_str(), number(*state), millis(*changed), last_line, signed(*log_bytes), result],
        )?;
        Ok(())
    }

    pub fn cancel(&self, id: &JobId) -> rusqlite::Result<bool> {
        let sql = "UPDATE jobs SET unwanted = 1 WHERE id = ?1 AND state = 0";
        Ok(self.0.execute(sql, [id.as_str()])? > 0)
    }

    pub fn forget(&self, id: &JobId) -> rusqlite::Result<()> {
        self.0.execute("DELETE FROM jobs WHERE id = ?1", [id.as_str()]).map(drop)
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let text = |column: usize| row.get::<_, String>(column);
    let bad = |column: usize| {
        rusqlite::Error::InvalidColumnType(column, String::new(), rusqlite::types::Type::Null)
    };
    let [created, changed] = [row.get(5)?, row.get(6)?].map(moment);
    Ok(Record {
        id: JobId::of(&text(0)?),
        owner: CallerId::written(&text(1)?),
        tool: text(2)?.parse().map_err(|_| bad(2))?,
        server: text(3)?,
        state: state(row.get(4)?),
        created,
        changed,
        last_line: text(7)?,
        log_bytes: u64::try_from(row.get::<_, i64>(8)?).unwrap_or_default(),
        result: None,
    })
}

fn number(state: JobState) -> i64 {
    match state {
        JobState::Running => 0,
        JobState::Succeeded => 1,
        JobState::Failed => 2,
        JobState::Cancelled => 3,
        JobState::Lost => 4,
    }
}

fn state(number: i64) -> JobState {
    match number {
        0 => JobState::Running,
        1 => JobState::Succeeded,
        2 => JobState::Failed,
        3 => JobState::Cancelled,
        _ => JobState::Lost,
    }
}

fn millis(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn moment(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
