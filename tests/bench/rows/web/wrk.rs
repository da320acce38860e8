//! What a load generator sees that is none of ours: calls that start nothing beside a bare handler, and calls
//! of `/bin/true` beside the bare rate of spawning it, which stands in the place of the ideal.

use std::time::Duration;

use crate::failure::Failure;
use crate::measure::Bench;
use crate::subject::Subject;
use crate::table::{Figure, Unit};
use crate::web::bare::NOOP;
use crate::web::wrk::{self, Seen};

use super::super::flows::bare_rate;
use super::{Served, noop_menu};

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    if !wrk::is_there() {
        eprintln!("  left out: wrk is not installed");
        return Ok(Vec::new());
    }
    let time = Duration::from_secs(bench.options.pick(1, 3) as u64);
    let served = Served::write(bench, &noop_menu(), "wrk")?;
    let mut figures = Vec::new();
    for (tool, connections) in [(NOOP, 1), (NOOP, 64), (NOOP, 1000), ("true", 1), ("true", 64)] {
        let [middle, slow, rate] = bench.interleave(bench.options.pick(1, 5), |subject| {
            if subject == Subject::Ideal {
                // More threads than processors spawn no faster.
                let rate = if tool == NOOP { f64::NAN } else { bare_rate(connections.min(4))? };
                return Ok([f64::NAN, f64::NAN, rate]);
            }
            let server = served.start(bench, subject)?;
            wrk::load(&server, tool, connections, Duration::from_secs(1))?;
            let Seen { middle, slow, rate } = wrk::load(&server, tool, connections, time)?;
            Ok([middle, slow, rate])
        });
        let name = |what: &str| format!("wrk: {what} of `{tool}`, {connections} connections");
        figures.extend([
            Figure::new("wrk", name("p50"), Unit::Milliseconds, middle),
            Figure::new("wrk", name("p99"), Unit::Milliseconds, slow),
            Figure::new("wrk", name("calls/s"), Unit::PerSecond, rate),
        ]);
    }
    Ok(figures)
}
