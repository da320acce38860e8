//! What is named under `read` and `write`: links, `..`, and what comes and goes.

use std::os::unix::fs::symlink;

use serde_json::json;

use super::{is_kept, run, tools};
use crate::support::client::text;
use crate::support::place::Place;
use crate::support::server::{Server, Wire};

#[test]
fn a_link_and_dots_in_a_list_stand_for_what_they_lead_to() {
    if !is_kept() {
        return;
    }
    let script = "cat ../data/deep/file ../data/other 2>/dev/null || echo refused\n\
                  echo x > link/new && cat ../real/new\n\
                  echo x 2>/dev/null > ../data/deep/new || echo refused";
    let place = Place::with(&[
        ("work/tools.yaml", &tools("{ read: [., ./../work/../data/deep], write: [link] }", script)),
        ("data/deep/file", "file\n"),
        ("data/other", "other\n"),
        ("real/old", ""),
    ]);
    symlink(place.path("real"), place.path("work/link")).unwrap();
    let said = place.run_in("work", &["--config", "tools.yaml", "call", "it"]).ends_with(0).stdout;
    assert_eq!(said, "file\nrefused\nx\nrefused\n");
}

#[test]
fn a_link_in_what_is_readable_opens_nothing_else() {
    if !is_kept() {
        return;
    }
    let script = "cat inside/link/file 2>/dev/null || echo refused\ncat inside/../outside/file 2>/dev/null || echo refused";
    let place = Place::with(&[
        ("tools.yaml", &tools("{ read: [inside] }", script)),
        ("inside/kept", ""),
        ("outside/file", "outside\n"),
    ]);
    symlink(place.path("outside"), place.path("inside/link")).unwrap();
    assert_eq!(run(&place).ends_with(0).stdout, "refused\nrefused\n");
}

#[tokio::test]
async fn what_may_be_read_can_go_and_come_back_as_another() {
    if !is_kept() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let fill = |text: &str| {
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("file"), text).unwrap();
    };
    fill("first");
    let script = "cat data/file 2>/dev/null || echo none";
    std::fs::write(folder.path().join("tools.yaml"), tools("{ read: [data] }", script)).unwrap();
    let aside = folder.path().join("aside");
    let mut server = Server::start_in(Wire::Pipes, folder);
    server.client.initialize().await;
    let mut said = Vec::new();
    for id in 1..5 {
        match id {
            2 => std::fs::rename(&data, &aside).unwrap(),
            3 => fill("second"),
            4 => std::fs::remove_dir_all(&data).unwrap(),
            _ => {}
        }
        said.push(text(&server.client.call(id, "it", json!({})).await).trim().to_owned());
    }
    assert_eq!(said, ["first", "none", "second", "none"]);
}

#[tokio::test]
async fn what_is_to_be_written_and_has_gone_fails_the_call_by_name_until_it_is_back() {
    if !is_kept() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let script = "echo x > out/file && echo written";
    std::fs::write(folder.path().join("tools.yaml"), tools("{ write: [out] }", script)).unwrap();
    let mut server = Server::start_in(Wire::Pipes, folder);
    server.client.initialize().await;
    assert_eq!(text(&server.client.call(1, "it", json!({})).await).trim(), "written");
    std::fs::remove_dir_all(&out).unwrap();
    let failed = server.client.call(2, "it", json!({})).await;
    let expected = format!("there is no `{}`", out.canonicalize().unwrap_or(out.clone()).display());
    assert!(failed.to_string().contains(&expected), "{failed}");
    std::fs::create_dir(&out).unwrap();
    assert_eq!(text(&server.client.call(3, "it", json!({})).await).trim(), "written");
}
