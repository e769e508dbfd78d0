//! Transfers between accounts: asks in a chain, a refusal with a type of its own, a reply that comes later, and books
//! that stay straight when a teller crashes half-way.
//!
//! `cargo run --example bank` prints what became of each transfer, and what the accounts hold then.
#![forbid(unsafe_code)]

use arbour::{ActorSpec, Address, AskError, ChildSpec, Failure, Kept, Reply, Supervisor};
use arbour::{actor, defer, shield, try_task_group};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An account asks nobody. Asks go from the teller to accounts and nowhere else, so that nobody waits in a circle.
struct Account {
    /// Belongs to the slot: an account that crashes has its money still.
    balance: Kept<u64>,
    savers: Vec<(u64, Reply<u64>)>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("there is {balance}, which is not {amount}")]
    NotEnough { balance: u64, amount: u64 },
    #[error(transparent)]
    Unreachable(#[from] AskError),
}

#[actor]
impl Account {
    async fn withdraw(&mut self, amount: u64) -> Result<(), Refused> {
        let balance = self.balance.load();
        let rest = balance.checked_sub(amount).ok_or(Refused::NotEnough { balance, amount })?;
        self.balance.store(rest);
        Ok(())
    }

    /// What can fail comes before the store: whoever hears of a crash knows that nothing was deposited.
    #[actor(ask)]
    async fn deposit(&mut self, amount: u64) {
        let balance = self.balance.load() + amount;
        self.balance.store(balance);
        for (_, reply) in self.savers.extract_if(.., |(goal, _)| *goal <= balance) {
            reply.send(balance);
        }
    }

    /// Replies when there is so much. Others are served meanwhile.
    async fn save_up(&mut self, goal: u64, reply: Reply<u64>) {
        let balance = self.balance.load();
        if goal <= balance { reply.send(balance) } else { self.savers.push((goal, reply)) }
    }

    async fn balance(&self) -> u64 {
        self.balance.load()
    }
}

struct Teller;

#[actor]
impl Teller {
    /// Takes first and gives then: at no moment is there more money than there was. Cancelled half-way it goes on to the
    /// end, and what it has taken and not given is given back before the next message, however it ends.
    async fn transfer(
        &mut self,
        from: Address<Account>,
        to: Address<Account>,
        amount: u64,
    ) -> Result<(), Refused> {
        shield(async {
            from.withdraw(amount).await??;
            let owed = Arc::new(AtomicBool::new(true));
            defer(give_back(from, amount, Arc::clone(&owed)));
            assert_ne!(amount, 13, "tellers are superstitious");
            to.deposit(amount).await?;
            owed.store(false, Ordering::Relaxed);
            Ok(())
        })
        .await
    }
}

async fn give_back(account: Address<Account>, amount: u64, owed: Arc<AtomicBool>) {
    if owed.load(Ordering::Relaxed) {
        account.deposit(amount).await.expect("accounts are stopped after the teller");
    }
}

fn account(owner: &'static str, balance: u64) -> (Address<Account>, ChildSpec) {
    let balance = Kept::new(balance);
    ActorSpec::new(owner, move || Account { balance: balance.clone(), savers: Vec::new() }).build()
}

async fn business(out: &mut impl Write) -> Result<(), Failure> {
    let (ann, anns) = account("ann", 100);
    let (bob, bobs) = account("bob", 20);
    let (eve, eves) = account("eve", 0);
    let (teller, tellers) = ActorSpec::new("teller", || Teller).build();
    // Started in this order, and stopped in reverse: what a teller has taken can be given back.
    let bank = Supervisor::builder("bank").child(anns).child(bobs).child(eves).child(tellers).build()?;
    let handle = bank.handle();
    let days_work = try_task_group(async |group| {
        group.spawn(bank.run());
        let savings = eve.request(|reply| AccountMessage::SaveUp { goal: 30, reply }).await?;
        for (from, to, amount) in [(&ann, &bob, 40), (&bob, &ann, 500), (&ann, &eve, 13), (&ann, &eve, 35)] {
            match teller.transfer(from.clone(), to.clone(), amount).await {
                Ok(Ok(())) => writeln!(out, "{} gives {} {amount}", from.name(), to.name())?,
                Ok(Err(refused)) => writeln!(out, "{} gives nothing: {refused}", from.name())?,
                Err(error) => writeln!(out, "the teller gives no answer: {error}")?,
            }
        }
        writeln!(out, "eve has saved {}", savings.await?)?;
        let balances = [ann.balance().await?, bob.balance().await?, eve.balance().await?];
        assert_eq!(balances.iter().sum::<u64>(), 120, "no money is made, and none is lost");
        writeln!(out, "balances: {balances:?}")?;
        handle.request_stop();
        Ok::<_, Failure>(())
    });
    days_work.await.map_err(Failure::from)
}

#[arbour::main]
async fn main() -> Result<(), Failure> {
    business(&mut io::stdout()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[arbour::test]
    async fn transfers_arrive_or_are_taken_back_and_the_total_stays() {
        let mut printed = Vec::new();
        business(&mut printed).await.unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), include_str!("output.txt"));
    }
}
