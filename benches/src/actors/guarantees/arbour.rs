//! Our actor of the tests, and where it lives.

use super::journal::{CLEAN_UP, CLEANED_UP, Journal};
use arbour::{
    Actor, ActorSpec, Address, Context, Failure, Reply, Supervisor, SupervisorHandle, TaskGroup, defer,
    task_group,
};

/// Notes what it is told.
pub(super) struct Clerk {
    journal: Journal,
    noted: u64,
}

pub(super) enum Order {
    Note(u64),
    /// How many this clerk has noted.
    Noted(Reply<u64>),
    /// Is noted, and answered with the number.
    Asked(u64, Reply<u64>),
    /// Drops the way back.
    Forget(#[expect(dead_code, reason = "it is dropped unsent")] Reply<u64>),
    Panic,
    PanicAsked(#[expect(dead_code, reason = "it is dropped unsent")] Reply<u64>),
}

impl Actor for Clerk {
    type Message = Order;

    async fn started(&mut self, _: &mut Context<Self>) -> Result<(), Failure> {
        let journal = self.journal.clone();
        defer(async move {
            tokio::time::sleep(CLEAN_UP).await;
            journal.note(CLEANED_UP);
        });
        Ok(())
    }

    async fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Result<(), Failure> {
        match order {
            Order::Note(number) => {
                self.noted += 1;
                self.journal.note(number);
            }
            Order::Noted(reply) => reply.send(self.noted),
            Order::Asked(number, reply) => {
                self.journal.note(number);
                reply.send(number);
            }
            Order::Forget(_) => {}
            Order::Panic | Order::PanicAsked(_) => panic!("as told"),
        }
        Ok(())
    }
}

/// A clerk below a supervisor, until `test` is over; gives what was noted until both had ended.
pub(super) async fn supervised(
    test: impl AsyncFnOnce(Address<Clerk>, Journal, SupervisorHandle),
) -> Vec<u64> {
    let journal = Journal::default();
    let (own, kept) = (journal.clone(), journal.clone());
    let (clerk, child) = ActorSpec::new("clerk", move || Clerk { journal: own.clone(), noted: 0 }).build();
    let supervisor = Supervisor::builder("office").child(child).build().unwrap();
    let office = supervisor.handle();
    let ended = task_group(async |group: TaskGroup| {
        drop(group.spawn(supervisor.run()));
        test(clerk, journal, office.clone()).await;
        office.request_stop();
    });
    ended.await.unwrap();
    kept.noted()
}
