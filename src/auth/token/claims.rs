//! What a token says, judged: by whom, for whom, until when; and who it is then.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::RefusedToken;
use crate::model::{AuthMethod, Issuer, Principal};

type Claims = Map<String, Value>;

/// More than a name is.
const LONGEST_NAME: usize = 256;
/// More than anybody has.
const MOST_WORDS: usize = 1000;

/// Judges the claims of a token whose signature is good.
pub fn judge_claims(claims: Claims, issuer: &Issuer, now: u64) -> Result<Principal, RefusedToken> {
    if !claims.contains_key("exp") {
        return Err(RefusedToken::Invalid("the token does not say until when it is good"));
    }
    if claims.get("iss").and_then(Value::as_str) != Some(issuer.name.as_str()) {
        return Err(RefusedToken::Invalid("the token is of another issuer"));
    }
    judge(claims, issuer, now)
}

/// Judges what an issuer says of a token that says nothing itself.
pub fn judge_found(found: Claims, issuer: &Issuer, now: u64) -> Result<Principal, RefusedToken> {
    if found.get("active") != Some(&Value::Bool(true)) {
        return Err(RefusedToken::Invalid("the issuer says that the token is not good"));
    }
    if found.get("iss").is_some_and(|name| name.as_str() != Some(issuer.name.as_str())) {
        return Err(RefusedToken::Invalid("the token is of another issuer"));
    }
    let kind = found.get("token_type");
    if kind.is_some_and(|kind| !kind.as_str().is_some_and(is_bearer)) {
        return Err(RefusedToken::Invalid("the token is no bearer token"));
    }
    judge(found, issuer, now)
}

/// Issuers say both what it is and how it is shown.
fn is_bearer(kind: &str) -> bool {
    ["bearer", "access_token"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

fn judge(claims: Claims, issuer: &Issuer, now: u64) -> Result<Principal, RefusedToken> {
    if claims.contains_key("cnf") {
        return Err(RefusedToken::Invalid("the token is bound to a key that its bearer did not show"));
    }
    if !is_for(&claims, &issuer.audience) {
        return Err(RefusedToken::Invalid("the token is for somebody else"));
    }
    judge_times(&claims, issuer.leeway.as_secs(), now)?;
    let name = name(&claims, &issuer.claims.name)?.to_owned();
    let scopes = scopes(&claims);
    let words = |path: &String| words(at(&claims, path));
    let tenant = issuer.claims.tenant.as_ref().and_then(|path| name_at(&claims, path)).map(str::to_owned);
    // Whoever is of no tenant is of an unknown one, and not of all of them.
    let within = (issuer.needs_tenant && tenant.is_none()).then(Arc::default);
    let principal = Principal {
        issuer: issuer.is_one_of_several.then(|| issuer.name.as_str().into()),
        roles: issuer.claims.roles.as_ref().map(words).unwrap_or_default(),
        tenant,
        within,
        scopes: Some(scopes),
        ..Principal::of(AuthMethod::Token, name, issuer.permissions.clone())
    };
    match principal.lacks(&issuer.required_scopes).is_empty() {
        true => Ok(Principal { claims, ..principal }),
        false => Err(RefusedToken::Scopes(issuer.required_scopes.clone())),
    }
}

/// A `/` at the end says nothing: clients put one after a host or do not.
fn is_for(claims: &Claims, audience: &[String]) -> bool {
    let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
    let ours: Vec<String> = audience.iter().map(|name| bare(name)).collect();
    let is_ours = |name: &Value| name.as_str().is_some_and(|name| ours.contains(&bare(name)));
    match claims.get("aud") {
        Some(Value::Array(names)) => names.iter().any(is_ours),
        Some(name) => is_ours(name),
        None => false,
    }
}

fn judge_times(claims: &Claims, leeway: u64, now: u64) -> Result<(), RefusedToken> {
    let moment = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            // Whole seconds are enough.
            Some(seconds) if (0.0..1e15).contains(&seconds) => Ok(Some(seconds as u64)),
            _ => Err(RefusedToken::Invalid("the token has a time that is none")),
        },
    };
    let (expires, begins, made) = (moment("exp")?, moment("nbf")?, moment("iat")?);
    if expires.is_some_and(|expires| now >= expires.saturating_add(leeway)) {
        return Err(RefusedToken::Expired);
    }
    let latest = now.saturating_add(leeway);
    if begins.is_some_and(|begins| begins > latest) || made.is_some_and(|made| made > latest) {
        return Err(RefusedToken::Invalid("the token is not good yet"));
    }
    Ok(())
}

/// The value of a claim: by its whole name, or by the dots in it.
fn at<'c>(claims: &'c Claims, path: &str) -> Option<&'c Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    rest.split('.').try_fold(claims.get(first)?, |value, name| value.get(name))
}

/// Who shows it: the first of these claims that can be a name.
fn name<'c>(claims: &'c Claims, paths: &[String]) -> Result<&'c str, RefusedToken> {
    let mut is_unverified = false;
    for path in paths {
        let Some(name) = name_at(claims, path) else { continue };
        if is_proved(claims, path) {
            return Ok(name);
        }
        is_unverified = true;
    }
    Err(RefusedToken::Invalid(match is_unverified {
        true => "the token says who shows it by an `email` that its issuer has not verified",
        false => "the token does not say who shows it",
    }))
}

/// Whoever has an account may often write any address into it: one is theirs if the issuer says beside it that it
/// has verified it. Some say so in a text.
fn is_proved(claims: &Claims, path: &str) -> bool {
    let beside = match path.rsplit_once('.') {
        None if path == "email" => "email_verified".to_owned(),
        Some((above, "email")) => format!("{above}.email_verified"),
        _ => return true,
    };
    match at(claims, &beside) {
        Some(Value::Bool(is_verified)) => *is_verified,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

/// A name that can stand in a log.
fn name_at<'c>(claims: &'c Claims, path: &str) -> Option<&'c str> {
    let name = at(claims, path)?.as_str()?;
    let is_fine = !name.trim().is_empty() && name.len() <= LONGEST_NAME && !name.contains(char::is_control);
    is_fine.then_some(name)
}

/// Issuers have them as one text or as a list, and under two names.
fn scopes(claims: &Claims) -> Vec<String> {
    words(claims.get("scope").or_else(|| claims.get("scp")))
}

fn words(value: Option<&Value>) -> Vec<String> {
    let own = |text: &str| text.to_owned();
    match value {
        Some(Value::String(text)) => text.split_ascii_whitespace().take(MOST_WORDS).map(own).collect(),
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).take(MOST_WORDS).map(own).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::model::ClaimNames;

    fn issuer() -> Issuer {
        Issuer {
            audience: vec!["https://us/mcp".to_owned(), "api://us".to_owned()],
            required_scopes: vec!["use".to_owned()],
            leeway: Duration::from_secs(10),
            claims: ClaimNames {
                roles: Some("realm.roles".to_owned()),
                tenant: Some("org".to_owned()),
                ..ClaimNames::default()
            },
            ..Issuer::plain("https://id", "")
        }
    }

    fn good() -> Value {
        json!({ "iss": "https://id", "aud": "https://us/mcp", "sub": "ann", "exp": 1000, "scope": "use more" })
    }

    fn with(changes: Value) -> Claims {
        let (Value::Object(mut claims), Value::Object(changes)) = (good(), changes) else { panic!() };
        for (name, value) in changes {
            match value {
                Value::Null => drop(claims.remove(&name)),
                value => drop(claims.insert(name, value)),
            }
        }
        claims
    }

    #[test]
    fn a_good_token_says_who_it_is() {
        let claims = with(json!({ "realm": { "roles": ["ops", 7] }, "org": "acme", "https://x/y.z": 1 }));
        let ann = judge_claims(claims, &issuer(), 999).unwrap();
        assert_eq!((ann.id().as_str(), ann.tenant.as_deref()), ("token:ann", Some("acme")));
        assert_eq!(
            (ann.roles.as_slice(), ann.lacks(&["more".to_owned(), "most".to_owned()])),
            (&["ops".to_owned()][..], vec!["most"])
        );
        assert_eq!(ann.claims["iss"], "https://id");
        for fine in [
            json!({ "aud": ["x", "api://us"] }),
            json!({ "aud": "https://us/mcp/" }),
            json!({ "exp": 990.9 }),
            json!({ "nbf": 1009, "iat": 1009 }),
            json!({ "scope": null, "scp": ["use"] }),
            json!({ "sub": null, "client_id": "robot" }),
        ] {
            assert!(judge_claims(with(fine.clone()), &issuer(), 999).is_ok(), "{fine}");
        }
    }

    #[test]
    fn of_several_issuers_each_has_its_own_people() {
        let several = |name: &str| Issuer { name: name.to_owned(), is_one_of_several: true, ..issuer() };
        let id = |issuer: &Issuer, sub: &str| {
            let claims = with(json!({ "iss": issuer.name, "sub": sub }));
            let principal = judge_claims(claims, issuer, 999).unwrap();
            (principal.id().to_string(), principal.folder_name().unwrap())
        };
        let (one, two) = (several("https://one"), several("https://two"));
        assert_eq!(id(&one, "ann").0, "token<https://one>:ann");
        let all = [
            id(&one, "ann"),
            id(&two, "ann"),
            id(&one, "<https://two>:ann"),
            id(&issuer(), "ann"),
            id(&issuer(), "<https://one>:ann"),
            id(&issuer(), "https://one=ann"),
            id(&one, &"x".repeat(250)),
            id(&two, &"x".repeat(250)),
            id(&issuer(), &"x".repeat(250)),
        ];
        for (at, (id, folder)) in all.iter().enumerate() {
            for (other_id, other_folder) in all.iter().skip(at + 1) {
                assert!(id != other_id && folder != other_folder, "{all:#?}");
            }
        }
    }

    #[test]
    fn an_address_is_a_name_only_if_the_issuer_has_verified_it() {
        let of_original = Issuer { claims: ClaimNames::by_email(), ..issuer() };
        let by_email = Issuer {
            claims: ClaimNames { name: vec!["email".to_owned()], ..ClaimNames::default() },
            ..issuer()
        };
        let nested = Issuer {
            claims: ClaimNames { name: vec!["user.email".to_owned()], ..ClaimNames::default() },
            ..issuer()
        };
        let name = |issuer: &Issuer, changes: Value| {
            judge_claims(with(changes), issuer, 999).map(|principal| principal.name).ok()
        };
        let address = "ann@example.com";
        for (verified, expected) in [
            (json!(true), Some(address)),
            (json!("true"), Some(address)),
            (json!(false), None),
            (json!("false"), None),
            (json!(1), None),
            (json!(null), None),
        ] {
            let claims = json!({ "email": address, "email_verified": verified });
            assert_eq!(name(&by_email, claims.clone()).as_deref(), expected, "{claims}");
            let or_else = expected.unwrap_or("ann");
            assert_eq!(name(&of_original, claims.clone()).as_deref(), Some(or_else), "{claims}");
            let claims = json!({ "user": claims, "email_verified": true });
            assert_eq!(name(&nested, claims.clone()).as_deref(), expected, "{claims}");
        }
        let machine = json!({ "sub": null, "client_id": "robot" });
        assert_eq!(name(&of_original, machine).as_deref(), Some("robot"));
        assert_eq!(name(&issuer(), json!({ "email": address })).as_deref(), Some("ann"));
    }

    #[test]
    fn where_tokens_have_to_say_of_which_tenant_they_are_those_that_do_not_let_to_no_tool() {
        let needs = Issuer { needs_tenant: true, ..issuer() };
        let within = |issuer: &Issuer, changes: Value| {
            let principal = judge_claims(with(changes), issuer, 999).unwrap();
            (principal.tenant.clone(), principal.is_within("tool"))
        };
        assert_eq!(within(&needs, json!({ "org": "acme" })), (Some("acme".to_owned()), true));
        for none in [json!(null), json!(["acme"]), json!(["acme", "other"]), json!(""), json!(7), json!({})] {
            assert_eq!(within(&needs, json!({ "org": none })), (None, false), "{none}");
            assert_eq!(within(&issuer(), json!({ "org": none })), (None, true), "{none}");
        }
    }

    #[test]
    fn each_thing_that_is_wrong_refuses_it() {
        for wrong in [
            json!({ "iss": "https://id/" }),
            json!({ "iss": "https://evil" }),
            json!({ "iss": null }),
            json!({ "aud": "https://them/mcp" }),
            json!({ "aud": "https://us" }),
            json!({ "aud": "https://us/mcp//" }),
            json!({ "aud": null }),
            json!({ "aud": [] }),
            json!({ "aud": { "https://us/mcp": true } }),
            json!({ "exp": null }),
            json!({ "exp": "1000" }),
            json!({ "exp": -1 }),
            json!({ "exp": 1e300 }),
            json!({ "nbf": 1010 }),
            json!({ "iat": 2000 }),
            json!({ "sub": null }),
            json!({ "sub": "" }),
            json!({ "sub": "a\nb" }),
            json!({ "sub": 7 }),
            json!({ "sub": "x".repeat(257) }),
            json!({ "cnf": { "jkt": "x" } }),
        ] {
            let judged = judge_claims(with(wrong.clone()), &issuer(), 999);
            assert!(matches!(judged, Err(RefusedToken::Invalid(_))), "{wrong}: {judged:?}");
        }
        assert_eq!(judge_claims(with(json!({})), &issuer(), 1010), Err(RefusedToken::Expired));
        let judged = judge_claims(with(json!({ "scope": "more" })), &issuer(), 999);
        assert_eq!(judged, Err(RefusedToken::Scopes(vec!["use".to_owned()])));
    }

    #[test]
    fn what_an_issuer_says_of_a_token_is_judged_like_one() {
        let found = |changes: Value| judge_found(with(changes), &issuer(), 999);
        assert!(found(json!({ "active": true, "iss": null, "exp": null, "token_type": "Bearer" })).is_ok());
        for wrong in [
            json!({}),
            json!({ "active": false }),
            json!({ "active": "true" }),
            json!({ "active": true, "iss": "https://evil" }),
            json!({ "active": true, "aud": null }),
            json!({ "active": true, "token_type": "DPoP" }),
        ] {
            assert!(matches!(found(wrong.clone()), Err(RefusedToken::Invalid(_))), "{wrong}");
        }
        assert_eq!(found(json!({ "active": true, "exp": 1 })), Err(RefusedToken::Expired));
    }
}
