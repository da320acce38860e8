//! Row 4: a server that has been asked for its list and now has nothing to do.

use std::time::Duration;

use crate::failure::Failure;
use crate::measure::{Bench, settle};
use crate::menu::Menu;
use crate::process::{self, OwnTime};
use crate::table::{Figure, Reference, Unit, at_most};

const MIB: f64 = 1_048_576.0;
const LOOK: Duration = Duration::from_secs(1);
/// A server may put off what its first answers need not wait for; that is its start still.
const START: Duration = Duration::from_millis(500);

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = bench.write(&Menu::nothing().filled_to(8), "idle")?;
    let [memory, alone, time, helpers] = bench.interleave(bench.options.pick(1, 5), |subject| {
        let mut server = bench.start(subject, &menu)?;
        server.list()?;
        std::thread::sleep(START);
        settle(&server);
        let before = OwnTime::of(server.pid());
        std::thread::sleep(LOOK);
        let used = OwnTime::of(server.pid()).since(&before);
        Ok([
            process::memory(server.pid()) as f64,
            process::resident(server.pid()) as f64,
            used.as_secs_f64() / LOOK.as_secs_f64(),
            process::with_helpers(server.pid()).len() as f64,
        ])
    });
    Ok(vec![
        Figure::new("4", "idle memory, helpers included", Unit::MiB, memory)
            .gate(at_most(8.0 * MIB, Reference::Itself))
            .stretch(at_most(6.0 * MIB, Reference::Itself)),
        Figure::new("", "of it the server process", Unit::MiB, alone),
        Figure::new("4", "idle processor time, each second", Unit::Microseconds, time)
            .gate(at_most(50e-6, Reference::Itself)),
        Figure::new("", "idle processes", Unit::Count, helpers),
    ])
}
