//! `mcpfier key list`: who is let in over HTTP, and by what. No key is in a file, so none is shown.

use std::num::NonZeroU32;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cli::arguments::Arguments;
use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::secret::utc;
use crate::cli::session::Session;
use crate::model::{Auth, Fingerprint, Permissions, Principal, SecretName, counted};

pub fn list(arguments: &Arguments, printer: &Printer) -> Exit {
    let session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let Some(auth) = &session.catalog.server.http.auth else {
        printer.talk("the file has no `server.http.auth`: nobody is asked who they are\n");
        if printer.json {
            printer.json_data(&json!([]));
        }
        return Exit::OK;
    };
    let callers = callers(auth);
    if printer.json {
        printer.json_data(&Value::Array(callers.iter().map(Caller::document).collect()));
        return Exit::OK;
    }
    let width = callers.iter().map(|caller| caller.principal.id().as_str().len()).max().unwrap_or(0);
    for caller in &callers {
        printer.data(&format!("{:width$}  {}\n", caller.principal.id().as_str(), caller.words()));
    }
    if callers.is_empty() {
        printer.talk("nobody is let in; `mcpfier key create NAME` makes a key\n");
    }
    Exit::OK
}

struct Caller<'a> {
    principal: &'a Principal,
    by: By<'a>,
    expires: Option<u64>,
}

/// What lets them in.
enum By<'a> {
    Key(Fingerprint),
    /// A key that a secret holds.
    Secret(&'a SecretName),
    Password,
}

fn callers(auth: &Auth) -> Vec<Caller<'_>> {
    let keys = auth.api_keys.iter().map(|key| Caller {
        principal: &key.principal,
        by: By::Key(key.fingerprint),
        expires: key.expires,
    });
    let of_secrets = auth.secret_keys.iter().map(|key| Caller {
        principal: &key.principal,
        by: By::Secret(&key.secret),
        expires: key.expires,
    });
    let users =
        auth.users.iter().map(|user| Caller { principal: &user.principal, by: By::Password, expires: None });
    keys.chain(of_secrets).chain(users).collect()
}

impl Caller<'_> {
    fn permissions(&self) -> Vec<String> {
        match &self.principal.permissions {
            Permissions::All => vec!["*".to_owned()],
            Permissions::Tools(patterns) => patterns.to_vec(),
        }
    }

    fn expires(&self) -> Option<String> {
        let moment = UNIX_EPOCH.checked_add(Duration::from_secs(self.expires?))?;
        Some(utc(moment))
    }

    fn words(&self) -> String {
        let Principal { roles, tenant, rate, quota, .. } = self.principal;
        let start = |fingerprint: Fingerprint| fingerprint.to_string().chars().take(15).collect::<String>();
        let by = match self.by {
            By::Key(fingerprint) => format!("{}…", start(fingerprint)),
            By::Secret(name) => format!("the secret `{name}`"),
            By::Password => "password".to_owned(),
        };
        let mut words = vec![by];
        let permissions = self.permissions();
        words.extend((!permissions.is_empty()).then(|| format!("may {}", permissions.join(" "))));
        words.extend((!roles.is_empty()).then(|| format!("roles {}", roles.join(" "))));
        words.extend(tenant.as_ref().map(|tenant| format!("tenant {tenant}")));
        words.extend(rate.map(|rate| format!("{} a minute", rate.per_minute)));
        let calls = |most: NonZeroU32, time| format!("{} {time}", counted(most.get(), "call"));
        words.extend(quota.and_then(|quota| quota.per_hour).map(|most| calls(most, "an hour")));
        words.extend(quota.and_then(|quota| quota.per_day).map(|most| calls(most, "a day")));
        words.extend(self.expires().map(|moment| format!("until {moment}")));
        words.join(", ")
    }

    fn document(&self) -> Value {
        let Principal { name, method, roles, scopes, tenant, rate, quota, .. } = self.principal;
        let rate =
            rate.map(|rate| json!({ "requests_per_minute": rate.per_minute, "burst_size": rate.burst }));
        let (hash, secret) = match self.by {
            By::Key(fingerprint) => (Some(fingerprint.to_string()), None),
            By::Secret(name) => (None, Some(name.as_str())),
            By::Password => (None, None),
        };
        let quota =
            quota.map(|quota| json!({ "calls_per_hour": quota.per_hour, "calls_per_day": quota.per_day }));
        json!({
            "name": name, "method": method.as_str(), "key_hash": hash, "secret": secret,
            "permissions": self.permissions(), "roles": roles, "scopes": scopes, "tenant": tenant,
            "rate_limit": rate, "quota": quota, "expires": self.expires(),
        })
    }
}
