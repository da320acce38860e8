//! The encrypted store: `mcpfier secret`, and files that name what it keeps.

use std::fs;
use std::process::Stdio;

use super::house::{House, VALUE, reversed, reversing};

const FOLDER: &str = ".local/share/mcpfier/secrets";
const KEY: &str = ".config/mcpfier/secrets.key";

fn house() -> House {
    House::of(&format!(
        "secrets: {{ token: {{ store: true }}, other: {{ store: token }} }}\ncommands:\n{}{}",
        reversing("show", "token"),
        reversing("other", "other")
    ))
}

fn sealed(name: &str) -> String {
    format!("{FOLDER}/{name}.sealed")
}

#[test]
fn a_stored_secret_is_listed_used_replaced_and_removed() {
    let house = house();
    let said = house.secret(&["set", "token"], b"correct-horse-battery-staple\n");
    assert_eq!(said.stdout, "stored `token`; a file names it as `{ store: token }`\n");
    assert!(said.stderr.starts_with("made the key "), "{}", said.stderr);
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
    assert_eq!(house.run(&["other"]).succeeds(), reversed(VALUE));
    house.run(&["--validate"]).succeeds();
    let plan = house.run(&["--dry-run", "other"]).succeeds();
    assert!(plan.contains("<secret store:token>"), "{plan}");

    fs::write(house.path("value"), "another-value-of-it").unwrap();
    let said = house.secret(&["set", "token", "--from-file", "value"], b"");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert_eq!(house.run(&["show"]).succeeds(), reversed("another-value-of-it"));

    house.store("second", "a-value-of-the-second");
    let listed: serde_json::Value =
        serde_json::from_str(&house.secret(&["list", "--json"], b"").succeeds()).unwrap();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&"second".into(), &"token".into()));
    let list = house.secret(&["list"], b"").succeeds();
    assert!(list.lines().all(|line| line.contains("  set 20") && line.ends_with('Z')), "{list}");

    assert_eq!(house.secret(&["rm", "token"], b"").succeeds(), "removed `token`\n");
    let gone = "nothing is stored as `token`; `mcpfier secret set token` stores it\n";
    assert_eq!(house.secret(&["rm", "token"], b"").fails(1), format!("error: {gone}"));
    let said = house.run(&["show"]).fails(125);
    assert_eq!(said, format!("error: the secret `token` is not available: {gone}"));
    let report = house.run(&["--validate"]);
    assert!(report.stderr.contains("nothing is stored as `token`"), "{}", report.stderr);
    assert!(report.stderr.contains("help: store it: `mcpfier secret set token`"), "{}", report.stderr);
}

#[test]
fn what_lies_on_the_disk_is_its_users_alone_and_holds_no_value() {
    let house = house();
    house.store("token", VALUE);
    for (name, mode) in [(KEY, 0o600), (&sealed("token"), 0o600), (FOLDER, 0o700), (".config/mcpfier", 0o700)]
    {
        assert_eq!(house.mode(name), mode, "{name}");
    }
    let names: Vec<_> =
        house.files().into_iter().filter(|(path, _)| path.ends_with("pass").eq(&false)).collect();
    for (path, bytes) in &names {
        assert!(!String::from_utf8_lossy(bytes).contains(VALUE), "{}", path.display());
    }
    assert_eq!(names.len(), 3, "the file, the key and the secret: {names:?}");
}

#[test]
fn a_value_that_could_not_be_hidden_is_refused() {
    let house = house();
    for (value, reason) in [
        (&b"seven77\n"[..], "its value is shorter than 8 bytes, too short to be kept out of outputs"),
        (b"", "its value is shorter than 8 bytes, too short to be kept out of outputs"),
        (b"with\0a nul byte", "its value contains a NUL byte or is not UTF-8"),
        (b"not \xff utf-8", "its value contains a NUL byte or is not UTF-8"),
        (&[b'x'; (64 << 10) + 1], "its value is longer than 64 KiB"),
    ] {
        let said = house.secret(&["set", "token"], value).fails(2);
        assert_eq!(said, format!("error: `token` was not stored: {reason}\n"));
    }
    let said = house.secret(&["set", "not-a-name"], VALUE.as_bytes()).fails(2);
    assert!(said.contains("`not-a-name` contains `-`"), "{said}");
    assert!(house.secret(&["set", "../token"], VALUE.as_bytes()).fails(2).contains("contains `.`"));
    assert!(
        house
            .secret(&["set", "token", "--from-file", "none"], b"")
            .fails(1)
            .contains("`none` cannot be read")
    );
    assert!(house.secret(&["set", "token", VALUE], b"").fails(2).contains("unexpected argument"));
    assert!(!house.path(".local").exists() && !house.path(".config").exists());
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let house = house();
    house.store("token", VALUE);
    for mode in [0o640, 0o604, 0o666] {
        house.set_mode(KEY, mode);
        for said in [house.run(&["show"]).fails(125), house.secret(&["set", "token"], b"12345678").fails(1)] {
            let key = house.path(KEY).canonicalize().unwrap();
            assert!(said.contains("can be read by others; `chmod 600 "), "{said}");
            assert!(said.contains(key.file_name().unwrap().to_str().unwrap()), "{said}");
        }
    }
    house.secret(&["list"], b"").succeeds();
}

#[test]
fn another_key_and_a_changed_file_are_told_apart() {
    let house = house();
    house.store("token", VALUE);
    let whole = fs::read_to_string(house.path(&sealed("token"))).unwrap();
    let key = fs::read_to_string(house.path(KEY)).unwrap();

    let broken = "is damaged or was changed; `mcpfier secret set token` stores the secret anew\n";
    let flipped = if whole.ends_with("A\n") { "B\n" } else { "A\n" };
    for changed in
        [&format!("{}{flipped}", &whole[..whole.len() - 2]), &whole[..whole.len() / 2], "", "\u{0}"]
    {
        fs::write(house.path(&sealed("token")), changed).unwrap();
        let said = house.run(&["show"]).fails(125);
        assert!(said.ends_with(broken), "{said}");
    }
    house.store("second", "a-value-of-the-second");
    fs::copy(house.path(&sealed("second")), house.path(&sealed("token"))).unwrap();
    assert!(house.run(&["show"]).fails(125).ends_with(broken), "one secret in place of another");

    fs::write(house.path(&sealed("token")), &whole).unwrap();
    fs::remove_file(house.path(KEY)).unwrap();
    let said = house.run(&["show"]).fails(125);
    assert!(said.contains("secrets.key` is not there; put it back, or set `MCPFIER_SECRET_KEY`"), "{said}");
    let said = house.secret(&["set", "third"], VALUE.as_bytes()).fails(1);
    assert!(said.contains("secrets are stored already, but their key"), "{said}");

    let other = self::house();
    other.store("token", VALUE);
    fs::copy(other.path(KEY), house.path(KEY)).unwrap();
    let said = house.run(&["show"]).fails(125);
    assert!(said.contains("`token` was stored with another key than that of"), "{said}");

    fs::write(house.path(KEY), "mcpfier-key-1-short\n").unwrap();
    let said = house.run(&["show"]).fails(125);
    assert!(said.contains("holds no key of mcpfier; expected one line `mcpfier-key-1-…`"), "{said}");
    fs::write(house.path(KEY), key).unwrap();
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
}

#[test]
fn a_key_can_come_from_a_variable_or_another_file_and_no_command_inherits_it() {
    let house = house();
    house.store("token", VALUE);
    let key = fs::read_to_string(house.path(KEY)).unwrap();
    let line = key.lines().last().unwrap().to_owned();
    fs::rename(house.path(KEY), house.path("elsewhere.key")).unwrap();
    let house = house.with("MCPFIER_SECRET_KEY_FILE", "elsewhere.key");
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
    fs::remove_file(house.path("elsewhere.key")).unwrap();
    // It is not ours to make there.
    assert!(
        house.secret(&["set", "new"], VALUE.as_bytes()).fails(1).contains("`elsewhere.key` is not there")
    );

    let house = house.with("MCPFIER_SECRET_KEY", &line);
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
    house.store("new", "a-value-of-the-new-one");
    assert!(!house.path(KEY).exists());
    let file = "commands: [{ name: all, description: d, script: env, env_inherit: all }]\n";
    fs::write(house.path("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    assert!(!house.run(&["all"]).succeeds().contains("mcpfier-key-1"));
    assert!(!house.run(&["all", "--dry-run"]).succeeds().contains("MCPFIER_SECRET_KEY "));
}

#[test]
fn secrets_that_are_set_at_once_are_all_kept_with_one_key() {
    let house = house();
    fs::write(house.path("value"), VALUE).unwrap();
    let names: Vec<String> = (0..12).map(|number| format!("n{}", number / 2)).collect();
    let running: Vec<_> = names
        .iter()
        .map(|name| house.command(&["secret", "set", name, "--from-file", "value"]))
        .map(|mut command| command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts"))
        .collect();
    let mut makers = 0;
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        makers += usize::from(String::from_utf8_lossy(&output.stderr).contains("made the key"));
    }
    assert_eq!(makers, 1);
    let commands: String = names.iter().step_by(2).map(|name| reversing(name, name)).collect();
    let secrets: Vec<String> =
        names.iter().step_by(2).map(|name| format!("{name}: {{ store: true }}")).collect();
    let file = format!("version: 1\nsecrets: {{ {} }}\ncommands:\n{commands}", secrets.join(", "));
    fs::write(house.path("tools.yaml"), file).unwrap();
    for name in names.iter().step_by(2) {
        assert_eq!(house.run(&[name]).succeeds(), reversed(VALUE));
    }
    let left: Vec<_> =
        house.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains(".new")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn without_a_home_there_is_no_store_and_that_is_said() {
    let house = house();
    let mut command = house.command(&["secret", "list"]);
    let output = command.env_remove("HOME").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("neither `XDG_DATA_HOME` nor `HOME` is an absolute folder"), "{said}");
    let house = house.with("XDG_DATA_HOME", "/nonexistent/data").with("XDG_CONFIG_HOME", "relative");
    assert!(house.secret(&["list"], b"").succeeds().is_empty());
}

#[test]
fn words_that_are_no_action_get_the_actions() {
    let house = house();
    for words in [&[][..], &["get"], &["get", "token"]] {
        let said = house.secret(words, b"").fails(2);
        assert!(said.starts_with("error: "), "{said}");
    }
    assert!(
        house
            .secret(&[], b"")
            .fails(2)
            .contains("expected `secret set NAME`, `secret list` or `secret rm NAME`")
    );
}

#[test]
fn a_command_of_that_name_in_a_file_of_the_original_wins() {
    let house = house();
    fs::write(house.path("tools.yaml"), "commands:\n  - { name: secret, script: echo, args: [mine] }\n")
        .unwrap();
    assert_eq!(house.run(&["secret"]).stdout, "mine\n");
}
