//! A program that finds the verdict on a system call by its number, in few steps.
//!
//! `seccompiler` compares a number with one call after the other. That is as good for each call, whose
//! verdict the kernel remembers; but to know what it may remember, the kernel runs the program for
//! every number whenever one is set: 200 µs with a hundred calls in a row, 40 µs like this. So the
//! numbers are searched here, and its program judges only what depends on arguments.

use std::collections::BTreeMap;

use nix::libc::{self, sock_filter};

use super::calls;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    Refused,
    /// As if the kernel did not have it.
    Absent,
    /// Refused if it would make a namespace.
    Namespaces,
    /// Refused if it is about another process than the one that calls.
    OwnOnly,
    /// By its arguments.
    Judged,
}

#[cfg(target_arch = "x86_64")]
const MACHINE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const MACHINE: u32 = 0xC000_00B7;
#[cfg(target_arch = "riscv64")]
const MACHINE: u32 = 0xC000_00F3;
/// No machine: the program is never set there.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
const MACHINE: u32 = 0;

/// Where the kernel shows what is called: the number, the machine, and the low half of the first argument.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const FIRST_ARGUMENT: u32 = 16;

/// From a number on, up to that of the next span.
type Span = (u32, Verdict);

/// `None` if it cannot be: it would be too long for the jumps of such a program.
pub fn program(verdicts: &BTreeMap<i64, Verdict>, judge: Vec<sock_filter>) -> Option<Vec<sock_filter>> {
    let mut search = Search::default();
    let first = search.add(&spans(verdicts)?);
    // Nothing to search is no search.
    matches!(first, Target::Step(0)).then_some(())?;
    let head = [
        load(ARCHITECTURE),
        jump(libc::BPF_JEQ, MACHINE, 1, 0),
        answer(libc::SECCOMP_RET_KILL_PROCESS),
        load(NUMBER),
    ];
    let namespaces = calls::NAMESPACES.iter().fold(0_u32, |all, flag| all | flag.unsigned_abs());
    let leaves = [
        answer(libc::SECCOMP_RET_ALLOW),
        answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        answer(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
        load(FIRST_ARGUMENT),
        jump(libc::BPF_JSET, namespaces, 0, 1),
        answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        answer(libc::SECCOMP_RET_ALLOW),
        load(FIRST_ARGUMENT),
        jump(libc::BPF_JEQ, 0, 1, 0),
        answer(libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        answer(libc::SECCOMP_RET_ALLOW),
    ];
    let searched = search.resolved()?;
    Some(head.into_iter().chain(searched).chain(leaves).chain(judge).collect())
}

impl Verdict {
    /// Behind the search: where its leaf begins.
    fn leaf(self) -> usize {
        match self {
            Self::Allowed => 0,
            Self::Refused => 1,
            Self::Absent => 2,
            Self::Namespaces => 3,
            Self::OwnOnly => 7,
            Self::Judged => 11,
        }
    }
}

/// Numbers in a row with the same verdict, the first from 0 on.
fn spans(verdicts: &BTreeMap<i64, Verdict>) -> Option<Vec<Span>> {
    let mut spans: Vec<Span> = Vec::new();
    let mut next = 0;
    let mut add = |from: u32, verdict: Verdict| {
        if spans.last().is_none_or(|(_, last)| *last != verdict) {
            spans.push((from, verdict));
        }
    };
    for (call, verdict) in verdicts {
        let call = u32::try_from(*call).ok()?;
        if call > next {
            add(next, Verdict::Allowed);
        }
        add(call, *verdict);
        next = call + 1;
    }
    if next <= calls::LAST_KNOWN {
        add(next, Verdict::Allowed);
    }
    add(calls::LAST_KNOWN + 1, Verdict::Absent);
    Some(spans)
}

#[derive(Clone, Copy)]
enum Target {
    Step(usize),
    Leaf(Verdict),
}

/// Is the number this one or above?
struct Step {
    number: u32,
    above: Target,
    below: Target,
}

#[derive(Default)]
struct Search {
    steps: Vec<Step>,
}

impl Search {
    fn add(&mut self, spans: &[Span]) -> Target {
        let (below, above) = spans.split_at(spans.len() / 2);
        let Some((number, verdict)) = above.first().copied() else { return Target::Leaf(Verdict::Refused) };
        if below.is_empty() {
            return Target::Leaf(verdict);
        }
        let at = self.steps.len();
        let unknown = Target::Leaf(Verdict::Refused);
        self.steps.push(Step { number, above: unknown, below: unknown });
        let (below, above) = (self.add(below), self.add(above));
        if let Some(step) = self.steps.get_mut(at) {
            *step = Step { number, above, below };
        }
        Target::Step(at)
    }

    fn resolved(&self) -> Option<Vec<sock_filter>> {
        let length = self.steps.len();
        let distance = |from: usize, to: Target| {
            let to = match to {
                Target::Step(at) => at,
                Target::Leaf(verdict) => length + verdict.leaf(),
            };
            u8::try_from(to.checked_sub(from + 1)?).ok()
        };
        let steps = self.steps.iter().enumerate();
        steps
            .map(|(at, Step { number, above, below })| {
                Some(jump(libc::BPF_JGE, *number, distance(at, *above)?, distance(at, *below)?))
            })
            .collect()
    }
}

fn load(offset: u32) -> sock_filter {
    operation(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

fn answer(action: u32) -> sock_filter {
    operation(libc::BPF_RET | libc::BPF_K, action)
}

fn jump(condition: u32, value: u32, then: u8, otherwise: u8) -> sock_filter {
    sock_filter { jt: then, jf: otherwise, ..operation(libc::BPF_JMP | condition | libc::BPF_K, value) }
}

fn operation(code: u32, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt: 0, jf: 0, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the program answers, or `None` where the judge is asked.
    fn run(program: &[sock_filter], number: u32, machine: u32, first: u32) -> Option<u32> {
        let (mut at, mut value) = (0_usize, 0);
        loop {
            let sock_filter { code, jt, jf, k } = *program.get(at)?;
            at += 1;
            let code = u32::from(code);
            let holds = match code & 0xf0 {
                libc::BPF_JEQ => value == k,
                libc::BPF_JGE => value >= k,
                _ => value & k != 0,
            };
            match code & 0x7 {
                libc::BPF_LD => value = [number, machine, 0, 0, first][k as usize / 4],
                libc::BPF_RET => return Some(k),
                _ => at += usize::from(if holds { jt } else { jf }),
            }
        }
    }

    #[test]
    fn every_number_gets_its_verdict() {
        let mut verdicts = BTreeMap::new();
        for call in (3..460).step_by(5) {
            verdicts.insert(call, Verdict::Refused);
        }
        verdicts.insert(16, Verdict::Judged);
        verdicts.insert(56, Verdict::Namespaces);
        verdicts.insert(435, Verdict::Absent);
        verdicts.insert(302, Verdict::OwnOnly);
        let program = program(&verdicts, Vec::new()).unwrap();
        let refuse = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        let absent = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;
        for number in (0..600).chain([0x4000_0000, u32::MAX]) {
            let expected = match verdicts.get(&i64::from(number)) {
                Some(Verdict::Refused) => Some(refuse),
                Some(Verdict::Absent) => Some(absent),
                Some(Verdict::Judged) => None,
                _ if number > calls::LAST_KNOWN => Some(absent),
                _ => Some(libc::SECCOMP_RET_ALLOW),
            };
            assert_eq!(run(&program, number, MACHINE, 0), expected, "{number}");
        }
        assert_eq!(run(&program, 56, MACHINE, libc::CLONE_NEWUSER as u32 | 17), Some(refuse));
        assert_eq!(run(&program, 56, MACHINE, libc::CLONE_VM as u32), Some(libc::SECCOMP_RET_ALLOW));
        assert_eq!(run(&program, 302, MACHINE, 12), Some(refuse));
        assert_eq!(run(&program, 1, 0x4000_0003, 0), Some(libc::SECCOMP_RET_KILL_PROCESS));
    }
}
