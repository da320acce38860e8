//! Asks programs for their versions, each once as long as its file stays the same, several at a time, and none for
//! long. What they say is told as it is; whoever asks makes sense of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::model::{MOST_SAID, VersionQuestion, first_line, format_duration};
use crate::plan::{Facts, Step};

use super::{End, OutputEvent, Runner, SecretValues, Stream};

/// Programs that run at once.
const AT_ONCE: usize = 8;
/// For all of them together; nobody waits longer for a server to begin.
const ALL_TOGETHER: Duration = Duration::from_secs(5);

/// What a program said, or why it did not.
type Answer = Result<String, String>;

/// Whether what was answered before may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// Of files that are as they were.
    Kept,
    /// Everything is asked anew.
    Emptied,
}

/// Asks, and remembers.
#[derive(Default)]
pub struct Prober {
    known: Mutex<HashMap<VersionQuestion, (Stamp, Answer)>>,
}

/// What shows that a file is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    device: u64,
    number: u64,
    size: u64,
    modified: (i64, i64),
}

impl Stamp {
    /// Of the file that a path leads to.
    fn of(path: &Path) -> Option<Self> {
        let found = path.metadata().ok()?;
        let modified = (found.mtime(), found.mtime_nsec());
        Some(Self { device: found.dev(), number: found.ino(), size: found.size(), modified })
    }
}

impl Prober {
    /// The answers to all questions, after five seconds at most.
    pub async fn ask(
        &self,
        questions: BTreeSet<VersionQuestion>,
        facts: &Facts,
        runner: &Arc<dyn Runner>,
        memory: Memory,
    ) -> BTreeMap<VersionQuestion, Answer> {
        if memory == Memory::Emptied {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        let mut answers = BTreeMap::new();
        let mut asking = JoinSet::new();
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let deadline = Instant::now() + ALL_TOGETHER;
        for question in questions {
            let stamp = Stamp::of(&question.program);
            if let Some(answer) = self.known(&question, stamp.as_ref()) {
                answers.insert(question, answer);
                continue;
            }
            let step = Step::Process(question.plan(facts));
            let (runner, slots) = (Arc::clone(runner), Arc::clone(&slots));
            asking.spawn(async move {
                let asked = async {
                    let _slot = slots.acquire().await;
                    answer(&*runner, &step).await
                };
                let late = || Err("there was no time left to ask".to_owned());
                let answer = timeout_at(deadline, asked).await.unwrap_or_else(|_| late());
                (question, stamp, answer)
            });
        }
        for (question, stamp, answer) in asking.join_all().await {
            if let Some(stamp) = stamp {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(question.clone(), (stamp, answer.clone()));
            }
            answers.insert(question, answer);
        }
        answers
    }

    fn known(&self, question: &VersionQuestion, stamp: Option<&Stamp>) -> Option<Answer> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, answer) = known.get(question)?;
        (Some(then) == stamp).then(|| answer.clone())
    }
}

/// What it writes, stdout before stderr: some say their version there.
async fn answer(runner: &dyn Runner, step: &Step) -> Answer {
    let cancel = CancellationToken::new();
    let started = runner.start(step, &SecretValues::default(), cancel.clone()).await;
    let mut running = started.map_err(|error| error.to_string())?;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let end = loop {
        match running.next().await {
            OutputEvent::Chunk { stream, bytes } => {
                let kept = if stream == Stream::Stdout { &mut stdout } else { &mut stderr };
                let room = MOST_SAID - kept.len();
                kept.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
                if bytes.len() > room {
                    cancel.cancel();
                }
            }
            // No program of a requirement has secrets.
            OutputEvent::Hide(_) => {}
            OutputEvent::Ended(end) => break end,
        }
    };
    let said = [stdout, vec![b'\n'], stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    match end {
        _ if cancel.is_cancelled() => Err(format!("it says more than {} KiB", MOST_SAID >> 10)),
        End::Success => Ok(said),
        End::TimedOut { after } => Err(format!("it does not say it within {}", format_duration(after))),
        End::Failed(code) => Err(format!("it ends with exit code {code}; {}", first_line(&said))),
        End::Signalled(signal) => Err(format!("it is ended by signal {signal}")),
        _ => Err("nobody knows how it ended".to_owned()),
    }
}
