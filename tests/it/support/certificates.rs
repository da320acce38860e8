//! Certificates of the tests' own, made by OpenSSL.

use std::path::Path;
use std::process::Command;

/// An authority with certificates of an engine and of clients, one of them long over, and another
/// authority with one of its own.
pub fn make_certificates(folder: &Path) {
    let path = |name: &str| folder.join(name).display().to_string();
    for (authority, name) in [("ca", "Test Engines"), ("other-ca", "Somebody Else")] {
        let subject = format!("/CN={name}");
        run(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                &subject,
                "-keyout",
                &path(&format!("{authority}.key")),
                "-out",
                &path(&format!("{authority}.pem")),
            ],
        );
    }
    let server = "subjectAltName=IP:127.0.0.1,DNS:db.test,DNS:api.db.test\nextendedKeyUsage=serverAuth\n";
    let client = "extendedKeyUsage=clientAuth\n";
    for (name, authority, extensions, days) in [
        ("server", "ca", server, 2),
        ("old-server", "ca", server, -1),
        ("client", "ca", client, 2),
        ("old-client", "ca", client, -1),
        ("other-client", "other-ca", client, 2),
    ] {
        let subject = format!("/CN={name}");
        make_certificate(folder, &Wanted { name, subject: &subject, authority, extensions, days });
    }
}

/// A certificate by one of the authorities.
pub struct Wanted<'w> {
    /// Of its files.
    pub name: &'w str,
    /// As OpenSSL takes it: `/CN=ci`.
    pub subject: &'w str,
    pub authority: &'w str,
    pub extensions: &'w str,
    pub days: i32,
}

pub fn make_certificate(folder: &Path, wanted: &Wanted<'_>) {
    let Wanted { name, subject, authority, extensions, days } = wanted;
    let path = |name: &str| folder.join(name).display().to_string();
    let (key, certificate, request) =
        (path(&format!("{name}.key")), path(&format!("{name}.pem")), path("request"));
    let (days, from) = (days.to_string(), path("extensions"));
    std::fs::write(&from, extensions).expect("a scratch file");
    let new = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    run("openssl", &[&new[..], &["-subj", subject, "-keyout", &key, "-out", &request]].concat());
    let (ca, ca_key) = (path(&format!("{authority}.pem")), path(&format!("{authority}.key")));
    let sign = ["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"];
    run("openssl", &[&sign[..], &["-days", &days, "-extfile", &from, "-out", &certificate]].concat());
}

/// Runs a program that has to succeed.
#[track_caller]
pub fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {said}");
}
