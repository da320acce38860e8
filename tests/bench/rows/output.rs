//! Rows 13, 14 and 15: outputs that are returned whole, what they take, and what is kept afterwards.

use std::time::{Duration, Instant};

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, median, settle};
use crate::menu::Menu;
use crate::process;
use crate::subject::MenuFiles;
use crate::table::{Figure, Reference, Unit, at_most};

const MIB: usize = 1 << 20;
const TOOL: &str = "print";
/// Nothing is cut: what is kept and what is shown are both larger than the output.
const WHOLE: &str = "    limits: { output: 256MiB }\n    output: { show: 256MiB }\n";

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for size in [1, 16, 64] {
        figures.extend(of_size(bench, size)?);
    }
    Ok(figures)
}

fn of_size(bench: &Bench, mebibytes: usize) -> Result<Vec<Figure>, Failure> {
    let size = mebibytes * MIB;
    let menu = printing(bench, size)?;
    let [took, peak, kept] = bench.interleave(bench.options.pick(1, 5), |subject| {
        let mut server = bench.start(subject, &menu)?;
        server.call("true")?;
        settle(&server);
        let idle = process::resident(server.pid()) as f64;
        process::forget_peak(server.pid())?;
        let length = server.call(TOOL)?;
        if length < size {
            return Err(Failure::unexpected(format!("an answer of {size} bytes"), length.to_string()));
        }
        let peak = process::peak(server.pid()) as f64;
        std::thread::sleep(Duration::from_secs(1));
        let kept = process::resident(server.pid()) as f64;
        let mut took = Vec::new();
        for _ in 0..3 {
            let asked = Instant::now();
            server.call(TOOL)?;
            took.push(asked.elapsed().as_secs_f64());
        }
        Ok([median(took).unwrap_or(f64::NAN), (peak - idle) / size as f64, kept - idle])
    });
    let took = Figure::new(row("13", mebibytes), format!("{mebibytes} MiB whole"), Unit::Milliseconds, took);
    let peak =
        Figure::new(row("14", mebibytes), format!("{mebibytes} MiB: peak over output"), Unit::Times, peak);
    let kept = Figure::new(row("15", mebibytes), format!("{mebibytes} MiB: kept after 1 s"), Unit::MiB, kept);
    let mib = MIB as f64;
    if mebibytes == 1 {
        return Ok(vec![took, peak, kept]);
    }
    Ok(vec![
        took.gate(at_most(1.0, Reference::Floor)).stretch(at_most(1.1, Reference::Ideal)),
        peak.gate(at_most(1.25, Reference::Itself)).stretch(at_most(1.05, Reference::Itself)),
        kept.gate(at_most(8.0 * mib, Reference::Itself)).stretch(at_most(2.0 * mib, Reference::Itself)),
    ])
}

/// The targets speak of 16 and 64 MiB; 1 MiB is shown beside them, without a gate.
fn row(number: &'static str, mebibytes: usize) -> &'static str {
    if mebibytes == 1 { "" } else { number }
}

fn printing(bench: &Bench, size: usize) -> Result<MenuFiles, Failure> {
    let file = bench.folder().join(format!("{size}.txt"));
    std::fs::write(&file, actors::text(size))?;
    let menu = Menu::nothing().with(TOOL, "/bin/cat", &[&file.to_string_lossy()], WHOLE);
    bench.write(&menu, &format!("output-{size}"))
}
