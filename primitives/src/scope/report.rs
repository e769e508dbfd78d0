//! What is reported: each text says what happened, where, and what happens next.
//!
//! A clean-up is named by the place in the source where it was given to its scope, a scope and its
//! task by the number that [`ScopeHandle::id`](super::ScopeHandle::id) tells.

use core::panic::Location;

type Place = &'static Location<'static>;

pub(super) fn slow_clean_up(scope: u64, place: Place) {
    tracing::warn!(scope, %place, "a clean-up has taken 5 s and goes on; its scope cannot end before it");
}

pub(super) fn clean_up_over(scope: u64, place: Place) {
    tracing::error!(scope, %place, "a clean-up was dropped before it had ended: the clean-up budget is over");
}

pub(super) fn clean_up_aborted(scope: u64, place: Place) {
    tracing::error!(scope, %place, "a clean-up was dropped before it had ended: its scope was aborted");
}

pub(super) fn finalizer_unrun(place: Place) {
    tracing::error!(%place, "a finalizer was dropped unrun: its scope was aborted");
}

pub(super) fn refused(scope: u64, place: Place) {
    tracing::error!(scope, %place, "a clean-up was refused and dropped unrun: its scope was aborted, or its clean-up budget is over");
}

pub(super) fn clean_up_panicked(place: Place, message: &str) {
    tracing::error!(%place, message, "a clean-up or finalizer panicked; the others go on");
}

pub(super) fn clean_up_drop_panicked(place: Place, message: &str) {
    tracing::error!(%place, message, "the drop of an unfinished clean-up panicked; the others go on");
}

pub(super) fn held(scope: u64, shield: u64, place: Option<Place>) {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    tracing::warn!(
        scope,
        shield,
        place,
        "a cancelled scope has been held for 5 s by a shield; it ends when the shield does, or by an abort"
    );
}

pub(super) fn stuck(scope: u64, tasks: &[u64]) {
    for task in tasks {
        tracing::error!(
            scope,
            task,
            "a task is stuck: it was aborted 5 s ago and has not yielded since; nobody waits for it any more"
        );
    }
}

pub(super) fn losses(scope: u64, count: u32) {
    tracing::error!(scope, count, "a scope has ended without all of its clean-up");
}

pub(super) fn moved(scope: u64) {
    tracing::debug!(scope, "a scope was polled in another place and moved there");
}

pub(super) fn circle(scope: u64) {
    tracing::error!(
        scope,
        "a scope was polled inside itself and stays where it was; do not send its future into its own child"
    );
}

pub(super) fn clean_up_spawned(place: Place) {
    tracing::warn!(%place, "a clean-up has no scope left; the runtime runs it");
}

pub(super) fn clean_up_without_runtime(place: Place) {
    tracing::error!(%place, "no runtime is left for a clean-up; it is dropped");
}

pub(super) fn scope_spawned(scope: u64) {
    tracing::warn!(scope, "a scope was dropped outside of every other; the runtime finishes it");
}

pub(super) fn scope_without_runtime(scope: u64) {
    tracing::error!(scope, "no runtime is left to finish a dropped scope; its clean-up is dropped");
}
