//! Cases of writing under fences.

use super::super::{Broken, Case, ensure};
use crate::store::{Fence, LeaseName, LeaseStore, Token, Written};

/// What a back end that thinks in texts would spoil.
const BYTES: &[u8] = b"\0\xff{}\r\n";

pub(super) async fn the_newest_fence_writes_and_all_entries_are_read_back<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let fence = case.granted(&case.name, Token::new(), case.long).await?;
    case.accepted(&case.name, fence, &[("a key", BYTES), ("empty", b""), ("twice", b"1")]).await?;
    case.accepted(&case.name, fence, &[("twice", b"2")]).await?;
    case.accepted(&case.name, fence, &[]).await?;
    case.has(&case.name, "a key", Some((BYTES, fence))).await?;
    case.has(&case.name, "empty", Some((b"", fence))).await?;
    case.has(&case.name, "twice", Some((b"2", fence))).await?;
    case.has(&case.name, "never written", None).await
}

pub(super) async fn an_older_fence_writes_nothing<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let (older, newer) = case.two_fences().await?;
    // Before the newer holder has written anything, and after.
    case.rejected(&case.name, older, Some(newer)).await?;
    case.accepted(&case.name, newer, &[("cursor", b"41")]).await?;
    case.rejected(&case.name, older, Some(newer)).await?;
    case.has(&case.name, "cursor", Some((b"41", newer))).await?;
    case.has(&case.name, "beside", None).await
}

pub(super) async fn a_fence_that_was_never_granted_writes_nothing<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    case.rejected(&case.name, Fence::new(1), None).await?;
    let fence = case.granted(&case.name, Token::new(), case.long).await?;
    case.rejected(&case.name, Fence::new(fence.number() + 1), Some(fence)).await?;
    case.has(&case.name, "cursor", None).await
}

pub(super) async fn the_newest_fence_writes_until_the_next_is_granted<S: LeaseStore>(
    case: Case<'_, S>,
) -> Result<(), Broken> {
    let token = Token::new();
    let fence = case.granted(&case.name, token, case.long).await?;
    case.store.release(&case.name, token).await?;
    case.accepted(&case.name, fence, &[("cursor", b"7")]).await?;
    case.has(&case.name, "cursor", Some((b"7", fence))).await
}

pub(super) async fn names_are_apart<S: LeaseStore>(case: Case<'_, S>) -> Result<(), Broken> {
    let (one, other) = (case.beside("-one"), case.beside("-one-more"));
    let fence = case.granted(&one, Token::new(), case.long).await?;
    case.accepted(&one, fence, &[("cursor", b"1")]).await?;
    case.free(&other).await?;
    case.has(&other, "cursor", None).await?;
    case.rejected(&other, fence, None).await?;
    let token = Token::new();
    case.granted(&other, token, case.long).await?;
    case.store.release(&other, token).await?;
    case.held(&one, fence).await
}

impl<S: LeaseStore> Case<'_, S> {
    /// The fences of two holders, one after the other.
    async fn two_fences(&self) -> Result<(Fence, Fence), Broken> {
        let token = Token::new();
        let older = self.granted(&self.name, token, self.long).await?;
        self.store.release(&self.name, token).await?;
        Ok((older, self.granted(&self.name, Token::new(), self.long).await?))
    }

    async fn accepted(
        &self,
        name: &LeaseName,
        fence: Fence,
        entries: &[(&str, &[u8])],
    ) -> Result<(), Broken> {
        let written = self.store.write(name, fence, entries).await?;
        ensure(written == Written::Accepted, || {
            format!("a write under the newest fence {fence}: {written:?}")
        })
    }

    async fn rejected(&self, name: &LeaseName, fence: Fence, newest: Option<Fence>) -> Result<(), Broken> {
        let written = self.store.write(name, fence, &[("cursor", b"wrong"), ("beside", b"wrong")]).await?;
        let right = Written::Refused { newest };
        ensure(written == right, || {
            format!("a write under fence {fence}: {written:?}, and it should be {right:?}")
        })
    }

    async fn has(&self, name: &LeaseName, key: &str, expected: Option<(&[u8], Fence)>) -> Result<(), Broken> {
        let read = self.store.read(name, key).await?;
        let seen = read.as_ref().map(|fenced| (&*fenced.value, fenced.fence));
        ensure(seen == expected, || format!("`{key}` has {seen:?}, and should have {expected:?}"))
    }
}
