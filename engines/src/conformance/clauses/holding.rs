//! Cases of acquiring, extending and releasing.

use super::super::{Broken, Case, ensure};
use super::OWNER;
use crate::store::{Acquired, Extended, Fence, LeaseStore, Released, Token};
use arbour_primitives::scope::join_all;
use std::time::Duration;
use tokio::time::{Instant, sleep};

pub(super) async fn a_lease_that_is_held_is_granted_to_nobody_else<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let fence = case.granted(&case.name, Token::new(), case.long).await?;
    match case.store.acquire(&case.name, Token::new(), "another", case.long).await? {
        Acquired::Granted(second) => {
            Err(Broken(format!("granted with fence {fence}, and again with {second}")))
        }
        Acquired::Held(holding) => {
            let right = holding.name == case.name && holding.owner == OWNER && holding.fence == fence;
            ensure(right, || {
                format!("the refusal names the wrong holder: {holding:?}, and the fence is {fence}")
            })
        }
    }
}

pub(super) async fn of_many_at_once_one_is_granted<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let acquires = (0..8).map(|_| case.store.acquire(&case.name, Token::new(), OWNER, case.long));
    let mut granted = 0;
    for acquired in join_all(acquires).await {
        granted += usize::from(matches!(acquired?, Acquired::Granted(_)));
    }
    ensure(granted == 1, || format!("{granted} of 8 were granted"))
}

pub(super) async fn a_lease_lasts_its_time_to_live_and_no_longer<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let begin = Instant::now();
    case.granted(&case.name, Token::new(), case.ttl).await?;
    case.ends(begin, case.ttl).await.map(drop)
}

pub(super) async fn an_extended_lease_lasts_from_its_extension<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    let fence = case.granted(&case.name, token, case.long).await?;
    sleep(case.ttl / 2).await;
    let begin = Instant::now();
    let extended = case.store.extend(&case.name, token, case.ttl * 2).await?;
    ensure(extended == Extended::Confirmed(fence), || {
        format!("the holder extended its lease and heard {extended:?}")
    })?;
    case.ends(begin, case.ttl * 2).await.map(drop)
}

pub(super) async fn fences_rise_after_a_release<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let mut fences = Vec::new();
    for _ in 0..5 {
        let token = Token::new();
        fences.push(case.granted(&case.name, token, case.long).await?);
        case.store.release(&case.name, token).await?;
    }
    rises(&fences)
}

pub(super) async fn fences_rise_after_the_time_is_over<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let mut fences = Vec::new();
    for _ in 0..2 {
        fences.push(case.granted(&case.name, Token::new(), case.ttl).await?);
        case.over(case.ttl).await;
    }
    fences.push(case.granted(&case.name, Token::new(), case.ttl).await?);
    rises(&fences)
}

pub(super) async fn a_token_that_holds_is_granted_the_same_fence_again<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    let first = case.granted(&case.name, token, case.long).await?;
    let second = case.granted(&case.name, token, case.long * 2).await?;
    ensure(first == second, || format!("the first fence is {first}, and the second {second}"))?;
    let remaining = case.store.look(&case.name).await?.map(|holding| holding.remaining);
    let whole = remaining.is_some_and(|remaining| remaining > case.long);
    ensure(whole, || format!("the second time to live does not count: {remaining:?} is left"))
}

pub(super) async fn extending_a_lease_that_has_ended_makes_none<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    let never = case.store.extend(&case.name, token, case.long).await?;
    ensure(never == Extended::Gone(None), || format!("what was never held was extended: {never:?}"))?;
    case.free(&case.name).await?;
    case.granted(&case.name, token, case.ttl).await?;
    case.over(case.ttl).await;
    let late = case.store.extend(&case.name, token, case.long).await?;
    ensure(late == Extended::Gone(None), || format!("what had ended was extended: {late:?}"))?;
    case.free(&case.name).await
}

pub(super) async fn extending_what_another_holds_changes_nothing<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    let fence = case.granted(&case.name, token, case.long).await?;
    match case.store.extend(&case.name, Token::new(), case.long).await? {
        Extended::Gone(Some(holding)) => {
            ensure(holding.fence == fence, || format!("the wrong holder is named: {holding:?}"))?;
        }
        other => return Err(Broken(format!("a stranger extended a lease and heard {other:?}"))),
    }
    case.held(&case.name, fence).await?;
    let own = case.store.extend(&case.name, token, case.long).await?;
    ensure(own == Extended::Confirmed(fence), || format!("then its holder extended it and heard {own:?}"))
}

pub(super) async fn what_is_released_is_free_at_once<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let token = Token::new();
    case.granted(&case.name, token, case.long).await?;
    let first = case.store.release(&case.name, token).await?;
    ensure(first == Released::Now, || "its holder released it and heard that it holds nothing".to_owned())?;
    case.free(&case.name).await?;
    let second = case.store.release(&case.name, token).await?;
    ensure(second == Released::NotHeld, || "what was free was released once more".to_owned())?;
    case.granted(&case.name, Token::new(), case.long).await.map(drop)
}

pub(super) async fn a_stranger_releases_nothing<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let fence = case.granted(&case.name, Token::new(), case.long).await?;
    let released = case.store.release(&case.name, Token::new()).await?;
    ensure(released == Released::NotHeld, || "a stranger released a lease".to_owned())?;
    case.held(&case.name, fence).await
}

fn rises(fences: &[Fence]) -> Result<(), Broken> {
    ensure(fences.is_sorted_by(|older, newer| older < newer), || format!("the fences were {fences:?}"))
}

impl<S: LeaseStore> Case<'_, S> {
    /// Long enough for a lease of this time to live to be over, also where it is rounded up.
    async fn over(&self, ttl: Duration) {
        sleep(ttl + self.ttl / 2 + Duration::from_millis(5)).await;
    }

    /// The lease ends, and not before `ttl` has passed since `begin`, when its request had not been sent yet.
    async fn ends(&self, begin: Instant, ttl: Duration) -> Result<Fence, Broken> {
        loop {
            let acquired = self.store.acquire(&self.name, Token::new(), "the next", self.long).await?;
            let passed = begin.elapsed();
            match acquired {
                Acquired::Granted(fence) => {
                    ensure(passed >= ttl, || format!("a lease of {ttl:?} had ended after {passed:?}"))?;
                    return Ok(fence);
                }
                Acquired::Held(holding) if passed > ttl + self.long / 2 => {
                    return Err(Broken(format!("a lease of {ttl:?} is held after {passed:?}: {holding:?}")));
                }
                Acquired::Held(_) => sleep(self.ttl / 20).await,
            }
        }
    }
}
