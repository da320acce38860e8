//! What a job has written, and what it goes on to write.

use std::io::{self, Write as _};
use std::time::Duration;

use crate::cli::arguments::Arguments;
use crate::cli::print::Printer;
use crate::engine::{Job, Sanitizer};

use super::{Trouble, find};

/// How often it is looked whether there is more.
const GLANCE: Duration = Duration::from_millis(200);

/// Read at once.
const PIECE: usize = 64 << 10;

pub(super) fn run(arguments: &Arguments, name: &str, follow: bool, printer: &Printer) -> Result<(), Trouble> {
    let (kept, mut record, mut job) = find(arguments, name)?;
    let mut sanitizer = Sanitizer::default();
    let mut offset = 0;
    loop {
        let is_over = record.state.is_over();
        if !print(&job, &mut offset, &mut sanitizer) || is_over || !follow {
            break;
        }
        std::thread::sleep(GLANCE);
        let Some(now) = kept.find(&record.id).map_err(Trouble::failure)? else { break };
        (record, job) = now;
    }
    // Whoever closed the pipe has read enough.
    let _ = io::stdout().lock().write_all(sanitizer.finish().as_bytes());
    let total = record.log_bytes;
    if record.state.is_over() && total > offset {
        printer.talk(&format!(
            "mcpfier: of {total} bytes the first {offset} were kept (server.jobs.log_limit)\n"
        ));
    }
    Ok(())
}

/// Prints what is there; says no if nobody reads it.
fn print(job: &Job, offset: &mut u64, sanitizer: &mut Sanitizer) -> bool {
    loop {
        let part = job.log(*offset, PIECE);
        if part.bytes.is_empty() {
            return io::stdout().lock().flush().is_ok();
        }
        *offset = part.next;
        if io::stdout().lock().write_all(sanitizer.push(&part.bytes).as_bytes()).is_err() {
            return false;
        }
    }
}
