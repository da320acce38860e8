//! Credentials that are still `${VAR}` after everything has been expanded: a text that everybody knows who has
//! the file.
//!
//! The original passes on what it cannot expand, so such a key would let in. Here it lets nobody in, the file
//! still loads for whoever asks for no key, and a server over HTTP does not start.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::expansion::named;
use crate::config::read::Spanned;
use crate::model::UnsetCredential;

use super::caller::Callers;

impl Callers<'_> {
    /// Whether a credential still names a variable; that is reported. `whose` says what it is, for people.
    pub(super) fn is_unset(&self, credential: Spanned<&str>, whose: &str) -> bool {
        let Some(variable) = named(credential.value) else { return false };
        let message = format!("{whose} would be the text `${{{variable}}}`, which everybody knows");
        let problem = Diagnostic::error(Code::MissingVariable, credential.span, message).of_host();
        self.reader.problems.add(problem.help(format!(
            "set `{variable}` where this program is started; until then it lets nobody in, and `--server` does not start"
        )));
        let unset = UnsetCredential { whose: whose.to_owned(), variable: variable.to_owned() };
        self.unset.borrow_mut().push(unset);
        true
    }

    /// Whether the `client_secret` of an issuer still names a variable; that is said. It is ours, and lets
    /// nobody in: without it the issuer is not asked about tokens.
    pub(super) fn is_left_out(&self, secret: Spanned<&str>) -> bool {
        let Some(variable) = named(secret.value) else { return false };
        let message = format!("`client_secret` is to come from `{variable}`, which is not set");
        let problem = Diagnostic::warning(Code::MissingVariable, secret.span, message).of_host();
        self.reader.problems.add(problem.help(format!(
            "set `{variable}` where this program is started; until then its issuer is asked about no token, and only signed ones let in"
        )));
        true
    }
}
