//! The filter of system calls: what files alone cannot say, and what could reach around a ruleset.
//!
//! Everything is let through but what is named here. What is newer than this list is not there at
//! all, as far as the command can see, and neither is the second set of numbers of x86-64 (x32).

use std::collections::BTreeMap;

use nix::libc::{self, sock_filter};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{self, Eq, MaskedEq, Ne};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::calls;
use super::search::{self, Verdict};

/// The program, empty where the machine is none that a filter can be made for.
pub fn program(host_network: bool) -> Vec<sock_filter> {
    assembled(host_network).unwrap_or_default()
}

fn assembled(host_network: bool) -> Option<Vec<sock_filter>> {
    let judged = conditional(host_network)?;
    let refused = calls::REFUSED.iter().chain(calls::REFUSED_OF_MACHINE).chain([&libc::SYS_socket]);
    let mut verdicts: BTreeMap<i64, Verdict> = refused.map(|call| (*call, Verdict::Refused)).collect();
    verdicts.extend(judged.keys().map(|call| (*call, Verdict::Judged)));
    verdicts.extend(calls::OWN_ONLY.map(|call| (call, Verdict::OwnOnly)));
    verdicts.insert(libc::SYS_clone, Verdict::Namespaces);
    // Its flags lie in memory, where no filter looks. The C library falls back on `clone`.
    verdicts.insert(libc::SYS_clone3, Verdict::Absent);
    let (allow, refuse) = (SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32));
    let machine = std::env::consts::ARCH.try_into().ok()?;
    let judge: BpfProgram = SeccompFilter::new(judged, allow, refuse, machine).ok()?.try_into().ok()?;
    let judge =
        judge.into_iter().map(|next| sock_filter { code: next.code, jt: next.jt, jf: next.jf, k: next.k });
    search::program(&verdicts, judge.collect())
}

/// Calls that are refused only with some arguments.
fn conditional(host_network: bool) -> Option<BTreeMap<i64, Vec<SeccompRule>>> {
    let ioctls =
        calls::IOCTLS.iter().map(|request| rule(&[SeccompCondition::new(1, Dword, Eq, *request).ok()]));
    // Only the time of what is open already, and only to now: that is `touch`.
    let times = vec![rule(&[on(1, Qword, Ne, 0)])?, rule(&[on(2, Qword, Ne, 0)])?];
    let mut judged = BTreeMap::from([
        (libc::SYS_ioctl, ioctls.collect::<Option<_>>()?),
        (libc::SYS_utimensat, times),
        (libc::SYS_setpriority, vec![rule(&[on(0, Dword, Ne, 0)])?, rule(&[on(1, Dword, Ne, 0)])?]),
        (libc::SYS_ioprio_set, vec![rule(&[on(0, Dword, Ne, 1)])?, rule(&[on(1, Dword, Ne, 0)])?]),
        (libc::SYS_socketpair, vec![rule(&[on(0, Dword, Ne, libc::AF_UNIX)])?]),
    ]);
    if host_network {
        judged.insert(libc::SYS_socket, sockets()?);
    }
    Some(judged)
}

/// With a network: the protocols of the internet, and what the resolver asks the kernel. No raw
/// packets, no machines beside this one, and no local sockets: behind those stand programs that do
/// what they are told, such as container engines and session managers.
fn sockets() -> Option<Vec<SeccompRule>> {
    let family = |operator, family| on(0, Dword, operator, family);
    let is_raw = on(1, Dword, MaskedEq(0xf), libc::SOCK_RAW);
    Some(vec![
        rule(&[family(Ne, libc::AF_INET), family(Ne, libc::AF_INET6), family(Ne, libc::AF_NETLINK)])?,
        rule(&[family(Eq, libc::AF_NETLINK), on(2, Dword, Ne, libc::NETLINK_ROUTE)])?,
        rule(&[family(Ne, libc::AF_NETLINK), is_raw])?,
    ])
}

fn on(
    argument: u8,
    length: SeccompCmpArgLen,
    operator: SeccompCmpOp,
    value: i32,
) -> Option<SeccompCondition> {
    SeccompCondition::new(argument, length, operator, u64::from(value.unsigned_abs())).ok()
}

fn rule(conditions: &[Option<SeccompCondition>]) -> Option<SeccompRule> {
    SeccompRule::new(conditions.iter().cloned().collect::<Option<_>>()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_are_there_and_short() {
        for host_network in [false, true] {
            let length = program(host_network).len();
            assert!((100..350).contains(&length), "{length}");
        }
    }
}
