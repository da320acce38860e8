//! Answers that are remembered for a while, and not too many of them.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

/// Of each kind. Wrong tokens push out no good ones.
const MOST: usize = 4096;

type Fingerprint = [u8; 32];

/// What an issuer has said of tokens, by their fingerprints.
#[derive(Default)]
pub struct Known {
    good: HashMap<Fingerprint, (Map<String, Value>, Instant)>,
    bad: HashMap<Fingerprint, (Map<String, Value>, Instant)>,
}

impl Known {
    pub fn find(&self, token: &Fingerprint, now: Instant) -> Option<Map<String, Value>> {
        let (said, until) = self.good.get(token).or_else(|| self.bad.get(token))?;
        (now < *until).then(|| said.clone())
    }

    pub fn keep(&mut self, token: Fingerprint, said: Map<String, Value>, now: Instant, lasts: Duration) {
        let is_good = said.get("active") == Some(&Value::Bool(true));
        self.good.remove(&token);
        self.bad.remove(&token);
        let kind = if is_good { &mut self.good } else { &mut self.bad };
        if kind.len() >= MOST {
            kind.retain(|_, (_, until)| now < *until);
        }
        if kind.len() >= MOST {
            kind.clear();
        }
        kind.insert(token, (said, now + lasts));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_counts_for_a_while_and_wrong_tokens_push_out_no_good_ones() {
        let (mut known, now) = (Known::default(), Instant::now());
        let said = |active: bool| json!({ "active": active }).as_object().cloned().unwrap();
        let lasts = Duration::from_secs(30);
        known.keep([0; 32], said(true), now, lasts);
        for number in 0_u32..10_000 {
            let mut token = [1; 32];
            token[..4].copy_from_slice(&number.to_le_bytes());
            known.keep(token, said(false), now, lasts);
        }
        assert!(known.bad.len() <= MOST);
        assert_eq!(known.find(&[0; 32], now + lasts / 2), Some(said(true)));
        assert_eq!(known.find(&[0; 32], now + lasts), None);
        assert_eq!(known.find(&[9; 32], now), None);
    }
}
