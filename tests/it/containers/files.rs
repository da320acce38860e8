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
    // Other tests have files there too, while they run.
    let is_ours = |entry: &std::fs::DirEntry| {
        let files = std::fs::read_dir(entry.path()).into_iter().flatten().filter_map(Result::ok);
        let mut texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.any(|text| text == "hush-hush")
    };
    let left: Vec<_> = left.filter(is_ours).collect();
    assert!(left.is_empty(), "{left:?}");
}
