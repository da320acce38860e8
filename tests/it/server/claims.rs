//! What the claims of a token make of its bearer: a name, roles, a tenant. The tokens are signed by a key that the
//! issuer publishes, and judged by the real server.

use serde_json::{Value, json};

use super::house::{House, answer, call, request};
use crate::support::issuer::{Issuer, Signer};

const US: &str = "api://us";

const FILE: &str = r#"
roles:
  - { name: reader, permissions: ["*-read"] }
  - { name: admin, permissions: ["*"], inherits: [reader] }
user_roles: { boss@example.com: [admin] }
role_claims:
  realm_access.roles: { tool-admins: [admin], tool-readers: [reader] }
  department: { it: [reader] }
commands:
  - { name: acme-read, description: Reads., script: echo, args: [acme] }
  - { name: acme-write, description: Writes., script: echo, args: [acme] }
  - { name: other-read, description: Reads., script: echo, args: [other] }
"#;

const ALL: [&str; 3] = ["acme-read", "acme-write", "other-read"];
const READ: [&str; 2] = ["acme-read", "other-read"];
const NOTHING: [&str; 0] = [];

struct Place {
    house: House,
    issuer: Issuer,
    signer: Signer,
}

impl Place {
    /// Serves the file with these lines more, and this more about the issuer.
    async fn start(lines: &str, claims: &str) -> Self {
        let signer = Signer::new("one");
        let issuer = Issuer::start(&[&signer]);
        let auth = format!("oauth: {{ issuer: \"{}\", audience: {US}, claims: {claims} }}", issuer.url);
        let file = format!("{lines}{FILE}server:\n  http:\n    auth:\n      {auth}\n");
        Self { house: House::start(&file).await, issuer, signer }
    }

    /// A token that says this beside what every one says.
    fn token(&self, more: &Value) -> String {
        let mut claims = self.issuer.claims(US);
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.signer.sign(&claims)
    }

    async fn ask(&self, more: &Value, message: Value) -> (u16, Value) {
        let sent = self.house.plain(&message).bearer_auth(self.token(more)).send().await.unwrap();
        (sent.status().as_u16(), answer(sent).await)
    }

    async fn sees(&self, more: Value, expected: &[&str]) {
        let (status, listed) = self.ask(&more, request(1, "tools/list", json!({}))).await;
        assert_eq!(status, 200, "{more}: {listed}");
        let tools = listed["result"]["tools"].as_array().unwrap().iter();
        let seen: Vec<&str> = tools.filter_map(|tool| tool["name"].as_str()).collect();
        assert_eq!(seen, expected, "{more}");
    }
}

#[tokio::test]
async fn roles_come_of_the_claim_that_names_them_and_of_claims_that_stand_for_them() {
    let place = Place::start("", "{ roles: groups.mine }").await;
    place.sees(json!({}), &NOTHING).await;
    place.sees(json!({ "groups": { "mine": ["reader"] } }), &READ).await;
    place.sees(json!({ "groups": { "mine": "guest reader" } }), &READ).await;
    place.sees(json!({ "groups": { "mine": ["admin", 7] } }), &ALL).await;
    place.sees(json!({ "groups": { "mine": ["root", "*", "tool-admins"] } }), &NOTHING).await;
    place.sees(json!({ "groups": ["admin"] }), &NOTHING).await;
    place.sees(json!({ "roles": ["admin"], "mine": ["admin"] }), &NOTHING).await;
    place.sees(json!({ "realm_access": { "roles": ["tool-admins"] } }), &ALL).await;
    place.sees(json!({ "realm_access": { "roles": ["tool-readers", "x"] } }), &READ).await;
    place.sees(json!({ "realm_access": { "roles": ["admin"] } }), &NOTHING).await;
    place.sees(json!({ "department": "it" }), &READ).await;
    place.sees(json!({ "department": "legal it" }), &READ).await;
    place.sees(json!({ "department": "items" }), &NOTHING).await;
    let (_, refused) = place.ask(&json!({ "department": "it" }), call(1, "acme-write", json!({}))).await;
    assert_eq!(refused["error"]["message"], "there is no tool `acme-write`");
}

#[tokio::test]
async fn a_tenant_bounds_what_a_bearer_has_and_who_is_of_none_has_nothing() {
    let tenants = "tenants: [{ id: acme, commands: [\"acme-*\"] }, { id: free }]\n";
    let mut place = Place::start(tenants, "{ roles: groups, tenant: org.id }").await;
    let of = |tenant: Value| json!({ "groups": ["admin"], "org": { "id": tenant } });
    place.sees(of(json!("acme")), &["acme-read", "acme-write"]).await;
    place.sees(of(json!("free")), &ALL).await;
    place.sees(of(json!("unknown")), &NOTHING).await;
    for none in [json!(null), json!(["acme"]), json!(["acme", "free"]), json!(""), json!(7), json!({})] {
        place.sees(of(none), &NOTHING).await;
    }
    place.sees(json!({ "groups": ["admin"] }), &NOTHING).await;
    for who in [of(json!(["free"])), of(json!("unknown")), json!({ "groups": ["admin"] })] {
        let (_, refused) = place.ask(&who, call(1, "acme-read", json!({}))).await;
        assert_eq!(refused["error"]["message"], "there is no tool `acme-read`", "{who}");
    }
    place.house.server.says("the token of `ann` names no tenant, so no tool is its bearer's").await;

    let place = Place::start("", "{ roles: groups, tenant: org.id }").await;
    place.sees(of(json!("acme")), &ALL).await;
    place.sees(of(json!(null)), &ALL).await;
}

#[tokio::test]
async fn an_address_is_a_name_only_if_the_issuer_has_verified_it() {
    let mut place = Place::start("", "{ name: email, roles: groups }").await;
    let boss = |verified: Value| json!({ "email": "boss@example.com", "email_verified": verified });
    place.sees(boss(json!(true)), &ALL).await;
    let list = || request(1, "tools/list", json!({}));
    for unproved in [boss(json!(false)), boss(json!(null)), json!({ "email": "boss@example.com" })] {
        assert_eq!(place.ask(&unproved, list()).await.0, 401, "{unproved}");
    }
    place.house.server.says("by an `email` that its issuer has not verified").await;
    assert_eq!(place.ask(&json!({}), list()).await.0, 401, "without a name");
}
