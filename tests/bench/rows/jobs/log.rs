//! The log of a job: how fast it goes to the disk, and how soon a line of it is seen.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::actors;
use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median, percentile};
use crate::menu::Menu;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

use super::{BACKGROUND, alone, begin, keeping, wait};

const MIB: usize = 1 << 20;

/// A large output into the log of a job, and the same by `cat` into a file.
pub fn throughput(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mebibytes = bench.options.pick(64, 256);
    let folder = tempfile::tempdir_in(bench.folder())?;
    let (from, to) = (folder.path().join("output"), folder.path().join("copy"));
    std::fs::write(&from, actors::text(mebibytes * MIB))?;
    let text = from.to_string_lossy();
    let menu = Menu::nothing().with("print", "/bin/cat", &[&text], BACKGROUND).with(
        "read",
        "/bin/cat",
        &[&text],
        "    detach_after: never\n",
    );
    let menu = bench.write(&keeping(menu, folder.path()), "log")?;
    let mut copies = Vec::new();
    let [took, read] = alone(bench, bench.options.pick(1, 5), || {
        let started = Instant::now();
        let copy = std::fs::File::create(&to)?;
        Command::new("/bin/cat").arg(&from).stdout(Stdio::from(copy)).status()?;
        copies.push(started.elapsed().as_secs_f64());
        let mut server = bench.start(Subject::Mcpfier, &menu)?;
        server.call("true")?;
        let asked = Instant::now();
        server.call("read")?;
        let read = asked.elapsed().as_secs_f64();
        let asked = Instant::now();
        let job = begin(&mut server, "print")?;
        let over = wait(&mut server, &job)?;
        let took = asked.elapsed().as_secs_f64();
        let written = over["_meta"]["mcpfier/job"]["outputBytes"].as_u64();
        if written != Some((mebibytes * MIB) as u64) {
            return Err(Failure::unexpected("all of the output", over.to_string()));
        }
        Ok([took, read])
    });
    Ok(vec![
        Figure::new("jobs", format!("{mebibytes} MiB into the log of a job"), Unit::Milliseconds, took)
            .limit(median(copies))
            .gate(at_most(2.0, Reference::Limit)),
        Figure::new("", "the same output of a call that keeps no log", Unit::Milliseconds, read),
    ])
}

/// From a line that a command writes to the client that follows it.
pub fn tail(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let lines = bench.options.pick(50, 300);
    let folder = tempfile::tempdir_in(bench.folder())?;
    let program = std::env::current_exe()?;
    let words = [actors::WORD, "stamps", &lines.to_string(), "10"];
    let menu = Menu::nothing().with("stamps", &program.to_string_lossy(), &words, BACKGROUND);
    let menu = bench.write(&keeping(menu, folder.path()), "tail")?;
    let [asked, asked_slow, told, told_slow] = alone(bench, bench.options.pick(1, 5), || {
        let mut server = bench.start(Subject::Mcpfier, &menu)?;
        server.call("true")?;
        let job = begin(&mut server, "stamps")?;
        let asked = by_asking(&mut server, &job)?;
        let job = begin(&mut server, "stamps")?;
        let told = by_being_told(&mut server, &job)?;
        Ok([percentile(&asked, 50), percentile(&asked, 99), percentile(&told, 50), percentile(&told, 99)])
    });
    let gate = at_most(10e-3, Reference::Itself);
    Ok(vec![
        Figure::new("jobs", "line seen by job_output, p50", Unit::Milliseconds, asked),
        Figure::new("jobs", "line seen by job_output, p99", Unit::Milliseconds, asked_slow).gate(gate),
        Figure::new("jobs", "line told while job_wait waits, p50", Unit::Milliseconds, told),
        Figure::new("jobs", "line told while job_wait waits, p99", Unit::Milliseconds, told_slow),
    ])
}

/// Reads on where the last answer has ended, every millisecond.
fn by_asking(server: &mut Server, job: &str) -> Result<Vec<Duration>, Failure> {
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let answer = server.ask("job_output", &json!({ "job_id": job, "offset": offset }))?;
        let now = now();
        let text = answer["content"][0]["text"].as_str().unwrap_or_default();
        seen.extend(text.lines().filter_map(|line| since(line, now)));
        let facts = &answer["_meta"]["mcpfier/job"];
        let next = facts["nextOffset"].as_u64().unwrap_or(offset);
        if facts["state"] != "running" && next == offset {
            return Ok(seen);
        }
        offset = next;
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits for its end with a token for progress. Messages that come too fast are left out for their client.
fn by_being_told(server: &mut Server, job: &str) -> Result<Vec<Duration>, Failure> {
    let params = json!({
        "name": "job_wait", "arguments": { "job_id": job, "seconds": 45 }, "_meta": { "progressToken": 7 },
    });
    let id = server.request("tools/call", &params.to_string())?;
    let mut seen = Vec::new();
    loop {
        let line = server.next_line()?;
        let now = now();
        let message = line.message()?;
        if message.id == Some(id) {
            return Ok(seen);
        }
        let params: Value =
            message.params.map_or(Ok(Value::Null), |params| serde_json::from_str(params.get()))?;
        seen.extend(params["message"].as_str().and_then(|text| since(text, now)));
    }
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

/// How old a line is that says when it was written.
fn since(line: &str, now: u64) -> Option<Duration> {
    let written: u64 = line.strip_prefix("at ")?.trim().parse().ok()?;
    Some(Duration::from_nanos(now.saturating_sub(written)))
}
