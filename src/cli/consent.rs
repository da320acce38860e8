//! Whoever calls at a shell agrees to what has to be confirmed: at the terminal, or in advance by `--yes`.

use tokio_util::sync::CancellationToken;

use crate::engine::{Consent, Engine, Prepared, Rejection};
use crate::model::Approver;

use super::terminal::{self, Typed};

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
    if !terminal::is_there() {
        return Err(prepared.not_confirmed("nobody is here to be asked; `--yes` agrees in advance"));
    }
    match terminal::ask(&format!("{text}\n\nRun it? [y/N] ")) {
        Ok(Typed::Line(answer)) if is_yes(&answer) => Ok(Consent::Shell),
        Ok(Typed::Line(_)) => Err(prepared.not_confirmed("you declined")),
        Ok(Typed::Ended) => Err(prepared.not_confirmed("the input ended before an answer")),
        Ok(Typed::Interrupted) => Err(Rejection::Cancelled),
        Err(error) => Err(prepared.not_confirmed(format!("the terminal cannot be read: {error}"))),
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
