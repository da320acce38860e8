//! Forms with files: what arrives, and which files never leave.

use crate::support::program::{Program, mcpfier};
use crate::support::web::{Heard, Web, answer, reply};

const TOKEN: &str = "correct-horse-battery";

fn tools(web: &Web) -> String {
    r#"version: 1
secrets: { token: { env: SHOP_TOKEN } }
commands:
  - name: send
    description: Send a report.
    webhook:
      url: "URL/reports"
      multipart:
        title: "{{title}}"
        note: "{{note}}"
        tag: ["fixed", "{{tags}}"]
        token: "{{secrets.token}}"
        meta: { text: "{{json tags}}", content_type: application/json }
        report: { file: "{{report}}", content_type: application/pdf }
        more: { file: "{{more}}", filename: "{{title}}.txt" }
        letter: { file: letter.txt }
      allow_private: true
    params:
      title: { type: string, description: Title }
      note: { type: string, description: Note, optional: true }
      tags: { type: array, description: Tags, items: { type: string }, default: [a, b] }
      report: { type: string, description: Report, format: path, within: reports }
      more: { type: array, description: More, items: { type: string }, format: path, within: reports, optional: true }
"#
    .replace("URL", &web.url())
}

fn echo() -> Web {
    Web::start(|heard, stream| match heard.target.as_str() {
        "/again" => reply(stream, &answer("200 OK", &[], b"there")),
        _ if heard.body.contains("redirected") => {
            reply(stream, &answer("307 Temporary Redirect", &[("Location", "/again")], b""));
        }
        _ => reply(stream, &answer("200 OK", &[], b"done")),
    })
}

fn run(words: &[&str], web: &Web) -> Program {
    mcpfier(words)
        .tools(&tools(web))
        .file_below("reports/one.pdf", "%PDF-1.7 one")
        .file_below("reports/two \"x\".txt", "two\r\n--boundary--")
        .file("letter.txt", "Dear all,")
        .file("secret.txt", "not for them")
        .env("SHOP_TOKEN", TOKEN)
}

/// Head and content of each part.
fn parts(heard: &Heard) -> Vec<(String, String)> {
    let kind = heard.header("content-type").expect("a type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a form");
    let body = heard.body.strip_suffix(&format!("--{boundary}--\r\n")).expect("an end");
    let line = format!("--{boundary}\r\n");
    let parts = body.split(&line).skip(1);
    let part = |part: &str| {
        let (head, content) = part.split_once("\r\n\r\n").expect("a head");
        let head = head.strip_prefix("Content-Disposition: form-data; ").expect("a place");
        (head.to_owned(), content.strip_suffix("\r\n").expect("an end").to_owned())
    };
    parts.map(part).collect()
}

#[test]
fn texts_and_files_arrive_as_they_are() {
    let web = echo();
    let words = ["call", "send", "title=a\"b\nX: 1", "report=reports/one.pdf", "more=reports/two \"x\".txt"];
    assert_eq!(run(&words, &web).run().stdout, "done");
    let heard = web.heard();
    let expected = [
        ("name=\"title\"", "a\"b\nX: 1"),
        ("name=\"tag\"", "fixed"),
        ("name=\"tag\"", "a"),
        ("name=\"tag\"", "b"),
        ("name=\"token\"", TOKEN),
        ("name=\"meta\"\r\nContent-Type: application/json", "[\"a\",\"b\"]"),
        ("name=\"report\"; filename=\"one.pdf\"\r\nContent-Type: application/pdf", "%PDF-1.7 one"),
        (
            "name=\"more\"; filename=\"a%22b%0AX: 1.txt\"\r\nContent-Type: application/octet-stream",
            "two\r\n--boundary--",
        ),
        ("name=\"letter\"; filename=\"letter.txt\"\r\nContent-Type: application/octet-stream", "Dear all,"),
    ];
    let arrived = parts(&heard[0]);
    let arrived: Vec<(&str, &str)> =
        arrived.iter().map(|(head, content)| (head.as_str(), content.as_str())).collect();
    assert_eq!(arrived, expected);
    assert_eq!(heard[0].method, "POST");
}

#[test]
fn a_form_is_sent_again_where_a_redirect_keeps_it() {
    let web = echo();
    let words = ["call", "send", "title=redirected", "report=reports/one.pdf"];
    assert_eq!(run(&words, &web).run().stdout, "there");
    let heard = web.heard();
    assert_eq!((heard.len(), heard[1].target.as_str()), (2, "/again"));
    assert_eq!(parts(&heard[0]), parts(&heard[1]));
    assert_ne!(heard[0].header("content-type"), heard[1].header("content-type"));
}

#[test]
fn files_that_are_not_there_or_not_meant_are_refused_before_anything_is_sent() {
    let web = echo();
    for (path, status, told) in [
        ("reports/none.pdf", 125, "the field `report` cannot be read: No such file"),
        ("reports", 125, "the field `report` cannot be read: it is no regular file"),
        ("secret.txt", 2, "leads out of"),
        ("reports/../secret.txt", 2, "leads out of"),
        ("/etc/hostname", 2, "leads out of"),
    ] {
        let report = format!("report={path}");
        let said = run(&["call", "send", "title=x", &report], &web).ends_with(status).run();
        assert!(said.stderr.contains(told), "{path}: {}", said.stderr);
    }
    assert!(web.heard().is_empty());
}

#[test]
fn a_large_file_is_sent_while_it_is_read() {
    let web = echo();
    let large = "x".repeat(24 << 20);
    let said = run(&["call", "send", "title=x", "report=reports/large"], &web)
        .file_below("reports/large", &large)
        .run();
    assert_eq!(said.stdout, "done");
    assert!(parts(&web.heard()[0]).iter().any(|(_, content)| content.len() == large.len()));
}

#[test]
fn a_plan_names_the_files_and_its_line_sends_the_same() {
    let web = echo();
    let words = ["send", "title=it's \"x\"", "report=reports/one.pdf"];
    let plan = run(&[&["--dry-run", "--json"], &words[..]].concat(), &web).run();
    assert!(!plan.stdout.contains(TOKEN) && web.heard().is_empty());
    let planned = plan.json();
    assert_eq!(planned["multipart"][0]["text"], "it's \"x\"");
    assert_eq!(planned["multipart"][6]["filename"], "one.pdf");
    let line =
        planned["curl"].as_str().expect("a line").replace("[folder]", &plan.folder().to_string_lossy());
    let Ok(output) = std::process::Command::new("bash").args(["-c", &line]).env("SHOP_TOKEN", TOKEN).output()
    else {
        return crate::support::skip::skip("there is no bash");
    };
    if !output.status.success() && output.status.code() == Some(127) {
        return crate::support::skip::skip("there is no curl; tests/run installs one");
    }
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    run(&[&["call"], &words[..]].concat(), &web).run();
    let heard = web.heard();
    let form = |heard: &Heard| {
        let kind = heard.header("content-type").expect("a type");
        let (_, boundary) = kind.split_once("boundary=").expect("a boundary");
        heard.body.replace(boundary, "B").replace("--B", "-B").replace("--", "-")
    };
    let lines = |heard: &Heard| {
        // It escapes a quote in another way, which servers take as well.
        let form = form(heard).replace("\\\"", "%22");
        form.lines().map(|line| line.trim_start_matches('-').to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(lines(&heard[0]), lines(&heard[1]));
}

#[test]
fn paths_of_an_included_file_hold_when_all_of_it_is_shown_as_one() {
    let part = r#"commands:
  - name: send
    description: Send it.
    webhook:
      url: https://shop.example.com/
      tls: { ca: [ca.pem], client_cert: me.pem, client_key: /etc/me.key }
      headers: { file: letter.txt }
      multipart: { file: letter.txt, letter: { file: letter.txt }, report: { file: "{{report}}" } }
    params: { report: { type: string, description: Report, format: path, within: reports } }
"#;
    let said = mcpfier(&["config", "show"])
        .tools("version: 1\ninclude: [team/more.yaml]\n")
        .file_below("team/more.yaml", part)
        .may_talk()
        .run()
        .stdout;
    for text in ["team/ca.pem", "team/me.pem", "team/letter.txt", "team/reports"] {
        assert_eq!(said.matches(text).count(), 1, "{text} in {said}");
    }
    assert!(said.contains("{{report}}") && !said.contains("team/{{report}}"), "{said}");
}
