//! Of flows made at random: what runs, in which order, is what the plan said, to the letter.
//!
//! The model of it is small: a step begins when all that it waits for have ended and nothing has failed
//! that ends the flow; its plan is the preview with its holes filled by what those steps printed.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroI32;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use mcpfier::call::Call;
use mcpfier::engine::{Engine, Outcome, StepVerdict, Stream, Watcher};
use mcpfier::model::Principal;
use mcpfier::plan::{ExecutionPlan, FlowPlan, ProcessPlan, Rounds, Step, Word, Work};
use mcpfier::runner::{BoxFuture, End, OutputEvent, Runner, Running, SecretValues, StartError};
use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use crate::support::load::load;

/// One step of a flow made at random.
#[derive(Debug, Clone)]
struct Made {
    after: BTreeSet<usize>,
    /// Those whose output it gets, among those it waits for.
    sees: BTreeSet<usize>,
    fails: bool,
    goes_on: bool,
    is_command: bool,
    /// How often it lets others go first.
    patience: u8,
}

fn flow_of(most: usize) -> impl Strategy<Value = Vec<Made>> {
    let step = (any::<u64>(), any::<u64>(), 0..6_u8, any::<bool>(), any::<bool>(), 0..12_u8);
    proptest::collection::vec(step, 1..most).prop_map(|steps| {
        let made = steps.into_iter().enumerate();
        made.map(|(place, (after, sees, fails, goes_on, is_command, patience))| {
            let chosen = |bits: u64| (0..place).filter(move |other| bits >> (other % 64) & 3 == 0);
            let after: BTreeSet<usize> = chosen(after).collect();
            let sees = chosen(sees).filter(|other| after.contains(other)).collect();
            Made { after, sees, fails: fails == 0, goes_on, is_command, patience }
        })
        .collect()
    })
}

fn yaml(steps: &[Made]) -> String {
    let mut text = String::from(
        "version: 1\ncommands:\n  - { name: leaf, description: Leaf., script: echo, args: [\"{{name}}\", \"{{text}}\"], env: { SEEN: \"{{text}}\" }, timeout: 7s, limits: { memory: 99MiB }, params: { name: { type: string, description: N }, text: { type: string, description: T, allow_dash: true } } }\n  - name: flow\n    description: Flow.\n    steps:\n",
    );
    for (place, step) in steps.iter().enumerate() {
        let after: Vec<String> = step.after.iter().map(|other| format!("s{other}")).collect();
        let seen: Vec<String> =
            step.sees.iter().map(|other| format!("+{{{{steps.s{other}.stdout}}}}")).collect();
        let seen = format!("t{}", seen.concat());
        let work = match step.is_command {
            true => format!("command: leaf, with: {{ name: s{place}, text: \"{seen}\" }}"),
            false => {
                format!("script: echo, args: [s{place}, \"{seen}\"], env: {{ OWN: \"{seen}\" }}, timeout: 9s")
            }
        };
        let on_error = if step.goes_on { "continue" } else { "abort" };
        text.push_str(&format!(
            "      - {{ id: s{place}, {work}, after: [{}], on_error: {on_error} }}\n",
            after.join(", ")
        ));
    }
    text
}

#[derive(Debug, Clone)]
enum Happened {
    Began(usize, Box<ProcessPlan>),
    Ended(usize),
}

/// Plays every step as it was made, and writes down what happens.
struct Stage {
    steps: Vec<Made>,
    log: Arc<Mutex<Vec<Happened>>>,
}

struct Player {
    place: usize,
    step: Made,
    log: Arc<Mutex<Vec<Happened>>>,
    cancel: CancellationToken,
    events: VecDeque<OutputEvent>,
}

impl Runner for Stage {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        _: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        let Step::Process(plan) = step else { panic!("only processes are made") };
        let Word::Known(name) = &plan.argv[1] else { panic!("the name is known") };
        let place: usize = name[1..].parse().unwrap();
        self.log.lock().unwrap().push(Happened::Began(place, Box::new(plan.clone())));
        let step = self.steps[place].clone();
        let end = match step.fails {
            true => End::Failed(NonZeroI32::new(5).unwrap()),
            false => End::Success,
        };
        let printed = Bytes::from(format!("o{place}\n"));
        let events = [OutputEvent::Chunk { stream: Stream::Stdout, bytes: printed }, OutputEvent::Ended(end)];
        let player = Player { place, step, log: Arc::clone(&self.log), cancel, events: events.into() };
        Box::pin(async move { Ok(Box::new(player) as Box<dyn Running>) })
    }
}

impl Running for Player {
    fn next(&mut self) -> BoxFuture<'_, OutputEvent> {
        Box::pin(async move {
            for _ in 0..std::mem::take(&mut self.step.patience) {
                tokio::task::yield_now().await;
            }
            let event = match self.cancel.is_cancelled() {
                true => OutputEvent::Ended(End::Cancelled),
                false => self.events.pop_front().expect("nobody asks after the end"),
            };
            if let OutputEvent::Ended(_) = event {
                self.log.lock().unwrap().push(Happened::Ended(self.place));
            }
            event
        })
    }
}

struct Nobody;

impl Watcher for Nobody {
    fn output(&mut self, _: Stream, _: &Bytes) {}
}

/// The plan, what happened, and what came of it.
fn carried_out(steps: &[Made]) -> (ExecutionPlan, Vec<Happened>, Outcome) {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("PATH", "/usr/bin:/bin"), ("HOME", "/")];
    let (catalog, facts, vault) = load(folder.path(), &yaml(steps), &variables);
    let log = Arc::new(Mutex::new(Vec::new()));
    let stage = Stage { steps: steps.to_vec(), log: Arc::clone(&log) };
    let engine = Engine::new(catalog, facts, vault, Arc::new(stage));
    let call =
        Call { principal: Principal::local().into(), tool: "flow".to_owned(), arguments: Default::default() };
    let prepared = engine.prepare(call).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(engine.execute(&prepared, &mut Nobody, CancellationToken::new())).unwrap();
    let happened = log.lock().unwrap().clone();
    ((*prepared).clone(), happened, outcome)
}

fn process(flow: &FlowPlan, place: usize) -> (ProcessPlan, bool) {
    let Rounds::One(work) = &flow.steps[place].work else { panic!("no list is made") };
    let Step::Process(process) = &work.plan().step else { panic!("only processes are made") };
    (process.clone(), matches!(work, Work::Ready(_)))
}

/// The preview as it has to be once everything is known.
fn filled(mut preview: ProcessPlan) -> ProcessPlan {
    let fill = |word: &mut Word| {
        let Some(text) = word.plain() else { return };
        let holes = regex::Regex::new("<output of s([0-9]+)>").unwrap();
        *word = Word::Known(holes.replace_all(&text, "o$1").into_owned());
    };
    preview.argv.iter_mut().for_each(fill);
    preview.variables.iter_mut().for_each(|(_, word)| fill(word));
    preview
}

fn check(steps: &[Made]) -> Result<(), TestCaseError> {
    let (plan, happened, outcome) = carried_out(steps);
    let Step::Flow(flow) = &plan.step else { panic!("no flow") };
    let report = outcome.flow.as_ref().expect("a flow has a report");
    let mut ended: BTreeSet<usize> = BTreeSet::new();
    let mut began: BTreeSet<usize> = BTreeSet::new();
    let mut is_over = false;
    let ends_all = |place: usize| steps[place].fails && !steps[place].goes_on;
    for event in &happened {
        match event {
            Happened::Began(place, run) => {
                prop_assert!(!is_over, "s{place} began after a failure that ends all");
                prop_assert!(began.insert(*place), "s{place} began twice");
                prop_assert!(steps[*place].after.is_subset(&ended), "s{place} began too early");
                let (preview, is_ready) = process(flow, *place);
                prop_assert_eq!(is_ready, steps[*place].sees.is_empty());
                prop_assert_eq!(&filled(preview), &**run);
            }
            Happened::Ended(place) => {
                ended.insert(*place);
                is_over |= ends_all(*place) && report.records[*place].verdict == StepVerdict::Failed;
            }
        }
    }
    prop_assert_eq!(&began, &ended, "all that began has ended");
    let fails = report.records.iter().any(|record| record.verdict == StepVerdict::Failed)
        && (0..steps.len())
            .any(|place| ends_all(place) && report.records[place].verdict == StepVerdict::Failed);
    prop_assert_eq!(report.is_success(), !fails);
    for (place, record) in report.records.iter().enumerate() {
        match record.verdict {
            StepVerdict::NotReached => prop_assert!(fails && !began.contains(&place)),
            StepVerdict::Cancelled => prop_assert!(fails),
            StepVerdict::Succeeded => prop_assert!(began.contains(&place) && !steps[place].fails),
            StepVerdict::Failed => prop_assert!(began.contains(&place) && steps[place].fails),
            StepVerdict::Skipped => prop_assert!(false, "nothing has a condition"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_ran_is_what_was_planned_in_an_order_that_the_steps_allow(steps in flow_of(24)) {
        check(&steps)?;
    }
}

#[test]
fn a_thousand_steps_in_a_row_and_side_by_side_run_all() {
    let step = Made {
        after: BTreeSet::new(),
        sees: BTreeSet::new(),
        fails: false,
        goes_on: false,
        is_command: true,
        patience: 1,
    };
    let row: Vec<Made> = (0..1000)
        .map(|place: usize| Made { after: place.checked_sub(1).into_iter().collect(), ..step.clone() })
        .collect();
    for steps in [row, vec![step; 1000]] {
        check(&steps).unwrap();
    }
}
