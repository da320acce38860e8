//! Our init in a real container: it runs what a frame says, tells how that ended, and leaves nothing.

use std::io::Write;
use std::process::{Command, Stdio};

use bytes::Bytes;
use mcpfier::runner::container::init::{Ended, Frame, Memory, Nonce, Strainer, Told, program};

use crate::support::engine::{Engine, IMAGE, engine};
use crate::support::skip::skip;

/// What came of one frame.
struct Heard {
    stdout: String,
    stderr: String,
    told: Option<Ended>,
    has_begun: bool,
    code: Option<i32>,
}

/// The engine, if this build has an init.
fn bench() -> Option<Engine> {
    if let Err(reason) = program() {
        skip(&format!("our init ({reason})"));
        return None;
    }
    engine()
}

struct Order<'a> {
    words: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    folder: Option<&'a str>,
    input: Option<&'a str>,
    flags: &'a [&'a str],
}

fn order<'a>(words: &'a [&'a str]) -> Order<'a> {
    Order { words, variables: &[], folder: None, input: None, flags: &[] }
}

fn run(engine: &Engine, order: &Order<'_>) -> Heard {
    let nonce = Nonce::new().unwrap();
    let words: Vec<String> = order.words.iter().map(|word| (*word).to_owned()).collect();
    let variables: Vec<String> =
        order.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let frame = Frame {
        words: &words,
        variables: &variables,
        folder: order.folder,
        has_input: order.input.is_some(),
        stay: None,
    };
    let mut bytes = frame.encode(&nonce).unwrap();
    bytes.extend(order.input.unwrap_or_default().as_bytes());
    let (output, _folder) = in_container(engine, order.flags, &bytes);
    let (mut stdout, mut stderr) = (Strainer::of_stdout(nonce), Strainer::of_stderr(nonce));
    let text = |strainer: &mut Strainer, bytes: Vec<u8>| {
        let output = [strainer.push(Bytes::from(bytes)), strainer.finish()].concat();
        String::from_utf8_lossy(&output).into_owned()
    };
    let (said, complained) = (text(&mut stdout, output.stdout), text(&mut stderr, output.stderr));
    assert_eq!(stdout.ended(), stderr.ended(), "both streams end alike");
    let (told, has_begun) = (stdout.ended(), stderr.has_begun());
    let code = output.status.code().and_then(|code| code_on(engine, code));
    Heard { stdout: said, stderr: complained, told, has_begun, code }
}

/// Docker's client hears no exit code from Podman.
fn code_on(engine: &Engine, code: i32) -> Option<i32> {
    (!engine.is_podman).then_some(code)
}

/// With what the container reads.
fn in_container(engine: &Engine, flags: &[&str], input: &[u8]) -> (std::process::Output, tempfile::TempDir) {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let file = folder.path().join("init");
    std::fs::write(&file, program().unwrap()).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o555)).unwrap();
    let mount = format!("type=bind,source={},target=/.mcpfier/init,readonly", file.display());
    let words = ["run", "--rm", "--interactive", "--network", "none", "--read-only", "--cap-drop", "ALL"];
    let mut child = engine
        .command(&words)
        .args(["--user", "65534:65534", "--mount", &mount, "--entrypoint", "/.mcpfier/init"])
        .args(flags)
        .arg(IMAGE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let _ = pipe.write_all(input);
    drop(pipe);
    (child.wait_with_output().unwrap(), folder)
}

fn exited(code: i32) -> Option<Ended> {
    Some(Ended { told: Told::Exited(code), memory: Memory::Sufficed, stays: false })
}

#[test]
fn it_runs_a_command_with_its_variables_in_its_folder() {
    let Some(engine) = bench() else { return };
    let order = Order {
        variables: &[("WORD", "from the frame"), ("IMAGE_WORD", "over that of the engine")],
        folder: Some("/bin"),
        flags: &["--env", "IMAGE_WORD=the engine's", "--env", "KEPT=as it was"],
        ..order(&["sh", "-c", "pwd; echo $WORD; echo $IMAGE_WORD; echo $KEPT; echo to stderr >&2; exit 3"])
    };
    let heard = run(&engine, &order);
    assert_eq!(heard.stdout, "/bin\nfrom the frame\nover that of the engine\nas it was\n");
    assert_eq!(
        (heard.stderr.as_str(), heard.told, heard.code),
        ("to stderr\n", exited(3), code_on(&engine, 3))
    );
    assert!(heard.has_begun);
}

#[test]
fn what_follows_the_frame_is_the_input_of_the_command() {
    let Some(engine) = bench() else { return };
    let cat = &["cat"];
    let fed = Order { input: Some("every byte\n"), ..order(cat) };
    assert_eq!(run(&engine, &fed).stdout, "every byte\n");
    let heard = run(&engine, &order(cat));
    assert_eq!((heard.stdout.as_str(), heard.told), ("", exited(0)));
}

#[test]
fn a_command_that_cannot_be_executed_is_told_from_one_that_fails() {
    const NO_ACCESS: i32 = 13;
    const NOT_THERE: i32 = 2;
    let Some(engine) = bench() else { return };
    for (words, folder, told, code) in [
        (&["nowhere"][..], None, Told::NotFound, 127),
        // As an engine looks for one: what cannot be executed is passed over.
        (&["locked"], None, Told::NotFound, 127),
        (&["/bin/nowhere"], None, Told::NotExecuted(NOT_THERE), 127),
        (&["/bin/locked"], None, Told::NotExecuted(NO_ACCESS), 126),
        (&["/bin"], None, Told::NotExecuted(NO_ACCESS), 126),
        (&["true"], Some("/nowhere"), Told::NoFolder(NOT_THERE), 126),
    ] {
        let heard = run(&engine, &Order { folder, ..order(words) });
        let expected = Some(Ended { told, memory: Memory::Sufficed, stays: false });
        assert_eq!((heard.told, heard.code), (expected, code_on(&engine, code)), "{words:?}");
    }
    for code in [126, 127] {
        let script = format!("exit {code}");
        let heard = run(&engine, &order(&["sh", "-c", &script]));
        assert_eq!((heard.told, heard.has_begun), (exited(code), true));
    }
}

#[test]
fn nothing_of_the_command_is_alive_when_its_end_is_told() {
    let Some(engine) = bench() else { return };
    // Each of them would hold the streams open, and with them the client of the engine.
    let script = "for i in 1 2 3; do (trap '' TERM; setsid sleep 600) & done; echo up; kill -9 $$";
    let begun = std::time::Instant::now();
    let heard = run(&engine, &order(&["sh", "-c", script]));
    let killed = Some(Ended { told: Told::Signalled(9), memory: Memory::Sufficed, stays: false });
    assert_eq!((heard.stdout.as_str(), heard.told, heard.code), ("up\n", killed, code_on(&engine, 137)));
    assert!(begun.elapsed() < super::LONG, "{:?}", begun.elapsed());
}

#[test]
fn a_command_cannot_look_into_the_init_nor_hold_it_up() {
    let Some(engine) = bench() else { return };
    let script = "cat /proc/1/environ /proc/1/mem /proc/1/maps; ls /proc/1/fd; ls /proc/1/cwd/; \
                  kill -9 1; kill -STOP 1; echo still here";
    let words = ["sh", "-c", script];
    let heard = run(&engine, &Order { input: Some("of the command\n"), ..order(&words) });
    assert_eq!((heard.stdout.as_str(), heard.told), ("still here\n", exited(0)));
    assert_eq!(heard.stderr.matches("Permission denied").count(), 5, "{}", heard.stderr);
}

#[test]
fn it_ends_when_nobody_can_send_a_frame_any_more() {
    let Some(engine) = bench() else { return };
    for input in [&b""[..], b"\x20\0", b"\x20\0\0\0\x01"] {
        let (output, _folder) = in_container(&engine, &[], input);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0), "{input:?}");
    }
    // And when somebody sends what is none.
    for input in [&b"\x05\0\0\0\x02\x01\0\0\0\0"[..], b"\xff\xff\xff\xff", b"\x01\0\0\0\x63"] {
        let (output, _folder) = in_container(&engine, &[], input);
        assert_eq!(output.stdout.len(), 0, "{input:?}");
    }
}

#[test]
fn it_does_nothing_where_it_is_not_the_first_process() {
    use std::os::unix::fs::PermissionsExt;
    let Ok(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("init");
    std::fs::write(&file, program).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(Command::new(file).status().unwrap().code(), Some(125));
}
