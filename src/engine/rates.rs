//! How often callers may ask: one count for each of those who share one, in bounded memory.
//!
//! Counts outlive a reload: whoever has used theirs up has not more because the file was saved.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use crate::model::{
    AuthMethod, CallerId, Catalog, Principal, Rate, RateLimit, RatePer, Tenant, host_network,
};

/// Counts that are kept. Beyond them those who come new share one.
const MOST: usize = 65_536;
/// Between two looks for counts that nobody has used lately.
const SWEEP: Duration = Duration::from_secs(1);

/// What a file allows, and what of it is used up.
#[derive(Clone)]
pub struct Rates {
    limit: RateLimit,
    tenants: Vec<Tenant>,
    counts: Arc<Mutex<Counts<MonotonicClock>>>,
}

/// Somebody has asked too often; they may again after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too often: {} a minute are allowed; try again in {} s", .rate.per_minute, self.seconds())]
pub struct TooOften {
    rate: Rate,
    wait: Duration,
}

impl TooOften {
    /// Whole seconds until it is worth trying again, at least one.
    pub fn seconds(&self) -> u64 {
        self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0).max(u64::from(self.wait.is_zero()))
    }
}

impl Rates {
    pub fn new(catalog: &Catalog) -> Self {
        let http = &catalog.server.http;
        let counts = Arc::new(Mutex::new(Counts::new(MonotonicClock)));
        Self { limit: http.rate_limit.clone(), tenants: http.tenants.clone(), counts }
    }

    /// These, with what has been used up of others.
    pub(super) fn following(self, before: &Self) -> Self {
        Self { counts: Arc::clone(&before.counts), ..self }
    }

    /// A request from an address, before it is known who sends it.
    pub fn request(&self, address: Option<IpAddr>) -> Result<(), TooOften> {
        match (self.limit.rate, address) {
            (Some(rate), Some(address)) if self.is_per(RatePer::Address) => {
                self.count(Rule::Address, Subject::Address(host_network(address)), rate)
            }
            _ => Ok(()),
        }
    }

    /// A request of a caller who is known.
    pub fn known(&self, caller: &Principal) -> Result<(), TooOften> {
        if let Some(rate) = caller.rate.or(self.limit.rate.filter(|_| self.is_for(caller))) {
            self.count(Rule::Caller, self.who(caller), rate)?;
        }
        let Some(tenant) = &caller.tenant else { return Ok(()) };
        let subject = || Subject::Tenant(tenant.as_str().into());
        if let Some(rate) = self.limit.rate.filter(|_| self.is_per(RatePer::Tenant)) {
            self.count(Rule::Tenant, subject(), rate)?;
        }
        match self.tenants.iter().find(|known| known.id == *tenant).and_then(|known| known.rate) {
            Some(rate) => self.count(Rule::OfTenant, subject(), rate),
            None => Ok(()),
        }
    }

    /// A call of a tool.
    pub fn call(&self, caller: &Principal, tool: &str) -> Result<(), TooOften> {
        if let Some(rate) = self.limit.rate.filter(|_| self.is_per(RatePer::Tool)) {
            self.count(Rule::Tool, Subject::Tool(tool.into()), rate)?;
        }
        for limit in self.limit.tools.iter().filter(|limit| limit.is_about(tool)) {
            let who = if limit.is_per_caller { self.who(caller) } else { Subject::All };
            self.count(Rule::Tools(Arc::clone(&limit.pattern)), who, limit.rate)?;
        }
        Ok(())
    }

    /// Whether calls of tools are counted at all.
    pub fn has_tools(&self) -> bool {
        !self.limit.tools.is_empty() || self.limit.rate.is_some() && self.is_per(RatePer::Tool)
    }

    fn is_per(&self, per: RatePer) -> bool {
        self.limit.per.contains(&per)
    }

    fn is_for(&self, caller: &Principal) -> bool {
        let own = if caller.method == AuthMethod::Key { RatePer::Key } else { RatePer::User };
        self.is_per(RatePer::Caller) || self.is_per(own)
    }

    /// Where nobody is asked who they are, callers are told apart by where they are.
    fn who(&self, caller: &Principal) -> Subject {
        match (caller.method, caller.address) {
            (AuthMethod::Anonymous, Some(address)) => Subject::Address(host_network(address)),
            _ => Subject::Caller(caller.id()),
        }
    }

    fn count(&self, rule: Rule, subject: Subject, rate: Rate) -> Result<(), TooOften> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).take(Count { rule, subject }, rate)
    }
}

/// What one rule counts of those who share it. Two rules may be about the same subject at the same rate,
/// and neither uses up what the other allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Count {
    rule: Rule,
    subject: Subject,
}

/// What of a file counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Rule {
    /// `per: address`.
    Address,
    /// `per` a caller, or the rate that a caller has of their own.
    Caller,
    /// `per: tenant`.
    Tenant,
    /// The rate that a tenant has of its own.
    OfTenant,
    /// `per: tool`.
    Tool,
    /// One pattern of `tools`.
    Tools(Arc<str>),
}

/// Those who share one count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Address(IpAddr),
    Caller(CallerId),
    Tenant(Arc<str>),
    Tool(Arc<str>),
    All,
    /// Everybody for whom there is no room.
    Others,
}

type Counter<C> = RateLimiter<Count, HashMapStateStore<Count>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What is used up, by the rates that there are.
struct Counts<C: Clock> {
    clock: C,
    counters: HashMap<Rate, Counter<C>>,
    most: usize,
    swept: Instant,
}

impl<C: Clock + Clone> Counts<C> {
    fn new(clock: C) -> Self {
        Self { clock, counters: HashMap::new(), most: MOST, swept: Instant::now() }
    }

    fn take(&mut self, count: Count, rate: Rate) -> Result<(), TooOften> {
        let is_full = self.len() >= self.most && !self.swept_now();
        let now = self.clock.now();
        let clock = self.clock.clone();
        let counter = self.counters.entry(rate).or_insert_with(|| counter(rate, clock));
        let count = match is_full {
            true => Count { subject: Subject::Others, ..count },
            false => count,
        };
        let late = |until: NotUntil<C::Instant>| TooOften { rate, wait: until.wait_time_from(now) };
        counter.check_key(&count).map_err(late)
    }

    fn len(&self) -> usize {
        self.counters.values().map(RateLimiter::len).sum()
    }

    /// Forgets those who have used nothing up; whether that made room.
    fn swept_now(&mut self) -> bool {
        if self.swept.elapsed() >= SWEEP {
            self.swept = Instant::now();
            self.counters.values().for_each(RateLimiter::retain_recent);
            self.counters.retain(|_, counter| !counter.is_empty());
        }
        self.len() < self.most
    }
}

fn counter<C: Clock>(rate: Rate, clock: C) -> Counter<C> {
    let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
    RateLimiter::new(quota, HashMapStateStore::default(), clock)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::model::{Permissions, ToolRate};

    fn rate(per_minute: u32, burst: u32) -> Rate {
        let number = |number| NonZeroU32::new(number).unwrap();
        Rate { per_minute: number(per_minute), burst: number(burst) }
    }

    fn caller(method: AuthMethod, name: &str) -> Principal {
        Principal::of(method, name.to_owned(), Permissions::All)
    }

    fn rates(limit: RateLimit) -> Rates {
        let tenants = vec![Tenant { id: "acme".to_owned(), tools: None, rate: Some(rate(60, 3)) }];
        Rates { limit, tenants, counts: Arc::new(Mutex::new(Counts::new(MonotonicClock))) }
    }

    fn of_ann() -> Count {
        Count { rule: Rule::Caller, subject: Subject::Caller(caller(AuthMethod::Key, "ann").id()) }
    }

    fn allowed(mut ask: impl FnMut() -> Result<(), TooOften>) -> usize {
        (0..20).take_while(|_| ask().is_ok()).count()
    }

    #[test]
    fn a_burst_is_let_through_and_then_as_many_as_come_back() {
        let clock = FakeRelativeClock::default();
        let mut counts = Counts::new(clock.clone());
        let mut ask = || counts.take(of_ann(), rate(60, 10));
        assert_eq!(allowed(&mut ask), 10);
        let late = ask().unwrap_err();
        assert_eq!(late.seconds(), 1);
        assert_eq!(late.to_string(), "too often: 60 a minute are allowed; try again in 1 s");
        clock.advance(Duration::from_secs(3));
        assert_eq!(allowed(ask), 3);
    }

    #[test]
    fn two_rules_about_the_same_subject_count_each_for_itself() {
        let at = "192.0.2.1".parse().unwrap();
        let stranger = Principal { address: Some(at), ..caller(AuthMethod::Anonymous, "anonymous") };
        let per = |per: &[RatePer]| RateLimit { rate: Some(rate(60, 3)), per: per.to_vec(), tools: vec![] };
        let both = rates(per(&[RatePer::Address, RatePer::Caller]));
        let ask = || both.request(Some(at)).and_then(|()| both.known(&stranger));
        assert_eq!(allowed(ask), 3, "an address, and a caller who is known by nothing else");
        // The tenant has the same rate of its own.
        let both = rates(per(&[RatePer::Tenant]));
        let ann = Principal { tenant: Some("acme".to_owned()), ..caller(AuthMethod::Key, "ann") };
        assert_eq!(allowed(|| both.known(&ann)), 3, "all tenants, and this one");
    }

    #[test]
    fn everybody_has_a_count_of_their_own() {
        let rates = rates(RateLimit { rate: Some(rate(60, 2)), per: vec![RatePer::Caller], tools: vec![] });
        for (method, name) in [(AuthMethod::Key, "ci"), (AuthMethod::Basic, "ci"), (AuthMethod::Key, "ann")] {
            assert_eq!(allowed(|| rates.known(&caller(method, name))), 2, "{method}:{name}");
        }
        let own = Principal { rate: Some(rate(60, 5)), ..caller(AuthMethod::Key, "own") };
        assert_eq!(allowed(|| rates.known(&own)), 5);
        let at = |address: &str| Principal {
            address: Some(address.parse().unwrap()),
            ..caller(AuthMethod::Anonymous, "anonymous")
        };
        assert_eq!(allowed(|| rates.known(&at("192.0.2.1"))), 2);
        assert_eq!(allowed(|| rates.known(&at("192.0.2.2"))), 2);
        assert_eq!(allowed(|| rates.known(&at("2001:db8::1"))), 2);
        assert_eq!(allowed(|| rates.known(&at("2001:db8::2"))), 0, "one network, one count");
        assert_eq!(
            allowed(|| rates.request(Some("192.0.2.1".parse().unwrap()))),
            20,
            "not said, not limited"
        );
    }

    #[test]
    fn a_tenant_shares_one_count_and_tools_have_theirs() {
        let tool = |pattern: &str, is_per_caller| ToolRate {
            pattern: pattern.into(),
            rate: rate(60, 2),
            is_per_caller,
        };
        let rates = rates(RateLimit {
            rate: None,
            per: vec![RatePer::Caller],
            tools: vec![tool("deploy-*", true), tool("rare", false)],
        });
        let of = |name| Principal { tenant: Some("acme".to_owned()), ..caller(AuthMethod::Key, name) };
        assert_eq!(allowed(|| rates.known(&of("ann"))), 3);
        assert_eq!(allowed(|| rates.known(&of("ben"))), 0);
        assert_eq!(rates.call(&of("ann"), "deploy-a"), Ok(()));
        assert_eq!(allowed(|| rates.call(&of("ann"), "deploy-b")), 1, "one pattern, one count");
        assert_eq!(allowed(|| rates.call(&of("ben"), "deploy-b")), 2);
        assert_eq!(allowed(|| rates.call(&of("ann"), "rare")), 2);
        assert_eq!(allowed(|| rates.call(&of("ben"), "rare")), 0);
        assert_eq!(allowed(|| rates.call(&of("ann"), "else")), 20);
    }

    #[test]
    fn memory_is_bounded_and_a_crowd_of_strangers_shares_what_is_left() {
        let clock = FakeRelativeClock::default();
        let mut counts = Counts { most: 100, ..Counts::new(clock.clone()) };
        let stranger = |number: u32| Count {
            rule: Rule::Address,
            subject: Subject::Address(IpAddr::from(number.to_be_bytes())),
        };
        let let_in = (0..10_000).filter(|n| counts.take(stranger(*n), rate(60, 5)).is_ok()).count();
        assert_eq!(let_in, 100 + 5);
        assert!(counts.len() <= 101);
        clock.advance(Duration::from_secs(600));
        counts.swept = Instant::now().checked_sub(SWEEP).unwrap();
        assert_eq!(counts.take(of_ann(), rate(60, 5)), Ok(()));
        assert_eq!(counts.len(), 1, "those who are gone are forgotten");
    }
}
