//! Something is done to a log, and that is found where it is.

use super::*;

#[test]
fn a_log_that_nobody_touched_is_as_it_was_written() {
    let log = Log::new();
    log.write(5).write(3);
    let report = log.report();
    assert_eq!((report.records, report.findings.len(), report.head), (8, 0, Some(true)), "{report:?}");
    let anchor = report.last.unwrap();
    let with = |anchor: &Anchor| {
        log.verified(Knowledge { anchor: Some(anchor), ..Knowledge::default() }).findings.len()
    };
    assert_eq!(with(&anchor), 0);
    assert_eq!(with(&Anchor { seq: 8, hash: super::seal::BEGINNING.to_owned() }), 1);
    assert_eq!(with(&Anchor { seq: 9, ..anchor }), 1);
}

#[test]
fn an_edited_record_is_found_whether_its_digest_was_made_anew_or_not() {
    let log = Log::new();
    log.write(6);
    log.rewrite(|lines| lines[2] = lines[2].replace(r#""lost":2"#, r#""lost":7"#));
    assert_eq!(log.found(), [("changed", Some(3))]);
    let log = Log::new();
    log.write(6);
    log.rewrite(|lines| lines[2] = forged(&lines[2], None, (r#""lost":2"#, r#""lost":7"#)).0);
    assert_eq!(log.found(), [("changed", Some(3))]);
}

#[test]
fn deleted_moved_and_repeated_records_are_found_where_they_are() {
    for (change, expected) in [
        ((|lines| drop(lines.remove(3))) as fn(&mut Vec<String>), vec![("missing", Some(4))]),
        (|lines| drop(lines.drain(1..4)), vec![("missing", Some(2))]),
        (|lines| drop(lines.remove(0)), vec![("missing", Some(1))]),
        (|lines| drop(lines.pop()), vec![("missing", Some(8))]),
        (|lines| lines.truncate(5), vec![("missing", Some(6))]),
        (|lines| lines.swap(3, 4), vec![("moved", Some(4))]),
        (|lines| lines.insert(5, lines[1].clone()), vec![("repeated", Some(2))]),
        (|lines| lines[2] = "not a record".to_owned(), vec![("unreadable", None)]),
        (
            |lines| lines[2] = lines[2].split(r#","hash""#).next().unwrap().to_owned() + "}",
            vec![("changed", Some(3))],
        ),
    ] {
        let log = Log::new();
        log.write(8).rewrite(change);
        assert_eq!(log.found(), expected, "{:#?}", log.report());
    }
}

#[test]
fn what_is_missing_is_named_with_its_place() {
    let log = Log::new();
    log.write(8).rewrite(|lines| drop(lines.drain(2..5)));
    let found = log.report().findings.pop().unwrap();
    assert_eq!(found.text, "records 3 to 5 are missing before this line");
    assert_eq!(found.place, Some((log.path.clone(), 3)));
}

#[test]
fn a_chain_that_somebody_wrote_anew_is_not_signed() {
    written_anew(&SigningKey::of([9; 32]), &SigningKey::of([1; 32]));
    if let (Some(pair), Some(other)) = (SigningKey::generate_pair(), SigningKey::generate_pair()) {
        written_anew(&pair, &other);
        written_anew(&pair, &SigningKey::of([1; 32]));
    }
}

fn written_anew(key: &SigningKey, other: &SigningKey) {
    let log = Log::signed_with(key, 4);
    log.write(10);
    assert_eq!((log.found(), log.report().signed), (vec![], 2), "{:#?}", log.report());
    // From the seventh record on, with everything that follows from it, and the head.
    log.rewrite(|lines| {
        let mut prev = None;
        for (at, line) in lines.iter_mut().enumerate().skip(6) {
            let change = if at == 6 { (r#""lost":5"#, r#""lost":6"#) } else { ("", "") };
            let (text, hash) = forged(line, prev.as_deref(), change);
            (*line, prev) = (text, Some(hash));
        }
    });
    let found = log.found();
    assert!(found.contains(&("forged", Some(10))), "{found:?}: the checkpoint behind it is not signed");
    assert!(
        found.iter().any(|(what, seq)| *what == "changed" && *seq == Some(12)),
        "{found:?}: nor is its end"
    );
    assert!(log.report().findings.iter().any(|found| found.text.contains("from record 6 on")));
    let other = log.with_key(&other.verifying());
    assert!(other.findings.iter().any(|found| found.text.contains("the head is not signed with this key")));
}

#[cfg(feature = "signatures")]
#[test]
fn what_is_done_to_a_log_is_found_with_the_public_key_alone() {
    let pair = SigningKey::generate_pair().unwrap();
    let public = |log: &Log| {
        let path = log.path.with_extension("pub");
        fs::write(&path, pair.public_text().unwrap()).unwrap();
        VerifyingKey::read_public(&path).unwrap()
    };
    for (change, expected) in [
        ((|_| {}) as fn(&mut Vec<String>), vec![]),
        (|lines| lines[2] = lines[2].replace(r#""lost":2"#, r#""lost":7"#), vec![("changed", Some(3))]),
        (|lines| drop(lines.drain(5..7)), vec![("missing", Some(6))]),
        (|lines| lines.truncate(5), vec![("missing", Some(6))]),
        (|lines| lines.swap(5, 6), vec![("moved", Some(6))]),
        (
            // The signature of another checkpoint.
            |lines| {
                let signature = |line: &str| line.split_once(r#","sig":"#).unwrap().1.to_owned();
                let (first, second) = (signature(&lines[4]), signature(&lines[9]));
                lines[9] = lines[9].replace(&second, &first);
            },
            vec![("forged", Some(10))],
        ),
        (|lines| lines[4] = forged(&lines[4], None, ("", "")).0, vec![("forged", Some(5))]),
    ] {
        let log = Log::signed_with(&pair, 4);
        log.write(9).rewrite(change);
        let report = log.with_key(&public(&log));
        let found: Vec<_> = report.findings.iter().map(|finding| (finding.what, finding.seq)).collect();
        assert_eq!(found, expected, "{report:#?}");
    }
    let log = Log::signed(4);
    log.write(9);
    let report = log.with_key(&public(&log));
    assert!(report.findings[1].text.contains("not signed with this key but by HMAC-SHA-256"), "{report:#?}");
}

#[test]
fn a_lost_head_or_file_leaves_a_mark() {
    let log = Log::new();
    log.write(3);
    fs::remove_file(beside(&log.path)).unwrap();
    assert_eq!(log.found(), [("unproven", Some(4))], "{:?}", log.report());
    log.write(1);
    assert!(log.lines()[3].contains("there was no head"));
    let found = log.report().findings;
    assert_eq!((found.len(), found[0].what, found[0].place.as_ref().unwrap().1), (1, "recovered", 4));
    assert!(found[0].text.starts_with("record 4 says: there was no head; whether records"), "{found:?}");
    let log = Log::new();
    let mut ledger = log.open();
    append(&mut ledger, 1).unwrap();
    fs::remove_file(&log.path).unwrap();
    append(&mut ledger, 2).unwrap();
    assert!(log.lines()[0].contains("the file was moved away"));
    assert_eq!(log.found(), [("missing", Some(1))]);
    fs::remove_file(&log.path).unwrap();
    fs::remove_file(beside(&log.path)).unwrap();
    append(&mut ledger, 3).unwrap();
    assert_eq!((log.lines().len(), log.found()), (1, vec![]), "both are gone, and it begins anew");
}

/// The tail that nothing has signed, cut off or written anew, and with it what says where the log ends.
#[test]
fn a_log_without_its_head_is_not_as_it_was_written() {
    let gone = |path: &Path| fs::remove_file(path).unwrap();
    let empty = |path: &Path| fs::write(path, "").unwrap();
    let garbage = |path: &Path| fs::write(path, "what?").unwrap();
    let unsigned = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.split_once(r#","mac""#).unwrap().0.to_owned() + "}").unwrap();
    };
    let anew = |lines: &mut Vec<String>| {
        let mut prev = None;
        for line in lines.iter_mut().skip(5) {
            let (text, hash) = forged(line, prev.as_deref(), (r#""lost":5"#, r#""lost":9"#));
            (*line, prev) = (text, Some(hash));
        }
    };
    type Loss = fn(&Path);
    let ways: [(Loss, &str, &str); 4] = [
        (gone, "unproven", "there was no head"),
        (empty, "unproven", "there was no head"),
        (garbage, "forged", "there was no head"),
        (unsigned, "forged", "the head was not signed"),
    ];
    for (lose, what, said) in ways {
        for change in [(|lines| lines.truncate(6)) as fn(&mut Vec<String>), anew] {
            let log = Log::signed(4);
            log.write(7).rewrite(change);
            lose(&beside(&log.path));
            let found = log.report().findings;
            assert_eq!((found.len(), found[0].what), (1, what), "{found:?}");
            if what == "unproven" {
                let ends = if log.lines().len() == 6 { "record 6 is" } else { "records 6 to 8 are" };
                assert!(found[0].text.ends_with(&format!("{ends} signed by nobody")), "{found:?}");
            }
            // A server goes on behind it, and signs that; what it has not seen stays open.
            log.write(4);
            let found = log.report().findings;
            assert_eq!((found.len(), found[0].what), (1, "recovered"), "{found:?}");
            assert!(found[0].text.contains(said) && found[0].text.contains("6 "), "{found:?}");
        }
    }
}

#[test]
fn what_somebody_appends_behind_the_head_is_nothing_that_a_key_vouches_for() {
    let written_on = |log: &Log| {
        log.write(3);
        let head = fs::read(beside(&log.path)).unwrap();
        log.write(2);
        fs::write(beside(&log.path), head).unwrap();
    };
    let log = Log::signed(100);
    written_on(&log);
    let found = log.report().findings;
    assert_eq!((found.len(), found[0].what, found[0].seq), (1, "unproven", Some(4)), "{found:?}");
    log.write(1);
    let found = log.report().findings;
    assert!(found[0].text.ends_with("records 4 to 5 are not known to be its own"), "{found:?}");
    let log = Log::new();
    written_on(&log);
    log.write(1);
    let report = log.report();
    assert!(report.findings.is_empty() && report.notes.len() == 1, "{report:#?}");
    assert!(report.notes[0].contains("audit.jsonl:6: record 6 says: a server ended while it wrote"));
}

#[test]
fn a_copy_without_its_head_says_what_that_leaves_open() {
    for log in [Log::new(), Log::signed(4)] {
        log.write(6);
        fs::remove_file(beside(&log.path)).unwrap();
        let key = log.key();
        let report = log.verified(Knowledge { key: key.as_ref(), is_headless: true, anchor: None });
        assert!(report.findings.is_empty() && report.notes.len() == 1, "{report:#?}");
        assert_eq!(report.notes[0].contains("records 6 to 7 are signed by nobody"), key.is_some());
    }
}

#[test]
fn a_file_that_was_put_aside_is_verified_alone_as_the_part_that_it_is() {
    let mut log = Log::signed(5);
    log.rules.rotation = Rotation { size: ByteSize(2000), keep: 30 };
    log.write(40);
    let key = log.key();
    let knowledge = Knowledge { key: key.as_ref(), ..Knowledge::default() };
    let files = files_of(&log.path);
    let report = verify(&Subject::log(&files[1]), knowledge).unwrap();
    assert!(report.findings.is_empty() && report.notes.len() == 1, "{report:#?}");
    assert!(report.notes[0].contains("whether there are records before and behind them"), "{report:#?}");
    let both = verify(&Subject::files(files[1..3].to_vec()), knowledge).unwrap();
    assert!(both.findings.is_empty() && both.records > report.records, "{both:#?}");
    let text = fs::read_to_string(&files[1]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    for (left, what) in [(&lines[1..], "missing"), (&lines[..lines.len() - 1], "unproven")] {
        fs::write(&files[1], left.join("\n") + "\n").unwrap();
        let report = verify(&Subject::log(&files[1]), knowledge).unwrap();
        assert_eq!((report.findings.len(), report.findings[0].what), (1, what), "{report:#?}");
    }
}

#[test]
fn a_log_whose_current_file_is_gone_ends_too_early() {
    let mut log = Log::new();
    log.rules.rotation = Rotation { size: ByteSize(2000), keep: 30 };
    log.write(20);
    fs::remove_file(&log.path).unwrap();
    let report = log.report();
    assert!(
        report.findings.len() == 1 && report.findings[0].text.ends_with("missing at the end"),
        "{report:#?}"
    );
    fs::remove_file(beside(&log.path)).unwrap();
    assert_eq!(log.report().findings[0].what, "unproven");
}

#[test]
fn records_that_lost_their_digests_are_found_one_by_one() {
    fn bare(line: &str) -> String {
        let content = line.split_once(r#","hash":""#).unwrap().0;
        content.split_once(r#","prev":""#).unwrap().0.to_owned() + "}"
    }
    let first = |lines: &mut Vec<String>| lines[0] = bare(&lines[0]);
    let some = |lines: &mut Vec<String>| {
        lines[0] = bare(&lines[0]);
        for at in [2, 3] {
            lines[at] = bare(&lines[at].replace(r#""lost":"#, r#""lost":1"#));
        }
    };
    let all = |lines: &mut Vec<String>| lines.iter_mut().for_each(|line| *line = bare(line));
    type Strip = fn(&mut Vec<String>);
    let ways: [(Strip, Vec<u64>); 3] = [(first, vec![1]), (some, vec![1, 3, 4]), (all, (1..=7).collect())];
    for (strip, changed) in ways {
        for (log, loses_head) in [(Log::new(), false), (Log::signed(6), false), (Log::signed(6), true)] {
            log.write(if log.key().is_some() { 6 } else { 7 }).rewrite(strip);
            if loses_head {
                fs::remove_file(beside(&log.path)).unwrap();
            }
            let findings = log.report().findings;
            let found: Vec<_> = findings.iter().filter(|finding| finding.what == "changed").collect();
            let places: Vec<u64> = found.iter().map(|finding| finding.place.as_ref().unwrap().1).collect();
            assert_eq!(places, changed, "{findings:#?}");
            assert!(found.iter().all(|finding| finding.text.ends_with("it has no digest")), "{findings:#?}");
        }
    }
    let mut log = Log::new();
    log.rules.chain = false;
    log.write(3);
    let report = log.report();
    assert!(report.findings.is_empty() && report.notes[0].contains("are no chain"), "{report:#?}");
}
