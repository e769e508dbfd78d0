//! What a back end is: the trait, and the clauses that every back end keeps.

mod any;
mod error;
mod fence;
mod name;
mod reply;
mod token;

pub use any::AnyLeaseStore;
pub use error::{Operation, StoreError, StoreErrorKind};
pub use fence::Fence;
pub use name::{BadName, LeaseName};
pub use reply::{Acquired, Extended, Fenced, Holding, Released, Written};
pub use token::Token;

use crate::clock::Clock;
use std::time::Duration;

/// A store of leases, and of what is written under their fences.
///
/// The clauses, each of which is a case of [`check_lease_store`](crate::check_lease_store):
///
/// 1. **One holder.** A lease that is held is granted to nobody else before its time to live has passed since it was
///    last granted or extended. A store may keep it longer by what it rounds, never shorter.
/// 2. **The time to live ends it.** A lease that is not extended is free afterwards.
/// 3. **Fences rise.** Each grant of a name has a greater fence than every grant before, also after a release, an end
///    of time, and, as far as the back end can, a loss of its data.
/// 4. **A token acquires once.** Who acquires again what it holds is granted the same fence, with its whole time to
///    live: so one whose reply was lost asks again.
/// 5. **Extending never makes a lease.** It lengthens what this token holds, tells its fence, and nothing else.
/// 6. **Releasing ends only one's own.** Another's lease, and one that is free, stay as they are.
/// 7. **A release is told** to who waits in [`until_free`](Self::until_free), before the time to live is over.
/// 8. **A write compares.** It is done, all its entries or none, if its fence is the newest granted to that name, and
///    refused otherwise. Whether the lease has ended meanwhile does not matter: until it is granted again, nobody can
///    have read what the write would change. So what a holder reads after its acquire is final.
/// 9. **Names are apart.** Leases, fences and entries of one name have nothing to do with those of another.
///
/// Each of these is one atomic step in the store. Time is the store's own: it comes as durations and goes as durations,
/// and no clock of a holder is ever compared with one of the store.
///
/// A future of this trait that is dropped has an outcome that is unknown, like one that fails with
/// [`StoreErrorKind::Unknown`]. The callers in this crate bound each call by a time of their own: a back end need not.
///
/// Implementors write `async fn`. [`AnyLeaseStore`] erases the kind of a store.
///
/// # Examples
///
/// ```
/// use arbour::leases::{Acquired, LeaseName, LeaseStore, MemoryStore, Token, Written};
/// use std::time::Duration;
///
/// # arbour::testing::block_on(async {
/// let store = MemoryStore::new();
/// let name = LeaseName::new("orders/3")?;
/// let ttl = Duration::from_secs(15);
///
/// let Acquired::Granted(first) = store.acquire(&name, Token::new(), "worker a", ttl).await? else { panic!() };
/// tokio::time::sleep(ttl).await; // the first worker is paused for as long as its lease lasts
/// let Acquired::Granted(second) = store.acquire(&name, Token::new(), "worker b", ttl).await? else { panic!() };
///
/// assert_eq!(store.write(&name, second, &[("cursor", b"41")]).await?, Written::Accepted);
/// let late = store.write(&name, first, &[("cursor", b"7")]).await?;
/// assert_eq!(late, Written::Refused { newest: Some(second) });
/// assert_eq!(store.read(&name, "cursor").await?.unwrap().value, b"41");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub trait LeaseStore: Send + Sync + 'static {
    /// The clock by which holders of these leases count their time: [`Clock::tokio`] where the leases live and sleep
    /// with this process, `Clock::boot_time` (feature `boot-time`) everywhere else.
    fn clock(&self) -> Clock;

    /// The shortest time to live that it can serve, as its own times follow from it: [`Leases::new`](crate::Leases::new)
    /// refuses a shorter one. None is too short unless it says so.
    fn least_ttl(&self) -> Duration {
        Duration::ZERO
    }

    /// Takes the lease if nobody else has it. `owner` is what others are told of the holder, in words.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if there is no answer, or none that says whether it is held. That somebody else holds it is no
    /// error.
    fn acquire(
        &self,
        name: &LeaseName,
        token: Token,
        owner: &str,
        ttl: Duration,
    ) -> impl Future<Output = Result<Acquired, StoreError>> + Send;

    /// Lets the lease last this long from now, if this token holds it.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire). That the token does not hold it is no error.
    fn extend(
        &self,
        name: &LeaseName,
        token: Token,
        ttl: Duration,
    ) -> impl Future<Output = Result<Extended, StoreError>> + Send;

    /// Ends the lease, if this token holds it, and tells those who wait.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire). That the token does not hold it is no error.
    fn release(
        &self,
        name: &LeaseName,
        token: Token,
    ) -> impl Future<Output = Result<Released, StoreError>> + Send;

    /// Waits until the lease may be free: at once if it is, when it is released, at the latest after what is left of
    /// it or after `at_most`, whichever is shorter.
    ///
    /// It may end for no reason, and somebody else may be faster: acquire, and wait again. A release between this call
    /// and the look it takes is not missed.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    fn until_free(
        &self,
        name: &LeaseName,
        at_most: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Who holds the lease now; `None` if it is free.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    fn look(&self, name: &LeaseName) -> impl Future<Output = Result<Option<Holding>, StoreError>> + Send;

    /// All leases that are held now and whose names begin so, in the order of their names.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<Holding>, StoreError>> + Send;

    /// Sets these keys of the name to these values, all of them or none, if `fence` is the newest of the name.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire). That the fence is not the newest is no error.
    fn write(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> impl Future<Output = Result<Written, StoreError>> + Send;

    /// What was last written to this key of the name, and under which fence.
    ///
    /// # Errors
    ///
    /// As for [`acquire`](Self::acquire).
    fn read(
        &self,
        name: &LeaseName,
        key: &str,
    ) -> impl Future<Output = Result<Option<Fenced>, StoreError>> + Send;
}
