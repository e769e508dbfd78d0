//! The macros: a fixed number of branches, each of a type of its own, pinned where the macro stands.
//!
//! They bind one branch at a time, so that each gets a name of its own by hygiene, and poll them as
//! trait objects that live for one poll only: what is kept across an await has its own type, and is
//! `Send` where the futures are.

/// Waits for all of these futures, in one task, and gives their outputs as a tuple.
///
/// Each future is a branch, a node of its own: when the scope around is cancelled, a branch that is
/// shielded lives on, and the others are dropped. (In foreign `join!`s a shield in one branch keeps all
/// of them going.) Awaits by itself, so it stands in an `async` block or function.
///
/// Which branch is polled first goes round from poll to poll; after `biased;` it is always the first.
///
/// # Cancel safety
///
/// As safe as its futures: outputs of those that have ended are dropped with it. Children and clean-up
/// of the others are adopted by the enclosing scope.
///
/// A branch that is cancelled by itself leaves nothing to resolve to: the scope around is then
/// cancelled for the same cause.
///
/// # Panics
///
/// Resumes the first panic of a branch, after the others were cancelled and have ended. Also when a
/// branch is cancelled by itself and there is no scope around.
///
/// # Examples
///
/// ```
/// use arbour_primitives::join;
///
/// # futures::executor::block_on(async {
/// let (sum, name) = join!(async { 1 + 2 }, async { "three" });
/// assert_eq!((sum, name), (3, "three"));
/// # });
/// ```
#[macro_export]
macro_rules! join {
    (biased; $($future:expr),+ $(,)?) => { $crate::__branches!((join all true) [] $($future,)+) };
    ($($future:expr),+ $(,)?) => { $crate::__branches!((join all false) [] $($future,)+) };
}

/// Waits for the values of all of these futures, as a tuple in `Ok`; the first error cancels the
/// other branches, waits for them, and is given.
///
/// Branches are those of [`join!`]. All futures give a `Result`, with one type of error. An error
/// of a branch that was being cancelled already is dropped; where each one counts, use a task group.
///
/// # Cancel safety
///
/// As for [`join!`].
///
/// # Errors
///
/// The first error of a branch.
///
/// # Panics
///
/// As for [`join!`].
///
/// # Examples
///
/// ```
/// use arbour_primitives::try_join;
///
/// # futures::executor::block_on(async {
/// let both = try_join!(async { "1".parse::<u8>() }, async { "2".parse::<u8>() });
/// assert_eq!(both, Ok((1, 2)));
/// let failed = try_join!(async { "x".parse::<u8>() }, std::future::pending::<Result<(), _>>());
/// assert!(failed.is_err());
/// # });
/// ```
#[macro_export]
macro_rules! try_join {
    (biased; $($future:expr),+ $(,)?) => { $crate::__branches!((try_join all true) [] $($future,)+) };
    ($($future:expr),+ $(,)?) => { $crate::__branches!((try_join all false) [] $($future,)+) };
}

/// Waits for the first of these futures to finish; the others are cancelled, and waited for. Gives a
/// [`Raced`](crate::scope::Raced).
///
/// All futures give the same type of output; this is [`race`](crate::scope::race) for futures of
/// different types, and all that is said there holds. After `biased;` branches are polled in the order
/// in which they stand.
///
/// # Cancel safety
///
/// As for [`race`](crate::scope::race).
///
/// # Panics
///
/// As for [`race`](crate::scope::race).
///
/// # Examples
///
/// ```
/// use arbour_primitives::race;
///
/// # futures::executor::block_on(async {
/// let raced = race!(std::future::pending(), async { 7 });
/// assert_eq!((raced.value, raced.index), (7, 1));
/// # });
/// ```
#[macro_export]
macro_rules! race {
    (biased; $($future:expr),+ $(,)?) => { $crate::__branches!((race first true) [] $($future,)+) };
    ($($future:expr),+ $(,)?) => { $crate::__branches!((race first false) [] $($future,)+) };
}

/// Binds the branches one by one, drives them, and makes up the outcome.
#[doc(hidden)]
#[macro_export]
macro_rules! __branches {
    (($kind:ident $drive:ident $biased:literal) [$($bound:ident)*] $future:expr, $($rest:expr,)*) => {{
        let mut branch =
            ::core::pin::pin!($crate::scope::branch::Branch::new($future, $crate::__branches!(@decides $kind)));
        $crate::__branches!(($kind $drive $biased) [$($bound)* branch] $($rest,)*)
    }};
    (($kind:ident $drive:ident $biased:literal) [$($bound:ident)+]) => {{
        let count = [$(::core::stringify!($bound)),+].len();
        let mut drive = $crate::scope::branch::Drive::$drive(count, $biased);
        ::core::future::poll_fn(|cx| {
            let mut arms = [$($bound.as_mut() as ::core::pin::Pin<&mut dyn $crate::scope::branch::Arm>),+];
            drive.poll(&mut arms, cx)
        })
        .await;
        $crate::__branches!(@outcome $kind drive $($bound)+)
    }};
    (@decides join) => { |_| false };
    (@decides try_join) => { ::core::result::Result::is_err };
    (@decides race) => { |_| true };
    (@outcome join $drive:ident $($bound:ident)+) => { ($($bound.as_mut().expect(),)+) };
    (@outcome try_join $drive:ident $($bound:ident)+) => {
        'outcome: {
            let mut place = 0;
            $(
                if $drive.winner() == ::core::option::Option::Some(place) {
                    if let ::core::result::Result::Err(error) = $bound.as_mut().expect() {
                        break 'outcome ::core::result::Result::Err(error);
                    }
                }
                place += 1;
            )+
            let _ = place;
            ::core::result::Result::Ok(($(
                match $bound.as_mut().expect() {
                    ::core::result::Result::Ok(value) => value,
                    ::core::result::Result::Err(error) => break 'outcome ::core::result::Result::Err(error),
                },
            )+))
        }
    };
    (@outcome race $drive:ident $($bound:ident)+) => {
        $crate::scope::branch::Raced::of_branches($drive.winner(), [$($bound.as_mut().take()),+])
    };
}
