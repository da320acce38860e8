//! What a request says of who sends it: `X-API-Key: k`, or `Authorization` in one of its schemes.

/// What was presented, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    Key(&'a str),
    /// A key or a token.
    Bearer(&'a str),
    /// A name and a password, as they came: base64.
    Basic(&'a str),
}

/// Headers that cannot be judged, in words for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("who calls was said more than once")]
    Twice,
    #[error("expected `Authorization: Bearer KEY`, `Authorization: ApiKey KEY` or `X-API-Key: KEY`")]
    Scheme,
}

impl<'a> Credential<'a> {
    /// The one among these headers; each is given as often as it came.
    pub fn read(api_key: &[&'a str], authorization: &[&'a str]) -> Result<Option<Self>, Malformed> {
        match (api_key, authorization) {
            ([], []) => Ok(None),
            ([key], []) => Ok(Some(Self::Key(key.trim()))),
            ([], [value]) => Self::authorization(value).map(Some),
            _ => Err(Malformed::Twice),
        }
    }

    fn authorization(value: &'a str) -> Result<Self, Malformed> {
        let (scheme, text) = value.trim().split_once(' ').ok_or(Malformed::Scheme)?;
        let text = text.trim();
        match scheme.to_ascii_lowercase().as_str() {
            _ if text.is_empty() => Err(Malformed::Scheme),
            "bearer" => Ok(Self::Bearer(text)),
            "apikey" => Ok(Self::Key(text)),
            "basic" => Ok(Self::Basic(text)),
            _ => Err(Malformed::Scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_is_said_in_one_place() {
        assert_eq!(Credential::read(&[], &[]), Ok(None));
        for (api_key, authorization, credential) in [
            (vec!["k"], vec![], Credential::Key("k")),
            (vec![], vec!["Bearer k"], Credential::Bearer("k")),
            (vec![], vec!["ApiKey k"], Credential::Key("k")),
            (vec![], vec!["apikey  k "], Credential::Key("k")),
            (vec![], vec!["Basic a2V5"], Credential::Basic("a2V5")),
        ] {
            assert_eq!(Credential::read(&api_key, &authorization), Ok(Some(credential)));
        }
        for (api_key, authorization) in
            [(vec!["k", "k"], vec![]), (vec!["k"], vec!["Bearer k"]), (vec![], vec!["Bearer k", "Bearer k"])]
        {
            assert_eq!(Credential::read(&api_key, &authorization), Err(Malformed::Twice));
        }
        for wrong in ["", "k", "Bearer", "Bearer ", "Digest k"] {
            assert_eq!(Credential::read(&[], &[wrong]), Err(Malformed::Scheme), "{wrong}");
        }
    }
}
