//! Files that a container finds when it starts.

use mcpfier::model::SecretText;
use mcpfier::plan::{Fill, Word};
use mcpfier::runner::SecretValues;

use super::{known, shell};

#[tokio::test]
async fn files_are_where_they_should_be_under_a_root_that_cannot_be_written() {
    let script =
        "cat /etc/tool/settings.json /run/secret; echo x > /run/secret 2>/dev/null && echo wrote; true";
    let Some(mut bench) = shell(script) else { return };
    let name: mcpfier::model::SecretName = "key".parse().unwrap();
    bench.secrets = SecretValues::of([(name.clone(), SecretText::of("hush-hush".to_owned()).unwrap())]);
    let bench = bench.with(|plan| {
        plan.files = vec![
            ("/etc/tool/settings.json".to_owned(), known("{}\n")),
            ("/run/secret".to_owned(), Word::Filled(vec![Fill::Secret(name)])),
        ];
    });
    bench.run().await.says("{}\nhush-hush");
    let left = std::fs::read_dir("/dev/shm").unwrap().filter_map(Result::ok);
    let ours = format!("{}+", std::process::id());
    let left: Vec<_> = left
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.starts_with("mcpfier-files-") && name.contains(&ours)
        })
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
