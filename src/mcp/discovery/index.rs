//! The words of tools, and which tools some words fit best.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Catalog, Tool};

/// How much a word counts by where it stands: name, title, tags, description, parameters.
const NAME: f32 = 8.0;
const TITLE: f32 = 5.0;
const TAG: f32 = 4.0;
const DESCRIPTION: f32 = 2.0;
const PARAMETER: f32 = 1.0;

/// Of a question; more of them find nothing better.
const MOST_WORDS: usize = 32;

/// The shortest beginning of a word that stands for it.
const SHORTEST_BEGINNING: usize = 3;

/// By tool, each word with what it counts.
pub(super) struct Index(HashMap<String, HashMap<String, f32>>);

impl Index {
    pub(super) fn of(catalog: &Catalog) -> Self {
        let offered = catalog.offered();
        Self(offered.map(|tool| (tool.name.to_string(), words_of(tool))).collect())
    }

    /// Those of the tools that fit, the best first; all of them, in their order, for a question without a word.
    /// Only what is visible is looked at, so nothing says anything of what is not.
    pub(super) fn find<'t>(
        &self,
        query: &str,
        visible: impl Iterator<Item = &'t Arc<Tool>>,
    ) -> Vec<&'t Arc<Tool>> {
        let mut wanted: Vec<String> = words(query).take(MOST_WORDS).collect();
        wanted.dedup();
        let visible: Vec<&Arc<Tool>> = visible.collect();
        if wanted.is_empty() {
            return visible;
        }
        // For each tool, how well each word fits.
        let fits: Vec<Vec<f32>> = visible.iter().map(|tool| self.fit(tool, &wanted)).collect();
        let rarity: Vec<f32> = (0..wanted.len()).map(|word| rarity(&fits, word)).collect();
        let mut found: Vec<(f32, &Arc<Tool>)> = Vec::new();
        for (tool, fit) in visible.into_iter().zip(&fits) {
            let score: f32 = fit.iter().zip(&rarity).map(|(fit, rarity)| fit * rarity).sum();
            let matched = fit.iter().filter(|fit| **fit > 0.0).count();
            if matched > 0 {
                // One tool with all words comes before one with a word many times over.
                found.push((score * matched as f32 / wanted.len() as f32, tool));
            }
        }
        // Equals stay in the order of the file.
        found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        found.into_iter().map(|(_, tool)| tool).collect()
    }

    fn fit(&self, tool: &Tool, wanted: &[String]) -> Vec<f32> {
        let Some(words) = self.0.get(tool.name.as_str()) else { return vec![0.0; wanted.len()] };
        wanted.iter().map(|wanted| fit(words, wanted)).collect()
    }
}

/// How well one word fits: itself, or a word that begins with it or that it begins with (`branch`, `branches`).
fn fit(words: &HashMap<String, f32>, wanted: &str) -> f32 {
    if let Some(weight) = words.get(wanted) {
        return *weight;
    }
    let is_like = |word: &str| {
        (wanted.len() >= SHORTEST_BEGINNING && word.starts_with(wanted))
            || (word.len() >= SHORTEST_BEGINNING && wanted.starts_with(word))
    };
    let like = words.iter().filter(|(word, _)| is_like(word)).map(|(_, weight)| weight / 2.0);
    like.fold(0.0, f32::max)
}

/// A word that few tools have says more than one that all have.
fn rarity(fits: &[Vec<f32>], word: usize) -> f32 {
    let having = fits.iter().filter(|fit| fit.get(word).is_some_and(|fit| *fit > 0.0)).count();
    (1.0 + fits.len() as f32 / (having.max(1) as f32)).ln()
}

fn words_of(tool: &Tool) -> HashMap<String, f32> {
    let mut found: HashMap<String, f32> = HashMap::new();
    let mut add = |text: &str, weight: f32| {
        for word in words(text) {
            let known = found.entry(word).or_insert(0.0);
            *known = known.max(weight);
        }
    };
    add(tool.name.as_str(), NAME);
    add(tool.title.as_deref().unwrap_or_default(), TITLE);
    tool.tags.iter().for_each(|tag| add(tag, TAG));
    add(&tool.description, DESCRIPTION);
    for param in tool.params.iter() {
        add(param.name.as_str(), PARAMETER);
        let described = param.schema.get("description").and_then(serde_json::Value::as_str);
        add(described.unwrap_or_default(), PARAMETER);
    }
    found
}

/// Letters and digits that hang together, in small letters; also the parts of `camelCase`.
fn words(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.flat_map(|part| {
        let mut humps = vec![String::new()];
        let mut was_small = false;
        for letter in part.chars() {
            if letter.is_uppercase() && was_small {
                humps.push(String::new());
            }
            was_small = letter.is_lowercase();
            if let Some(hump) = humps.last_mut() {
                hump.extend(letter.to_lowercase());
            }
        }
        if humps.len() > 1 {
            humps.push(part.to_lowercase());
        }
        humps
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_names_of_every_style() {
        let found: Vec<String> = words("git-branch_delete listFiles HTTP2 é").collect();
        assert_eq!(found, ["git", "branch", "delete", "list", "files", "listfiles", "http2", "é"]);
    }

    #[test]
    fn a_word_fits_its_beginning_half_as_well() {
        let words = HashMap::from([("branches".to_owned(), 8.0), ("on".to_owned(), 2.0)]);
        for (wanted, expected) in
            [("branches", 8.0), ("branch", 4.0), ("br", 0.0), ("branchesof", 4.0), ("once", 0.0)]
        {
            assert_eq!(fit(&words, wanted), expected, "{wanted}");
        }
    }
}
