//! What is reported: each text says what happened, to whom, why, and what happens next.
//!
//! A clean-up is named by the place in the source where it was given to its scope; a scope and its task by the
//! number that [`ScopeHandle::id`](super::ScopeHandle::id) tells, and by the way to it (see [`Subject`]). Nothing
//! is looked up for a report that nobody hears, and the tree's lock is free while one is heard.

use super::node::Node;
use super::subject::Subject;
use core::panic::Location;

type Place = &'static Location<'static>;

pub(super) fn slow_clean_up(scope: &Node, place: Place) {
    tracing::warn!(
        scope = scope.id(),
        path = %Subject::of(scope),
        %place,
        "a clean-up has taken 5 s and goes on; its scope cannot end before it"
    );
}

pub(super) fn clean_up_over(scope: &Subject, place: Place) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        "a clean-up was dropped before it had ended: the clean-up budget is over; its scope ends without it and counts it as lost"
    );
}

pub(super) fn clean_up_aborted(scope: &Subject, place: Place) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        "a clean-up was dropped before it had ended: its scope was aborted; the scope ends without it and counts it as lost"
    );
}

pub(super) fn finalizer_aborted(scope: &Subject, place: Place) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        "a finalizer was dropped unrun: its scope was aborted; the scope ends without it and counts it as lost"
    );
}

pub(super) fn finalizer_without_runtime(scope: &Subject, place: Place) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        "a finalizer was dropped unrun: no runtime is left to finish its scope, which ends without it and counts it as lost"
    );
}

pub(super) fn refused(scope: &Subject, place: Place) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        "a clean-up was refused and dropped unrun: its scope was aborted, or its clean-up budget is over; the scope ends without it and counts it as lost"
    );
}

pub(super) fn clean_up_panicked(scope: Option<&Node>, place: Place, panic: &str) {
    tracing::error!(
        scope = scope.map(|scope| scope.id()),
        path = scope.map(Subject::of).map(tracing::field::display),
        %place,
        panic,
        "a clean-up or finalizer panicked and has ended with that; the others go on"
    );
}

pub(super) fn clean_up_drop_panicked(scope: &Subject, place: Place, panic: &str) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        %place,
        panic,
        "the drop of an unfinished clean-up panicked; the others go on"
    );
}

pub(super) fn held(scope: &Node, shield: u64, place: Option<Place>) {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    tracing::warn!(
        scope = scope.id(),
        path = %Subject::of(scope),
        shield,
        place,
        "a cancelled scope has been held for 5 s by a shield; it ends when the shield does, or by an abort"
    );
}

pub(super) fn stuck(scope: &Node, tasks: &[Subject]) {
    for task in tasks {
        tracing::error!(
            scope = scope.id(),
            task = task.id,
            path = %task,
            "a task is stuck: it was aborted 5 s ago and has not yielded since; nobody waits for it any more, and it is dropped when it yields"
        );
    }
}

pub(super) fn losses(scope: &Subject, count: u32) {
    tracing::error!(
        scope = scope.id,
        path = %scope,
        count,
        "a scope has ended without all of its clean-up: each that was lost is reported with its place, and nobody runs it any more"
    );
}

pub(super) fn moved(scope: &Node) {
    tracing::debug!(
        scope = scope.id(),
        path = %Subject::of(scope),
        "a scope was polled in another place and moved there; it is cancelled with that place from now on"
    );
}

pub(super) fn circle(scope: &Node) {
    tracing::error!(
        scope = scope.id(),
        path = %Subject::of(scope),
        "a scope was polled inside itself and stays where it was; do not send its future into its own child"
    );
}

pub(super) fn clean_up_spawned(place: Place) {
    tracing::warn!(%place, "a clean-up has no scope left; the runtime runs it, and nobody waits for it");
}

pub(super) fn clean_up_without_runtime(place: Place) {
    tracing::error!(%place, "no runtime is left for a clean-up; it is dropped, and nobody runs it any more");
}

pub(super) fn scope_spawned(scope: &Node) {
    tracing::warn!(
        scope = scope.id(),
        path = %Subject::of(scope),
        "a scope was dropped outside of every other; the runtime finishes it"
    );
}

pub(super) fn scope_without_runtime(scope: &Node) {
    tracing::error!(
        scope = scope.id(),
        path = %Subject::of(scope),
        "no runtime is left to finish a dropped scope; its clean-up is dropped, and its children are cancelled"
    );
}
