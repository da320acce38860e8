//! Limits by cgroup v2, in a virtual machine that has it whatever the host has.

use crate::support::machine::Machine;
use crate::support::processes::example;

#[test]
fn limits_by_cgroup_hold_and_leave_nothing() {
    let Some(machine) = Machine::with_mcpfier() else { return };
    for name in ["host", "adversary"] {
        machine.write(&format!("bin/{name}"), &std::fs::read(example(name)).expect("a built example"));
    }
    let script = include_str!("../vm/limits.sh");
    let session = machine.run(script);
    assert_eq!(session.status, 0, "it stopped early:\n{}", session.text);
    assert!(session.text.trim_end().ends_with("done"), "it stopped early:\n{}", session.text);
    assert!(!session.text.contains("FAIL "), "{}", session.text);
    let checks = script.lines().filter(|line| line.starts_with("verdict ")).count();
    assert_eq!(session.text.matches("PASS ").count(), checks, "{}", session.text);
}
