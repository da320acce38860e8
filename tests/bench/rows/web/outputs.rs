//! Rows 13 to 15 over HTTP: outputs that are returned whole.

use std::time::{Duration, Instant};

use crate::actors;
use crate::failure::Failure;
use crate::measure::{Bench, median};
use crate::process;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};
use crate::web::bare::NOOP;
use crate::web::client::runtime;
use crate::web::{self, Connection};

use super::{Served, noop_menu};

const MIB: usize = 1 << 20;
const WHOLE: &str = "    limits: { output: 256MiB }\n    output: { show: 256MiB }\n";

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for size in [16, 64] {
        figures.extend(of_size(bench, size)?);
    }
    Ok(figures)
}

fn of_size(bench: &Bench, mebibytes: usize) -> Result<Vec<Figure>, Failure> {
    let size = mebibytes * MIB;
    let file = bench.folder().join(format!("web-{size}.txt"));
    std::fs::write(&file, actors::text(size))?;
    let menu = noop_menu().with("print", "/bin/cat", &[&file.to_string_lossy()], WHOLE);
    let served = Served::write(bench, &menu, &format!("web-output-{size}"))?;
    let request = web::call("print", "");
    let [took, peak, kept] = bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject == Subject::Ideal {
            return Ok([f64::NAN; 3]);
        }
        let server = served.start(bench, subject)?;
        server.ask(&web::call(NOOP, ""))?;
        server.settle();
        let idle = process::resident(server.pid()) as f64;
        process::forget_peak(server.pid())?;
        runtime()?.block_on(async {
            let mut connection = Connection::open(server.address).await?;
            let length = connection.ask(&request).await?;
            if length < size {
                return Err(Failure::unexpected(format!("an answer of {size} bytes"), length.to_string()));
            }
            let peak = process::peak(server.pid()) as f64;
            std::thread::sleep(Duration::from_secs(1));
            let kept = process::resident(server.pid()) as f64;
            let mut took = Vec::new();
            for _ in 0..3 {
                let asked = Instant::now();
                connection.ask(&request).await?;
                took.push(asked.elapsed().as_secs_f64());
            }
            Ok([median(took).unwrap_or(f64::NAN), (peak - idle) / size as f64, kept - idle])
        })
    });
    let name = |what: &str| format!("HTTP: {mebibytes} MiB{what}");
    let mib = MIB as f64;
    Ok(vec![
        Figure::new("13", name(" whole"), Unit::Milliseconds, took).gate(at_most(1.0, Reference::Floor)),
        Figure::new("14", name(": peak over output"), Unit::Times, peak)
            .gate(at_most(1.25, Reference::Itself))
            .stretch(at_most(1.05, Reference::Itself)),
        Figure::new("15", name(": kept after 1 s"), Unit::MiB, kept)
            .gate(at_most(8.0 * mib, Reference::Itself))
            .stretch(at_most(2.0 * mib, Reference::Itself)),
    ])
}
