//! Which step may begin: each when all that it waits for have ended.

use std::collections::VecDeque;

use crate::plan::PlannedStep;

/// The steps that have not begun.
pub struct Line {
    /// For how many each still waits.
    missing: Vec<usize>,
    /// Who waits for it.
    waiting: Vec<Vec<usize>>,
    ready: VecDeque<usize>,
}

impl Line {
    pub fn new(steps: &[PlannedStep]) -> Self {
        let mut waiting = vec![Vec::new(); steps.len()];
        let mut missing = vec![0; steps.len()];
        for (place, step) in steps.iter().enumerate() {
            for &before in &step.after {
                if let (Some(behind), Some(count)) = (waiting.get_mut(before), missing.get_mut(place)) {
                    let behind: &mut Vec<usize> = behind;
                    behind.push(place);
                    *count += 1;
                }
            }
        }
        let ready = missing.iter().enumerate().filter(|(_, count)| **count == 0);
        let ready = ready.map(|(place, _)| place).collect();
        Self { missing, waiting, ready }
    }

    /// One that may begin now.
    pub fn next(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// A step has ended, whatever the way.
    pub fn ended(&mut self, place: usize) {
        let behind = self.waiting.get_mut(place).map(std::mem::take).unwrap_or_default();
        for next in behind {
            let Some(count) = self.missing.get_mut(next) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.ready.push_back(next);
            }
        }
    }

    /// Whether somebody waits for this one.
    pub fn is_awaited(steps: &[PlannedStep]) -> Vec<bool> {
        let mut awaited = vec![false; steps.len()];
        for &before in steps.iter().flat_map(|step| &step.after) {
            if let Some(awaited) = awaited.get_mut(before) {
                *awaited = true;
            }
        }
        awaited
    }
}
