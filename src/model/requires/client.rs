//! What a client says that it can do, in words of ours.

/// What a call can need of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientFeature {
    /// It takes a task for an answer, and asks for its result later.
    Tasks,
    /// It asks its user.
    Elicitation,
    /// It asks its model.
    Sampling,
    /// It says which folders it works in.
    Roots,
}

impl ClientFeature {
    pub const ALL: [Self; 4] = [Self::Tasks, Self::Elicitation, Self::Sampling, Self::Roots];

    /// Its name in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tasks => "tasks",
            Self::Elicitation => "elicitation",
            Self::Sampling => "sampling",
            Self::Roots => "roots",
        }
    }
}
