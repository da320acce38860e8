//! Who has to have signed an image, as the words of `cosign`.

use crate::model::Verify;

/// The whole command line; the image is the last word.
pub fn verify_words(verify: &Verify, image: &str) -> Vec<String> {
    let mut words = vec!["cosign".to_owned(), "verify".to_owned()];
    match verify {
        Verify::Key { key, is_logged } => {
            words.extend(["--key".to_owned(), key.display().to_string()]);
            words.extend((!is_logged).then(|| "--private-infrastructure=true".to_owned()));
        }
        Verify::Identity { identity, issuer } => words.extend([
            "--certificate-identity".to_owned(),
            identity.clone(),
            "--certificate-oidc-issuer".to_owned(),
            issuer.clone(),
        ]),
    }
    words.push(image.to_owned());
    words
}
