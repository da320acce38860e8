//! What an issuer says of itself: where its keys are, and where it is asked about tokens.

use serde_json::Value;

use super::fetch::Fetcher;
use crate::model::ServiceUrl;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    pub jwks_uri: Option<String>,
    pub introspection_endpoint: Option<String>,
}

/// Finds it where OpenID Connect has it, or else where OAuth has it.
pub async fn find(fetcher: &Fetcher, issuer: &str) -> Result<Metadata, String> {
    let mut problem = "it has no address".to_owned();
    for url in places(issuer) {
        match fetcher.get(&url).await {
            Ok(document) => return read(&document, issuer),
            Err(reason) => problem = format!("{url}: {reason}"),
        }
    }
    Err(problem)
}

/// One puts its path behind that of the issuer, the other before it.
fn places(issuer: &str) -> Vec<String> {
    let Ok(url) = ServiceUrl::parse_name(issuer) else { return Vec::new() };
    let (origin, path) = (url.origin, url.path.trim_end_matches('/'));
    vec![
        format!("{origin}{path}/.well-known/openid-configuration"),
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
    ]
}

/// A document that is about somebody else, or leads out of TLS, is not believed.
fn read(document: &[u8], issuer: &str) -> Result<Metadata, String> {
    let document: Value = serde_json::from_slice(document).map_err(|_| "it is no JSON".to_owned())?;
    if document.get("issuer").and_then(Value::as_str) != Some(issuer) {
        return Err("its metadata names another `issuer`; write `issuer` as it does".to_owned());
    }
    let is_secure = issuer.starts_with("https://");
    let url = |key: &str| match document.get(key).and_then(Value::as_str) {
        None => Ok(None),
        Some(url) => match ServiceUrl::parse(url) {
            Ok(parsed) if parsed.origin.is_secure || !is_secure => Ok(Some(url.to_owned())),
            _ => Err(format!("the `{key}` of its metadata cannot be trusted; expected `https://`")),
        },
    };
    Ok(Metadata { jwks_uri: url("jwks_uri")?, introspection_endpoint: url("introspection_endpoint")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_both_standards_have_it() {
        assert_eq!(
            places("https://id.example.com/realms/a/"),
            [
                "https://id.example.com/realms/a/.well-known/openid-configuration",
                "https://id.example.com/.well-known/oauth-authorization-server/realms/a"
            ]
        );
        assert_eq!(
            places("http://127.0.0.1:1"),
            [
                "http://127.0.0.1:1/.well-known/openid-configuration",
                "http://127.0.0.1:1/.well-known/oauth-authorization-server"
            ]
        );
    }

    #[test]
    fn only_metadata_of_the_issuer_itself_counts() {
        let judged = |text: &str| read(text.as_bytes(), "https://id");
        let good = judged(r#"{"issuer":"https://id","jwks_uri":"https://id/keys"}"#).unwrap();
        assert_eq!((good.jwks_uri.as_deref(), good.introspection_endpoint), (Some("https://id/keys"), None));
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"issuer":"https://id/","jwks_uri":"https://id/keys"}"#,
            r#"{"issuer":"https://evil","jwks_uri":"https://id/keys"}"#,
            r#"{"issuer":"https://id","jwks_uri":"http://id/keys"}"#,
            r#"{"issuer":"https://id","jwks_uri":"http://127.0.0.1/keys"}"#,
            r#"{"issuer":"https://id","jwks_uri":"file:///etc/passwd"}"#,
        ] {
            assert!(judged(bad).is_err(), "{bad}");
        }
    }
}
