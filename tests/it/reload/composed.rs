//! A configuration of several files: each of them is watched, and what was chosen stays chosen.

use std::fs;

use super::{ERAS, Listener};

const ROOT: &str = "version: 1
include: [tools/*.yaml]
profiles: { loud: { vars: { word: LOUD } } }
vars: { word: quiet }
commands:
  - { name: hello, description: Says hello., script: echo, args: [hello] }
";

fn tool(name: &str) -> String {
    format!(
        "commands:\n  - {{ name: {name}, description: Says a word., script: echo, args: ['{{{{vars.word}}}}'] }}\n"
    )
}

#[tokio::test]
async fn an_included_file_that_changes_or_comes_is_live_with_the_same_profile() {
    for era in ERAS {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        fs::create_dir(&tools).unwrap();
        fs::write(folder.path().join("tools.yaml"), ROOT).unwrap();
        fs::write(tools.join("a.yaml"), tool("one")).unwrap();
        let mut client = Listener::start_with(era, folder, &["--profile", "loud"]).await;
        assert_eq!(client.says("one").await, "LOUD\n");
        fs::write(tools.join("a.yaml"), tool("other")).unwrap();
        client.calls_until_it_hears().await;
        assert_eq!(client.tools().await, ["hello", "other"]);
        assert_eq!(client.says("other").await, "LOUD\n");
        fs::write(tools.join("b.yaml"), tool("new")).unwrap();
        client.calls_until_it_hears().await;
        assert_eq!(client.tools().await, ["hello", "other", "new"]);
        fs::remove_file(tools.join("a.yaml")).unwrap();
        client.calls_until_it_hears().await;
        assert_eq!(client.tools().await, ["hello", "new"]);
    }
}
