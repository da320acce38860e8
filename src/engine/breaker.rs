//! Leaves alone what keeps failing: closed, open, and half open with one call that tries.
//!
//! ```text
//! closed ── so many failures in a row within the window ──► open ── cooldown over, next call ──► half open
//!    ▲                                                        ▲                                      │
//!    └───────────────────── it succeeds ──────────────────────┼───────────── it fails ───────────────┤
//!                                                             └─────────────────────────────◄────────┘
//! ```
//!
//! In memory, of this process alone. A reload keeps those whose settings are unchanged.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::model::{Breaker, Catalog, ToolName, format_duration};

use super::Rejection;

/// The breakers of one state.
#[derive(Default)]
pub struct Breakers {
    switches: HashMap<ToolName, Arc<Switch>>,
    /// Grows when one of them turns.
    turns: Arc<AtomicU64>,
}

/// One breaker.
pub struct Switch {
    tool: ToolName,
    rules: Breaker,
    position: Mutex<Position>,
    turns: Arc<AtomicU64>,
}

enum Position {
    Closed { failures: VecDeque<Instant> },
    Open { until: Instant, last: String, reopens: SystemTime },
    HalfOpen { last: String, reopens: SystemTime },
}

/// How a call went, for the breaker.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Success,
    Failure(String),
    /// It says nothing about the command.
    Neither,
}

/// A call that was let through. Dropped without a verdict it says nothing.
pub struct Passage {
    switch: Arc<Switch>,
    is_trial: bool,
    is_over: bool,
}

/// Where a breaker stands, for those who list tools.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub is_trying: bool,
    pub last: String,
    pub reopens: SystemTime,
}

impl Breakers {
    /// The breakers of a catalog; of those before, the ones whose settings are the same stay as they are.
    pub fn following(&self, catalog: &Catalog) -> Self {
        let turns = Arc::clone(&self.turns);
        let switch = |tool: &crate::model::Tool| {
            let rules = tool.breaker?;
            let kept = self.switches.get(&tool.name).filter(|switch| switch.rules == rules);
            let fresh = || {
                let position = Mutex::new(Position::Closed { failures: VecDeque::new() });
                Arc::new(Switch { tool: tool.name.clone(), rules, position, turns: Arc::clone(&turns) })
            };
            Some((tool.name.clone(), kept.map_or_else(fresh, Arc::clone)))
        };
        let switches = catalog.tools().iter().filter_map(|tool| switch(tool)).collect();
        Self { switches, turns }
    }

    pub fn of(&self, tool: &ToolName) -> Option<&Arc<Switch>> {
        self.switches.get(tool)
    }

    /// Another number whenever one has turned.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::SeqCst)
    }
}

impl Switch {
    /// Lets a call through, or says why not.
    pub fn enter(self: &Arc<Self>) -> Result<Passage, Rejection> {
        let mut position = self.lock();
        let passage = |is_trial| Passage { switch: Arc::clone(self), is_trial, is_over: false };
        match &mut *position {
            Position::Closed { .. } => Ok(passage(false)),
            Position::Open { until, last, reopens } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(self.rejection(last, Some(left)));
                }
                let (last, reopens) = (std::mem::take(last), *reopens);
                self.turn(&mut position, Position::HalfOpen { last, reopens });
                Ok(passage(true))
            }
            Position::HalfOpen { last, .. } => Err(self.rejection(last, None)),
        }
    }

    /// `None` while it is closed.
    pub fn standing(&self) -> Option<Standing> {
        match &*self.lock() {
            Position::Closed { .. } => None,
            Position::Open { last, reopens, .. } => {
                Some(Standing { is_trying: false, last: last.clone(), reopens: *reopens })
            }
            Position::HalfOpen { last, reopens } => {
                Some(Standing { is_trying: true, last: last.clone(), reopens: *reopens })
            }
        }
    }

    fn settle(&self, is_trial: bool, verdict: Verdict) {
        let mut position = self.lock();
        match (&mut *position, verdict) {
            (Position::Closed { failures }, Verdict::Success) => failures.clear(),
            (Position::Closed { failures }, Verdict::Failure(last)) => {
                let now = Instant::now();
                failures.push_back(now);
                while failures.front().is_some_and(|first| now.duration_since(*first) > self.rules.window) {
                    failures.pop_front();
                }
                if failures.len() >= self.rules.failures.get() as usize {
                    self.open(&mut position, last);
                }
            }
            (Position::HalfOpen { .. }, Verdict::Success) if is_trial => {
                tracing::info!("the breaker of `{}` is closed again", self.tool);
                self.turn(&mut position, Position::Closed { failures: VecDeque::new() });
            }
            (Position::HalfOpen { .. }, Verdict::Failure(last)) if is_trial => {
                self.open(&mut position, last);
            }
            // The trial has come to nothing: the next call is one.
            (Position::HalfOpen { last, reopens }, Verdict::Neither) if is_trial => {
                let (last, reopens) = (std::mem::take(last), *reopens);
                self.turn(&mut position, Position::Open { until: Instant::now(), last, reopens });
            }
            // Calls from before it opened, and what says nothing.
            _ => {}
        }
    }

    fn open(&self, position: &mut Position, last: String) {
        let Breaker { failures, cooldown, .. } = self.rules;
        tracing::warn!(
            "the breaker of `{}` is open after {failures} failures in a row, and for {}; the last: {last}",
            self.tool,
            format_duration(cooldown)
        );
        let reopens = SystemTime::now() + cooldown;
        self.turn(position, Position::Open { until: Instant::now() + cooldown, last, reopens });
    }

    fn turn(&self, position: &mut Position, next: Position) {
        *position = next;
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    fn rejection(&self, last: &str, again_in: Option<Duration>) -> Rejection {
        let tool = self.tool.to_string();
        Rejection::BreakerOpen { tool, failures: self.rules.failures.get(), last: last.to_owned(), again_in }
    }

    fn lock(&self) -> MutexGuard<'_, Position> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passage {
    pub fn end(mut self, verdict: Verdict) {
        self.is_over = true;
        self.switch.settle(self.is_trial, verdict);
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if !self.is_over {
            self.switch.settle(self.is_trial, Verdict::Neither);
        }
    }
}
