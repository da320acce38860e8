//! What a file is, by how it begins and by its name.

use std::path::Path;

/// How a file is handed over, if it is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Clients show it.
    Media,
    Text,
    /// Clients may fetch it.
    Other,
}

/// How many bytes tell.
pub const HEAD: u64 = 64;

const UNKNOWN: &str = "application/octet-stream";

/// The MIME type and the form of a file, where what it begins with has the last word: an extension alone
/// makes no image.
pub fn of(path: &Path, head: &[u8]) -> (&'static str, Form) {
    if let Some(media) = magic(head) {
        let form = if media.starts_with("application/") { Form::Other } else { Form::Media };
        return (media, form);
    }
    let named = of_name(path);
    let is_text = !head.contains(&0) && begins_as_text(head);
    match named {
        UNKNOWN if is_text => ("text/plain", Form::Text),
        "image/svg+xml" if is_text => (named, Form::Text),
        _ if claims_magic(named) => (UNKNOWN, Form::Other),
        _ if is_text && (named.starts_with("text/") || named.starts_with("application/")) => {
            (named, Form::Text)
        }
        _ => (named, Form::Other),
    }
}

/// The type of that name, as it is known here.
pub fn known(mime: &str) -> &'static str {
    const NAMES: [&str; 27] = [
        "txt", "md", "csv", "tsv", "html", "css", "js", "diff", "json", "yaml", "toml", "xml", "svg", "png",
        "jpg", "gif", "webp", "wav", "mp3", "ogg", "flac", "pdf", "zip", "gz", "tar", "mp4", "sqlite",
    ];
    let types = NAMES.iter().map(|name| of_name(Path::new(&format!("a.{name}"))));
    types.into_iter().find(|known| *known == mime).unwrap_or(UNKNOWN)
}

/// By the name alone.
pub fn of_name(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "txt" | "log" | "text" => "text/plain",
        "md" | "markdown" => "text/markdown",
        "csv" => "text/csv",
        "tsv" => "text/tab-separated-values",
        "html" | "htm" => "text/html",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "diff" | "patch" => "text/x-diff",
        "json" => "application/json",
        "yaml" | "yml" => "application/yaml",
        "toml" => "application/toml",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "tar" => "application/x-tar",
        "mp4" => "video/mp4",
        "sqlite" | "db" => "application/vnd.sqlite3",
        _ => UNKNOWN,
    }
}

fn magic(head: &[u8]) -> Option<&'static str> {
    let riff = |kind: &[u8]| head.starts_with(b"RIFF") && head.get(8..12) == Some(kind);
    Some(match head {
        _ if head.starts_with(b"\x89PNG\r\n\x1a\n") => "image/png",
        _ if head.starts_with(b"\xff\xd8\xff") => "image/jpeg",
        _ if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") => "image/gif",
        _ if riff(b"WEBP") => "image/webp",
        _ if riff(b"WAVE") => "audio/wav",
        _ if head.starts_with(b"ID3") || head.starts_with(b"\xff\xfb") => "audio/mpeg",
        _ if head.starts_with(b"OggS") => "audio/ogg",
        _ if head.starts_with(b"fLaC") => "audio/flac",
        _ if head.starts_with(b"%PDF-") => "application/pdf",
        _ if head.starts_with(b"PK\x03\x04") => "application/zip",
        _ if head.starts_with(b"\x1f\x8b") => "application/gzip",
        _ => return None,
    })
}

/// Types that only their first bytes can prove.
fn claims_magic(mime: &str) -> bool {
    mime.starts_with("audio/")
        || matches!(
            mime,
            "image/png"
                | "image/jpeg"
                | "image/gif"
                | "image/webp"
                | "application/pdf"
                | "application/zip"
                | "application/gzip"
        )
}

/// Whether these bytes are text, of which the last character may be cut.
fn begins_as_text(head: &[u8]) -> bool {
    match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_have_the_last_word() {
        let cases: [(&str, &[u8], &str, Form); 10] = [
            ("a.png", b"\x89PNG\r\n\x1a\nxxxx", "image/png", Form::Media),
            ("a.txt", b"\x89PNG\r\n\x1a\nxxxx", "image/png", Form::Media),
            ("a.png", b"<script>", "application/octet-stream", Form::Other),
            ("a.svg", b"<svg/>", "image/svg+xml", Form::Text),
            ("a.csv", b"a,b\n", "text/csv", Form::Text),
            ("a.json", b"{}", "application/json", Form::Text),
            ("a.json", b"\0\0", "application/json", Form::Other),
            ("README", "grün ü".as_bytes(), "text/plain", Form::Text),
            ("a.bin", b"\xff\xfe\x00", "application/octet-stream", Form::Other),
            ("a.pdf", b"%PDF-1.7", "application/pdf", Form::Other),
        ];
        for (name, head, mime, form) in cases {
            assert_eq!(of(Path::new(name), head), (mime, form), "{name}");
        }
    }
}
