//! Planning the image: which one a build makes, and which one the lock holds it to.

use std::path::PathBuf;

use crate::model::{BUILT, Build, ContainerWorkload, Tool};
use crate::plan::{Facts, PlanError};

/// What the context of a call's image is: its digest, or why nothing can be built of it.
pub type BuildFact = Result<String, String>;

/// An image that is built if the engine does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedBuild {
    pub what: Build,
    /// SHA-256 of all that it is built of, in hexadecimal digits.
    pub digest: String,
    /// By its content: the image that runs.
    pub tag: String,
    /// Which image it takes the place of, whatever that was built of.
    pub of: String,
}

/// Says of an image what it is built of.
pub const BUILD_LABEL: &str = "mcpfier.build";
/// Says of an image whose it is: the tool, and a mark of the place where that is built.
pub const BUILD_OF_LABEL: &str = "mcpfier.build.of";
/// How much of a digest stands in a tag.
const TAG: usize = 24;

/// The name of an image that is built of what has this digest.
pub fn build_tag(digest: &str) -> String {
    format!("{BUILT}:{}", digest.get(..TAG).unwrap_or(digest))
}

/// Tells places apart that have the same tool; it hides nothing (FNV-1a).
fn mark(place: &str) -> u64 {
    const BEGIN: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    place.bytes().fold(BEGIN, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(PRIME))
}

pub fn planned(
    tool: &Tool,
    workload: &ContainerWorkload,
    facts: &Facts,
) -> Result<Option<PlannedBuild>, PlanError> {
    let Some(what) = &workload.build else { return Ok(None) };
    let unavailable = |reason| PlanError::Unavailable { tool: tool.name.to_string(), reason };
    let digest = match &facts.build {
        Some(Ok(digest)) => digest.clone(),
        Some(Err(reason)) => return Err(unavailable(format!("its image cannot be built: {reason}"))),
        None => return Err(unavailable("nobody has looked at what its image is built of".to_owned())),
    };
    match &facts.locked {
        Some(locked) if !facts.is_pretended && locked.builds.get(tool.name.as_str()) != Some(&digest) => {
            let context = what.context.display();
            Err(not_locked(
                tool,
                format!("what its image is built of, `{context}`, is not what the lock says"),
            ))
        }
        _ => Ok(Some(PlannedBuild::of(tool.name.as_str(), what.clone(), digest))),
    }
}

/// The digest that the lock holds an image to, if it does. One that is named by its digest needs none.
pub fn locked(tool: &Tool, workload: &ContainerWorkload, facts: &Facts) -> Result<Option<String>, PlanError> {
    let image = &workload.image;
    let Some(locked) = &facts.locked else { return Ok(None) };
    if workload.build.is_some() || image.contains('@') {
        return Ok(None);
    }
    let agreed = locked.images.get(image).cloned();
    agreed.ok_or_else(|| not_locked(tool, format!("the lock does not know the image `{image}`")))
}

fn not_locked(tool: &Tool, reason: String) -> PlanError {
    PlanError::NotLocked { tool: tool.name.to_string(), reason }
}

impl PlannedBuild {
    pub fn of(tool: &str, what: Build, digest: String) -> Self {
        let place = format!("{}\0{}", what.context.display(), what.dockerfile.display());
        Self { tag: build_tag(&digest), digest, of: format!("{tool}@{:016x}", mark(&place)), what }
    }

    /// What the image says of itself.
    pub fn labels(&self) -> [(String, String); 2] {
        [(BUILD_LABEL, &self.digest), (BUILD_OF_LABEL, &self.of)]
            .map(|(name, value)| (name.to_owned(), value.clone()))
    }

    /// As Docker's own client is asked for the same.
    pub fn flags(&self, platform: Option<&str>) -> Vec<String> {
        let Build { dockerfile, args, target, name, .. } = &self.what;
        let mut flags: Vec<String> =
            ["docker", "build", "--quiet", "--tag", &self.tag].map(str::to_owned).into();
        let mut push = |flag: &str, value: &str| flags.extend([flag.to_owned(), value.to_owned()]);
        if let Some(name) = name {
            push("--tag", name);
        }
        if let Some(platform) = platform {
            push("--platform", platform);
        }
        if let Some(target) = target {
            push("--target", target);
        }
        for (name, value) in args {
            push("--build-arg", &format!("{name}={value}"));
        }
        for (name, value) in self.labels() {
            push("--label", &format!("{name}={value}"));
        }
        push("--file", &dockerfile.display().to_string());
        flags.push(self.what.context.display().to_string());
        flags
    }

    pub fn context(&self) -> &PathBuf {
        &self.what.context
    }
}
