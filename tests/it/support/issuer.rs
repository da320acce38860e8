//! An issuer of tokens on this machine, which says and signs whatever a test wants.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub struct Issuer {
    pub url: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    keys: Mutex<Vec<Value>>,
    /// What is said of tokens that say nothing.
    known: Mutex<HashMap<String, Value>>,
    ends: AtomicBool,
    fetched: AtomicUsize,
    asked: AtomicUsize,
}

/// A key that signs.
pub struct Signer {
    pub id: String,
    pair: EcdsaKeyPair,
}

pub fn written(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

impl Signer {
    pub fn new(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        Self { id: id.to_owned(), pair }
    }

    pub fn public(&self) -> Value {
        let point = &self.pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        json!({ "kty": "EC", "crv": "P-256", "kid": self.id, "x": written(x), "y": written(y), "alg": "ES256", "use": "sig" })
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(
            &json!({ "alg": "ES256", "kid": self.id, "typ": "at+jwt" }).to_string(),
            &claims.to_string(),
        )
    }

    /// Signs texts that need be no token.
    pub fn sign_as(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", written(header.as_bytes()), written(claims.as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", written(signature.as_ref()))
    }
}

impl Issuer {
    pub fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::<Shared>::default();
        let (own, base) = (Arc::clone(&shared), url.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.ends.load(Ordering::SeqCst) {
                    return;
                }
                let _ = own.answer(stream, &base);
            }
        });
        let issuer = Self { url, shared, thread: Some(thread) };
        issuer.has(signers);
        issuer
    }

    /// From now on these are its keys.
    pub fn has(&self, signers: &[&Signer]) {
        *self.shared.keys.lock().unwrap() = signers.iter().map(|signer| signer.public()).collect();
    }

    pub fn says(&self, token: &str, meaning: Value) {
        self.shared.known.lock().unwrap().insert(token.to_owned(), meaning);
    }

    /// How often its keys were fetched.
    pub fn fetched(&self) -> usize {
        self.shared.fetched.load(Ordering::SeqCst)
    }

    /// How often it was asked about tokens.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// What a good token says.
    pub fn claims(&self, audience: &str) -> Value {
        let (made, expires) = (now(), now() + 300);
        json!({ "iss": self.url, "aud": audience, "sub": "ann", "iat": made, "exp": expires, "scope": "mcp:read" })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn answer(&self, stream: TcpStream, base: &str) -> std::io::Result<()> {
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if let Some(said) = header.strip_prefix("content-length:") {
                length = said.trim().parse().unwrap_or(0);
            }
            if header.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let path = line.split(' ').nth(1).unwrap_or_default();
        let document = self.document(path, &String::from_utf8_lossy(&body), base);
        let (status, text) = document.map_or((404, String::new()), |document| (200, document.to_string()));
        write!(
            &stream,
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        )
    }

    fn document(&self, path: &str, body: &str, base: &str) -> Option<Value> {
        match path {
            "/.well-known/openid-configuration" => Some(json!({
                "issuer": base, "jwks_uri": format!("{base}/keys"), "introspection_endpoint": format!("{base}/ask"),
            })),
            "/keys" => {
                self.fetched.fetch_add(1, Ordering::SeqCst);
                Some(json!({ "keys": *self.keys.lock().unwrap() }))
            }
            // Where a file may say that they are, in place of the issuer.
            "/other-keys" => Some(json!({ "keys": *self.keys.lock().unwrap() })),
            "/ask" => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                let token = body.split('&').find_map(|pair| pair.strip_prefix("token="))?;
                let known = self.known.lock().unwrap().get(token).cloned();
                Some(known.unwrap_or(json!({ "active": false })))
            }
            _ => None,
        }
    }
}
