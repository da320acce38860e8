//! Who the caller says it is; printed apart from what the request says.

use crate::model::{ClientStyle, HttpAuth, OAuth2, Reference, Template};
use crate::plan::Word;
use crate::plan::expand::Expansion;

#[derive(Debug, Clone, PartialEq)]
pub enum PlannedAuth {
    Bearer(Word),
    Basic { username: Word, password: Word },
    Header { name: String, value: Word },
    OAuth2(PlannedToken),
}

/// A token that is fetched, unless one is there that is still good.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedToken {
    pub url: String,
    pub client_id: Word,
    pub client_secret: Word,
    pub scopes: Vec<String>,
    pub audience: Option<String>,
    pub style: ClientStyle,
}

impl PlannedAuth {
    /// Every word that may have holes.
    pub fn words(&self) -> Vec<&Word> {
        match self {
            Self::Bearer(word) | Self::Header { value: word, .. } => vec![word],
            Self::Basic { username, password } => vec![username, password],
            Self::OAuth2(token) => vec![&token.client_id, &token.client_secret],
        }
    }
}

/// `None` inside: there is none. `None` outside: a value of it is refused or absent.
pub fn auth(expansion: &mut Expansion<'_>, auth: Option<&HttpAuth>) -> Option<Option<PlannedAuth>> {
    let Some(auth) = auth else { return Some(None) };
    let mut needed = |name: &str, template: &Template| {
        let word = super::header(expansion, name, template);
        if word.is_none() {
            expansion.refuse(&subject(template), format!("is absent, and the {name} needs it"));
        }
        word
    };
    Some(Some(match auth {
        HttpAuth::Bearer(token) => PlannedAuth::Bearer(needed("bearer token", token)?),
        HttpAuth::Basic { username, password } => PlannedAuth::Basic {
            username: needed("user name", username)?,
            password: needed("password", password)?,
        },
        HttpAuth::Header { name, value } => {
            PlannedAuth::Header { name: name.clone(), value: needed("API key", value)? }
        }
        HttpAuth::OAuth2(oauth) => {
            let OAuth2 { token_url, client_id, client_secret, scopes, audience, style } = &**oauth;
            PlannedAuth::OAuth2(PlannedToken {
                url: token_url.to_string(),
                client_id: needed("client's name", client_id)?,
                client_secret: needed("client's secret", client_secret)?,
                scopes: scopes.clone(),
                audience: audience.clone(),
                style: *style,
            })
        }
    }))
}

/// The parameter that a problem with a template is about.
fn subject(template: &Template) -> String {
    let param = template.references().find_map(|reference| match reference {
        Reference::Param { name, .. } => Some(name.to_string()),
        _ => None,
    });
    param.unwrap_or_else(|| "webhook".to_owned())
}
