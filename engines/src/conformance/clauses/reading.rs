//! Cases of seeing who holds what.

use super::super::{Broken, Case, ensure};
use super::OWNER;
use crate::store::{LeaseStore, Token};
use tokio::time::{Instant, sleep};

pub(super) async fn a_look_tells_who_holds_the_lease_and_since_when<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let (before, token) = (Instant::now(), Token::new());
    case.free(&case.name).await?;
    let fence = case.granted(&case.name, token, case.long).await?;
    let held = Instant::now();
    sleep(case.ttl / 2).await;
    let extended = Instant::now();
    case.store.extend(&case.name, token, case.long).await?;
    let at_least = held.elapsed();
    let holding = case.store.look(&case.name).await?.ok_or_else(|| Broken("nobody holds it".to_owned()))?;
    let at_most = before.elapsed();
    // Stores may count in whole milliseconds, and round either way.
    let rounding = std::time::Duration::from_millis(2);
    let age = holding.age + rounding >= at_least && holding.age <= at_most + rounding;
    ensure(age, || format!("held for {at_least:?} to {at_most:?}, it is told to be {:?} old", holding.age))?;
    let least = case.long.saturating_sub(extended.elapsed());
    let remaining = holding.remaining + rounding >= least && holding.remaining <= case.long + rounding;
    ensure(remaining, || format!("at least {least:?} is left, and {:?} is told", holding.remaining))?;
    let right = holding.name == case.name && holding.owner == OWNER && holding.fence == fence;
    ensure(right, || format!("the fence is {fence}, and the look tells {holding:?}"))
}

pub(super) async fn a_list_has_what_is_held_under_its_prefix_in_order<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let names = ["/b", "/a*", "/a", "/ended", "/released"].map(|suffix| case.beside(suffix));
    let tokens = [(); 5].map(|()| Token::new());
    for (name, token) in names.iter().zip(tokens) {
        let ttl = if name.ends_with("ended") { case.ttl } else { case.long };
        case.granted(name, token, ttl).await?;
    }
    case.granted(&case.beside(".outside"), Token::new(), case.long).await?;
    case.store.release(&names[4], tokens[4]).await?;
    sleep(case.ttl * 2).await;
    let list = case.store.list(&format!("{}/", case.name)).await?;
    let listed: Vec<&str> = list.iter().map(|holding| holding.name.as_str()).collect();
    let expected = [&names[2], &names[1], &names[0]].map(|name| name.as_str());
    ensure(listed == expected, || format!("listed are {listed:?}, and held {expected:?}"))
}
