//! Row 17: 200 calls of `sleep 1` at once.

use crate::failure::Failure;
use crate::measure::Bench;
use crate::menu::Menu;
use crate::process;
use crate::table::{Figure, Reference, Unit, at_most};

const CALLS: usize = 200;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = bench.write(&Menu::one("sleep", "/bin/sleep", &["1"]), "sleepers")?;
    let [took, threads] = bench.interleave(bench.options.pick(1, 5), |subject| {
        let mut server = bench.start(subject, &menu)?;
        let pid = server.pid();
        let watcher = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(900));
            process::threads(pid)
        });
        let burst = server.burst("sleep", CALLS, CALLS)?;
        let threads = watcher.join().unwrap_or_default();
        Ok([burst.elapsed.as_secs_f64(), threads as f64])
    });
    Ok(vec![
        Figure::new("17", "200 × sleep 1 at once", Unit::Milliseconds, took)
            .gate(at_most(1.25, Reference::Itself))
            .stretch(at_most(1.15, Reference::Itself)),
        Figure::new("17", "the server's threads meanwhile", Unit::Count, threads)
            .gate(at_most(16.0, Reference::Itself)),
    ])
}
