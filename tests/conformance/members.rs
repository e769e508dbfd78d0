//! What the cases of registries and groups share: an actor that can be killed.

use arbour::{Actor, Context, Failure, Reply};

pub(crate) struct Member;

pub(crate) enum Order {
    Answer(Reply<()>),
    Crash,
}

impl Actor for Member {
    type Message = Order;

    async fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Result<(), Failure> {
        match order {
            Order::Answer(reply) => reply.send(()),
            Order::Crash => return Err(Failure::message("crashed")),
        }
        Ok(())
    }
}
