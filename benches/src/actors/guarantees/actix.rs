//! actix's actor of the tests.

use super::journal::Journal;
use actix::{Actor, ActorContext, Context, Handler, Message, Supervised};

/// Notes what it is told.
pub(super) struct Clerk {
    pub(super) journal: Journal,
    noted: u64,
}

impl Clerk {
    pub(super) fn new(journal: &Journal) -> Self {
        Self { journal: journal.clone(), noted: 0 }
    }
}

impl Actor for Clerk {
    type Context = Context<Self>;

    fn started(&mut self, cx: &mut Context<Self>) {
        cx.set_mailbox_capacity(64);
    }
}

impl Supervised for Clerk {}

pub(super) struct Note(pub(super) u64);

impl Message for Note {
    type Result = ();
}

/// Asks how many this clerk has noted.
pub(super) struct Noted;

impl Message for Noted {
    type Result = u64;
}

pub(super) struct Panic;

impl Message for Panic {
    type Result = ();
}

pub(super) struct End;

impl Message for End {
    type Result = ();
}

impl Handler<Note> for Clerk {
    type Result = ();

    fn handle(&mut self, Note(number): Note, _: &mut Context<Self>) {
        self.noted += 1;
        self.journal.note(number);
    }
}

impl Handler<Noted> for Clerk {
    type Result = u64;

    fn handle(&mut self, _: Noted, _: &mut Context<Self>) -> u64 {
        self.noted
    }
}

impl Handler<Panic> for Clerk {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Context<Self>) {
        panic!("as told")
    }
}

impl Handler<End> for Clerk {
    type Result = ();

    fn handle(&mut self, _: End, cx: &mut Context<Self>) {
        cx.stop();
    }
}
