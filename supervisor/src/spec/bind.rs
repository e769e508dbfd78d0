//! What children run, bound to their names in code.

use super::{ChildEntry, SpecRefused, SupervisorSpec};
use crate::child::{ChildContext, ChildSpec, Judge, Refine, Start};
use crate::failure::Failure;
use crate::machine::{ChildKind, ChildPolicy, Config, Machine, SpecError};
use crate::supervisor::{Shows, Supervisor};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

impl SupervisorSpec {
    /// Says what a child runs: `start` is called for each run, as that of [`ChildSpec::new`].
    ///
    /// `path` is the child's name, behind those of the supervisors inside which it is, with `/` between.
    pub fn bind<F, Fut, E>(self, path: impl Into<String>, start: F) -> BoundSpec
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        BoundSpec::new(self).bind(path, start)
    }

    /// Says what a child runs, for an actor, a supervisor, or a child that judges its exits: policies and name are
    /// those of the data, all else is that of `child`.
    pub fn bind_child(self, path: impl Into<String>, child: ChildSpec) -> BoundSpec {
        BoundSpec::new(self).bind_child(path, child)
    }

    /// A supervisor without children that run anything.
    ///
    /// # Errors
    ///
    /// As for [`BoundSpec::build`].
    pub fn build(self) -> Result<Supervisor, BindError> {
        BoundSpec::new(self).build()
    }
}

/// A [`SupervisorSpec`] some of whose children know what they run.
#[derive(Debug)]
#[must_use = "a specification does nothing until it is built and runs"]
pub struct BoundSpec {
    spec: SupervisorSpec,
    bound: BTreeMap<String, ChildSpec>,
    twice: Vec<String>,
}

impl BoundSpec {
    fn new(spec: SupervisorSpec) -> Self {
        Self { spec, bound: BTreeMap::new(), twice: Vec::new() }
    }

    /// As [`SupervisorSpec::bind`].
    pub fn bind<F, Fut, E>(self, path: impl Into<String>, start: F) -> Self
    where
        F: FnMut(ChildContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Failure>,
    {
        let path = path.into();
        self.bind_child(path.clone(), ChildSpec::new(path, start))
    }

    /// As [`SupervisorSpec::bind_child`].
    pub fn bind_child(mut self, path: impl Into<String>, child: ChildSpec) -> Self {
        let path = path.into();
        match self.bound.entry(path) {
            Entry::Occupied(first) => self.twice.push(first.key().clone()),
            Entry::Vacant(free) => {
                free.insert(child);
            }
        }
        self
    }

    /// Checks the whole, with every supervisor inside, and makes the supervisor. Nothing is started before.
    ///
    /// What is bound inside of an inner supervisor belongs to that supervisor's slot: it lives on when the inner
    /// supervisor is restarted.
    ///
    /// # Errors
    ///
    /// [`BindError::Refused`] when the specification makes no sense, [`BindError::Unmatched`] when names and bindings
    /// do not match.
    pub fn build(self) -> Result<Supervisor, BindError> {
        self.spec.check()?;
        let Self { spec, mut bound, twice } = self;
        let mut unbound = Vec::new();
        let level = Level::new(spec, "", &mut bound, &mut unbound);
        let superfluous: Vec<String> = bound.into_keys().collect();
        if unbound.is_empty() && superfluous.is_empty() && twice.is_empty() {
            return level.build().map_err(BindError::Invalid);
        }
        Err(BindError::Unmatched { unbound, superfluous, twice })
    }
}

/// No supervisor was made of a specification.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The specification makes no sense.
    #[error(transparent)]
    Refused(#[from] SpecRefused),
    /// The children of the specification are not those that were bound.
    #[error("{}", unmatched(unbound, superfluous, twice))]
    Unmatched {
        /// Paths of children that know nothing to run.
        unbound: Vec<String>,
        /// Paths that were bound, and are of no child or of one that is described as a supervisor.
        superfluous: Vec<String>,
        /// Paths that were bound more than once.
        twice: Vec<String>,
    },
    /// The supervisor's own check refused it.
    #[error(transparent)]
    Invalid(SpecError),
}

fn unmatched(unbound: &[String], superfluous: &[String], twice: &[String]) -> String {
    let parts = [
        ("nothing is bound to", unbound),
        ("no child is called", superfluous),
        ("more than one is bound to", twice),
    ];
    let told = parts.iter().filter(|(_, paths)| !paths.is_empty());
    told.map(|(what, paths)| format!("{what} `{}`", paths.join("`, `"))).collect::<Vec<_>>().join("; ")
}

/// A supervisor with what its children run, to be built again and again.
struct Level {
    name: Arc<str>,
    config: Config,
    children: Vec<(Arc<str>, ChildPolicy, Runs)>,
}

#[derive(Clone)]
enum Runs {
    Bound(Arc<Mutex<Bound>>, Shows, bool),
    Inside(Arc<Level>),
}

struct Bound {
    start: Start,
    refine: Option<Refine>,
    judge: Option<Judge>,
}

impl Level {
    /// Takes what is bound to the children of `spec`, and notes those to which nothing is.
    fn new(
        spec: SupervisorSpec,
        around: &str,
        bound: &mut BTreeMap<String, ChildSpec>,
        unbound: &mut Vec<String>,
    ) -> Self {
        let mut children = Vec::new();
        for ChildEntry { id, mut policy, supervisor } in spec.children {
            let path = format!("{around}{id}");
            let runs = if let Some(inside) = supervisor {
                policy = ChildPolicy { kind: ChildKind::Supervisor, reports_ready: true, ..policy };
                Runs::Inside(Arc::new(Self::new(inside, &format!("{path}/"), bound, unbound)))
            } else if let Some(ChildSpec { start, refine, judge, shows, policy: own, .. }) =
                bound.remove(&path)
            {
                policy.reports_ready = own.reports_ready;
                if own.kind == ChildKind::Supervisor {
                    policy.kind = own.kind;
                }
                let judges = judge.is_some();
                Runs::Bound(Arc::new(Mutex::new(Bound { start, refine, judge })), shows, judges)
            } else {
                unbound.push(path);
                continue;
            };
            children.push((id.into(), policy, runs));
        }
        Self { name: spec.name.into(), config: spec.config, children }
    }

    fn build(&self) -> Result<Supervisor, SpecError> {
        let children: Vec<ChildSpec> =
            self.children.iter().map(|(id, policy, runs)| runs.child(id, *policy)).collect();
        let machine = Machine::new(self.config, children.iter().map(ChildSpec::pure))?;
        Ok(Supervisor::of(Arc::clone(&self.name), machine, children))
    }
}

impl Runs {
    fn child(&self, id: &Arc<str>, policy: ChildPolicy) -> ChildSpec {
        let mut child = match self.clone() {
            Self::Inside(level) => ChildSpec::supervisor(Arc::clone(id), move || level.build()),
            Self::Bound(bound, shows, judges) => {
                let (judged, refined) = (Arc::clone(&bound), Arc::clone(&bound));
                let mut child = ChildSpec::of(Arc::clone(id), Box::new(move |cx| (lock(&bound).start)(cx)));
                child = child.refine_exits(move |exit| match &mut lock(&refined).refine {
                    Some(refine) => refine(exit),
                    None => exit,
                });
                if judges {
                    child = child.on_exit(move |exit| {
                        lock(&judged).judge.as_mut().map_or_else(Default::default, |judge| judge(exit))
                    });
                }
                child.shows = shows;
                child
            }
        };
        child.policy = policy;
        child
    }
}

/// One run at a time calls it; a panic of the user's leaves it as it was.
fn lock(bound: &Mutex<Bound>) -> MutexGuard<'_, Bound> {
    bound.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Level").field("name", &self.name).finish_non_exhaustive()
    }
}
