//! Supervisors as data: names and policies are read, what children run is bound in code.

mod bind;
mod check;
mod duration;
mod read;
mod refusal;
mod value;
mod words;
mod write;

pub use bind::{BindError, BoundSpec};
pub use refusal::{SpecProblem, SpecRefusal, SpecRefused};

use crate::machine::{ChildPolicy, Config};

/// A supervisor as data: its name and policies, and those of its children, but not what they run.
///
/// It is deserialised from any format that tells types apart, such as TOML and JSON, and serialised into them; what
/// is written reads back the same. Fields that are left out have their defaults, unknown ones are refused, and so
/// is what makes no sense: each refusal names the path and the value, and all of them come at once.
///
/// | field | value | default |
/// |---|---|---|
/// | `name` | text | |
/// | `strategy` | `"one_for_one"`, `"one_for_all"`, `"rest_for_one"` | `"one_for_one"` |
/// | `auto_shutdown` | `"never"`, `"any_significant"`, `"all_significant"` | `"never"` |
/// | `stop_order` | `"reverse"`, `"together"` | `"reverse"` |
/// | `limit` | `{ intensity = 3, period = "5s" }` | 3 in 5 s |
/// | `seed` | a number | 0 |
/// | `children` | a list of children | none |
///
/// Of a child:
///
/// | field | value | default |
/// |---|---|---|
/// | `id` | text without `/` | |
/// | `kind` | `"worker"`, `"supervisor"` | by what is inside |
/// | `restart` | `"permanent"`, `"transient"`, `"temporary"` | `"permanent"` |
/// | `shutdown` | `"abort"`, `"wait"`, `{ after = "5s" }` | 5 s; of a supervisor `"wait"` |
/// | `clean_up`, `start_timeout` | a duration | 5 s, 30 s |
/// | `significant` | `true`, `false` | `false` |
/// | `backoff` | `"none"` or a table of `initial`, `max`, `factor`, `jitter`, `reset_after` | 100 ms to 30 s |
/// | `limit` | as above | none of its own |
/// | `max_consecutive` | a number | none |
/// | `exhausted` | `"escalate"`, `"stay_down"` | `"escalate"` |
/// | `supervisor` | a supervisor, whose `name` is the child's unless it is said | |
///
/// A duration is a text such as `"250ms"`, `"5s"` or `"1m 30s"`, with the units ns, us, ms, s, m, h and d.
///
/// # Examples
///
/// ```
/// use arbour::{Failure, SupervisorSpec, stopping};
///
/// let spec: SupervisorSpec = serde_json::from_str(r#"{
///     "name": "app",
///     "limit": { "intensity": 5, "period": "1m" },
///     "children": [{ "id": "fetch", "restart": "transient", "shutdown": { "after": "250ms" } }]
/// }"#)?;
/// let app = spec.bind("fetch", |_| async { Ok::<_, Failure>(stopping().await) }).build()?;
/// assert_eq!(app.handle().name(), "app");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SupervisorSpec {
    /// The supervisor's name.
    pub name: String,
    /// What holds for the supervisor as a whole.
    pub config: Config,
    /// The children, in the order of their start.
    pub children: Vec<ChildEntry>,
}

/// A child as data; see [`SupervisorSpec`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ChildEntry {
    /// The child's name.
    pub id: String,
    /// Its policies. Whether it reports that it is ready is no matter of data: what is bound knows.
    pub policy: ChildPolicy,
    /// The supervisor that it is, if that is described here.
    pub supervisor: Option<SupervisorSpec>,
}
