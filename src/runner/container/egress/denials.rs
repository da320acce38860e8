//! What a container tried to reach and did not: each once, so that whoever called sees it.

use std::fmt::{Display, Write};
use std::sync::{Mutex, PoisonError};

/// How many are told one by one.
const MOST: usize = 20;

/// Filled while the container runs. A container can try what it likes as often as it likes.
#[derive(Default)]
pub struct Denials(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    told: Vec<String>,
    more: u64,
}

impl Denials {
    /// The text holds nothing that the container could have made up but names and ports.
    pub fn add(&self, denial: &impl Display) {
        let text = denial.to_string();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.told.contains(&text) {
            true => {}
            false if kept.told.len() < MOST => kept.told.push(text),
            false => kept.more += 1,
        }
    }

    /// From now on another command tries.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    /// A line for each, or nothing at all.
    pub fn report(&self) -> Option<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.told.is_empty() {
            return None;
        }
        let mut text: String = kept.told.iter().map(|denial| format!("mcpfier: {denial}\n")).collect();
        if kept.more > 0 {
            let _ = writeln!(text, "mcpfier: {} other attempts were in vain", kept.more);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_and_many_are_counted() {
        let denials = Denials::default();
        assert_eq!(denials.report(), None);
        for round in 0..3 {
            for number in 0..25 {
                denials.add(&format!("denied {number}"));
            }
            assert_eq!(denials.report().unwrap().lines().count(), 21, "in round {round}");
        }
        let report = denials.report().unwrap();
        assert!(report.starts_with("mcpfier: denied 0\nmcpfier: denied 1\n"), "{report}");
        assert!(
            report.ends_with("mcpfier: denied 19\nmcpfier: 15 other attempts were in vain\n"),
            "{report}"
        );
    }
}
