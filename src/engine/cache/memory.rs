//! Results in memory, up to so many bytes; what was not asked for longest goes first.

use std::collections::{BTreeMap, HashMap};

use crate::model::ToolName;

use super::entry::Entry;
use super::key::Digest;

/// What an entry takes beside its content.
const OVERHEAD: usize = 512;

#[derive(Default)]
pub struct Memory {
    entries: HashMap<Digest, Kept>,
    /// By when they were used last.
    turns: BTreeMap<u64, Digest>,
    next: u64,
    size: usize,
}

struct Kept {
    tool: ToolName,
    entry: Entry,
    turn: u64,
}

impl Memory {
    pub fn get(&mut self, key: &Digest) -> Option<Entry> {
        let kept = self.entries.get_mut(key)?;
        self.turns.remove(&kept.turn);
        kept.turn = self.next;
        self.turns.insert(self.next, *key);
        self.next += 1;
        Some(kept.entry.clone())
    }

    /// Keeps an entry within so many bytes of all; one that alone is larger is not kept.
    pub fn put(&mut self, key: Digest, tool: ToolName, entry: Entry, most: usize) {
        self.remove(&key);
        let size = entry.size() + OVERHEAD;
        if size > most {
            return;
        }
        while self.size + size > most {
            let Some((_, oldest)) = self.turns.first_key_value() else { break };
            let oldest = *oldest;
            self.remove(&oldest);
        }
        let turn = self.next;
        self.next += 1;
        self.size += size;
        self.turns.insert(turn, key);
        self.entries.insert(key, Kept { tool, entry, turn });
    }

    pub fn clear(&mut self, tool: &ToolName) {
        let its: Vec<Digest> =
            self.entries.iter().filter(|(_, kept)| kept.tool == *tool).map(|(key, _)| *key).collect();
        its.iter().for_each(|key| self.remove(key));
    }

    fn remove(&mut self, key: &Digest) {
        if let Some(kept) = self.entries.remove(key) {
            self.turns.remove(&kept.turn);
            self.size -= kept.entry.size() + OVERHEAD;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::*;

    fn key(number: u8) -> Digest {
        Digest([number; 32])
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let mut memory = Memory::default();
        let tool: ToolName = "t".parse().unwrap();
        let most = 3 * (OVERHEAD + entry(100).size());
        for number in 1..=3 {
            memory.put(key(number), tool.clone(), entry(100), most);
        }
        assert!(memory.get(&key(1)).is_some());
        memory.put(key(4), tool.clone(), entry(100), most);
        let there: Vec<bool> = (1..=4).map(|number| memory.get(&key(number)).is_some()).collect();
        assert_eq!(there, [true, false, true, true]);
        memory.put(key(5), tool.clone(), entry(most), most);
        assert!(memory.get(&key(5)).is_none(), "one that is larger than all is not kept");
        assert!(memory.get(&key(4)).is_some(), "and takes no place");
        memory.clear(&tool);
        assert_eq!((memory.size, memory.entries.len(), memory.turns.len()), (0, 0, 0));
    }

    #[test]
    fn an_entry_takes_the_place_of_the_one_before() {
        let mut memory = Memory::default();
        let tool: ToolName = "t".parse().unwrap();
        for _ in 0..10 {
            memory.put(key(1), tool.clone(), entry(100), 10_000);
        }
        assert_eq!(memory.size, OVERHEAD + entry(100).size());
    }
}
