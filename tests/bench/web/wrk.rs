//! wrk, a load generator that is none of ours, where it is installed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;

use super::WebServer;

/// What it saw: seconds, and calls a second.
pub struct Seen {
    pub middle: f64,
    pub slow: f64,
    pub rate: f64,
}

pub fn is_there() -> bool {
    Command::new("wrk").arg("--version").output().is_ok()
}

/// Has it call a tool over so many connections for a while.
pub fn load(server: &WebServer, tool: &str, connections: usize, time: Duration) -> Result<Seen, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/wrk.lua");
    let output = Command::new("wrk")
        .args(["-t1", "--latency", "--timeout", "10s"])
        .arg(format!("-c{connections}"))
        .arg(format!("-d{}s", time.as_secs().max(1)))
        .arg("-s")
        .arg(script)
        .arg(format!("http://{}/mcp", server.address))
        .args(["--", tool])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let refused = ["Non-2xx", "Socket errors"].iter().any(|words| said.contains(words));
    if refused {
        return Err(Failure::Refused(said));
    }
    let value = |label: &str| {
        let mut words = said.split_whitespace().skip_while(|word| *word != label);
        words.nth(1).and_then(seconds).ok_or_else(|| Failure::unexpected(label, &*said))
    };
    Ok(Seen { middle: value("50%")?, slow: value("99%")?, rate: value("Requests/sec:")? })
}

/// `6.30ms` as seconds; what has no unit as it is.
fn seconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("", 1.0)];
    units.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}
