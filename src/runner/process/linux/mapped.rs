//! What this process has mapped of its own program, as `/proc/self/smaps` tells it.
//!
//! Pure: a text in, addresses out.

use std::ops::Range;

/// One mapping.
struct Mapping<'a> {
    addresses: Range<usize>,
    permissions: &'a str,
    path: &'a str,
    /// Pages that are no longer the file's.
    changed: bool,
}

/// The mappings of the program around an address of its code that are nothing but what its file
/// says: private, never written and not to be written.
pub fn unchanged(smaps: &str, code: usize) -> Vec<Range<usize>> {
    let mappings = mappings(smaps);
    let Some(at) = mappings.iter().position(|mapping| mapping.addresses.contains(&code)) else {
        return Vec::new();
    };
    let (before, after) = mappings.split_at(at);
    let neighbours = |one: &Mapping<'_>, other: &Mapping<'_>| {
        one.path == other.path && one.addresses.end == other.addresses.start
    };
    let first = before.iter().zip(mappings.get(1..).unwrap_or_default());
    let first = first.rev().take_while(|(one, other)| neighbours(one, other)).count();
    let rest = after.iter().zip(after.get(1..).unwrap_or_default());
    let rest = rest.take_while(|(one, other)| neighbours(one, other)).count();
    let program = mappings.get(at - first..=at + rest).unwrap_or_default();
    program.iter().filter(|mapping| mapping.is_the_file()).map(|mapping| mapping.addresses.clone()).collect()
}

impl Mapping<'_> {
    fn is_the_file(&self) -> bool {
        self.path.starts_with('/') && matches!(self.permissions, "r-xp" | "r--p") && !self.changed
    }
}

fn mappings(smaps: &str) -> Vec<Mapping<'_>> {
    let mut mappings = Vec::new();
    for line in smaps.lines() {
        if let Some(mapping) = mapping(line) {
            mappings.push(mapping);
        } else if let (Some(mapping), Some(rest)) = (mappings.last_mut(), line.strip_prefix("Anonymous:")) {
            mapping.changed = rest.trim() != "0 kB";
        }
    }
    mappings
}

/// `from-to permissions offset device inode path`. Without a line of its own a mapping counts as changed.
fn mapping(line: &str) -> Option<Mapping<'_>> {
    let mut words = line.split_ascii_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    let addresses = address(from)?..address(to)?;
    let permissions = words.next()?;
    // What it is called is the rest of the line, and may hold blanks.
    let path = line.splitn(6, ' ').nth(5).unwrap_or_default().trim_start();
    Some(Mapping { addresses, permissions, path, changed: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-2000 r--p 00000000 fe:00 12                         /usr/bin/a program
Size:                  4 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
5000-6000 r--p 00000000 fe:00 11                         /usr/bin/a program
Anonymous:             0 kB
6000-9000 r-xp 00001000 fe:00 11                         /usr/bin/a program
Anonymous:             0 kB
9000-a000 r--p 00004000 fe:00 11                         /usr/bin/a program
Anonymous:             4 kB
a000-b000 rw-p 00005000 fe:00 11                         /usr/bin/a program
Anonymous:             0 kB
b000-c000 r--p 00000000 fe:00 13                         /usr/lib/other.so
Anonymous:             0 kB
d000-e000 rw-p 00000000 00:00 0
Anonymous:             8 kB
";

    #[test]
    fn only_what_is_as_the_file_is_counts() {
        assert_eq!(unchanged(SMAPS, 0x6123), [0x5000..0x6000, 0x6000..0x9000]);
        assert_eq!(unchanged(SMAPS, 0xb000), vec![0xb000..0xc000]);
        for nowhere in [unchanged(SMAPS, 0xd800), unchanged(SMAPS, 0xffff), unchanged("", 0)] {
            assert!(nowhere.is_empty(), "{nowhere:?}");
        }
    }

    #[test]
    fn a_kernel_that_does_not_say_what_was_changed_is_believed_nothing() {
        let silent: String =
            SMAPS.lines().filter(|line| !line.starts_with("Anonymous")).collect::<Vec<_>>().join("\n");
        assert!(unchanged(&silent, 0x6123).is_empty());
    }

    #[test]
    fn this_program_has_code_of_its_own() {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let code = unchanged as fn(&str, usize) -> Vec<Range<usize>> as usize;
        assert!(unchanged(&smaps, code).iter().any(|mapping| mapping.contains(&code)));
    }
}
