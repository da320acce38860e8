//! What the log says of a reload.

use std::collections::BTreeSet;

use crate::model::{Availability, Catalog, counted};

use super::Occasion;

/// More names than this are counted.
const NAMED: usize = 8;

/// Why it was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It may have changed while it was loaded first.
    Doubt,
    Saved,
    /// Somebody has asked for it.
    Signal,
    /// It was time to look at the host again.
    Recheck,
}

impl Cause {
    /// Whoever asks for it may have changed the host.
    pub(super) fn occasion(self) -> Occasion {
        match self {
            Self::Doubt | Self::Saved => Occasion::Change,
            Self::Signal | Self::Recheck => Occasion::Recheck,
        }
    }
}

pub(super) fn wrong(report: &str) {
    tracing::error!(
        "the changed configuration cannot be used; what was served before stays:\n{}",
        report.trim_end()
    );
}

pub(super) fn adopted(before: &Catalog, now: &Catalog, cause: Cause) {
    if cause == Cause::Doubt && is_identical(before, now) {
        tracing::debug!("loaded once more");
        return;
    }
    let what = if cause == Cause::Recheck { "looked at the host again" } else { "reloaded" };
    tracing::info!("{what}: {}", summary(before, now));
    let hidden_before: BTreeSet<_> = hidden(before).collect();
    for (name, reason) in hidden(now).filter(|tool| !hidden_before.contains(tool)) {
        tracing::warn!("`{name}` is hidden: {reason}");
    }
    for note in kept(before, now) {
        tracing::warn!("{note}");
    }
}

/// Whether these say the same, as far as can be seen. A mistake costs a line in the log.
pub(super) fn is_identical(one: &Catalog, other: &Catalog) -> bool {
    let shown = |catalog: &Catalog| format!("{:?}{:?}{:?}", catalog.tools(), catalog.server, catalog.secrets);
    shown(one) == shown(other)
}

fn summary(before: &Catalog, now: &Catalog) -> String {
    let names = |catalog: &Catalog| -> BTreeSet<String> {
        catalog.offered().map(|tool| tool.name.to_string()).collect()
    };
    let (old, new) = (names(before), names(now));
    let mut text = counted(new.len(), "tool");
    for (word, names) in [("new", new.difference(&old)), ("gone", old.difference(&new))] {
        let names: Vec<&str> = names.map(String::as_str).collect();
        if !names.is_empty() {
            text.push_str(&format!("; {word}: {}", listed(&names)));
        }
    }
    text
}

fn listed(names: &[&str]) -> String {
    match names.get(..NAMED) {
        Some(first) if names.len() > NAMED => {
            format!("{} and {} more", first.join(", "), names.len() - NAMED)
        }
        _ => names.join(", "),
    }
}

fn hidden(catalog: &Catalog) -> impl Iterator<Item = (&str, &str)> {
    catalog.tools().iter().filter_map(|tool| match &tool.availability {
        Availability::Unavailable { reason } => Some((tool.name.as_str(), reason.as_str())),
        Availability::Offered | Availability::Internal | Availability::Disabled => None,
    })
}

/// What clients were told when they connected.
fn kept(before: &Catalog, now: &Catalog) -> Vec<String> {
    let mut notes = Vec::new();
    if before.server.name != now.server.name {
        notes.push(format!(
            "`server.name` is `{}` from the next start on; a running server keeps its name",
            now.server.name
        ));
    }
    if before.server.instructions != now.server.instructions {
        notes.push("clients that are connected keep the `server.instructions` they were given".to_owned());
    }
    notes
}
