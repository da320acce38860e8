//! How the commands of a file hang together: no circle, not too deep, not too many steps, and what one
//! lacks all lack that run it.
//!
//! Goes through files with chains of any length without recursion, and looks at each call once.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::model::{Action, Availability, MOST_NESTED_FLOWS, MOST_STEPS, Tool};

use super::{Call, Made};

/// More names or places than this help nobody.
const SHOWN: usize = 12;

/// Puts the flows in their places among the tools, and judges them together.
pub fn settle(problems: &Problems, tools: &mut [Tool], made: Vec<Made>) {
    let mut calls: Vec<Vec<Call>> = vec![Vec::new(); tools.len()];
    for Made { at, tool, calls: its } in made {
        if let (Some(place), Some(edges)) = (tools.get_mut(at), calls.get_mut(at)) {
            *place = tool;
            *edges = its;
        }
    }
    let found = vec![Found::default(); calls.len()];
    let mut walk = Walk { problems, tools, calls: &calls, state: vec![State::Unseen; calls.len()], found };
    for start in 0..calls.len() {
        walk.from(start);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unseen,
    /// It is on the way that led here.
    Open,
    Done,
}

/// What is known of a command when all that it runs has been looked at.
#[derive(Clone, Copy, Default)]
struct Found {
    /// 0 for a command without steps.
    depth: usize,
    /// Which of those that it runs is as deep.
    through: Option<Call>,
    steps: usize,
    /// Which command cannot run on this host, if it cannot because of one.
    lacking: Option<usize>,
}

struct Walk<'a> {
    problems: &'a Problems,
    tools: &'a mut [Tool],
    calls: &'a [Vec<Call>],
    state: Vec<State>,
    found: Vec<Found>,
}

/// A command on the way, and how many of its calls have been followed.
struct Visit {
    tool: usize,
    next: usize,
    /// What led here.
    by: Option<Call>,
}

impl Walk<'_> {
    fn from(&mut self, start: usize) {
        if self.state(start) != State::Unseen {
            return;
        }
        let mut way = Vec::new();
        self.enter(&mut way, start, None);
        while let Some(visit) = way.last_mut() {
            let tool = visit.tool;
            let Some(call) = self.calls.get(tool).and_then(|calls| calls.get(visit.next)).copied() else {
                way.pop();
                self.leave(tool);
                continue;
            };
            visit.next += 1;
            match self.state(call.callee) {
                State::Unseen => self.enter(&mut way, call.callee, Some(call)),
                State::Open => self.report_circle(&way, call),
                State::Done => {}
            }
        }
    }

    fn enter(&mut self, way: &mut Vec<Visit>, tool: usize, by: Option<Call>) {
        self.set(tool, State::Open);
        way.push(Visit { tool, next: 0, by });
    }

    fn leave(&mut self, tool: usize) {
        self.set(tool, State::Done);
        let Some(Action::Flow(flow)) = self.tools.get(tool).map(|tool| &tool.action) else {
            let is_lacking = matches!(
                self.tools.get(tool).map(|tool| &tool.availability),
                Some(Availability::Unavailable { .. })
            );
            self.find(tool, Found { steps: 1, lacking: is_lacking.then_some(tool), ..Found::default() });
            return;
        };
        let mut found = Found { depth: 1, steps: flow.steps.len() + flow.finally.len(), ..Found::default() };
        for call in self.calls.get(tool).into_iter().flatten() {
            let callee = self.found.get(call.callee).copied().unwrap_or_default();
            if callee.depth + 1 > found.depth {
                found.depth = callee.depth + 1;
                found.through = Some(*call);
            }
            found.steps = found.steps.saturating_add(callee.steps.saturating_sub(1));
            found.lacking = found.lacking.or(callee.lacking);
        }
        self.take_away(tool, found.lacking);
        self.find(tool, found);
        self.judge(tool, found);
    }

    /// A command cannot run whose steps cannot.
    fn take_away(&mut self, tool: usize, lacking: Option<usize>) {
        let Some(culprit) = lacking.and_then(|at| self.tools.get(at)) else { return };
        let Availability::Unavailable { reason } = &culprit.availability else { return };
        let reason = format!("it runs `{}`: {reason}", culprit.name);
        if let Some(tool) = self.tools.get_mut(tool)
            && matches!(tool.availability, Availability::Offered | Availability::Internal)
        {
            tool.availability = Availability::Unavailable { reason };
            if let Some(requires) = &mut tool.requires {
                requires.apart = tool.availability.clone();
            }
        }
    }

    /// Told once, of the innermost that is too much.
    fn judge(&self, tool: usize, found: Found) {
        if found.depth == MOST_NESTED_FLOWS + 1
            && let Some(call) = found.through
        {
            let mut way = vec![tool];
            let mut next = Some(call);
            while let Some(call) = next {
                way.push(call.callee);
                next = self.found.get(call.callee).and_then(|found| found.through);
            }
            let message = format!(
                "commands with steps are nested {} deep; at most {MOST_NESTED_FLOWS} may be: {}",
                found.depth,
                self.names(&way)
            );
            let problem = Diagnostic::error(Code::TooNested, call.span, message);
            self.problems.add(problem.help("put the steps of some into those that run them"));
        }
        let is_first = || {
            let mut calls = self.calls.get(tool).into_iter().flatten();
            calls.all(|call| self.found.get(call.callee).is_none_or(|found| found.steps <= MOST_STEPS))
        };
        if found.steps > MOST_STEPS && is_first() {
            self.report_steps(tool, found.steps);
        }
    }

    fn report_steps(&self, tool: usize, steps: usize) {
        let Some(name) = self.tools.get(tool).map(|tool| &tool.name) else { return };
        let message = format!(
            "a call of `{name}` would run {steps} steps, with those of the commands that it runs; at most {MOST_STEPS} may be"
        );
        let first = self.calls.get(tool).and_then(|calls| calls.first());
        self.problems.add(match first {
            Some(call) => Diagnostic::error(Code::TooManySteps, call.span, message),
            None => Diagnostic::of_file(Code::TooManySteps, message),
        });
    }

    fn report_circle(&self, way: &[Visit], last: Call) {
        let from = way.iter().position(|visit| visit.tool == last.callee).unwrap_or_default();
        let circle = way.get(from..).unwrap_or_default();
        let mut names: Vec<usize> = circle.iter().map(|visit| visit.tool).collect();
        names.push(last.callee);
        let message = match circle.len() {
            1 => format!("`{}` runs itself", self.name(last.callee)),
            _ => format!("these commands run each other in a circle: {}", self.names(&names)),
        };
        let mut problem = Diagnostic::error(Code::Circle, last.span, message);
        // The first of them was led to from outside of the circle.
        let calls = circle.iter().skip(1).filter_map(|visit| visit.by);
        for call in calls.take(SHOWN) {
            problem = problem.other(call.span, format!("`{}` is run here", self.name(call.callee)));
        }
        self.problems.add(problem.help("a call would never end: take one of them out"));
    }

    fn name(&self, tool: usize) -> &str {
        self.tools.get(tool).map(|tool| tool.name.as_str()).unwrap_or_default()
    }

    /// `a → b → c`; of a long way its beginning and its end.
    fn names(&self, way: &[usize]) -> String {
        let names = |part: &[usize]| -> Vec<&str> { part.iter().map(|tool| self.name(*tool)).collect() };
        if way.len() <= SHOWN {
            return names(way).join(" → ");
        }
        let (head, rest) = way.split_at(SHOWN / 2);
        let (middle, tail) = rest.split_at(rest.len().saturating_sub(SHOWN / 2));
        format!("{} → … ({} more) → {}", names(head).join(" → "), middle.len(), names(tail).join(" → "))
    }

    fn state(&self, tool: usize) -> State {
        self.state.get(tool).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, tool: usize, state: State) {
        if let Some(place) = self.state.get_mut(tool) {
            *place = state;
        }
    }

    fn find(&mut self, tool: usize, found: Found) {
        if let Some(place) = self.found.get_mut(tool) {
            *place = found;
        }
    }
}
