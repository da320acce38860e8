//! What must not be known of an image for it to run, and who is asked.

/// The image is looked through before it is first run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// A vulnerability that is so bad or worse keeps it from running.
    pub block_on: Severity,
    /// Whichever this host has, if none is named.
    pub with: Option<Scanner>,
    pub when_absent: WhenAbsent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// A program that knows of vulnerabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scanner {
    Trivy,
    Grype,
}

/// What happens where this host has no such program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAbsent {
    Refuse,
    /// It runs, and that it was not looked through is told.
    Warn,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// It, and whatever is worse.
    pub fn and_worse(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |one| *one >= self)
    }
}

impl Scanner {
    pub const ALL: [Self; 2] = [Self::Trivy, Self::Grype];

    /// Of its program, too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
        }
    }
}

impl Scan {
    /// Those that may be asked, the first one that is there.
    pub fn scanners(&self) -> &[Scanner] {
        match self.with {
            None => &Scanner::ALL,
            Some(Scanner::Trivy) => &[Scanner::Trivy],
            Some(Scanner::Grype) => &[Scanner::Grype],
        }
    }
}
