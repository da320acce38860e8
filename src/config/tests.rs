//! What is written about the codes is what the codes are.

use super::code::Code;

#[test]
fn the_reference_names_every_code_once_and_in_order() {
    let reference = include_str!("../../docs/reference/diagnostics.md");
    let rows: Vec<(u16, &str)> = reference
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            Some((cells.next()?.parse().ok()?, cells.next()?))
        })
        .collect();
    let codes: Vec<(u16, &str)> = Code::ALL.iter().map(|code| (code.number(), code.title())).collect();
    let without_host: Vec<(u16, &str)> =
        rows.iter().map(|(number, title)| (*number, title.trim_end_matches(" (host)"))).collect();
    assert_eq!(without_host, codes);
}
