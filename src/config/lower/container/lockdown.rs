//! What holds a container back. Each part that a file lifts is told, with what that means.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::Container;
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::Lockdown;

/// Whoever the image says.
const OF_IMAGE: &str = "image";

/// Says that a protection is lifted, and what that means.
pub fn lifted(scope: &Scope<'_>, span: Span, message: &str) {
    scope.problems.add(Diagnostic::note(Code::Lifted, span, message));
}

pub fn lockdown(scope: &Scope<'_>, written: &Container<'_>) -> Option<Lockdown> {
    let strict = Lockdown::strict();
    let user = match written.user {
        Some(user) => self::user(scope, user),
        None => Some(strict.user),
    };
    let drop_capabilities = match &written.cap_drop {
        Some(list) => drops(scope, list),
        None => strict.drop_capabilities,
    };
    // For whoever comes later that is worse, which is told elsewhere.
    if let Some(Spanned { value: false, span }) = written.read_only
        && written.reuse.is_none()
    {
        lifted(
            scope,
            span,
            "the container can write everywhere in its copy of the image, which is gone after the call",
        );
    }
    if let Some(Spanned { value: false, span }) = written.no_new_privileges {
        lifted(
            scope,
            span,
            "programs such as sudo can give the container more privileges than it began with",
        );
    }
    let cap_add = written.cap_add.iter().filter_map(|name| capability(scope, *name)).collect();
    let user = user?;
    report_without_root(scope, written, user.as_deref());
    Some(Lockdown {
        read_only_root: written.read_only.map_or(strict.read_only_root, |read_only| read_only.value),
        drop_capabilities,
        cap_add,
        no_new_privileges: written.no_new_privileges.map_or(strict.no_new_privileges, |none| none.value),
        user,
    })
}

/// `UID[:GID]`, names, or `image`. `None` outside: it is none of these.
fn user(scope: &Scope<'_>, written: Spanned<&str>) -> Option<Option<String>> {
    let text = super::fixed(scope, written, "user")?;
    if text == OF_IMAGE {
        lifted(scope, written.span, "the container runs as whoever the image says, which mostly is root");
        return Some(None);
    }
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    let (name, group) =
        text.split_once(':').map_or((text.as_str(), None), |(user, group)| (user, Some(group)));
    if !is_name(name) || !group.is_none_or(is_name) {
        let message = format!("`{text}` is no user");
        let problem = Diagnostic::error(Code::BadValue, written.span, message);
        scope
            .problems
            .add(problem.help("expected `UID`, `UID:GID`, a name that the image knows, or `image`"));
        return None;
    }
    if is_root(name) {
        lifted(
            scope,
            written.span,
            "the container runs as root: what it writes into mounts is root's, and a hole in the kernel or the engine is worth more to it",
        );
    }
    Some(Some(text))
}

fn is_root(name: &str) -> bool {
    name == "root" || name.bytes().all(|byte| byte == b'0')
}

/// `[ALL]` or `[]`.
fn drops(scope: &Scope<'_>, written: &Spanned<Vec<Spanned<&str>>>) -> bool {
    for name in written.value.iter().filter(|name| name.value != "ALL") {
        let message = format!("`cap_drop` cannot be `{}`; expected `[ALL]` or `[]`", name.value);
        let problem = Diagnostic::error(Code::BadValue, name.span, message);
        scope.problems.add(problem.help("with `[ALL]`, `cap_add` gives back the few that are needed"));
    }
    if written.value.is_empty() {
        lifted(
            scope,
            written.span,
            "the container keeps what the engine gives by itself, such as changing owners, reading past permissions and raw packets",
        );
    }
    !written.value.is_empty()
}

/// All that Linux has, and what the worst of them mean.
const CAPABILITIES: [(&str, &str); 41] = [
    ("AUDIT_CONTROL", ""),
    ("AUDIT_READ", ""),
    ("AUDIT_WRITE", ""),
    ("BLOCK_SUSPEND", ""),
    ("BPF", "load programs into the kernel"),
    ("CHECKPOINT_RESTORE", ""),
    ("CHOWN", "change the owners of files"),
    ("DAC_OVERRIDE", "read and write past the permissions of files"),
    ("DAC_READ_SEARCH", "read past the permissions of files, by old ways out of containers too"),
    ("FOWNER", "act as the owner of every file"),
    ("FSETID", ""),
    ("IPC_LOCK", ""),
    ("IPC_OWNER", ""),
    ("KILL", "signal processes of other users"),
    ("LEASE", ""),
    ("LINUX_IMMUTABLE", ""),
    ("MAC_ADMIN", "change the rules that confine programs"),
    ("MAC_OVERRIDE", "pass the rules that confine programs"),
    ("MKNOD", "make device files"),
    ("NET_ADMIN", "change networks, addresses and firewalls that it is in"),
    ("NET_BIND_SERVICE", "listen on ports below 1024"),
    ("NET_BROADCAST", ""),
    ("NET_RAW", "send forged packets into its networks"),
    ("PERFMON", "watch the kernel and other programs"),
    ("SETFCAP", ""),
    ("SETGID", "become any group"),
    ("SETPCAP", ""),
    ("SETUID", "become any user"),
    ("SYSLOG", "read the log of the kernel"),
    ("SYS_ADMIN", "mount file systems and much else: it is nearly root of this host"),
    ("SYS_BOOT", "restart this host"),
    ("SYS_CHROOT", ""),
    ("SYS_MODULE", "load modules into the kernel: it is root of this host"),
    ("SYS_NICE", ""),
    ("SYS_PACCT", ""),
    ("SYS_PTRACE", "look into other processes and change them"),
    ("SYS_RAWIO", "write to disks and memory directly: it is root of this host"),
    ("SYS_RESOURCE", "pass limits"),
    ("SYS_TIME", "set the clock of this host"),
    ("SYS_TTY_CONFIG", ""),
    ("WAKE_ALARM", ""),
];

fn capability(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    let upper = written.value.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if name == "ALL" {
        lifted(
            scope,
            written.span,
            "the container is given every capability: it is nearly root of this host",
        );
        return Some(name.to_owned());
    }
    let Some((name, meaning)) = CAPABILITIES.iter().find(|(known, _)| *known == name) else {
        let message = format!("there is no capability `{}`", written.value);
        let problem = Diagnostic::error(Code::BadValue, written.span, message);
        scope.problems.add(match nearest(name, CAPABILITIES.iter().map(|(known, _)| *known)) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None => problem.help("`man capabilities` lists them; they are written without `CAP_`"),
        });
        return None;
    };
    let message = match *meaning {
        "" => format!("the container is given the capability {name}"),
        meaning => format!("with {name} the container can {meaning}"),
    };
    lifted(scope, written.span, &message);
    Some((*name).to_owned())
}

/// Engines give capabilities to root alone.
fn report_without_root(scope: &Scope<'_>, written: &Container<'_>, user: Option<&str>) {
    let (Some(first), Some(user)) = (written.cap_add.first(), user) else { return };
    let name = user.split(':').next().unwrap_or(user);
    if is_root(name) {
        return;
    }
    let message =
        format!("`cap_add` has no effect for the user `{user}`: engines give capabilities to root only");
    let problem = Diagnostic::warning(Code::Pointless, first.span, message);
    scope.problems.add(problem.help("write `user: root` beside it, or remove it"));
}

/// `linux/amd64`, `linux/arm/v7`.
pub fn platform(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    let text = super::fixed(scope, written, "platform")?;
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if text.split('/').all(is_part) && (1..=3).contains(&text.split('/').count()) {
        return Some(text);
    }
    let message = format!("`{text}` is no platform; expected one such as `linux/amd64` or `linux/arm64`");
    scope.problems.add(Diagnostic::error(Code::BadValue, written.span, message));
    None
}

pub fn stop_signal(scope: &Scope<'_>, written: Spanned<&str>) -> Option<String> {
    const SIGNALS: [&str; 16] = [
        "HUP", "INT", "QUIT", "ABRT", "KILL", "USR1", "USR2", "PIPE", "ALRM", "TERM", "CONT", "STOP", "TSTP",
        "WINCH", "PWR", "IO",
    ];
    let text = super::fixed(scope, written, "stop_signal")?;
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if SIGNALS.contains(&name) {
        return Some(format!("SIG{name}"));
    }
    if text.parse::<u8>().is_ok_and(|number| (1..=64).contains(&number)) {
        return Some(text);
    }
    let problem = Diagnostic::error(Code::BadValue, written.span, format!("`{text}` is no signal"));
    scope.problems.add(problem.help("expected a name such as `SIGINT`, or a number from 1 to 64"));
    None
}
