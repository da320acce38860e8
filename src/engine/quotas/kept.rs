//! What callers have used up, as a file: read once, and put in place whole.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::counts::{Counts, Period, Used};

/// More than the counts of all callers that are kept apart.
const MOST_BYTES: u64 = 64 << 20;

/// Where it is kept.
#[derive(Clone)]
pub struct Kept {
    path: PathBuf,
}

impl Kept {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Nothing if there is no file yet.
    pub fn read(&self) -> io::Result<Counts> {
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Counts::default()),
            Err(error) => return Err(self.named(&error)),
        };
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| self.named(&error))?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| self.named(&error))?;
        let callers = document.get("callers").and_then(Value::as_object);
        let callers = callers.ok_or_else(|| self.named(&"it has no `callers`"))?;
        Ok(Counts::of(callers.iter().filter_map(|(name, used)| Some((name.clone(), self::used(used)?)))))
    }

    pub fn write(&self, counts: &Counts) -> io::Result<()> {
        let callers: Map<String, Value> =
            counts.iter().map(|(name, used)| (name.clone(), document(used))).collect();
        let text = json!({ "callers": callers }).to_string();
        let mut beside = self.path.clone().into_os_string();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&beside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            fs::rename(&beside, &self.path)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            self.named(&error)
        })
    }

    fn named(&self, problem: &dyn std::fmt::Display) -> io::Error {
        io::Error::other(format!("`{}`: {problem}", self.path.display()))
    }
}

fn document(used: &Used) -> Value {
    let period = |period: Period| json!([period.number, period.calls]);
    json!({ "hour": period(used.hour), "day": period(used.day) })
}

fn used(document: &Value) -> Option<Used> {
    let period = |name: &str| {
        let period = document.get(name)?;
        let calls = period.get(1)?.as_u64().and_then(|calls| u32::try_from(calls).ok())?;
        Some(Period { number: period.get(0)?.as_u64()?, calls })
    };
    Some(Used { hour: period("hour")?, day: period("day")? })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;
    use crate::model::Quota;

    #[test]
    fn what_is_written_is_read_and_what_is_broken_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::at(folder.path().join("quota.json"));
        let quota = Quota { per_hour: None, per_day: NonZeroU32::new(2) };
        let mut counts = kept.read().unwrap();
        let now = Duration::from_secs(1_800_000_000);
        counts.take("key:ci", quota, now).unwrap();
        counts.take("key:ci", quota, now).unwrap();
        kept.write(&counts).unwrap();
        let mut again = kept.read().unwrap();
        assert!(again.take("key:ci", quota, now).is_err() && again.take("key:ann", quota, now).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
        fs::write(folder.path().join("quota.json"), "{").unwrap();
        assert!(kept.read().unwrap_err().to_string().contains("quota.json`: "));
        let nowhere = Kept::at(folder.path().join("none/quota.json"));
        assert!(nowhere.write(&counts).is_err());
    }
}
