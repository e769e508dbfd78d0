//! From a specification to data, every field said.

use super::value::Value;
use super::words::Word;
use super::{ChildEntry, SupervisorSpec, duration};
use crate::backoff::Backoff;
use crate::intensity::RestartLimit;
use crate::shutdown::Shutdown;
use serde::ser::{Serialize, Serializer};
use std::time::Duration;

impl Serialize for SupervisorSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        supervisor(self).serialize(serializer)
    }
}

fn supervisor(spec: &SupervisorSpec) -> Value {
    let config = &spec.config;
    table([
        ("name", Value::text(&*spec.name)),
        ("strategy", word(config.strategy)),
        ("auto_shutdown", word(config.auto_shutdown)),
        ("stop_order", word(config.stop_order)),
        ("seed", Value::Number(config.seed.into())),
        ("limit", limit(config.limit)),
        ("children", Value::List(spec.children.iter().map(child).collect())),
    ])
}

/// What is a table itself comes last, as TOML likes it.
fn child(child: &ChildEntry) -> Value {
    let policy = &child.policy;
    table([
        ("id", Value::text(&*child.id)),
        ("kind", word(policy.kind)),
        ("restart", word(policy.restart)),
        ("clean_up", time(policy.clean_up)),
        ("start_timeout", time(policy.start_timeout)),
        ("significant", Value::Bool(policy.significant)),
        ("max_consecutive", policy.max_consecutive.map_or(Value::Nothing, |max| Value::Number(max.into()))),
        ("exhausted", word(policy.exhausted)),
        ("shutdown", shutdown(policy.shutdown)),
        ("backoff", backoff(&policy.backoff)),
        ("limit", policy.limit.map_or(Value::Nothing, limit)),
        ("supervisor", child.supervisor.as_ref().map_or(Value::Nothing, supervisor)),
    ])
}

/// Leaves out what is not there.
fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let there = fields.into_iter().filter(|(_, value)| *value != Value::Nothing);
    Value::Table(there.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn word(word: impl Word) -> Value {
    Value::text(word.name())
}

fn time(time: Duration) -> Value {
    Value::Text(duration::print(time))
}

fn limit(limit: RestartLimit) -> Value {
    table([("intensity", Value::Number(limit.intensity().into())), ("period", time(limit.period()))])
}

fn shutdown(shutdown: Shutdown) -> Value {
    match shutdown {
        Shutdown::Abort => Value::text("abort"),
        Shutdown::Wait => Value::text("wait"),
        Shutdown::After(drain) => table([("after", time(drain))]),
    }
}

fn backoff(backoff: &Backoff) -> Value {
    if *backoff == Backoff::none() {
        return Value::text("none");
    }
    let (initial, max) = backoff.bounds();
    table([
        ("initial", time(initial)),
        ("max", time(max)),
        ("factor", Value::Float(backoff.growth())),
        ("jitter", Value::Bool(backoff.has_jitter())),
        ("reset_after", time(backoff.healthy())),
    ])
}
