//! Questions for names: those of the list are answered with their doors, and no other is asked of
//! anybody, so that no question carries anything out.

use std::net::Ipv4Addr;

/// An answer, and the name that is not listed if that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub packet: Vec<u8>,
    pub denied: Option<String>,
}

const HEAD: usize = 12;
const TYPE_A: u16 = 1;
const TYPE_PTR: u16 = 12;
const CLASS_IN: u16 = 1;
/// No such name.
const NXDOMAIN: u8 = 3;
/// How long an answer holds, in seconds. It holds as long as the container.
const HOLDS: [u8; 4] = [0, 0, 0, 60];

/// `None`: it is no question.
pub fn answer(packet: &[u8], hosts: &[(String, Ipv4Addr)]) -> Option<Answer> {
    let head = packet.first_chunk::<HEAD>()?;
    let [id_high, id_low, flags, _, 0, 1, ..] = *head else { return None };
    // An answer, or something else than a question.
    if flags & 0xf8 != 0 {
        return None;
    }
    let (name, end) = name(packet)?;
    let [type_high, type_low, class_high, class_low] = *packet.get(end..)?.first_chunk::<4>()?;
    let (kind, class) =
        (u16::from_be_bytes([type_high, type_low]), u16::from_be_bytes([class_high, class_low]));
    let found = hosts.iter().find(|(own, _)| *own == name).map(|(_, address)| *address);
    let found = found.or((name == "localhost").then_some(Ipv4Addr::LOCALHOST));
    let address = found.filter(|_| kind == TYPE_A && class == CLASS_IN);
    let code = if found.is_some() { 0 } else { NXDOMAIN };
    // An answer, ours, with what was asked.
    let mut answer = vec![id_high, id_low, 0x84 | (flags & 1), 0x80 | code];
    answer.extend([0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend_from_slice(packet.get(HEAD..end + 4)?);
    if let Some(address) = address {
        // The name as it stands in the question.
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1]);
        answer.extend(HOLDS);
        answer.extend([0, 4]);
        answer.extend(address.octets());
    }
    let denied = (found.is_none() && kind != TYPE_PTR).then_some(name);
    Some(Answer { packet: answer, denied })
}

/// The name in lower case, and where it ends. What no name can hold is `?`.
fn name(packet: &[u8]) -> Option<(String, usize)> {
    let mut at = HEAD;
    let mut name = String::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        match length {
            0 => return Some((name, at)),
            1..=63 if name.len() + length < 255 => {
                if !name.is_empty() {
                    name.push('.');
                }
                name.extend(packet.get(at..at + length)?.iter().map(|byte| shown(*byte)));
                at += length;
            }
            _ => return None,
        }
    }
}

fn shown(byte: u8) -> char {
    match byte {
        b'-' | b'_' => char::from(byte),
        byte if byte.is_ascii_alphanumeric() => char::from(byte.to_ascii_lowercase()),
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut packet = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.').filter(|label| !label.is_empty()) {
            packet.push(u8::try_from(label.len()).unwrap());
            packet.extend(label.as_bytes());
        }
        packet.extend([0, 0, kind, 0, 1]);
        packet
    }

    fn asked(name: &str, kind: u8) -> (u8, bool, Option<String>) {
        let hosts = [("db.example.com".to_owned(), Ipv4Addr::new(127, 77, 1, 1))];
        let Answer { packet, denied } = answer(&question(name, kind), &hosts).unwrap();
        assert_eq!(packet[..3], [7, 9, 0x85]);
        (packet[3] & 0xf, packet.ends_with(&[0, 4, 127, 77, 1, 1]), denied)
    }

    #[test]
    fn only_listed_names_have_an_address() {
        assert_eq!(asked("DB.example.com", 1), (0, true, None));
        // It has no address of IPv6, and that is no reason to say that it does not exist.
        assert_eq!(asked("db.example.com", 28), (0, false, None));
        for (kind, name) in [(1, "evil.example"), (16, "secret.evil.example"), (28, "example.com")] {
            assert_eq!(asked(name, kind), (NXDOMAIN, false, Some(name.to_owned())));
        }
        assert_eq!(asked("1.0.77.127.in-addr.arpa", 12), (NXDOMAIN, false, None));
        assert_eq!(asked("a\u{1b}\n.b", 1).2.as_deref(), Some("a??.b"));
    }

    #[test]
    fn what_is_no_question_has_no_answer() {
        let good = question("a.b", 1);
        for end in 0..good.len() {
            assert_eq!(answer(&good[..end], &[]), None, "cut at {end}");
        }
        let changed = |at: usize, byte: u8| {
            let mut packet = good.clone();
            packet[at] = byte;
            answer(&packet, &[])
        };
        assert_eq!(changed(2, 0x80), None, "an answer");
        assert_eq!(changed(2, 0x10), None, "another operation");
        assert_eq!(changed(5, 2), None, "two questions");
        assert_eq!(changed(12, 0xc0), None, "a pointer");
        let long = question(&vec!["a".repeat(63); 5].join("."), 1);
        assert_eq!(answer(&long, &[]), None);
    }
}
