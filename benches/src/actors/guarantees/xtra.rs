//! xtra's actor of the tests.

use super::journal::{CLEAN_UP, CLEANED_UP, Journal};
use xtra::{Actor, Address, Context, Handler, Mailbox, spawn_tokio};

/// Notes what it is told.
pub(super) struct Clerk(Journal);

impl Actor for Clerk {
    type Stop = ();

    async fn stopped(self) {
        tokio::time::sleep(CLEAN_UP).await;
        self.0.note(CLEANED_UP);
    }
}

pub(super) struct Note(pub(super) u64);

pub(super) struct Panic;

pub(super) struct End;

impl Handler<Note> for Clerk {
    type Return = ();

    async fn handle(&mut self, Note(number): Note, _: &mut Context<Self>) {
        self.0.note(number);
    }
}

impl Handler<Panic> for Clerk {
    type Return = ();

    async fn handle(&mut self, _: Panic, _: &mut Context<Self>) {
        panic!("as told")
    }
}

impl Handler<End> for Clerk {
    type Return = ();

    async fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop_self();
    }
}

pub(super) fn clerk(journal: &Journal) -> Address<Clerk> {
    spawn_tokio(Clerk(journal.clone()), Mailbox::bounded(64))
}

/// Tells as many as there is room for.
pub(super) fn tell_all(clerk: &Address<Clerk>, numbers: impl Iterator<Item = u64>) {
    for number in numbers {
        let told = futures::FutureExt::now_or_never(clerk.send(Note(number)).detach());
        drop(told.expect("there is room").unwrap());
    }
}
