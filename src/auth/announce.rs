//! What clients without a token, or with one that is not enough, are told: where this server is, and
//! who makes tokens for it (RFC 9728).

use serde_json::{Value, json};

use crate::model::{Issuer, ServiceUrl};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const ISSUER: &str = "/.well-known/oauth-authorization-server";
/// Where the protocol is, if nothing says so.
const USUAL: &str = "/mcp";

/// Which document is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    Resource,
    /// For clients who look for the issuer at this server, as older ones do.
    Issuer,
}

/// The issuers of which clients are told.
fn announced(issuers: &[Issuer]) -> impl Iterator<Item = &Issuer> {
    issuers.iter().filter(|issuer| issuer.is_announced)
}

/// The address of this server, as the file says it or as a client uses it. `None` if nobody is
/// announced, or nothing says where that is.
pub fn resource(issuers: &[Issuer], base: impl FnOnce() -> String) -> Option<ServiceUrl> {
    announced(issuers).next()?;
    let said = announced(issuers).filter_map(|issuer| issuer.resource.as_deref());
    let heard = announced(issuers).flat_map(|issuer| issuer.audience.iter().map(String::as_str));
    let known = said.chain(heard).find_map(|text| ServiceUrl::parse_name(text).ok());
    let used = || ServiceUrl::parse_name(&format!("{}{USUAL}", base())).ok();
    known.or_else(used)
}

/// Where the document about this server is.
pub fn document_url(resource: &ServiceUrl) -> String {
    format!("{}{RESOURCE}{}", resource.origin, resource.path.trim_end_matches('/'))
}

/// Which document a path asks for, if any.
pub fn document(path: &str, issuers: &[Issuer]) -> Option<Document> {
    announced(issuers).next()?;
    let is_place = |rest: &str| {
        let named = announced(issuers).flat_map(|issuer| issuer.resource.iter().chain(&issuer.audience));
        let is_own = |text: &String| {
            ServiceUrl::parse_name(text).is_ok_and(|url| url.path.trim_end_matches('/') == rest)
        };
        ["", "/", USUAL].contains(&rest) || named.into_iter().any(is_own)
    };
    match (path.strip_prefix(RESOURCE), path.strip_prefix(ISSUER)) {
        (Some(rest), _) if is_place(rest) => Some(Document::Resource),
        (_, Some(rest)) if is_place(rest) => Some(Document::Issuer),
        _ => None,
    }
}

/// The document about this server. `scopes` are those of its commands.
pub fn about_resource(
    issuers: &[Issuer],
    resource: &ServiceUrl,
    name: &str,
    scopes: impl IntoIterator<Item = String>,
) -> Value {
    let mut offered: Vec<String> = announced(issuers).flat_map(|issuer| issuer.scopes.clone()).collect();
    if offered.is_empty() {
        offered = announced(issuers).flat_map(|issuer| issuer.required_scopes.clone()).collect();
        offered.extend(scopes);
    }
    let mut seen = std::collections::BTreeSet::new();
    offered.retain(|scope| seen.insert(scope.clone()));
    let servers: Vec<&str> = announced(issuers).map(|issuer| issuer.name.as_str()).collect();
    let mut document = json!({
        "resource": format!("{}{}", resource.origin, resource.path),
        "authorization_servers": servers,
        "bearer_methods_supported": ["header"],
        "resource_name": name,
    });
    if !offered.is_empty() {
        document["scopes_supported"] = json!(offered);
    }
    document
}

/// What the file says of an issuer in its stead; `None` where the issuer speaks for itself.
pub fn about_issuer(issuers: &[Issuer]) -> Option<Value> {
    let issuer = announced(issuers).find(|issuer| issuer.endpoints.token.is_some())?;
    let mut document = json!({
        "issuer": issuer.name,
        "authorization_endpoint": issuer.endpoints.authorization,
        "token_endpoint": issuer.endpoints.token,
        "jwks_uri": issuer.jwks_uri,
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": issuer.scopes,
    });
    if let Some(members) = document.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    Some(document)
}

/// A challenge, with what leads a client to a token.
pub fn pointed(challenge: &str, issuers: &[Issuer], resource: &ServiceUrl) -> String {
    let mut needed: Vec<&str> =
        announced(issuers).flat_map(|issuer| &issuer.required_scopes).map(String::as_str).collect();
    needed.dedup();
    let mut pointed = format!(r#"{challenge}, resource_metadata="{}""#, document_url(resource));
    if !needed.is_empty() && !challenge.contains(" scope=") {
        pointed.push_str(&format!(r#", scope="{}""#, needed.join(" ")));
    }
    pointed
}

/// The challenge for a caller whose token is good, and not for this: all scopes that it takes.
pub fn step_up<'s>(scopes: impl IntoIterator<Item = &'s str>) -> String {
    let mut all: Vec<&str> = scopes.into_iter().collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|scope| seen.insert(*scope) && crate::model::is_scope(scope));
    format!(r#"Bearer realm="mcpfier", error="insufficient_scope", scope="{}""#, all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(audience: &str) -> Issuer {
        Issuer { required_scopes: vec!["use".to_owned()], ..Issuer::plain("https://id", audience) }
    }

    #[test]
    fn clients_are_led_from_a_challenge_to_the_issuer() {
        let issuers = [issuer("https://tools.example.com/team/mcp")];
        let resource = resource(&issuers, || "http://localhost:1".to_owned()).unwrap();
        let url = "https://tools.example.com/.well-known/oauth-protected-resource/team/mcp";
        let challenge = pointed(r#"Bearer realm="mcpfier""#, &issuers, &resource);
        assert_eq!(challenge, format!(r#"Bearer realm="mcpfier", resource_metadata="{url}", scope="use""#));
        let more = pointed(&step_up(["use", "more", "use"]), &issuers, &resource);
        assert_eq!(
            more,
            format!(
                r#"Bearer realm="mcpfier", error="insufficient_scope", scope="use more", resource_metadata="{url}""#
            )
        );
        let about = about_resource(&issuers, &resource, "tools", ["more".to_owned(), "use".to_owned()]);
        assert_eq!(about["resource"], "https://tools.example.com/team/mcp");
        assert_eq!(about["authorization_servers"], json!(["https://id"]));
        assert_eq!(about["scopes_supported"], json!(["use", "more"]));
        for (path, expected) in [
            ("/.well-known/oauth-protected-resource", Some(Document::Resource)),
            ("/.well-known/oauth-protected-resource/mcp", Some(Document::Resource)),
            ("/.well-known/oauth-protected-resource/team/mcp", Some(Document::Resource)),
            ("/.well-known/oauth-protected-resource/other", None),
            ("/.well-known/oauth-protected-resourceful", None),
            ("/.well-known/oauth-authorization-server", Some(Document::Issuer)),
            ("/mcp", None),
        ] {
            assert_eq!(document(path, &issuers), expected, "{path}");
        }
        assert_eq!(about_issuer(&issuers), None);
    }

    #[test]
    fn where_the_server_is_comes_of_the_file_or_else_of_what_a_client_uses() {
        let at = |issuer: Issuer, base: &str| {
            resource(&[issuer], || base.to_owned()).map(|url| document_url(&url))
        };
        let named = Issuer { resource: Some("https://a/x".to_owned()), ..issuer("https://b/mcp") };
        let (bare, place) = (issuer("api://tools"), "/.well-known/oauth-protected-resource");
        assert_eq!(at(named, "http://localhost"), Some(format!("https://a{place}/x")));
        assert_eq!(
            at(bare.clone(), "http://localhost:8080"),
            Some(format!("http://localhost:8080{place}/mcp"))
        );
        assert_eq!(at(bare.clone(), "http://tools.example.com"), None, "nobody is led to what is not secure");
        assert_eq!(at(Issuer { is_announced: false, ..bare }, "http://localhost"), None);
    }
}
