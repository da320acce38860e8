//! What the host's kernel may not offer or may not be told, in a virtual machine: limits by cgroup v2,
//! and a server that gets no word of changes.

use crate::support::machine::{Machine, passes};
use crate::support::processes::example;

#[test]
fn limits_by_cgroup_hold_and_leave_nothing() {
    let Some(machine) = Machine::with_mcpfier() else { return };
    for name in ["host", "adversary"] {
        machine.write(&format!("bin/{name}"), &std::fs::read(example(name)).expect("a built example"));
    }
    passes(machine, include_str!("../vm/limits.sh"));
}

#[test]
fn changes_are_seen_where_nobody_tells_of_them() {
    let Some(machine) = Machine::with_mcpfier() else { return };
    passes(machine, include_str!("../vm/reload.sh"));
}
