//! Who makes the tokens that callers over HTTP show, and what has to stand in one.

use std::str::FromStr;
use std::time::Duration;

use super::http::{BadUrl, Origin, origin};
use super::principal::Permissions;
use super::secret::SecretText;

/// An issuer whose tokens let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// As tokens name it (`iss`).
    pub name: String,
    /// Others let in, too, who may have the same names for other people.
    pub is_one_of_several: bool,
    /// Whom a token has to be for: one of these.
    pub audience: Vec<String>,
    /// The address under which clients know this server, if the file says it.
    pub resource: Option<String>,
    /// Where its keys are; `None`: where it says itself.
    pub jwks_uri: Option<String>,
    pub algorithms: Vec<Algorithm>,
    /// What every token has to be good for.
    pub required_scopes: Vec<String>,
    /// What clients may ask for.
    pub scopes: Vec<String>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    pub claims: ClaimNames,
    /// The file has tenants, and tokens say of which one their bearer is: those that do not let to no tool.
    pub needs_tenant: bool,
    /// What callers may beside what their roles let them.
    pub permissions: Permissions,
    /// The file says so; else it is all of them where there are no roles, and none where there are.
    pub says_permissions: bool,
    pub introspection: Option<Introspection>,
    /// Whether clients without a token are told where to get one.
    pub is_announced: bool,
    pub endpoints: Endpoints,
}

#[cfg(test)]
impl Issuer {
    /// One that asks for nothing but an audience, and says itself where everything is.
    pub fn plain(name: &str, audience: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_one_of_several: false,
            audience: vec![audience.to_owned()],
            resource: None,
            jwks_uri: None,
            algorithms: Algorithm::ALL.into(),
            required_scopes: Vec::new(),
            scopes: Vec::new(),
            leeway: Duration::ZERO,
            claims: ClaimNames::default(),
            needs_tenant: false,
            permissions: Permissions::All,
            says_permissions: false,
            introspection: None,
            is_announced: true,
            endpoints: Endpoints::default(),
        }
    }
}

/// Which claims say who it is. A dot leads into a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Tried in turn.
    pub name: Vec<String>,
    pub roles: Option<String>,
    pub tenant: Option<String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self { name: ["sub", "client_id"].map(str::to_owned).into(), roles: None, tenant: None }
    }
}

impl ClaimNames {
    /// The name is an address, if there is one.
    pub fn by_email() -> Self {
        Self { name: ["email", "sub", "client_id"].map(str::to_owned).into(), ..Self::default() }
    }
}

/// Where tokens are looked up that say nothing themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introspection {
    /// `None`: where the issuer says.
    pub endpoint: Option<String>,
    pub client_id: String,
    pub client_secret: SecretText,
    /// For how long an answer counts.
    pub cache: Duration,
}

/// What the issuer does not say of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    pub authorization: Option<String>,
    pub token: Option<String>,
}

/// How a token is signed. None that are signed with a shared key, and not `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// Their names, for the file.
    pub const NAMES: [&'static str; 10] =
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}", Algorithm::NAMES.join(", "))]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

/// An address at which something of an issuer is fetched, or under which clients know this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    pub origin: Origin,
    /// Empty, or with its first `/`; with a query if there is one.
    pub path: String,
}

/// Why an address cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadServiceUrl {
    #[error(transparent)]
    Url(#[from] BadUrl),
    #[error("it has a query")]
    Query,
    #[error("without `https://` anybody on the way could change what is fetched")]
    Plain,
}

impl ServiceUrl {
    /// Whoever is reached without TLS is on this very machine.
    pub fn parse(text: &str) -> Result<Self, BadServiceUrl> {
        let (is_secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(BadUrl::Scheme.into()),
        };
        if rest.contains('#') {
            return Err(BadUrl::Fragment.into());
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\<>".contains(&byte);
        if !path.bytes().all(is_plain) {
            return Err(BadUrl::Character("a space, a quote or a character beyond ASCII").into());
        }
        let origin = origin(is_secure, authority)?;
        if !is_secure && !origin.host.is_loopback() {
            return Err(BadServiceUrl::Plain);
        }
        Ok(Self { origin, path: path.to_owned() })
    }

    /// One that names somebody, which has no query.
    pub fn parse_name(text: &str) -> Result<Self, BadServiceUrl> {
        Self::parse(text).and_then(|url| match url.path.contains('?') {
            true => Err(BadServiceUrl::Query),
            false => Ok(url),
        })
    }
}

/// Whether a text can stand in a list of scopes and in a header.
pub fn is_scope(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !text.is_empty() && text.len() <= 256 && text.bytes().all(is_fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_comes_by_tls_or_from_this_machine() {
        for (text, expected) in [
            ("https://id.example.com", Ok(("https://id.example.com", ""))),
            ("https://ID.example.com:443/realms/a", Ok(("https://id.example.com", "/realms/a"))),
            ("http://127.0.0.1:18300/x", Ok(("http://127.0.0.1:18300", "/x"))),
            ("http://[::1]:1", Ok(("http://[::1]:1", ""))),
            ("http://id.example.com", Err(BadServiceUrl::Plain)),
            ("http://10.0.0.1", Err(BadServiceUrl::Plain)),
            ("https://id.example.com/keys?p=1", Ok(("https://id.example.com", "/keys?p=1"))),
            ("https://id.example.com/#x", Err(BadUrl::Fragment.into())),
            ("https://a@id.example.com/", Err(BadUrl::UserInfo.into())),
            ("id.example.com", Err(BadUrl::Scheme.into())),
            ("https:///x", Err(BadUrl::NoHost.into())),
        ] {
            let parsed = ServiceUrl::parse(text).map(|url| (url.origin.to_string(), url.path));
            let expected = expected.map(|(origin, path)| (origin.to_owned(), path.to_owned()));
            assert_eq!(parsed, expected, "{text}");
        }
        assert!(ServiceUrl::parse("https://id.example.com/a b").is_err());
        assert_eq!(ServiceUrl::parse_name("https://id.example.com?x"), Err(BadServiceUrl::Query));
    }

    #[test]
    fn no_algorithm_has_a_shared_key() {
        assert_eq!(Algorithm::ALL.map(Algorithm::as_str), Algorithm::NAMES);
        for unknown in ["none", "None", "HS256", "rs256", ""] {
            assert_eq!(unknown.parse::<Algorithm>(), Err(UnknownAlgorithm), "{unknown}");
        }
    }

    #[test]
    fn a_scope_has_neither_spaces_nor_quotes() {
        assert!(is_scope("mcp:read") && is_scope("https://example.com/a.b"));
        assert!(!is_scope("") && !is_scope("a b") && !is_scope("a\"b") && !is_scope("ä"));
    }
}
