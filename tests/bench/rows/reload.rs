//! Row `reload`: a saved change while 1,000 calls are in flight: when the new list is served, and whether
//! any call is lost.

use std::time::{Duration, Instant};

use crate::driver::Server;
use crate::failure::Failure;
use crate::measure::{Bench, median};
use crate::menu::Menu;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};

const IN_FLIGHT: usize = 1000;
const TOOLS: usize = 1000;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let [idle] = alone(bench, |bench| {
        let took: Result<Vec<f64>, Failure> =
            (0..bench.options.pick(2, 5)).map(|_| Ok(reloaded(bench, 0)?[0])).collect();
        Ok([median(took?).unwrap_or(f64::NAN)])
    });
    let [took, lost] = alone(bench, |bench| reloaded(bench, IN_FLIGHT));
    Ok(vec![
        Figure::new("reload", "saved, until 1,001 tools are listed, idle", Unit::Milliseconds, idle)
            .gate(at_most(0.5, Reference::Itself)),
        Figure::new("reload", format!("the same, {IN_FLIGHT} calls in flight"), Unit::Milliseconds, took)
            .gate(at_most(2.0, Reference::Itself))
            .stretch(at_most(0.5, Reference::Itself)),
        Figure::new("reload", "calls lost", Unit::Count, lost).gate(at_most(0.0, Reference::Itself)),
    ])
}

/// The baselines load nothing, so nothing of them can be loaded again.
fn alone<const N: usize>(
    bench: &Bench,
    mut block: impl FnMut(&Bench) -> Result<[f64; N], Failure>,
) -> [crate::measure::Samples; N] {
    bench.interleave(bench.options.pick(1, 3), |subject| match subject {
        Subject::Mcpfier => block(bench),
        Subject::Floor | Subject::Ideal => Ok([f64::NAN; N]),
    })
}

/// Saves one tool more; gives the seconds until it is listed, and how many calls were not answered
/// well.
fn reloaded(bench: &Bench, calls: usize) -> Result<[f64; 2], Failure> {
    let sleep = Menu::one("sleep", "/bin/sleep", &["3"]).calls(IN_FLIGHT, IN_FLIGHT);
    let before = sleep.filled_to(TOOLS);
    let files = bench.write(&before, "reload")?;
    let next = bench.write(&before.filled_to(TOOLS + 1), "reload-next")?;
    let mut server = bench.start(Subject::Mcpfier, &files)?;
    let short = server.list()?;
    // A server watches its files when its start is over.
    std::thread::sleep(Duration::from_millis(400));
    for _ in 0..calls {
        server.request_call("sleep")?;
    }
    // Once this is answered, all of them are taken in.
    let mut answered = list_meanwhile(&mut server)?.answered;
    let saved = Instant::now();
    std::fs::rename(&next.yaml, &files.yaml)?;
    while !is_change(&mut server, &mut answered)? {}
    let listed = list_meanwhile(&mut server)?;
    let took = saved.elapsed().as_secs_f64();
    if listed.length <= short {
        return Err(Failure::unexpected("a longer list", format!("{} bytes", listed.length)));
    }
    answered += listed.answered;
    let mut lost = 0;
    while answered + lost < calls {
        match server.next_line()?.accepted() {
            Ok(Some(_)) => answered += 1,
            Ok(None) => {}
            Err(Failure::Refused(_)) => lost += 1,
            Err(failure) => return Err(failure),
        }
    }
    Ok([took, lost as f64])
}

struct Listed {
    /// Of the list.
    length: usize,
    /// Calls that were answered before it.
    answered: usize,
}

fn list_meanwhile(server: &mut Server) -> Result<Listed, Failure> {
    let id = server.request("tools/list", "{}")?;
    let mut answered = 0;
    loop {
        let line = server.next_line()?;
        match line.accepted()? {
            Some(found) if found == id => return Ok(Listed { length: line.length, answered }),
            Some(_) => answered += 1,
            None => {}
        }
    }
}

fn is_change(server: &mut Server, answered: &mut usize) -> Result<bool, Failure> {
    let message = server.next_line()?.message()?;
    *answered += usize::from(message.id.is_some());
    Ok(message.method.as_deref() == Some("notifications/tools/list_changed"))
}
