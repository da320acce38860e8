//! Asking `cosign` of this host whether an image is signed. Without it nothing is taken for signed.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::asked::{Ended, asked};
use crate::model::Verify;
use crate::plan::{Environment, verify_words};

/// It asks registries and logs of transparency.
const PATIENCE: Duration = Duration::from_secs(120);
/// How much of what it says is told.
const TOLD: usize = 300;

/// Why an image does not count as signed.
pub async fn verify(environment: &Environment, verify: &Verify, image: &str) -> Result<(), String> {
    let words = verify_words(verify, image);
    let line = words.join(" ");
    let (program, rest) = words.split_first().ok_or("there is nothing to ask")?;
    let mut command = Command::new(program);
    command.args(rest).envs(environment).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    match asked(command, None, PATIENCE).await {
        Ended::Done(output) if output.status.success() => Ok(()),
        Ended::Done(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let last =
                said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
            Err(format!("`{line}` refuses it: {}", last.chars().take(TOLD).collect::<String>()))
        }
        Ended::NotStarted(_) => Err(format!(
            "there is no `cosign` on this host to ask: `{line}`; install it (https://docs.sigstore.dev), or remove `verify`"
        )),
        Ended::Silent => Err(format!("`{line}` does not end")),
    }
}
