//! What is due when: a value that is moved on by whoever knows the time.
//!
//! Clocks are set, hosts sleep, servers stop. What is found to be late by more than a moment was missed, and
//! the schedule says what is done about that. A clock that goes back a little is waited for, so that nothing
//! runs twice; one that goes back by hours was wrong before, and everything is reckoned anew.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Missed, Schedule};

/// Later than this, in seconds, is missed.
const GRACE: i64 = 60;

/// A clock that is set back by less comes to the same time again.
const SET_BACK: i64 = 3 * 3600;

/// Runs that are made up for, of one schedule at one time.
const MOST_MISSED: usize = 100;

/// Times that are looked at, of one schedule at one time.
const MOST_STEPS: usize = 20_000;

/// Which schedule of which tool.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    pub tool: String,
    pub index: usize,
}

/// A run that is due now.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    pub id: Id,
    pub schedule: Schedule,
    /// When it was to be, in seconds since 1970.
    pub moment: i64,
    pub is_late: bool,
}

/// How far a schedule has been carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub cron: String,
    pub zone: String,
    /// Everything until then has been seen to.
    pub done: i64,
    /// The last time that it ran for.
    pub ran: Option<i64>,
}

#[derive(Debug, Clone)]
struct Entry {
    id: Id,
    schedule: Schedule,
    done: i64,
    ran: Option<i64>,
    next: Option<Next>,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    moment: i64,
    /// With the chance that the schedule leaves to it.
    at: i64,
}

/// All schedules of a file.
#[derive(Debug, Clone, Default)]
pub struct Agenda {
    entries: Vec<Entry>,
    /// What chance is made of.
    seed: u64,
    /// When it was looked at last.
    seen: i64,
}

impl Agenda {
    /// From now on, or from where `mark` says that each was left.
    pub fn of(
        schedules: impl Iterator<Item = (Id, Schedule)>,
        mark: impl Fn(&Id) -> Option<Mark>,
        now: i64,
        seed: u64,
    ) -> Self {
        let entry = |(id, schedule): (Id, Schedule)| {
            let known = mark(&id)
                .filter(|mark| mark.cron == schedule.cron.as_str() && mark.zone == schedule.zone.to_string());
            let ran = known.as_ref().and_then(|mark| mark.ran);
            let left = known.map(|mark| mark.done).filter(|done| *done <= now + SET_BACK);
            let done = match schedule.missed {
                // What was done already is not done again where the clock is a little back.
                Missed::Skip => left.map_or(now, |left| left.max(now)),
                Missed::Once | Missed::All => left.unwrap_or(now),
            };
            let mut entry = Entry { id, schedule, done, ran, next: None };
            entry.plan(seed);
            entry
        };
        Self { entries: schedules.map(entry).collect(), seed, seen: now }
    }

    /// The same schedules as before go on where they are.
    pub fn following(self, before: Self) -> Self {
        let entries = self.entries.into_iter().map(|entry| {
            let known = before.entries.iter().find(|known| known.id == entry.id);
            known.filter(|known| known.schedule == entry.schedule).cloned().unwrap_or(entry)
        });
        Self { entries: entries.collect(), ..before }
    }

    /// What has to run now. Nothing is named twice.
    pub fn advance(&mut self, now: i64) -> Vec<Due> {
        let was_wrong = now + SET_BACK < self.seen;
        self.seen = now;
        let seed = self.seed;
        let mut due = Vec::new();
        for entry in &mut self.entries {
            if was_wrong {
                entry.done = now;
                entry.plan(seed);
            }
            due.extend(entry.advance(now, seed));
        }
        due
    }

    /// When there is something to do next, as far as is known.
    pub fn next(&self) -> Option<i64> {
        self.entries.iter().filter_map(|entry| entry.next).map(|next| next.at).min()
    }

    /// How far each has been carried out.
    pub fn marks(&self) -> impl Iterator<Item = (&Id, Mark)> {
        self.entries.iter().map(|entry| {
            let Schedule { cron, zone, .. } = &entry.schedule;
            let (cron, zone) = (cron.as_str().to_owned(), zone.to_string());
            (&entry.id, Mark { cron, zone, done: entry.done, ran: entry.ran })
        })
    }
}

impl Entry {
    fn plan(&mut self, seed: u64) {
        let Schedule { cron, zone, jitter, .. } = &self.schedule;
        self.next = cron.next(*zone, self.done).map(|moment| {
            let mut chance = DefaultHasher::new();
            (seed, &self.id, moment).hash(&mut chance);
            let wait = i64::try_from(chance.finish() % (jitter.as_secs() + 1)).unwrap_or(0);
            Next { moment, at: moment.saturating_add(wait) }
        });
    }

    fn advance(&mut self, now: i64, seed: u64) -> Vec<Due> {
        let mut passed = Vec::new();
        let mut steps = 0;
        while let Some(next) = self.next.filter(|next| next.at <= now) {
            steps += 1;
            if steps > MOST_STEPS {
                // Nobody wants to know of all of these.
                self.done = now;
                self.plan(seed);
                break;
            }
            passed.push(next);
            if passed.len() > MOST_MISSED + 1 {
                passed.remove(0);
            }
            self.done = next.moment;
            self.plan(seed);
        }
        self.chosen(passed, now)
    }

    /// Which of the times that have passed are made up for.
    fn chosen(&mut self, mut passed: Vec<Next>, now: i64) -> Vec<Due> {
        if !self.schedule.enabled {
            return Vec::new();
        }
        let is_on_time = |next: &Next| now - next.at <= GRACE;
        let last = passed.pop();
        let late = match self.schedule.missed {
            Missed::All => passed,
            Missed::Skip | Missed::Once => Vec::new(),
        };
        let last = last.filter(|last| is_on_time(last) || self.schedule.missed != Missed::Skip);
        let due = late.into_iter().chain(last).map(|next| Due {
            id: self.id.clone(),
            schedule: self.schedule.clone(),
            moment: next.moment,
            is_late: !is_on_time(&next),
        });
        let due: Vec<Due> = due.collect();
        self.ran = due.last().map(|due| due.moment).or(self.ran);
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Overlap;

    /// 2026-03-28 12:00 in UTC.
    const NOON: i64 = 1_774_699_200;
    const HOUR: i64 = 3600;

    fn schedule(cron: &str, missed: Missed) -> Schedule {
        Schedule {
            cron: cron.parse().unwrap(),
            zone: "UTC".parse().unwrap(),
            acts_as: "local".to_owned(),
            with: serde_json::Map::new(),
            missed,
            jitter: Duration::ZERO,
            overlap: Overlap::Skip,
            enabled: true,
        }
    }

    fn agenda(schedule: Schedule, left: Option<i64>, now: i64) -> Agenda {
        let mark = |_: &Id| {
            let (cron, zone) = (schedule.cron.as_str().to_owned(), schedule.zone.to_string());
            left.map(|done| Mark { cron, zone, done, ran: None })
        };
        let id = Id { tool: "report".to_owned(), index: 0 };
        Agenda::of([(id, schedule.clone())].into_iter(), mark, now, 7)
    }

    fn moments(due: &[Due]) -> Vec<(i64, bool)> {
        due.iter().map(|due| ((due.moment - NOON) / 60, due.is_late)).collect()
    }

    #[test]
    fn each_time_runs_once_however_often_it_is_looked() {
        let mut agenda = agenda(schedule("*/15 * * * *", Missed::Skip), None, NOON);
        assert_eq!(agenda.next(), Some(NOON + 900));
        let mut ran = Vec::new();
        for second in (0..=2 * HOUR).step_by(20) {
            ran.extend(moments(&agenda.advance(NOON + second)));
        }
        assert_eq!(ran, [15, 30, 45, 60, 75, 90, 105, 120].map(|minute| (minute, false)));
    }

    #[test]
    fn what_was_missed_is_made_up_for_as_the_schedule_says() {
        let later = NOON + 5 * HOUR + 1800;
        for (missed, expected) in [
            (Missed::Skip, vec![]),
            (Missed::Once, vec![(300, true)]),
            (Missed::All, vec![(60, true), (120, true), (180, true), (240, true), (300, true)]),
        ] {
            let mut started_again = agenda(schedule("0 * * * *", missed), Some(NOON), later);
            assert_eq!(moments(&started_again.advance(later)), expected, "{missed:?} after a start");
            assert_eq!(started_again.next(), Some(NOON + 6 * HOUR), "{missed:?}");
            // A host that slept.
            let mut slept = agenda(schedule("0 * * * *", missed), None, NOON);
            assert_eq!(moments(&slept.advance(later)), expected, "{missed:?} after a sleep");
            assert_eq!(slept.advance(later), []);
        }
    }

    #[test]
    fn a_time_that_is_there_counts_with_those_that_were_missed() {
        for (missed, expected) in [
            (Missed::Skip, vec![(120, false)]),
            (Missed::Once, vec![(120, false)]),
            (Missed::All, vec![(60, true), (120, false)]),
        ] {
            let mut agenda = agenda(schedule("0 * * * *", missed), None, NOON);
            assert_eq!(moments(&agenda.advance(NOON + 2 * HOUR + 10)), expected, "{missed:?}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_repeats_nothing() {
        let mut agenda = agenda(schedule("0 * * * *", Missed::All), None, NOON);
        assert_eq!(moments(&agenda.advance(NOON + HOUR)), [(60, false)]);
        assert_eq!(agenda.advance(NOON - HOUR), []);
        assert_eq!(agenda.advance(NOON + HOUR), []);
        assert_eq!(moments(&agenda.advance(NOON + 2 * HOUR)), [(120, false)]);
    }

    #[test]
    fn a_clock_that_was_wrong_by_years_does_not_stop_the_schedule() {
        let year = 365 * 24 * HOUR;
        let mut agenda = agenda(schedule("0 * * * *", Missed::Skip), None, NOON + 4 * year);
        assert_eq!(agenda.advance(NOON), []);
        assert_eq!(agenda.next(), Some(NOON + HOUR));
        assert_eq!(moments(&agenda.advance(NOON + HOUR)), [(60, false)]);
    }

    #[test]
    fn what_was_noted_under_a_wrong_clock_is_forgotten() {
        let year = 365 * 24 * HOUR;
        for missed in [Missed::Skip, Missed::Once, Missed::All] {
            let agenda = agenda(schedule("0 * * * *", missed), Some(NOON + year), NOON);
            assert_eq!(agenda.next(), Some(NOON + HOUR), "{missed:?}");
        }
    }

    #[test]
    fn a_long_absence_is_bounded() {
        let year = 365 * 24 * HOUR;
        let mut agenda = agenda(schedule("* * * * * *", Missed::All), Some(NOON), NOON + year);
        let due = agenda.advance(NOON + year);
        assert!(due.len() <= MOST_MISSED + 1, "{}", due.len());
        assert!(agenda.next().unwrap() > NOON + year);
    }

    #[test]
    fn chance_delays_within_its_bound_and_not_beyond() {
        let minutes = Duration::from_secs(600);
        let with = Schedule { jitter: minutes, ..schedule("0 * * * *", Missed::Skip) };
        let mut agenda = agenda(with, None, NOON);
        let mut waits = std::collections::BTreeSet::new();
        for hour in 1..50 {
            let next = agenda.next().unwrap();
            let wait = next - (NOON + hour * HOUR);
            assert!((0..=600).contains(&wait), "{wait}");
            waits.insert(wait);
            assert_eq!(agenda.advance(next - 1), []);
            assert_eq!(agenda.advance(next).len(), 1);
        }
        assert!(waits.len() > 20, "{waits:?}");
    }

    #[test]
    fn a_reload_changes_what_is_another_one_and_nothing_else() {
        let before = agenda(schedule("0 * * * *", Missed::Skip), None, NOON);
        let same =
            agenda(schedule("0 * * * *", Missed::Skip), None, NOON + 2 * HOUR).following(before.clone());
        assert_eq!(same.next(), Some(NOON + HOUR));
        let other = agenda(schedule("30 * * * *", Missed::Skip), None, NOON + 2 * HOUR).following(before);
        assert_eq!(other.next(), Some(NOON + 2 * HOUR + 1800));
    }

    #[test]
    fn what_is_disabled_does_nothing() {
        let disabled = Schedule { enabled: false, ..schedule("0 * * * *", Missed::All) };
        assert_eq!(agenda(disabled, Some(NOON), NOON + 9 * HOUR).advance(NOON + 10 * HOUR), []);
    }
}
