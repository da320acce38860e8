//! Which version of its API an engine is spoken to in: the same one wherever that can be, so that
//! every engine understands our words as the oldest does.

use bollard::BollardRequest;
use http::Uri;
use http::uri::PathAndQuery;

/// Of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u16, u16);

/// What all our requests were written for: that of Docker 20.10, which every Podman knows too.
const OURS: Version = Version(1, 41);

/// Ours, unless the engine has forgotten that: then the oldest that it knows. `None`: it has not
/// learned ours.
pub fn agreed(newest: Option<&str>, oldest: Option<&str>) -> Option<Version> {
    let newest = newest.and_then(Version::of).filter(|newest| *newest >= OURS)?;
    let oldest = oldest.and_then(Version::of).unwrap_or(OURS);
    Some(OURS.max(oldest).min(newest))
}

/// A request that says its version.
pub fn say(mut request: BollardRequest, Version(major, minor): Version) -> BollardRequest {
    let mut parts = request.uri().clone().into_parts();
    let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
    parts.path_and_query = format!("/v{major}.{minor}{path}").parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

impl Version {
    fn of(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        // Podman has a third number now and then.
        let minor = minor.split('.').next().unwrap_or(minor);
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_version_is_spoken_wherever_an_engine_knows_it() {
        for (newest, oldest, expected) in [
            (Some("1.41"), Some("1.12"), Some(OURS)),
            (Some("1.53"), Some("1.24"), Some(OURS)),
            (Some("1.54"), Some("1.44"), Some(Version(1, 44))),
            (Some("1.41"), None, Some(OURS)),
            (Some("1.41.1"), Some("1.24.0"), Some(OURS)),
            (Some("2.0"), Some("1.50"), Some(Version(1, 50))),
            (Some("1.40"), Some("1.12"), None),
            (Some("1.9"), None, None),
            (Some("new"), None, None),
            (None, None, None),
        ] {
            assert_eq!(agreed(newest, oldest), expected, "{newest:?} {oldest:?}");
        }
    }

    #[test]
    fn a_request_says_it_before_its_path() {
        let body = bollard::body_full(bytes::Bytes::new());
        let request = http::Request::get("http://engine/containers/json?all=true").body(body).unwrap();
        assert_eq!(say(request, OURS).uri(), "http://engine/v1.41/containers/json?all=true");
    }
}
