//! Rows 7 and 11, and what is aimed at beside them: calls that start nothing and calls of `/bin/true`, over
//! one, many and very many connections; and what it costs to look who calls.

use crate::driver::Burst;
use crate::failure::Failure;
use crate::measure::{Bench, Samples, percentile, settle, settle_process};
use crate::menu::Menu;
use crate::process::OwnTime;
use crate::subject::Subject;
use crate::table::{Figure, Reference, Unit, at_least, at_most};
use crate::web::bare::NOOP;
use crate::web::{self, WebServer, burst};

use super::{Served, noop_menu};

const KEY: &str = "a-key-that-nobody-has-guessed-yet";

pub fn noop(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let served = Served::write(bench, &noop_menu(), "web-noop")?;
    let mut figures = Vec::new();
    for connections in [1, 64, 1000] {
        let calls = bench.options.pick(1000, 5000).max(connections * 4);
        let [middle, slow, rate, own] =
            side_by_side(bench, bench.rounds(), &served, NOOP, calls, connections);
        let name = |what: &str| format!("{what} of a call that starts nothing, {connections} connections");
        let middle = Figure::new("http", name("p50"), Unit::Microseconds, middle);
        let slow = Figure::new("http", name("p99"), Unit::Milliseconds, slow);
        figures.push(if connections == 1 { middle.gate(at_most(2.0, Reference::Floor)) } else { middle });
        figures.push(if connections == 1000 { slow.gate(at_most(0.1, Reference::Itself)) } else { slow });
        figures.push(Figure::new("http", name("calls/s"), Unit::PerSecond, rate));
        figures.push(Figure::new("", name("own processor time"), Unit::Microseconds, own));
    }
    Ok(figures)
}

pub fn spawning(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let served = Served::write(bench, &noop_menu(), "web-true")?;
    let calls = bench.options.pick(200, 2000);
    let [middle, _, one, _] = side_by_side(bench, bench.rounds(), &served, "true", calls / 2, 1);
    // Single rounds differ by a quarter, as two cores share a hundred processes out: the median of a few of them
    // would still be chance.
    let rounds = bench.options.pick(3, 25);
    let [_, slow, rate, own] = side_by_side(bench, rounds, &served, "true", calls, 64);
    let [floor_on_stdio] = bench.interleave(bench.rounds(), |subject| {
        if subject != Subject::Floor {
            return Ok([f64::NAN]);
        }
        let mut server = bench.start(Subject::Floor, &served.files)?;
        server.burst("true", 100, 64)?;
        let Burst { elapsed, .. } = server.burst("true", calls, 64)?;
        Ok([calls as f64 / elapsed.as_secs_f64()])
    });
    Ok(vec![
        Figure::new("11", "HTTP: p50 of one call after another", Unit::Milliseconds, middle)
            .gate(at_most(1.25, Reference::Ideal))
            .stretch(at_most(1.1, Reference::Ideal)),
        Figure::new("11", "HTTP: calls/s, 1 connection", Unit::PerSecond, one),
        Figure::new("11", "HTTP: calls/s, 64 connections", Unit::PerSecond, rate)
            .gate(at_least(0.95, Reference::Ideal))
            .stretch(at_least(1.0, Reference::Ideal)),
        Figure::new("", "the floor itself on stdio, 64 at once", Unit::PerSecond, floor_on_stdio),
        Figure::new("", "HTTP: p99, 64 connections", Unit::Milliseconds, slow),
        Figure::new("7", "HTTP: own processor time, 64 connections", Unit::Microseconds, own)
            .gate(at_most(1.1, Reference::Floor))
            .stretch(at_most(1.0, Reference::Floor)),
    ])
}

/// p50, p99, calls a second, own seconds a call.
fn side_by_side(
    bench: &Bench,
    rounds: usize,
    served: &Served,
    tool: &str,
    calls: usize,
    connections: usize,
) -> [Samples; 4] {
    bench.interleave(rounds, |subject| {
        let (Burst { elapsed, latencies }, own) = match subject {
            Subject::Ideal => on_stdio(bench, served, tool, calls, connections)?,
            Subject::Floor if tool != NOOP => {
                on_http(&WebServer::floor(bench, &served.files)?, tool, "", calls, connections)?
            }
            _ => on_http(&served.start(bench, subject)?, tool, "", calls, connections)?,
        };
        let own = own / calls as f64;
        let rate = calls as f64 / elapsed.as_secs_f64();
        Ok([percentile(&latencies, 50), percentile(&latencies, 99), rate, own])
    })
}

/// Calls that are made before those that count: so many that each place in flight has been taken several
/// times, and what a server makes for each of them is there.
fn before(in_flight: usize) -> usize {
    (4 * in_flight).max(100)
}

fn on_stdio(
    bench: &Bench,
    served: &Served,
    tool: &str,
    calls: usize,
    in_flight: usize,
) -> Result<(Burst, f64), Failure> {
    let mut server = bench.start(Subject::Mcpfier, &served.files)?;
    let params = web::params(tool).to_string();
    server.burst_of(&params, before(in_flight), in_flight)?;
    settle(&server);
    let before = OwnTime::of(server.pid());
    let burst = server.burst_of(&params, calls, in_flight)?;
    settle(&server);
    Ok((burst, OwnTime::of(server.pid()).since(&before).as_secs_f64()))
}

fn on_http(
    server: &WebServer,
    tool: &str,
    head: &str,
    calls: usize,
    connections: usize,
) -> Result<(Burst, f64), Failure> {
    let request = web::call(tool, head);
    burst(server.address, &request, before(connections), connections)?;
    settle_process(server.pid());
    let before = OwnTime::of(server.pid());
    let burst = burst(server.address, &request, calls, connections)?;
    settle_process(server.pid());
    Ok((burst, OwnTime::of(server.pid()).since(&before).as_secs_f64()))
}

/// What everything that a team may ask for costs: a role, a rule that looks at the arguments, and a record.
const WATCHED: &str = "http: { auth: { api_keys: [{ name: k0, key: KEY, roles: [dev] }] } }
roles: [{ name: dev, permissions: [noop, true] }]
policies: [{ name: calm, commands: [noop], deny: \"'intern' in caller.roles && args.size() > 7\" }]
audit: { file: audit.jsonl, chain: true }";

/// A thousand keys, of which the caller has the last.
pub fn known(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    let keys = |count: usize| {
        let others = (1..count).map(|number| format!("{{ name: k{number}, key: {KEY}-{number} }}, "));
        let others: String = others.collect();
        format!("http: {{ auth: {{ api_keys: [{others}{{ name: k0, key: {KEY} }}] }} }}")
    };
    let open = Served::write(bench, &noop_menu(), "web-open")?.files;
    let few = bench.write(&noop_menu().server(&keys(1)), "web-key")?;
    let many = bench.write(&noop_menu().server(&keys(1000)), "web-keys")?;
    let watched = bench.write(&noop_menu().server(&WATCHED.replace("KEY", KEY)), "web-watched")?;
    let calls = bench.options.pick(1000, 5000);
    let head = format!("Authorization: Bearer {KEY}\r\n");
    let [one, thousand, all] = bench.interleave(bench.rounds(), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN; 3]);
        }
        let mut own = [0.0; 4];
        for (own, files) in own.iter_mut().zip([&open, &few, &many, &watched]) {
            let server = WebServer::mcpfier(bench, files)?;
            *own = on_http(&server, NOOP, &head, calls, 8)?.1 / calls as f64;
        }
        let [open, few, many, watched] = own;
        Ok([few - open, many - open, watched - open])
    });
    let gate = at_most(100e-6, Reference::Itself);
    Ok(vec![
        Figure::new("http", "what a key costs a call", Unit::Microseconds, one).gate(gate),
        Figure::new("http", "what a key among 1,000 costs a call", Unit::Microseconds, thousand).gate(gate),
        Figure::new("http", "what key, role, policy and record cost a call", Unit::Microseconds, all)
            .gate(gate),
    ])
}

/// Commands that wait, many at once.
pub fn sleepers(bench: &Bench) -> Result<Vec<Figure>, Failure> {
    const CALLS: usize = 200;
    let menu = noop_menu().with("sleep", "/bin/sleep", &["1"], "");
    let served = Served::write(bench, &menu, "web-sleepers")?;
    let [took] = bench.interleave(bench.options.pick(1, 10), |subject| {
        if subject == Subject::Ideal {
            return Ok([bench.start(Subject::Mcpfier, &served.files)?.burst("sleep", CALLS, CALLS)?.elapsed]
                .map(|took| took.as_secs_f64()));
        }
        let server = served.start(bench, subject)?;
        let burst = burst(server.address, &web::call("sleep", ""), CALLS, CALLS)?;
        Ok([burst.elapsed.as_secs_f64()])
    });
    let menu = bench.write(&Menu::nothing(), "web-thousand")?;
    let [slowest] = bench.interleave(bench.options.pick(1, 5), |subject| {
        if subject != Subject::Mcpfier {
            return Ok([f64::NAN]);
        }
        let server = WebServer::mcpfier(bench, &menu)?;
        let burst = burst(server.address, &web::call("true", ""), 1000, 1)?;
        Ok([percentile(&burst.latencies, 100)])
    });
    Ok(vec![
        Figure::new("12", "HTTP: 200 × sleep 1 at once", Unit::Milliseconds, took)
            .gate(at_most(1.35, Reference::Itself))
            .stretch(at_most(1.2, Reference::Itself)),
        Figure::new("12", "HTTP: slowest of 1,000 calls", Unit::Milliseconds, slowest)
            .gate(at_most(0.04, Reference::Itself)),
    ])
}
