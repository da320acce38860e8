//! Edits of every format: what was there is there afterwards, to the byte.

use super::*;

fn launch() -> Launch {
    Launch { executable: "/opt/mcpfier".into(), config: "/etc/tools.yaml".into(), choice: Vec::new() }
}

fn wish(launch: &Launch) -> Wish<'_> {
    Wish::Present { launch, exists: &|path| path == "/there.yaml" }
}

fn add(id: &str, text: &str) -> Result<Edit, Refusal> {
    edit(client(id).unwrap(), text, "tools", &wish(&launch()))
}

fn take(id: &str, text: &str) -> Result<Edit, Refusal> {
    edit(client(id).unwrap(), text, "tools", &Wish::Absent)
}

fn changed(edit: Result<Edit, Refusal>) -> String {
    match edit.unwrap() {
        Edit::Changed { text, .. } => text,
        Edit::Nothing => panic!("nothing changed"),
    }
}

/// Added, added once more, and taken out again.
fn there_and_back(id: &str, text: &str) {
    let added = changed(add(id, text));
    assert_eq!(add(id, &added), Ok(Edit::Nothing), "{added}");
    assert_eq!(changed(take(id, &added)), text, "{id}: {added}");
    assert_eq!(take(id, text), Ok(Edit::Nothing));
}

#[test]
fn json_is_as_it_was_after_adding_and_removing() {
    for text in [
        "{\"mcpServers\": {}}",
        "{\n  \"mcpServers\": {}\n}\n",
        "{\n  \"mcpServers\": {\n  }\n}\n",
        "{\n  \"mcpServers\": {\n\n\n  }\n}",
        "{\n  \"mcpServers\": { }\n}",
        "{\"mcpServers\":{\"a\":{\"command\":\"a\"}},\"b\":1}",
        "{\n\t\"mcpServers\": {\n\t\t\"a\": {\"command\": \"a\"}\n\t},\n\t\"z\": [1, 2.50, 1e2]\n}",
        "{\r\n    \"mcpServers\": {\r\n        \"a\": { \"url\": \"u\" }\r\n    }\r\n}\r\n",
        "\u{feff}{ \"mcpServers\": { \"a\": 1 } }",
    ] {
        there_and_back("claude-desktop", text);
    }
}

#[test]
fn json_with_comments_keeps_them() {
    for text in [
        "// mine\n{\n  \"mcpServers\": {\n    \"a\": {}, // the first\n    \"b\": {}, /* the second */ // really\n  },\n}\n",
        "{\n  \"mcpServers\": {\n    \"a\": {} // the first\n    // \"off\": {}\n  }\n}\n",
        "{\n  \"mcpServers\": { // none yet\n  }\n}\n",
        "{\n  \"mcpServers\": {\n    // none yet, \"tools\": {}\n  }\n}\n",
        "{ \"mcpServers\": { \"a\": {} /* one */ } }",
        "{\n  \"mcpServers\": { /* none */ }\n}\n",
        "{\n  \"mcpServers\": {\n    \"a\": {},\n  }\n}\n",
    ] {
        there_and_back("gemini", text);
    }
}

#[test]
fn toml_is_as_it_was_after_adding_and_removing() {
    for text in [
        "",
        "model = \"m\"",
        "model = \"m\" # mine\n",
        "model = \"m\"\r\n\r\n[mcp_servers.a]\r\ncommand = 'a'\r\n",
        "[mcp_servers]\n\n[mcp_servers.a]\ncommand = \"a\"\nargs = [\n  \"x\", # why\n]\n\n[z]\nd = 2020-01-01\n\n",
        "mcp_servers.a.command = \"a\"\n",
    ] {
        there_and_back("codex", text);
    }
}

#[test]
fn yaml_is_as_it_was_after_adding_and_removing() {
    for text in [
        "extensions:\n  a:\n    cmd: a # mine\n\n# after\nGOOSE_MODEL: m\n",
        "extensions:\n    # the first\n    a:\n        cmd: a\n        args: [x]",
        "extensions: {}\nz: 1\n",
        "x: 1\r\nextensions:\r\n  a:\r\n    cmd: a\r\n",
        "z: |\n  extensions:\n    a: 1\nextensions:\n  a: {cmd: a}\n  \n",
    ] {
        there_and_back("goose", text);
    }
    for text in [
        "name: c\nmcpServers:\n  - name: a\n    command: a\nrules: []\n",
        "name: c\nmcpServers:\n- name: a # mine\n  command: a\n# last\n- command: b\n  name: b\n",
        "mcpServers: []\nname: c",
    ] {
        there_and_back("continue", text);
    }
}

#[test]
fn a_file_without_the_key_gets_it() {
    for (id, before) in [
        ("cursor", ""),
        ("cursor", "{}"),
        ("zed", "{\n  \"theme\": \"x\" // mine\n}\n"),
        ("codex", "a = 1\n"),
        ("goose", "a: 1"),
        ("continue", "name: c\n"),
        ("goose", "extensions:\n# none yet\nz: 1\n"),
    ] {
        let added = changed(add(id, before));
        assert!(added.contains("tools"), "{added}");
        assert_eq!(add(id, &added), Ok(Edit::Nothing));
        let removed = changed(take(id, &added));
        assert!(!removed.contains("tools"), "{removed}");
    }
}

#[test]
fn an_entry_between_others_can_be_removed() {
    let ours = "{\"command\": \"/x/mcpfier\"}";
    for (before, after) in [
        (format!("{{\"mcpServers\": {{\"tools\": {ours}, \"b\": 1}}}}"), "{\"mcpServers\": { \"b\": 1}}"),
        (
            format!(
                "{{\n  \"mcpServers\": {{\n    \"a\": 1,\n    \"tools\": {ours},\n    \"b\": 1\n  }}\n}}"
            ),
            "{\n  \"mcpServers\": {\n    \"a\": 1,\n    \"b\": 1\n  }\n}",
        ),
    ] {
        assert_eq!(changed(take("claude-code", &before)), after);
    }
    let toml = "[mcp_servers.tools]\ncommand = \"mcpfier\"\n[mcp_servers.tools.env]\nA = \"1\"\n\n# mine\n[z]\nb = 1\n";
    assert_eq!(changed(take("codex", toml)), "\n# mine\n[z]\nb = 1\n");
    let yaml = "extensions:\n  tools:\n    cmd: mcpfier\n    envs:\n      A: 1\n\n  b:\n    cmd: b\n";
    assert_eq!(changed(take("goose", yaml)), "extensions:\n\n  b:\n    cmd: b\n");
    let list = "mcpServers:\n  - command: mcpfier\n    name: tools\n  - name: b\n    command: b\n";
    assert_eq!(changed(take("continue", list)), "mcpServers:\n  - name: b\n    command: b\n");
}

#[test]
fn an_old_entry_of_ours_is_brought_up_to_date_and_keeps_the_rest() {
    for (id, before, after) in [
        (
            "claude-desktop",
            r#"{"mcpServers": {"tools": {"args": ["-c", "/old.yaml", "--profile=x"], "env": {"A": "1"}, "command": "/old/mcpfier"}}}"#,
            r#"{"mcpServers": {"tools": {"args": ["-c","/etc/tools.yaml","--profile=x"], "env": {"A": "1"}, "command": "/opt/mcpfier"}}}"#,
        ),
        (
            "codex",
            "[mcp_servers.tools]\ncommand = 'mcpfier' # mine\nenabled = false\n",
            "[mcp_servers.tools]\nargs = [\"--mcp\", \"--config\", \"/etc/tools.yaml\"]\ncommand = \"/opt/mcpfier\" # mine\nenabled = false\n",
        ),
        (
            "goose",
            "extensions:\n  tools:\n    enabled: false\n    cmd: /old/mcpfier\n    args:\n    - --config\n    - /old.yaml\n    envs: {}\n",
            "extensions:\n  tools:\n    enabled: false\n    cmd: /opt/mcpfier\n    args:\n      - --config\n      - /etc/tools.yaml\n    envs: {}\n",
        ),
        (
            "continue",
            "mcpServers:\n  - command: mcpfier\n    args: [--config=/old.yaml]\n    name: tools\n",
            "mcpServers:\n  - command: /opt/mcpfier\n    args:\n      - \"--config=/etc/tools.yaml\"\n    name: tools\n",
        ),
    ] {
        assert_eq!(changed(add(id, before)), after);
        assert_eq!(add(id, after), Ok(Edit::Nothing));
    }
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    let foreign = r#"{"mcpServers": {"tools": {"command": "npx", "args": ["x"]}}}"#;
    assert!(matches!(add("cursor", foreign), Err(Refusal::Foreign { .. })));
    assert!(matches!(take("cursor", foreign), Err(Refusal::Foreign { .. })));
    let remote = r#"{"mcpServers": {"tools": {"url": "http://localhost"}}}"#;
    assert!(matches!(take("cursor", remote), Err(Refusal::Foreign { .. })));
    let other =
        r#"{"mcpServers": {"tools": {"command": "/opt/mcpfier", "args": ["--config", "/there.yaml"]}}}"#;
    let taken = Refusal::Taken { name: "tools".into(), config: "/there.yaml".into() };
    assert_eq!(add("cursor", other), Err(taken));
}

#[test]
fn a_broken_file_is_told_with_its_place() {
    for (id, text, told) in [
        ("claude-desktop", "{\n  \"a\": 1\n  \"b\": 2\n}", "3:3: expected `,` or `}`"),
        ("claude-desktop", "{\"a\": nope}", "1:7: `nope` is no value; a text stands in double quotes"),
        ("claude-desktop", "{ // no\n}", "1:3: a comment; this client reads plain JSON"),
        ("claude-desktop", "{\"a\": 1,}", "1:8: a comma before `}`; this client reads plain JSON"),
        ("claude-desktop", "{\"a\": 1, \"a\": 2}", "1:10: the key `a` stands here for the second time"),
        ("cursor", "{\"a\": [1, 2", "1:12: expected `,` or `]`"),
        ("cursor", "{} {}", "1:4: expected the end of the file"),
        ("cursor", "{ /* x", "1:3: this comment is never closed"),
        ("cursor", "{\"a", "1:2: this text is never closed"),
    ] {
        assert_eq!(add(id, text).unwrap_err().to_string(), told, "{text}");
    }
    for (id, text) in [("codex", "a = 1\nb = \n"), ("goose", "a: 1\nb: [x\n"), ("continue", "a: 1\nb: [\n")] {
        let Err(Refusal::Broken { line, problem, .. }) = add(id, text) else { panic!("{id} took {text}") };
        assert!(line >= 2 && !problem.contains('\n'), "{id}: {line}: {problem}");
    }
}

#[test]
fn a_shape_that_is_not_edited_is_left_alone() {
    for (id, text) in [
        ("cursor", "[]"),
        ("cursor", "{\"mcpServers\": []}"),
        ("cursor", "{\"mcpServers\": null}"),
        ("codex", "mcp_servers = { a = { command = \"a\" } }\n"),
        ("goose", "extensions: {a: {cmd: a}}\n"),
        ("goose", "{extensions: {}}\n"),
        ("goose", "extensions: &all\n  a:\n    cmd: a\n"),
        ("continue", "mcpServers: [{name: a}]\n"),
    ] {
        assert!(matches!(add(id, text), Err(Refusal::Shape { .. })), "{id}: {text}: {:?}", add(id, text));
    }
}

#[test]
fn entries_of_ours_are_found_under_any_name() {
    let text = r#"{"mcpServers": {"a": {"command": "C:\\x\\mcpfier.exe", "args": ["-c", "t.yaml"]}, "b": {"command": "b"}}}"#;
    let entries = found(client("cursor").unwrap(), text).unwrap();
    let [(name, served)] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((name.as_str(), served.config()), ("a", Some("t.yaml")));
}

proptest::proptest! {
    #[test]
    fn any_text_is_edited_or_refused(text in ".{0,200}", id in 0..CLIENTS.len()) {
        let _ = edit(&CLIENTS[id], &text, "tools", &wish(&launch()));
    }

    #[test]
    fn any_text_that_is_nearly_a_file_is_edited_back_or_refused(
        text in "[{}\\[\\]:,\"a /*\n-]{0,40}|extensions:[ \n\\-a:{}#]{0,40}", id in 0..CLIENTS.len()
    ) {
        if let Ok(Edit::Changed { text, .. }) = edit(&CLIENTS[id], &text, "tools", &wish(&launch())) {
            let again = edit(&CLIENTS[id], &text, "tools", &wish(&launch()));
            proptest::prop_assert_eq!(again, Ok(Edit::Nothing));
        }
    }

    #[test]
    fn any_container_is_as_it_was_after_adding_and_removing(
        json in concat!(
            r"\{( |\n|\t|//c\n|/\*c\*/){0,3}",
            r#"("a": 1( |\n|/\*c\*/|//c\n){0,2}((,( |\n|//c\n){0,3})"b": \{\}( |\n){0,2})?(,( |\n|/\*c\*/|//c\n){0,2})?)?\}"#
        ),
        around in "\n  |",
        yaml in "extensions:( #c)?\n(  a:\n    cmd: a\n|  # c\n|\n|  b: \\{cmd: b\\}\n|    # deep\n|# c\n){0,4}(z: 1\n|# end\n|\n|z: 1)?",
        list in "mcpServers:\n(- name: a\n  command: a\n|# c\n|\n|-  name: b\n){0,4}(z: 1\n|\n|z: 1)?",
        toml in "(a = 1\n)?(\\[mcp_servers\\]\n)?(#c\n|\n|\\[mcp_servers.a\\]\nb = 1\n){0,1}(\\[z\\]\n|\n|#c\n|#c){0,1}",
    ) {
        let json = format!("{{{around}\"mcpServers\": {json}{around}}}");
        for (id, text) in [("gemini", json), ("goose", yaml), ("continue", list), ("codex", toml)] {
            let client = client(id).unwrap();
            let before = client.format.parse(&text);
            // A key without a value is given an empty one.
            if !before.is_ok_and(|value| value.get(client.container).is_none_or(|there| !there.is_null())) {
                continue;
            }
            let Ok(Edit::Changed { text: added, .. }) = add(id, &text) else { continue };
            let has_key = client.format == table::Format::Toml
                || client.format.parse(&text).unwrap().get(client.container).is_some();
            let removed = take(id, &added);
            proptest::prop_assert!(removed.is_ok(), "{:?}\n{}\n{}", removed, text, added);
            if has_key {
                proptest::prop_assert_eq!(changed(removed), text, "{}", added);
            }
        }
    }
}

#[test]
fn what_was_chosen_is_part_of_the_entry() {
    let chosen = Launch { choice: ["--profile", "prod"].map(str::to_owned).into(), ..launch() };
    let edited =
        |text: &str, launch: &Launch| edit(client("claude-desktop").unwrap(), text, "tools", &wish(launch));
    let plain = changed(add("claude-desktop", "{}"));
    let with = changed(edited(&plain, &chosen));
    assert!(with.contains("\"--profile\"") && with.contains("\"prod\""), "{with}");
    assert_eq!(edited(&with, &chosen), Ok(Edit::Nothing));
    // What a user chose before stays where nothing is chosen now.
    assert_eq!(edited(&with, &launch()), Ok(Edit::Nothing));
}
