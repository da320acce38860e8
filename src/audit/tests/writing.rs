//! How a log goes on: in new files, from several writers, after a kill, and not behind what somebody changed.

use super::*;

#[test]
fn the_chain_goes_on_in_new_files_and_old_ones_go_by_rule_alone() {
    let mut log = Log::signed(5);
    log.rules.rotation = Rotation { size: ByteSize(2000), keep: 3 };
    log.write(60);
    let files = files_of(&log.path);
    assert_eq!(files.len(), 4, "{files:?}");
    let report = log.report();
    assert!(report.findings.is_empty(), "{report:#?}");
    assert!(report.first > Some(1) && report.notes.len() == 1, "{report:#?}");
    let middle = fs::read(&files[1]).unwrap();
    fs::remove_file(&files[1]).unwrap();
    assert_eq!(log.found().first().map(|found| found.0), Some("missing"));
    fs::write(&files[1], middle).unwrap();
    fs::remove_file(&files[0]).unwrap();
    let report = log.report();
    assert!(report.findings[0].text.ends_with("missing at the beginning"), "{report:#?}");
}

#[test]
fn several_write_one_log_as_one_chain() {
    let log = Log::new();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| log.write(50));
        }
    });
    let report = log.report();
    assert_eq!((report.records, report.findings.len()), (200, 0), "{report:#?}");
}

#[test]
fn what_a_killed_server_left_half_written_is_taken_away_and_said() {
    let log = Log::new();
    log.write(3);
    let mut text = fs::read_to_string(&log.path).unwrap();
    text.push_str(r#"{"v":1,"seq":4,"ti"#);
    fs::write(&log.path, text).unwrap();
    log.write(1);
    assert_eq!(log.found(), []);
    let recovered: Value = serde_json::from_str(&log.lines()[3]).unwrap();
    assert_eq!((&recovered["event"], &recovered["bytes"]), (&"log.recovered".into(), &18.into()));
}

#[test]
fn whole_records_that_the_head_does_not_know_are_gone_on_from() {
    let log = Log::new();
    log.write(3);
    let head = fs::read(beside(&log.path)).unwrap();
    log.write(2);
    fs::write(beside(&log.path), head).unwrap();
    log.write(1);
    assert_eq!(log.found(), []);
    let recovered: Value = serde_json::from_str(&log.lines()[5]).unwrap();
    assert_eq!((&recovered["event"], &recovered["records"]), (&"log.recovered".into(), &2.into()));
}

#[test]
fn nothing_is_written_behind_what_somebody_cut_off_or_changed() {
    let says = |change: fn(&Log)| {
        let log = Log::new();
        log.write(5);
        change(&log);
        let mut ledger = log.open();
        append(&mut ledger, 0).unwrap_err().to_string()
    };
    let cut = says(|log| log.rewrite(|lines| drop(lines.pop())));
    assert!(cut.contains("and had") && cut.contains("mcpfier audit verify"), "{cut}");
    let changed = says(|log| {
        log.rewrite(|lines| {
            let last = lines.len() - 1;
            lines[last] = forged(&lines[last], None, (r#""lost":4"#, r#""lost":5"#)).0;
        });
    });
    assert!(changed.contains("its last record is another one"), "{changed}");
    let added = says(|log| log.rewrite(|lines| lines.push(lines[0].clone())));
    assert!(added.contains("does not follow"), "{added}");
    let forged_head = |log: &Log| {
        let path = beside(&log.path);
        let text = fs::read_to_string(&path).unwrap().replace(r#""seq":5"#, r#""seq":4"#);
        fs::write(path, text).unwrap();
    };
    let log = Log::signed(100);
    log.write(5);
    forged_head(&log);
    assert!(append(&mut log.open(), 0).unwrap_err().to_string().contains("another key"));
}

#[test]
fn nobody_else_can_read_a_log_or_a_key() {
    use std::os::unix::fs::PermissionsExt;
    let log = Log::signed(10);
    log.write(1);
    let key = log.rules.checkpoint.key.clone().unwrap();
    for path in [&log.path, &beside(&log.path), &key] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(SigningKey::read(&key).unwrap_err().to_string().contains("others can read"));
    assert!(SigningKey::of([0; 32]).write(&key).unwrap_err().to_string().contains("is there already"));
    assert!(SigningKey::read(Path::new("/nowhere")).is_err());
}
