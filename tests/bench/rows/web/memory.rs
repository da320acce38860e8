//! Row 4 over HTTP, and what the server remembers of those who ask for nothing at the moment.

use std::time::Duration;

use crate::failure::Failure;
use crate::measure::Bench;
use crate::process::{self, OwnTime};
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_most};
use crate::web::bare::NOOP;
use crate::web::client::runtime;
use crate::web::{self, Connection, WebServer, burst};

use super::{Served, noop_menu};

const MIB: f64 = 1_048_576.0;
const START: Duration = Duration::from_millis(500);
/// Until then a server may hold what it needs for the next request of a connection that has just asked.
const REST: Duration = Duration::from_secs(2);
/// As many as the descriptors of a usual shell allow, less what a process needs for itself.
const MOST: usize = 10_000;

pub fn measure(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let served = Served::write(bench, &noop_menu(), "web-idle")?;
    let connections = most_connections();
    let [idle, time, silent, kept, session] = bench.interleave(bench.options.pick(1, 3), |subject| {
        if subject == Subject::Ideal {
            return Ok([f64::NAN; 5]);
        }
        let server = served.start(bench, subject)?;
        server.ask(&web::call(NOOP, ""))?;
        std::thread::sleep(START);
        server.settle();
        let before = OwnTime::of(server.pid());
        std::thread::sleep(Duration::from_secs(1));
        let time = OwnTime::of(server.pid()).since(&before).as_secs_f64();
        let idle = process::memory(server.pid()) as f64;
        let silent = held(&server, connections, None)?;
        let kept = held(&served.start(bench, subject)?, connections, Some(&web::call(NOOP, "")))?;
        let session = match subject {
            Subject::Mcpfier => sessions(&served.start(bench, subject)?, 5000)?,
            _ => f64::NAN,
        };
        Ok([idle, time, silent, kept, session])
    });
    let bound = at_most(10.0 * 1024.0, Reference::Itself);
    Ok(vec![
        Figure::new("4", "HTTP: idle memory, helpers included", Unit::MiB, idle)
            .gate(at_most(9.0 * MIB, Reference::Itself))
            .stretch(at_most(7.0 * MIB, Reference::Itself)),
        Figure::new("4", "HTTP: idle processor time, each second", Unit::Microseconds, time)
            .gate(at_most(50e-6, Reference::Itself)),
        Figure::new(
            "http",
            format!("memory of each of {connections} silent connections"),
            Unit::Bytes,
            silent,
        )
        .gate(bound),
        Figure::new("http", format!("of each of {connections} that have called"), Unit::Bytes, kept)
            .gate(bound),
        Figure::new("http", "of each of 5,000 sessions", Unit::Bytes, session),
    ])
}

/// Bytes for each connection that is open, and has called once if there is a request.
fn held(server: &WebServer, count: usize, request: Option<&[u8]>) -> Result<f64, Failure> {
    burst(server.address, &web::call(NOOP, ""), 200, 8)?;
    std::thread::sleep(START);
    server.settle();
    runtime()?.block_on(async {
        let before = process::resident(server.pid()) as f64;
        let mut open = Vec::with_capacity(count);
        for _ in 0..count {
            let mut connection = Connection::open(server.address).await?;
            if let Some(request) = request {
                connection.ask(request).await?;
            }
            open.push(connection);
        }
        std::thread::sleep(REST);
        server.settle();
        let after = process::resident(server.pid()) as f64;
        drop(open);
        Ok((after - before) / count as f64)
    })
}

fn sessions(server: &WebServer, count: usize) -> Result<f64, Failure> {
    let hello = web::hello();
    burst(server.address, &hello, 200, 8)?;
    std::thread::sleep(START);
    server.settle();
    let before = process::resident(server.pid()) as f64;
    burst(server.address, &hello, count, 8)?;
    server.settle();
    Ok((process::resident(server.pid()) as f64 - before) / count as f64)
}

fn most_connections() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 500 };
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    usize::try_from(hard).map_or(MOST, |hard| (hard / 2).min(MOST))
}
