//! Rows 5 and 24: ten thousand calls at 64 in flight: what they leave behind, and what was written to stdout.

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, settle};
use crate::menu::Menu;
use crate::process;
use crate::table::{Figure, Reference, Unit, at_most};

const IN_FLIGHT: usize = 64;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let calls = bench.options.pick(1000, 10_000);
    let menu = bench.write(&Menu::one("echo", "/bin/echo", &["this is {no} JSON"]), "endurance")?;
    let [growth, opened, zombies, foreign] = bench.interleave(1, |subject| {
        let mut server = bench.start(subject, &menu)?;
        burst(&mut server, calls / 10)?;
        settle(&server);
        let before = (process::memory(server.pid()), process::descriptors(server.pid()));
        let foreign = burst(&mut server, calls)?;
        settle(&server);
        let after = (process::memory(server.pid()), process::descriptors(server.pid()));
        Ok([
            (after.0 as f64 - before.0 as f64) / calls as f64,
            after.1 as f64 - before.1 as f64,
            process::zombies(server.pid()) as f64,
            foreign as f64,
        ])
    });
    let nothing = at_most(0.0, Reference::Itself);
    Ok(vec![
        Figure::new("5", format!("memory kept of each of {calls} calls"), Unit::Bytes, growth)
            .gate(at_most(64.0, Reference::Itself)),
        Figure::new("5", "descriptors more than before", Unit::Count, opened).gate(nothing),
        Figure::new("5", "zombies", Unit::Count, zombies).gate(nothing),
        Figure::new("24", "lines on stdout that are no message", Unit::Count, foreign).gate(nothing),
    ])
}

/// Makes the calls and counts the lines that are no JSON-RPC message.
fn burst(server: &mut Server, calls: usize) -> Result<usize, Failure> {
    let (mut sent, mut answered, mut foreign) = (0, 0, 0);
    while answered < calls {
        while sent < calls && sent - answered < IN_FLIGHT {
            server.request_call("echo")?;
            sent += 1;
        }
        match server.next_line()?.message() {
            Ok(message) if message.id.is_some() => answered += 1,
            Ok(_) => {}
            Err(_) => foreign += 1,
        }
    }
    Ok(foreign)
}
