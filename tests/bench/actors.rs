//! What the measured commands and the noise beside them do: this binary again, started with [`WORD`].

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal};

use crate::failure::Failure;

pub const WORD: &str = "__act";

/// How many processes `tree` is, itself included.
pub const TREE: usize = 4;

pub fn act(words: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["hog"] => loop {
            std::hint::spin_loop();
        },
        ["flood", bytes] => flood(number(bytes)?),
        ["lines", count, pause] => lines(number(count)?, Duration::from_millis(number(pause)? as u64)),
        ["stamps", count, pause] => stamps(number(count)?, Duration::from_millis(number(pause)? as u64)),
        ["tree", mood, token] => tree(mood, token),
        ["hold", mood, token, place] => hold(mood, token, place),
        ["parse", file] => parse(file),
        ["read", file] => read(file),
        ["usage", program, words @ ..] => usage(program, words),
        other => Err(Failure::Usage(other.join(" "))),
    }
}

fn number(text: &str) -> Result<usize, Failure> {
    text.parse().map_err(|_| Failure::unexpected("a number", text))
}

/// Writes so many bytes of plain lines as fast as it can.
fn flood(bytes: usize) -> Result<(), Failure> {
    let block = text(64 * 1024);
    let mut output = std::io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let part = block.get(..left.min(block.len())).unwrap_or_default();
        output.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}

/// Lines of text with a little to escape in them.
pub fn text(bytes: usize) -> Vec<u8> {
    let line = b"src/main.rs:42: let greeting = \"hello, world\"; // the quick brown fox jumps\n";
    line.iter().copied().cycle().take(bytes).collect()
}

fn lines(count: usize, pause: Duration) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    for number in 1..=count {
        writeln!(output, "line {number} of {count}.")?;
        output.flush()?;
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Writes lines that say when they were written.
fn stamps(count: usize, pause: Duration) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    for _ in 0..count {
        std::thread::sleep(pause);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        writeln!(output, "at {}", now.as_nanos())?;
        output.flush()?;
    }
    Ok(())
}

/// A command that leaves its group: a child, a child with its own session, and a daemon.
///
/// In the mood `stubborn` none of them minds SIGTERM.
fn tree(mood: &str, token: &str) -> Result<(), Failure> {
    start("hold", mood, token, Some("group"))?;
    start("hold", mood, token, Some("session"))?;
    start("hold", mood, token, Some("fork"))?;
    hold(mood, token, "group")
}

fn start(act: &str, mood: &str, token: &str, place: Option<&str>) -> Result<(), Failure> {
    Command::new(std::env::current_exe()?)
        .args([WORD, act, mood, token])
        .args(place)
        .stdin(Stdio::null())
        .spawn()?;
    Ok(())
}

fn hold(mood: &str, token: &str, place: &str) -> Result<(), Failure> {
    if mood == "stubborn" {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGTERM);
        signals.thread_block()?;
    }
    match place {
        "fork" => return start("hold", mood, token, Some("session")),
        "session" => drop(nix::unistd::setsid()?),
        _ => {}
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

/// Reads the bytes of a file and nothing more.
fn read(file: &str) -> Result<(), Failure> {
    std::hint::black_box(std::fs::read(file)?);
    Ok(())
}

/// Reads a YAML file into plain values, which is where every reader of one begins.
fn parse(file: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file)?;
    // Without its limits against bombs: 5,000 commands are more than they allow.
    let options = serde_yaml::options! { budget: None };
    let value: serde_json::Value = serde_yaml::from_str_with_options(&text, options)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    std::hint::black_box(value);
    Ok(())
}

/// Runs a program to its end and prints what it took: seconds, seconds of processor time, and the
/// most memory it had, in bytes.
fn usage(program: &str, words: &[&str]) -> Result<(), Failure> {
    let started = Instant::now();
    let status = Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let took = started.elapsed().as_secs_f64();
    if !status.success() {
        return Err(Failure::unexpected("success", format!("{status} of {program}")));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let processor = seconds(usage.user_time()) + seconds(usage.system_time());
    println!("{took} {processor} {}", usage.max_rss() * 1024);
    Ok(())
}
