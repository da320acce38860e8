//! Every way in which a file is saved, while clients of both eras call without pause.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use super::{ERAS, Listener, edition};

/// Saves over and over; each time the client hears of it, and then sees it.
async fn is_seen(begin: fn(&Path, &str), save: fn(&Path, &str)) {
    for era in ERAS {
        let folder = tempfile::tempdir().unwrap();
        begin(folder.path(), &edition(0));
        let mut client = Listener::start(era, folder).await;
        assert_eq!(client.tools().await, ["hello", "edition_0"]);
        for number in 1..4 {
            let folder = client.folder().to_owned();
            let saving = tokio::task::spawn_blocking(move || save(&folder, &edition(number)));
            client.calls_until_it_hears().await;
            saving.await.unwrap();
            let fresh = format!("edition_{number}");
            assert_eq!(client.tools().await, ["hello", &fresh], "{era:?}");
            assert_eq!(client.says(&fresh).await, format!("{number}\n"));
            let gone = client.call(&format!("edition_{}", number - 1)).await;
            assert_eq!(gone["error"]["code"], -32602, "{gone}");
        }
        let said = client.server.stderr();
        assert!(!said.contains("cannot be used"), "{said}");
    }
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("tools.yaml"), text).unwrap();
}

#[tokio::test]
async fn written_over() {
    is_seen(write, write).await;
}

#[tokio::test]
async fn renamed_over() {
    is_seen(write, |folder, text| {
        fs::write(folder.join(".tools.yaml.tmp"), text).unwrap();
        fs::rename(folder.join(".tools.yaml.tmp"), folder.join("tools.yaml")).unwrap();
    })
    .await;
}

/// The first half is closed and left alone for long enough to be looked at.
#[tokio::test]
async fn written_in_two_halves() {
    is_seen(write, |folder, text| {
        let (first, second) = text.split_at(text.rfind("description").unwrap() + 3);
        fs::write(folder.join("tools.yaml"), first).unwrap();
        std::thread::sleep(Duration::from_millis(150));
        let mut file = OpenOptions::new().append(true).open(folder.join("tools.yaml")).unwrap();
        file.write_all(second.as_bytes()).unwrap();
    })
    .await;
}

#[tokio::test]
async fn deleted_and_made_anew() {
    is_seen(write, |folder, text| {
        fs::remove_file(folder.join("tools.yaml")).unwrap();
        std::thread::sleep(Duration::from_millis(150));
        write(folder, text);
    })
    .await;
}

/// What vim does with `backup` on.
#[tokio::test]
async fn moved_away_to_a_backup_and_written_anew() {
    is_seen(write, |folder, text| {
        fs::write(folder.join("4913"), "").unwrap();
        fs::remove_file(folder.join("4913")).unwrap();
        fs::rename(folder.join("tools.yaml"), folder.join("tools.yaml~")).unwrap();
        write(folder, text);
        fs::remove_file(folder.join("tools.yaml~")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_link_that_leads_elsewhere() {
    fn link(folder: &Path, text: &str) {
        let kept = tempfile::Builder::new().suffix(".yaml").tempfile_in(folder).unwrap();
        fs::write(kept.path(), text).unwrap();
        let (_, target) = kept.keep().unwrap();
        symlink(target, folder.join("new")).unwrap();
        fs::rename(folder.join("new"), folder.join("tools.yaml")).unwrap();
    }
    is_seen(link, link).await;
}

/// The file that a link leads to lies in another folder and is saved there.
#[tokio::test]
async fn behind_a_link() {
    is_seen(
        |folder, text| {
            fs::create_dir(folder.join("real")).unwrap();
            fs::write(folder.join("real/file"), text).unwrap();
            symlink("real/file", folder.join("tools.yaml")).unwrap();
        },
        |folder, text| {
            fs::write(folder.join("real/file.new"), text).unwrap();
            fs::rename(folder.join("real/file.new"), folder.join("real/file")).unwrap();
        },
    )
    .await;
}

/// How Kubernetes exchanges the files of a ConfigMap.
#[tokio::test]
async fn a_config_map() {
    fn exchange(folder: &Path, text: &str) {
        let before = fs::read_link(folder.join("..data"));
        let fresh = tempfile::Builder::new().prefix("..2026_").tempdir_in(folder).unwrap().keep();
        fs::write(fresh.join("tools.yaml"), text).unwrap();
        symlink(fresh.file_name().unwrap(), folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
        match before {
            Ok(before) => fs::remove_dir_all(folder.join(before)).unwrap(),
            Err(_) => symlink("..data/tools.yaml", folder.join("tools.yaml")).unwrap(),
        }
    }
    is_seen(exchange, exchange).await;
}

/// The folder that a link leads to, as deployments exchange it.
#[tokio::test]
async fn a_folder_that_is_another_one() {
    fn release(folder: &Path, text: &str) {
        let release = tempfile::Builder::new().prefix("release").tempdir_in(folder).unwrap().keep();
        fs::write(release.join("file"), text).unwrap();
        if folder.join("current").exists() {
            fs::rename(folder.join("current"), release.join("before")).unwrap();
        } else {
            symlink("current/file", folder.join("tools.yaml")).unwrap();
        }
        fs::rename(release, folder.join("current")).unwrap();
    }
    is_seen(release, release).await;
}
