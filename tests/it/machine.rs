//! Limits by cgroup v2, in a virtual machine that has it whatever the host has.

use crate::support::machine::Machine;

#[test]
fn the_machine_has_cgroup_controllers_and_our_binary() {
    let Some(machine) = Machine::with_mcpfier() else { return };
    let session = machine.run("cat /sys/fs/cgroup/cgroup.controllers; mcpfier --version; exit 3");
    assert_eq!(session.status, 3, "{}", session.text);
    assert!(session.text.contains("memory"), "{}", session.text);
}
