//! Who may call: what a tool asks of its callers, and what the file says of all of them.

use serde_json::{Map, Value, json};

use crate::model::{Access, Authorization, ConfirmRule, DenyRule, Role, RoleClaim, UserRoles};

/// Of one tool; only what is written.
pub(super) fn authorization(authorization: &Authorization) -> Value {
    let Authorization { required_roles, required_permissions, grants, audit } = authorization;
    let grants: Vec<&str> = grants.iter().map(|tool| tool.as_str()).collect();
    let mut map = Map::new();
    let mut put = |key: &str, value: Value, is_there: bool| {
        drop(is_there.then(|| map.insert(key.to_owned(), value)));
    };
    put("required_roles", json!(required_roles), !required_roles.is_empty());
    put("required_permissions", json!(required_permissions), !required_permissions.is_empty());
    put("grants", json!(grants), !grants.is_empty());
    put("audit", json!(audit), *audit);
    Value::Object(map)
}

/// Of the file; `None` if it says nothing.
pub(super) fn access(access: &Access) -> Option<Value> {
    if *access == Access::default() {
        return None;
    }
    let Access { roles, user_roles, role_claims, policies, confirms, judges_local } = access;
    let role = |role: &Role| {
        let Role { name, permissions, inherits, description: _ } = role;
        json!({ "name": name, "permissions": permissions.patterns(), "inherits": inherits })
    };
    let of_user = |of: &UserRoles| (of.user.clone(), json!(of.roles));
    let claim = |claim: &RoleClaim| {
        let RoleClaim { path, roles } = claim;
        json!({ "claim": path.join("."), "roles": roles.iter().cloned().collect::<std::collections::BTreeMap<_, _>>() })
    };
    let policy = |rule: &DenyRule| {
        let DenyRule { name, commands, deny, message } = rule;
        json!({ "name": name, "commands": commands.patterns(), "deny": deny.text(), "message": message.as_deref() })
    };
    let confirm = |rule: &ConfirmRule| {
        let ConfirmRule { name, commands, confirm, message } = rule;
        json!({ "name": name, "commands": commands.patterns(), "confirm": confirm.text(), "message": message.as_deref() })
    };
    let mut document = json!({
        "roles": roles.iter().map(role).collect::<Vec<_>>(),
        "user_roles": Value::Object(user_roles.iter().map(of_user).collect()),
        "role_claims": role_claims.iter().map(claim).collect::<Vec<_>>(),
        "policies": policies.iter().map(policy).collect::<Vec<_>>(),
        "judges_local": judges_local,
    });
    if let (false, Value::Object(document)) = (confirms.is_empty(), &mut document) {
        // Only where there are any, so that locks of other files stay as they are.
        document.insert("confirms".to_owned(), confirms.iter().map(confirm).collect());
    }
    Some(document)
}
