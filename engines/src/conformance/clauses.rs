//! The list of the cases. None of them can fail because the machine is slow: what must still be held has a long time
//! to live, and a time that must have passed is measured around both of the requests it lies between.

mod holding;
mod reading;
mod waiting;
mod writing;

use super::{Broken, Case, Verdict, ensure};
use crate::store::{Acquired, Fence, LeaseName, LeaseStore, Token};
use std::time::Duration;

/// What a clause says, and the case that tries it.
pub(super) type Clause<S> = (&'static str, for<'a> fn(Case<'a, S>) -> Verdict<'a>);

macro_rules! clauses {
    ($($file:ident::$name:ident,)*) => {
        vec![$((stringify!($name), |case| Box::pin($file::$name(case)))),*]
    };
}

pub(super) fn all<S: LeaseStore>() -> Vec<Clause<S>> {
    clauses![
        holding::a_lease_that_is_held_is_granted_to_nobody_else,
        holding::of_many_at_once_one_is_granted,
        holding::a_lease_lasts_its_time_to_live_and_no_longer,
        holding::an_extended_lease_lasts_from_its_extension,
        holding::fences_rise_after_a_release,
        holding::fences_rise_after_the_time_is_over,
        holding::a_token_that_holds_is_granted_the_same_fence_again,
        holding::extending_a_lease_that_has_ended_makes_none,
        holding::extending_what_another_holds_changes_nothing,
        holding::what_is_released_is_free_at_once,
        holding::a_stranger_releases_nothing,
        waiting::a_release_is_told_to_all_who_wait,
        waiting::nobody_waits_for_what_is_free,
        waiting::a_wait_ends_with_the_lease,
        waiting::a_wait_ends_when_it_has_lasted_as_long_as_was_asked,
        writing::the_newest_fence_writes_and_all_entries_are_read_back,
        writing::an_older_fence_writes_nothing,
        writing::a_fence_that_was_never_granted_writes_nothing,
        writing::the_newest_fence_writes_until_the_next_is_granted,
        writing::names_are_apart,
        reading::a_look_tells_who_holds_the_lease_and_since_when,
        reading::a_list_has_what_is_held_under_its_prefix_in_order,
    ]
}

/// Who asks, in these cases, with signs that a back end must not trip over.
const OWNER: &str = "worker 1, \"Bäume\" {a}";

impl<S: LeaseStore> Case<'_, S> {
    /// Acquires what is free.
    async fn granted(&self, name: &LeaseName, token: Token, ttl: Duration) -> Result<Fence, Broken> {
        match self.store.acquire(name, token, OWNER, ttl).await? {
            Acquired::Granted(fence) => Ok(fence),
            Acquired::Held(holding) => {
                Err(Broken(format!("a lease that is free was not granted: {holding:?}")))
            }
        }
    }

    /// Who holds this lease, and under which fence.
    async fn holder(&self, name: &LeaseName) -> Result<Option<(String, Fence)>, Broken> {
        Ok(self.store.look(name).await?.map(|holding| (holding.owner, holding.fence)))
    }

    /// It is held under this fence, still.
    async fn held(&self, name: &LeaseName, fence: Fence) -> Result<(), Broken> {
        let holder = self.holder(name).await?;
        let expected = Some((OWNER.to_owned(), fence));
        ensure(holder == expected, || format!("the holder is {holder:?}, and should be {expected:?}"))
    }

    /// Nobody holds it.
    async fn free(&self, name: &LeaseName) -> Result<(), Broken> {
        let holder = self.holder(name).await?;
        ensure(holder.is_none(), || format!("the lease should be free, and is held by {holder:?}"))
    }
}
