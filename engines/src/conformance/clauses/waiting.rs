//! Cases of waiting until a lease is free.

use super::super::{Broken, Case, ensure};
use crate::store::{LeaseStore, Token};
use arbour_primitives::join;
use tokio::time::{Instant, sleep};

pub(super) async fn a_release_is_told_to_all_who_wait<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    case.granted(&case.name, token, case.long * 2).await?;
    let begin = Instant::now();
    let release = async {
        sleep(case.ttl / 4).await;
        case.store.release(&case.name, token).await
    };
    let first = case.store.until_free(&case.name, case.long * 2);
    let second = case.store.until_free(&case.name, case.long * 2);
    let (first, second, released) = join!(first, second, release);
    first.and(second)?;
    released?;
    let waited = begin.elapsed();
    ensure(waited < case.long, || format!("they heard of the release after {waited:?}"))
}

pub(super) async fn nobody_waits_for_what_is_free<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let begin = Instant::now();
    case.store.until_free(&case.name, case.long * 2).await?;
    let waited = begin.elapsed();
    ensure(waited < case.long, || format!("the wait for a lease that was never held took {waited:?}"))
}

pub(super) async fn a_wait_ends_with_the_lease<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    case.granted(&case.name, Token::new(), case.ttl).await?;
    let begin = Instant::now();
    case.store.until_free(&case.name, case.long * 2).await?;
    let waited = begin.elapsed();
    ensure(waited < case.long, || format!("a lease of {:?} was waited for {waited:?}", case.ttl))
}

pub(super) async fn a_wait_ends_when_it_has_lasted_as_long_as_was_asked<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let fence = case.granted(&case.name, Token::new(), case.long * 2).await?;
    let begin = Instant::now();
    case.store.until_free(&case.name, case.ttl).await?;
    let waited = begin.elapsed();
    ensure(waited < case.long, || format!("a wait of at most {:?} took {waited:?}", case.ttl))?;
    case.held(&case.name, fence).await
}
