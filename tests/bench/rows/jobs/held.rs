//! What a call costs that may become a job and is over before, against one that may not.

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median, percentile, settle};
use crate::menu::Menu;
use crate::process::OwnTime;
use crate::table::{Figure, Reference, Unit, at_most};

use super::alone;

const HELD: &str = "held";
const NEVER: &str = "never";

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let menu = Menu::new().with(HELD, "/bin/true", &[], "    detach_after: 45s\n").with(
        NEVER,
        "/bin/true",
        &[],
        "    detach_after: never\n",
    );
    let menu = bench.write(&menu, "held")?;
    let calls = bench.options.pick(100, 500);
    let mut never = Vec::new();
    let [middle, added] = alone(bench, bench.rounds(), || {
        let mut server = bench.start(crate::subject::Subject::Mcpfier, &menu)?;
        for tool in [HELD, NEVER] {
            server.burst(tool, 50, 8)?;
        }
        settle(&server);
        let (mut with, mut more) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            let (plain, own) = burst(&mut server, NEVER, calls)?;
            let (held, own_held) = burst(&mut server, HELD, calls)?;
            never.push(plain);
            with.push(held);
            more.push(own_held - own);
        }
        Ok([with, more].map(|values| median(values).unwrap_or(f64::NAN)))
    });
    Ok(vec![
        Figure::new("jobs", "p50 of one call that may become a job", Unit::Milliseconds, middle)
            .limit(median(never))
            .gate(at_most(1.05, Reference::Limit)),
        Figure::new("jobs", "own processor time that this adds", Unit::Microseconds, added)
            .gate(at_most(15e-6, Reference::Itself)),
    ])
}

/// The median call, and the server's own seconds of processor time for each.
fn burst(server: &mut Server, tool: &str, calls: usize) -> Result<(f64, f64), Failure> {
    let before = OwnTime::of(server.pid());
    let burst = server.burst(tool, calls, 1)?;
    settle(server);
    let used = OwnTime::of(server.pid()).since(&before);
    Ok((percentile(&burst.latencies, 50), used.as_secs_f64() / calls as f64))
}
