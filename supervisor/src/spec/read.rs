//! From data to a specification: every field looked at, every problem noted with its path.

use super::value::Value;
use super::words::Word;
use super::{ChildEntry, SpecProblem, SpecRefusal, SpecRefused, SupervisorSpec, duration};
use crate::backoff::Backoff;
use crate::intensity::RestartLimit;
use crate::machine::{ChildKind, ChildPolicy, Config};
use crate::shutdown::Shutdown;
use serde::de::{Deserialize, Deserializer, Error};
use std::time::Duration;

const SUPERVISOR: &[&str] = &["name", "strategy", "auto_shutdown", "stop_order", "limit", "seed", "children"];
const CHILD: &[&str] = &[
    "id",
    "kind",
    "restart",
    "shutdown",
    "clean_up",
    "start_timeout",
    "significant",
    "backoff",
    "limit",
    "max_consecutive",
    "exhausted",
    "supervisor",
];
const LIMIT: &[&str] = &["intensity", "period"];
const BACKOFF: &[&str] = &["initial", "max", "factor", "jitter", "reset_after"];
const SHUTDOWN: &[&str] = &["after"];

impl<'de> Deserialize<'de> for SupervisorSpec {
    /// # Errors
    ///
    /// Those of the format, or [`SpecRefused`] as text: [`SupervisorSpec::read`] gives it typed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)?.map_err(D::Error::custom)
    }
}

impl SupervisorSpec {
    /// Reads a specification, with what is wrong with it as data.
    ///
    /// # Errors
    ///
    /// The outer one is that of the format, the inner one [`SpecRefused`].
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Result<Self, SpecRefused>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let mut refusals = Vec::new();
        let spec = supervisor(&Place { value: &value, path: String::new() }, None, &mut refusals);
        Ok(match spec {
            Some(spec) if refusals.is_empty() => spec.check().map(|()| spec),
            _ => Err(SpecRefused { refusals }),
        })
    }
}

/// A value, and where it stands.
struct Place<'a> {
    value: &'a Value,
    path: String,
}

/// A table, whose fields are all known and there once at most.
struct Table<'a> {
    entries: &'a [(String, Value)],
    path: &'a str,
}

type Refusals = Vec<SpecRefusal>;

impl Place<'_> {
    fn refuse<T>(&self, problem: SpecProblem, refusals: &mut Refusals) -> Option<T> {
        refusals.push(SpecRefusal { path: self.path.clone(), problem });
        None
    }

    fn unexpected<T>(&self, expected: &'static str, refusals: &mut Refusals) -> Option<T> {
        self.refuse(SpecProblem::Unexpected { found: self.value.to_string(), expected }, refusals)
    }

    fn table(&self, known: &[&'static str], refusals: &mut Refusals) -> Option<Table<'_>> {
        let Value::Table(entries) = self.value else { return self.unexpected("a table", refusals) };
        for (at, (name, value)) in entries.iter().enumerate() {
            let field = Place { value, path: joined(&self.path, name) };
            if !known.contains(&&**name) {
                field.refuse::<()>(SpecProblem::UnknownField { expected: known.to_vec() }, refusals);
            } else if entries[..at].iter().any(|(earlier, _)| earlier == name) {
                field.refuse::<()>(SpecProblem::GivenTwice, refusals);
            }
        }
        Some(Table { entries, path: &self.path })
    }

    fn list(&self, refusals: &mut Refusals) -> Vec<Place<'_>> {
        let Value::List(items) = self.value else {
            self.unexpected::<()>("a list", refusals);
            return Vec::new();
        };
        let place = |(at, value)| Place { value, path: format!("{}[{at}]", self.path) };
        items.iter().enumerate().map(place).collect()
    }

    fn text(&self, refusals: &mut Refusals) -> Option<String> {
        match self.value {
            Value::Text(text) => Some(text.clone()),
            _ => self.unexpected("a text", refusals),
        }
    }

    fn flag(&self, refusals: &mut Refusals) -> Option<bool> {
        match self.value {
            Value::Bool(flag) => Some(*flag),
            _ => self.unexpected("true or false", refusals),
        }
    }

    fn number<T: TryFrom<i128>>(&self, expected: &'static str, refusals: &mut Refusals) -> Option<T> {
        match self.value {
            Value::Number(number) => {
                T::try_from(*number).ok().or_else(|| self.unexpected(expected, refusals))
            }
            _ => self.unexpected(expected, refusals),
        }
    }

    /// Whole numbers are factors too.
    #[expect(clippy::cast_precision_loss, reason = "no factor is that large")]
    fn float(&self, refusals: &mut Refusals) -> Option<f64> {
        match self.value {
            Value::Float(value) => Some(*value),
            Value::Number(value) => Some(*value as f64),
            _ => self.unexpected("a number", refusals),
        }
    }

    fn duration(&self, refusals: &mut Refusals) -> Option<Duration> {
        let found = match self.value {
            Value::Text(text) => text.clone(),
            other => other.to_string(),
        };
        let parsed = if let Value::Text(text) = self.value { duration::parse(text) } else { None };
        parsed.or_else(|| self.refuse(SpecProblem::Duration { found }, refusals))
    }

    fn word<W: Word>(&self, refusals: &mut Refusals) -> Option<W> {
        let found = self.text(refusals)?;
        let expected = || W::ALL.iter().map(|(word, _)| *word).collect();
        W::named(&found)
            .or_else(|| self.refuse(SpecProblem::UnknownVariant { found, expected: expected() }, refusals))
    }
}

impl<'a> Table<'a> {
    /// A field that is there and says something.
    fn field(&self, name: &str) -> Option<Place<'a>> {
        let (_, value) = self.entries.iter().find(|(field, _)| field == name)?;
        (*value != Value::Nothing).then(|| Place { value, path: joined(self.path, name) })
    }

    fn required(&self, name: &str, refusals: &mut Refusals) -> Option<Place<'a>> {
        self.field(name).or_else(|| {
            let missing = Place { value: &Value::Nothing, path: joined(self.path, name) };
            missing.refuse(SpecProblem::Missing, refusals)
        })
    }

    /// Puts what the field says in the place of its default.
    fn set<T>(
        &self,
        name: &str,
        target: &mut T,
        refusals: &mut Refusals,
        read: impl FnOnce(&Place<'a>, &mut Refusals) -> Option<T>,
    ) {
        if let Some(value) = self.field(name).and_then(|field| read(&field, refusals)) {
            *target = value;
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn supervisor(place: &Place<'_>, name: Option<&str>, refusals: &mut Refusals) -> Option<SupervisorSpec> {
    let table = place.table(SUPERVISOR, refusals)?;
    let name = match (table.field("name"), name) {
        (None, Some(name)) => Some(name.to_owned()),
        _ => table.required("name", refusals).and_then(|field| field.text(refusals)),
    };
    let mut config = Config::default();
    table.set("strategy", &mut config.strategy, refusals, Place::word);
    table.set("auto_shutdown", &mut config.auto_shutdown, refusals, Place::word);
    table.set("stop_order", &mut config.stop_order, refusals, Place::word);
    table.set("limit", &mut config.limit, refusals, limit);
    table.set("seed", &mut config.seed, refusals, |field, refusals| {
        field.number("a number from 0 to 18446744073709551615", refusals)
    });
    let mut children = Vec::new();
    if let Some(list) = table.field("children") {
        children.extend(list.list(refusals).iter().filter_map(|place| child(place, refusals)));
    }
    Some(SupervisorSpec { name: name?, config, children })
}

fn child(place: &Place<'_>, refusals: &mut Refusals) -> Option<ChildEntry> {
    let table = place.table(CHILD, refusals)?;
    let id = table.required("id", refusals).and_then(|field| field.text(refusals));
    let mut inside = None;
    table.set("supervisor", &mut inside, refusals, |field, refusals| {
        supervisor(field, Some(id.as_deref().unwrap_or_default()), refusals).map(Some)
    });
    let policy = policy(&table, refusals);
    Some(ChildEntry { id: id?, policy, supervisor: inside })
}

fn policy(table: &Table<'_>, refusals: &mut Refusals) -> ChildPolicy {
    let mut policy = ChildPolicy { reports_ready: false, ..ChildPolicy::default() };
    kind(table, &mut policy, refusals);
    table.set("restart", &mut policy.restart, refusals, Place::word);
    table.set("shutdown", &mut policy.shutdown, refusals, shutdown);
    table.set("clean_up", &mut policy.clean_up, refusals, Place::duration);
    table.set("start_timeout", &mut policy.start_timeout, refusals, Place::duration);
    table.set("significant", &mut policy.significant, refusals, Place::flag);
    table.set("backoff", &mut policy.backoff, refusals, backoff);
    table.set("limit", &mut policy.limit, refusals, |field, refusals| limit(field, refusals).map(Some));
    table.set("max_consecutive", &mut policy.max_consecutive, refusals, |field, refusals| {
        count(field, refusals).map(Some)
    });
    table.set("exhausted", &mut policy.exhausted, refusals, Place::word);
    policy
}

fn kind(table: &Table<'_>, policy: &mut ChildPolicy, refusals: &mut Refusals) {
    let has_inside = table.field("supervisor").is_some();
    if has_inside {
        policy.kind = ChildKind::Supervisor;
    }
    table.set("kind", &mut policy.kind, refusals, |field, refusals| match field.word(refusals)? {
        ChildKind::Worker if has_inside => field.refuse(SpecProblem::WorkerWithChildren, refusals),
        kind => Some(kind),
    });
    if policy.kind == ChildKind::Supervisor {
        policy.shutdown = Shutdown::Wait;
    }
}

fn shutdown(place: &Place<'_>, refusals: &mut Refusals) -> Option<Shutdown> {
    match place.value {
        Value::Text(text) => match &**text {
            "abort" => Some(Shutdown::Abort),
            "wait" => Some(Shutdown::Wait),
            _ => {
                let expected = vec!["abort", "wait", "{ after = \"5s\" }"];
                place.refuse(SpecProblem::UnknownVariant { found: text.clone(), expected }, refusals)
            }
        },
        _ => {
            let table = place.table(SHUTDOWN, refusals)?;
            table.required("after", refusals)?.duration(refusals).map(Shutdown::After)
        }
    }
}

fn limit(place: &Place<'_>, refusals: &mut Refusals) -> Option<RestartLimit> {
    let table = place.table(LIMIT, refusals)?;
    let intensity = table.required("intensity", refusals).and_then(|field| count(&field, refusals));
    let field = table.required("period", refusals)?;
    let period = field.duration(refusals)?;
    let intensity = intensity?;
    RestartLimit::new(intensity, period)
        .ok()
        .or_else(|| field.refuse(SpecProblem::ZeroPeriod { intensity }, refusals))
}

fn count(place: &Place<'_>, refusals: &mut Refusals) -> Option<u32> {
    place.number("a number from 0 to 4294967295", refusals)
}

fn backoff(place: &Place<'_>, refusals: &mut Refusals) -> Option<Backoff> {
    if *place.value == Value::text("none") {
        return Some(Backoff::none());
    }
    let table = place.table(BACKOFF, refusals)?;
    let before = refusals.len();
    let (mut initial, mut max) = Backoff::default().bounds();
    let (mut factor, mut jitter, mut reset_after) = (Backoff::default().growth(), true, None);
    table.set("initial", &mut initial, refusals, Place::duration);
    table.set("max", &mut max, refusals, Place::duration);
    table.set("factor", &mut factor, refusals, Place::float);
    table.set("jitter", &mut jitter, refusals, Place::flag);
    table
        .set("reset_after", &mut reset_after, refusals, |field, refusals| field.duration(refusals).map(Some));
    if refusals.len() > before {
        return None;
    }
    let built = Backoff::new(initial, max).and_then(|backoff| backoff.factor(factor));
    match built {
        Ok(backoff) => {
            let backoff = backoff.jitter(jitter);
            Some(reset_after.map_or(backoff, |healthy| backoff.reset_after(healthy)))
        }
        Err(error) => place.refuse(SpecProblem::Backoff(error), refusals),
    }
}
