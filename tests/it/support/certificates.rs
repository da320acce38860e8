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
        std::fs::write(path("extensions"), extensions).expect("a scratch file");
        run(
            "openssl",
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                &format!("/CN={name}"),
                "-keyout",
                &path(&format!("{name}.key")),
                "-out",
                &path("request"),
            ],
        );
        let (ca, key) = (path(&format!("{authority}.pem")), path(&format!("{authority}.key")));
        run(
            "openssl",
            &[
                "x509",
                "-req",
                "-in",
                &path("request"),
                "-CA",
                &ca,
                "-CAkey",
                &key,
                "-CAcreateserial",
                "-days",
                &days.to_string(),
                "-extfile",
                &path("extensions"),
                "-out",
                &path(&format!("{name}.pem")),
            ],
        );
    }
}

/// Runs a program that has to succeed.
#[track_caller]
pub fn run(program: &str, words: &[&str]) {
    let output = Command::new(program).args(words).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {said}");
}
