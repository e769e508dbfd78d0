//! What can be seen of a group.

use super::TaskGroup;
use crate::tasks::{TaskTree, inside};

/// How many children a group has had, has, and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatistics {
    /// Children that it was given since it began.
    pub spawned: u64,
    /// Those of them that have not ended, and children that are being started into it.
    pub running: usize,
    /// Failures it has recorded; each cancels the group.
    pub failed: usize,
}

impl GroupStatistics {
    /// Children that have ended, in whatever way.
    #[must_use]
    pub const fn finished(&self) -> u64 {
        self.spawned.saturating_sub(self.running as u64)
    }
}

impl TaskGroup {
    /// Everything inside of the group at this moment: scopes of its body, its children, and what is inside of them.
    ///
    /// To look is a walk over them, for which all scopes of the process wait.
    #[must_use]
    pub fn tasks(&self) -> TaskTree {
        inside(&self.shared.scope)
    }

    /// Counts of the group's children. The group holds nothing for a child that has ended.
    ///
    /// # Examples
    ///
    /// ```
    /// use arbour::{Failure, task_group};
    ///
    /// # arbour::testing::block_on(async {
    /// task_group(async |group| {
    ///     group.spawn_value(std::future::pending::<()>());
    ///     group.spawn_value(async {}).await.unwrap();
    ///     let counts = group.statistics();
    ///     assert_eq!((counts.spawned, counts.running, counts.finished(), counts.failed), (2, 1, 1, 0));
    ///     group.cancel("seen enough");
    /// })
    /// .await
    /// .unwrap();
    /// # });
    /// ```
    #[must_use]
    pub fn statistics(&self) -> GroupStatistics {
        let running = self.len();
        GroupStatistics {
            spawned: self.shared.scope.spawned(),
            running,
            failed: self.shared.failures().len(),
        }
    }

    /// The group's name and those of what is around it, from the outside in, with `/` between; what has no name is
    /// left out.
    #[must_use]
    pub fn path(&self) -> String {
        self.shared.scope.path().join("/")
    }
}
