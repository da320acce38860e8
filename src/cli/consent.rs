//! Whoever calls at a shell agrees to what has to be confirmed: at the terminal, or in advance by `--yes`.

use std::io::{self, BufRead, IsTerminal, Write};

use tokio_util::sync::CancellationToken;

use crate::engine::{Consent, Engine, Prepared, Rejection};
use crate::model::Approver;

/// The plan with the consent that it needs.
pub async fn asked(engine: &Engine, prepared: Prepared, is_agreed: bool) -> Result<Prepared, Rejection> {
    let Some(question) = prepared.question() else { return Ok(prepared) };
    let decided = match &question.approver {
        // Whoever is at a shell is who decides there.
        Some(Approver::Shell) | None => at_terminal(&prepared, &question.text, is_agreed),
        Some(approver) => engine
            .approval(&prepared, &question, approver, CancellationToken::new())
            .await
            .map(|()| Consent::Approver),
    };
    match decided {
        Ok(consent) => Ok(prepared.confirmed(consent)),
        Err(rejection) => {
            engine.refused_plan(&prepared, &rejection);
            Err(rejection)
        }
    }
}

fn at_terminal(prepared: &Prepared, text: &str, is_agreed: bool) -> Result<Consent, Rejection> {
    if is_agreed {
        return Ok(Consent::Shell);
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(prepared.not_confirmed("nobody is here to be asked; `--yes` agrees in advance"));
    }
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "{text}\n\nRun it? [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    match read.is_ok() && is_yes {
        true => Ok(Consent::Shell),
        false => Err(prepared.not_confirmed("you declined")),
    }
}
