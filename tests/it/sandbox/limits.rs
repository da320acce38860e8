//! Limits in a sandbox, and a program that is more than a shell.

use std::path::Path;

use super::{is_kept, run, tools};
use crate::support::place::Place;
use crate::support::processes::{assert_none_left, example, mark};
use crate::support::skip::skip;

/// A program that overdoes something, within limits.
fn overdoing(mark: &str, deed: &str, limits: &str) -> Place {
    let adversary = example("adversary");
    Place::with(&[(
        "tools.yaml",
        &format!(
            "version: 1\ncommands:\n  - name: it\n    description: Does it.\n    sandbox: true\n    script: {}\n    args: [{mark}, {deed}]\n    limits: {{ {limits} }}\n    timeout: 60s\n",
            adversary.display()
        ),
    )])
}

#[test]
fn a_limit_on_memory_holds_in_a_sandbox() {
    let mark = mark();
    let said = run(&overdoing(&mark, "allocate, \"300\"", "memory: 64MiB")).ends_with(137).stderr;
    assert!(said.contains("memory"), "{said}");
    assert_none_left(&mark, std::time::Duration::from_secs(30));
}

#[test]
fn a_limit_on_processes_holds_in_a_sandbox() {
    let mark = mark();
    let said = run(&overdoing(&mark, "bomb, \"100\"", "pids: 20")).ends_with(137).stderr;
    assert!(said.contains("processes"), "{said}");
    assert_none_left(&mark, std::time::Duration::from_secs(30));
}

#[test]
fn python_reads_its_library_and_writes_only_temporary_files() {
    if !is_kept() {
        return;
    }
    if !Path::new("/usr/bin/python3").exists() {
        return skip("there is no python3 of the system");
    }
    let script = "\
exec /usr/bin/python3 - <<'EOF'
import json, os, socket, subprocess, tempfile
with tempfile.NamedTemporaryFile('w+', suffix='.json') as made:
    json.dump({'sum': sum(range(10))}, made)
    made.flush()
    print(open(made.name).read())
print(subprocess.run(['cat', 'readable'], capture_output=True, text=True).stdout.strip())
print(os.path.expanduser('~') == tempfile.gettempdir())
for deed in (lambda: open('made', 'w'), lambda: open('/var/tmp/made', 'w'), lambda: os.listdir('/root'),
             lambda: os.chmod(tempfile.gettempdir(), 0o777), lambda: socket.socket()):
    try:
        deed()
        print('managed')
    except PermissionError:
        print('refused')
EOF";
    let place = Place::with(&[("tools.yaml", &tools("true", script)), ("readable", "content\n")]);
    let said = run(&place).ends_with(0).stdout;
    assert_eq!(said, format!("{{\"sum\": 45}}\ncontent\nTrue\n{}", "refused\n".repeat(5)));
}
