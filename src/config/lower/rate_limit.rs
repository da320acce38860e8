//! Rates, tenants and the pool of connections → the model.

use std::num::NonZeroU32;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::Reader;
use crate::config::source::Span;
use crate::model::{ConnectionPool, Quota, Rate, RateLimit, RatePer, Tenant, ToolRate};

/// A rate that limits something; what does not is reported.
pub(super) fn rate(reader: &Reader<'_>, written: native::Rate) -> Option<Rate> {
    let limited = bounded(reader, written);
    if limited.is_none() && written.burst.is_none() {
        limits_nothing(reader, written, "a rate without `requests_per_minute` limits nothing");
    }
    limited
}

fn bounded(reader: &Reader<'_>, written: native::Rate) -> Option<Rate> {
    let burst = written.burst.and_then(NonZeroU32::new);
    let Some(per_minute) = written.per_minute.and_then(NonZeroU32::new) else {
        if burst.is_some() {
            limits_nothing(reader, written, "`burst_size` without `requests_per_minute` limits nothing");
        }
        return None;
    };
    Some(Rate { per_minute, burst: burst.unwrap_or(per_minute) })
}

/// A quota that limits something; what does not is reported.
pub(super) fn quota(reader: &Reader<'_>, written: native::Quota) -> Option<Quota> {
    let native::Quota { span, per_hour, per_day } = written;
    let (per_hour, per_day) = (per_hour.and_then(NonZeroU32::new), per_day.and_then(NonZeroU32::new));
    if per_hour.is_none() && per_day.is_none() {
        let message = "a quota without `calls_per_hour` and `calls_per_day` limits nothing";
        let problem = Diagnostic::warning(Code::VainRate, span, message);
        reader.problems.add(problem.help("write `calls_per_day: 1000`"));
        return None;
    }
    Some(Quota { per_hour, per_day })
}

fn limits_nothing(reader: &Reader<'_>, written: native::Rate, message: &str) {
    let problem = Diagnostic::warning(Code::VainRate, written.span, message.to_owned());
    reader.problems.add(problem.help("write `requests_per_minute: 60`"));
}

pub(super) fn rate_limit(reader: &Reader<'_>, written: Option<native::RateLimit<'_>>) -> RateLimit {
    let Some(native::RateLimit { rate: written, per, tools }) = written else { return RateLimit::default() };
    let limit = match tools.is_empty() {
        true => rate(reader, written),
        false => bounded(reader, written),
    };
    let tool = |tool: native::ToolRate<'_>| {
        let rate = rate(reader, tool.rate)?;
        Some(ToolRate { pattern: tool.pattern.value.into(), rate, is_per_caller: tool.is_per_caller })
    };
    RateLimit {
        rate: limit,
        per: per.filter(|per| !per.is_empty()).unwrap_or_else(|| vec![RatePer::Caller]),
        tools: tools.into_iter().filter_map(tool).collect(),
    }
}

pub(super) fn tenants(reader: &Reader<'_>, written: Vec<native::Tenant<'_>>) -> Vec<Tenant> {
    let mut tenants: Vec<(Tenant, Span)> = Vec::new();
    for native::Tenant { id, commands, rate: written } in written {
        if let Some((_, first)) = tenants.iter().find(|(known, _)| known.id == id.value) {
            let message = format!("there are two tenants `{}`", id.value);
            let problem = Diagnostic::error(Code::DuplicateCaller, id.span, message);
            reader.problems.add(problem.other(*first, "the other is here").help("join them"));
            continue;
        }
        let tools =
            commands.map(|commands| commands.into_iter().map(|pattern| pattern.value.to_owned()).collect());
        let rate = written.and_then(|written| rate(reader, written));
        tenants.push((Tenant { id: id.value.to_owned(), tools, rate }, id.span));
    }
    tenants.into_iter().map(|(tenant, _)| tenant).collect()
}

pub(super) fn connection_pool(written: &native::ConnectionPool) -> ConnectionPool {
    let count = |count: Option<u32>| count.and_then(|count| usize::try_from(count).ok());
    ConnectionPool {
        idle: count(written.idle),
        per_address: count(written.per_address),
        idle_timeout: written.idle_timeout,
    }
}
