//! What an engine says when somebody removed an image while it was looking at it.
//!
//! An engine lists and uses what it has stored without holding it. Asked once more it no longer sees what has gone.

/// How often it is asked in all.
pub const ATTEMPTS: usize = 3;

/// Podman's words, and Docker's.
const KNOWN: [&str; 5] = [
    "layer not known",
    "image not known",
    "identifier is not a container",
    "layer does not exist",
    "unknown parent image ID",
];

pub fn was_removed(message: &str) -> bool {
    KNOWN.iter().any(|known| message.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_removed_is_told_from_what_fails_by_itself() {
        let removed = [
            "checking if cached image exists from a previous build: getting top layer info: layer not known",
            "retrieving size of image \"00\": locating image with ID \"00\": image not known",
            "deleting build container \"00\": identifier is not a container",
            "failed to get layer sha256:00: layer does not exist",
            "unknown parent image ID sha256:00",
        ];
        assert!(removed.iter().all(|message| was_removed(message)));
        let others = ["The command '/bin/sh -c make' returned a non-zero code: 1", "no such image", ""];
        assert!(!others.iter().any(|message| was_removed(message)));
    }
}
