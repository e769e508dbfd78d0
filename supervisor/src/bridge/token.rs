//! Tokens that cancel scopes, and scopes that cancel tokens.

use crate::runtime::install;
use arbour_primitives::scope::{CancelScope, Cancelled, ScopeHandle};
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use tokio_util::sync::CancellationToken;

/// Runs `body` in a scope that is cancelled when `token` is.
///
/// Nothing is spawned: the token is watched by this future, and forgotten with it.
///
/// # Cancel safety
///
/// As safe as `body`. Dropped half-way, its children and clean-up are adopted by the enclosing scope.
///
/// # Errors
///
/// [`Cancelled`] when the token was cancelled before the body gave a value. A body that is ready in
/// the last poll gives its value; one whose token was cancelled before it began is polled once.
///
/// # Panics
///
/// Resumes a panic of `body`.
///
/// # Examples
///
/// ```
/// use arbour::bridge::cancel_on;
/// use tokio_util::sync::CancellationToken;
///
/// # arbour::testing::block_on(async {
/// let token = CancellationToken::new();
/// let outcome = cancel_on(token.clone(), async {
///     token.cancel();
///     std::future::pending::<()>().await
/// });
/// assert_eq!(outcome.await.unwrap_err().to_string(), "cancelled: its cancellation token was cancelled");
/// # });
/// ```
pub async fn cancel_on<F: Future>(token: CancellationToken, body: F) -> Result<F::Output, Cancelled> {
    install();
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut body = pin!(scope.run(body));
    let mut cancelled = pin!(token.cancelled());
    let mut watching = true;
    poll_fn(|cx| {
        if watching && cancelled.as_mut().poll(cx).is_ready() {
            watching = false;
            handle.cancel("its cancellation token was cancelled");
        }
        body.as_mut().poll(cx)
    })
    .await
}

/// A token that is cancelled when `scope` is: by itself, or from outside with no shield between.
///
/// It is a child of the one token that a scope has: cancelling it cancels nothing else, and asking
/// again costs no more. Its waiters hear of the cancellation before the scope's body is dropped. A token
/// stays cancelled where the scope's own cancellation is lifted again, and is never cancelled by a scope
/// that ends uncancelled.
///
/// # Examples
///
/// ```
/// use arbour::{CancelScope, bridge::token_of};
///
/// # arbour::testing::block_on(async {
/// let scope = CancelScope::new();
/// let (handle, token) = (scope.handle(), token_of(&scope.handle()));
/// let foreign = tokio::spawn(async move { token.cancelled().await });
/// let outcome = scope.run(async {
///     handle.cancel("stop");
///     std::future::pending::<()>().await
/// });
/// assert!(outcome.await.is_err());
/// foreign.await.unwrap();
/// # });
/// ```
#[must_use]
pub fn token_of(scope: &ScopeHandle) -> CancellationToken {
    let token = {
        let mut tokens = tokens();
        if let Some(token) = tokens.get(&scope.id()) {
            return token.child_token();
        }
        let token = CancellationToken::new();
        tokens.insert(scope.id(), token.clone());
        token
    };
    let child = token.child_token();
    // Watched first, then looked at, so that no cancellation falls between.
    let link = Waker::from(Arc::new(Link { scope: scope.clone(), token }));
    scope.watch(&link);
    link.wake();
    child
}

/// The token of each scope that has one, by the scope's number.
fn tokens() -> MutexGuard<'static, HashMap<u64, CancellationToken>> {
    static TOKENS: LazyLock<Mutex<HashMap<u64, CancellationToken>>> = LazyLock::new(Mutex::default);
    TOKENS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes the cancellation of a scope on to its token. The scope drops it when it ends.
struct Link {
    scope: ScopeHandle,
    token: CancellationToken,
}

impl Wake for Link {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.scope.is_cancelled() {
            self.token.cancel();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _token = tokens().remove(&self.scope.id());
    }
}
