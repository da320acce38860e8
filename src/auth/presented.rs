//! The key that a request carries: `X-API-Key: k`, `Authorization: ApiKey k` or `Bearer k`.

/// Headers that cannot be judged, in words for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("a key was presented more than once")]
    Twice,
    #[error("expected `Authorization: Bearer KEY`, `Authorization: ApiKey KEY` or `X-API-Key: KEY`")]
    Scheme,
}

/// The one key among these headers; each is given as often as it came.
pub fn presented<'a>(api_key: &[&'a str], authorization: &[&'a str]) -> Result<Option<&'a str>, Malformed> {
    match (api_key, authorization) {
        ([], []) => Ok(None),
        ([key], []) => Ok(Some(key.trim())),
        ([], [value]) => {
            let (scheme, key) = value.trim().split_once(' ').ok_or(Malformed::Scheme)?;
            let is_known = ["bearer", "apikey"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            let key = key.trim();
            if is_known && !key.is_empty() { Ok(Some(key)) } else { Err(Malformed::Scheme) }
        }
        _ => Err(Malformed::Twice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_in_one_place() {
        assert_eq!(presented(&[], &[]), Ok(None));
        for (api_key, authorization) in [
            (vec!["k"], vec![]),
            (vec![], vec!["Bearer k"]),
            (vec![], vec!["ApiKey k"]),
            (vec![], vec!["apikey  k "]),
        ] {
            assert_eq!(presented(&api_key, &authorization), Ok(Some("k")));
        }
        for (api_key, authorization) in
            [(vec!["k", "k"], vec![]), (vec!["k"], vec!["Bearer k"]), (vec![], vec!["Bearer k", "Bearer k"])]
        {
            assert_eq!(presented(&api_key, &authorization), Err(Malformed::Twice));
        }
        for wrong in ["", "k", "Bearer", "Bearer ", "Basic a2V5"] {
            assert_eq!(presented(&[], &[wrong]), Err(Malformed::Scheme), "{wrong}");
        }
    }
}
