//! Row 16: a command that prints 1 GiB within the default cap. Only mcpfier has a cap.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, settle};
use crate::menu::Menu;
use crate::process;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

const MIB: f64 = 1_048_576.0;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mebibytes = bench.options.pick(256, 1024);
    let bytes = (mebibytes << 20).to_string();
    let program = std::env::current_exe()?;
    let words = [actors::WORD, "flood", &bytes];
    let menu =
        bench.write(&Menu::nothing().with("flood", &program.to_string_lossy(), &words, ""), "flood")?;
    let limit = drained(Command::new(&program).args(words))?;
    let [took, growth, answer] = bench.interleave(bench.options.pick(1, 3), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 3]);
        }
        let mut server = bench.start(subject, &menu)?;
        server.call("true")?;
        settle(&server);
        let idle = process::resident(server.pid()) as f64;
        process::forget_peak(server.pid())?;
        let asked = Instant::now();
        let length = server.call("flood")?;
        let took = asked.elapsed().as_secs_f64();
        Ok([took, process::peak(server.pid()) as f64 - idle, length as f64])
    });
    Ok(vec![
        Figure::new("16", format!("{mebibytes} MiB within the default cap"), Unit::Milliseconds, took)
            .limit(Some(limit))
            .gate(at_most(2.0, Reference::Limit)),
        Figure::new("16", "its memory beyond idle", Unit::MiB, growth)
            .gate(at_most(8.0 * MIB, Reference::Itself)),
        Figure::new("", "its answer", Unit::Bytes, answer),
    ])
}

/// What reading and dropping the same output takes.
fn drained(command: &mut Command) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut output = child.stdout.take().ok_or(Failure::Closed)?;
    let mut chunk = vec![0; 64 * 1024];
    while std::io::Read::read(&mut output, &mut chunk)? > 0 {}
    child.wait()?;
    Ok(started.elapsed().as_secs_f64())
}
