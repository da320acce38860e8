//! The rows of the table: each file measures some of the numbered targets.

mod calls;
mod completing;
mod containers;
mod endings;
mod endurance;
mod flood;
mod flows;
mod idle;
mod jobs;
mod listing;
mod loading;
mod output;
mod reload;
mod sleepers;
mod start;
mod streaming;
mod web;

use crate::failure::Failure;
use crate::measure::Bench;
use crate::table::Figure;

pub struct Row {
    /// The targets that it measures.
    pub numbers: &'static [&'static str],
    pub title: &'static str,
    pub measure: fn(&Bench) -> Result<Vec<Figure>, Failure>,
}

pub const ROWS: &[Row] = &[
    Row { numbers: &["1", "2"], title: "starting", measure: start::measure },
    Row { numbers: &["complete"], title: "completing", measure: completing::measure },
    Row { numbers: &["3"], title: "listing again", measure: listing::measure },
    Row { numbers: &["load"], title: "loading and validating", measure: loading::measure },
    Row { numbers: &["4"], title: "idling", measure: idle::measure },
    Row { numbers: &["8", "9"], title: "one call after another", measure: calls::one_by_one },
    Row { numbers: &["sandbox"], title: "calls in a sandbox", measure: calls::sandboxed },
    Row { numbers: &["cache"], title: "calls that are remembered", measure: calls::remembered },
    Row { numbers: &["condition"], title: "calls with a condition", measure: calls::judged },
    Row { numbers: &["6", "10"], title: "calls side by side", measure: calls::quiet },
    Row { numbers: &["10"], title: "calls beside two hogs", measure: calls::beside_hogs },
    Row { numbers: &["flow"], title: "flows", measure: flows::measure },
    Row { numbers: &["13", "14", "15"], title: "large outputs", measure: output::measure },
    Row { numbers: &["16"], title: "a flood", measure: flood::measure },
    Row { numbers: &["17"], title: "sleepers", measure: sleepers::measure },
    Row { numbers: &["18"], title: "streaming", measure: streaming::measure },
    Row { numbers: &["19", "20"], title: "cancelling", measure: endings::cancelled },
    Row { numbers: &["21", "22", "23"], title: "ends of the server", measure: endings::ended },
    Row { numbers: &["5", "24"], title: "many calls", measure: endurance::measure },
    Row { numbers: &["25", "26", "27"], title: "calls in containers", measure: containers::measure },
    Row { numbers: &["reload"], title: "reloading", measure: reload::measure },
    Row { numbers: &["jobs"], title: "calls that may become jobs", measure: jobs::held::measure },
    Row { numbers: &["jobs"], title: "a thousand jobs", measure: jobs::many::measure },
    Row { numbers: &["jobs"], title: "logs of jobs", measure: jobs::log::throughput },
    Row { numbers: &["jobs"], title: "logs that are followed", measure: jobs::log::tail },
    Row { numbers: &["jobs"], title: "ten thousand jobs", measure: jobs::store::measure },
    Row { numbers: &["http"], title: "calls over HTTP that start nothing", measure: web::calls::noop },
    Row { numbers: &["http", "7", "11"], title: "calls over HTTP", measure: web::calls::spawning },
    Row { numbers: &["http", "wrk"], title: "calls over HTTP by wrk", measure: web::wrk::measure },
    Row { numbers: &["http", "auth"], title: "keys", measure: web::calls::known },
    Row { numbers: &["http", "12"], title: "sleepers over HTTP", measure: web::calls::sleepers },
    Row { numbers: &["http", "4"], title: "idling over HTTP", measure: web::memory::measure },
    Row {
        numbers: &["http", "13", "14", "15"],
        title: "large outputs over HTTP",
        measure: web::outputs::measure,
    },
    Row {
        numbers: &["http", "resources"],
        title: "subscribers over HTTP",
        measure: web::subscribers::measure,
    },
    Row { numbers: &["http", "18"], title: "streaming over HTTP", measure: web::waits::streaming },
    Row { numbers: &["http", "19", "20", "22"], title: "ends over HTTP", measure: web::endings::measure },
];
