//! What can be seen of a running program: its tasks as a tree.

use arbour_primitives::scope::{Cause, Kind, ScopeHandle, Sight, Stage, survey};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everything that lives in this process under a scope: roots, groups, children, supervisors, actors, scopes.
///
/// It is what was there at one moment. To look is a walk over all scopes, for which all others wait; while
/// nobody looks it costs nothing.
///
/// # Examples
///
/// ```
/// use arbour::{task_group, tasks};
///
/// # arbour::testing::block_on(async {
/// task_group(async |group| {
///     group.task().name("worker").spawn_value(std::future::pending::<()>());
///     let tree = tasks();
///     let worker = tree.find("worker").unwrap();
///     assert!(worker.to_string().starts_with("task worker [0.0 s]: running"));
///     assert!(tree.to_string().contains("\n  task worker [0.0 s]: running"), "it hangs under its group:\n{tree}");
///     group.cancel("seen enough");
/// })
/// .await
/// .unwrap();
/// # });
/// ```
#[must_use]
pub fn tasks() -> TaskTree {
    TaskTree::new(survey())
}

/// The scopes inside of this one, whatever they belong to.
pub(crate) fn inside(scope: &ScopeHandle) -> TaskTree {
    TaskTree::new(scope.survey())
}

/// Tasks and scopes at one moment, parents before what is inside of them, older siblings before younger ones.
///
/// [`Display`](fmt::Display) draws it, two blanks for each level. It leaves out scopes without a name in which nothing
/// is going on.
#[derive(Debug, Clone, Default)]
pub struct TaskTree {
    tasks: Vec<TaskInfo>,
}

/// One task or scope at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TaskInfo {
    /// A number that no other task or scope of this process has.
    pub id: u64,
    /// The number of the one around it.
    pub parent: Option<u64>,
    /// How many of the same tree are around it.
    pub depth: usize,
    /// What it is to the program.
    pub kind: Kind,
    /// Its name, if it was given one.
    pub name: Option<Arc<str>>,
    /// Where it was spawned, for tasks.
    pub place: Option<&'static Location<'static>>,
    /// How far it has come.
    pub stage: Stage,
    /// Why it is cancelled, if it is.
    pub cause: Option<Cause>,
    /// How long it has been there; known of groups and of what has a name.
    pub age: Option<Duration>,
    /// The number of child tasks that have not ended.
    pub tasks: usize,
    /// Whether cancellation from outside stops at it.
    pub is_shielded: bool,
    /// Whether foreign code dropped it half-way, and what is left of it is being finished.
    pub is_adopted: bool,
}

impl TaskTree {
    fn new(seen: Vec<Sight>) -> Self {
        let now = crate::timeout::now();
        Self { tasks: seen.into_iter().map(|sight| TaskInfo::new(sight, now)).collect() }
    }

    /// All of them, in the order of the tree.
    pub fn iter(&self) -> std::slice::Iter<'_, TaskInfo> {
        self.tasks.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The first of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&TaskInfo> {
        self.iter().find(|task| task.name.as_deref() == Some(name))
    }

    /// What is directly inside of the one with this number.
    pub fn children(&self, id: u64) -> impl Iterator<Item = &TaskInfo> {
        self.iter().filter(move |task| task.parent == Some(id))
    }
}

impl<'a> IntoIterator for &'a TaskTree {
    type Item = &'a TaskInfo;
    type IntoIter = std::slice::Iter<'a, TaskInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for TaskTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A chain of thousands is still to be read.
        const INDENTED: usize = 24;
        // By depth in the tree: the level at which what is inside is drawn.
        let mut levels: Vec<usize> = Vec::new();
        let mut first = true;
        for task in self {
            levels.truncate(task.depth);
            let level = levels.last().copied().unwrap_or(0);
            let is_drawn = task.depth == 0 || task.is_notable();
            levels.push(level + usize::from(is_drawn));
            if is_drawn {
                let line_end = if std::mem::take(&mut first) { "" } else { "\n" };
                write!(f, "{line_end}{:indent$}", "", indent = 2 * level.min(INDENTED))?;
                if level > INDENTED {
                    write!(f, "(level {level}) ")?;
                }
                write!(f, "{task}")?;
            }
        }
        Ok(())
    }
}

impl TaskInfo {
    fn new(sight: Sight, now: Instant) -> Self {
        let Sight { id, parent, depth, kind, name, place, since, stage, cause, tasks, .. } = sight;
        Self {
            id,
            parent,
            depth,
            kind,
            name,
            place,
            stage,
            cause: cause.map(|cause| (*cause).clone()),
            age: since.map(|since| now.saturating_duration_since(since)),
            tasks,
            is_shielded: sight.is_shielded,
            is_adopted: sight.is_adopted,
        }
    }

    /// Whether it says more than that there is a scope.
    fn is_notable(&self) -> bool {
        self.kind != Kind::Scope || self.name.is_some() || self.stage != Stage::Running
    }
}

impl fmt::Display for TaskInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        match (&self.name, self.place) {
            (Some(name), _) => write!(f, " {name}")?,
            (None, Some(place)) => write!(f, " spawned at {}:{}", place.file(), place.line())?,
            (None, None) => {}
        }
        if let Some(age) = self.age {
            write!(f, " [{:.1} s]", age.as_secs_f64())?;
        }
        write!(f, ": {}", self.state())?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl TaskInfo {
    fn state(&self) -> &'static str {
        match self.stage {
            Stage::Running if self.is_shielded => "running, shielded",
            Stage::Running => "running",
            Stage::Draining => "draining",
            Stage::Cancelling => "cancelled, not dropped yet",
            Stage::Held => "cancelled, held by what is inside",
            Stage::Finishing if self.is_adopted => "dropped half-way, being finished",
            Stage::Finishing => "finishing what it started",
            _ => "in a stage without a name",
        }
    }
}
