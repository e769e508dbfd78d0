//! A chat room whose members are actors: it keeps none of them alive, waits for none of them, and hears
//! who leaves. Whoever knows a name finds its actor, as long as there is one.
//!
//! `cargo run --example chat` prints what the members read. Its clock is virtual: it ends at once.
#![forbid(unsafe_code)]

use arbour::{ActorSpec, Address, Context, Failure, Mailbox, Overflow, Registry, Supervisor, TaskGroup};
use arbour::{WeakAddress, actor, try_task_group};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

#[derive(Default)]
struct Room {
    members: Vec<WeakAddress<Member>>,
}

#[actor]
impl Room {
    /// A task of the room's own waits for the end of the member, which nobody in the room keeps alive.
    #[actor(ask)]
    async fn join(&mut self, member: Address<Member>, cx: &mut Context<Self>) {
        let (room, ended) = (cx.weak_address(), member.ended());
        cx.spawn(async move {
            let name = ended.await.actor;
            if let Some(room) = room.upgrade() {
                // A room that is being closed need not know.
                room.left(name).await.ok();
            }
            Ok::<_, Failure>(())
        });
        self.tell_all(&format!("{} is here", member.name()));
        self.members.push(member.downgrade());
    }

    async fn left(&mut self, name: Arc<str>) {
        self.tell_all(&format!("{name} has left"));
    }

    async fn say(&mut self, who: String, words: String) {
        self.tell_all(&format!("{who}: {words}"));
    }

    /// Waits for nobody: a member's mailbox drops the oldest line of one who reads too slowly.
    #[actor(skip)]
    fn tell_all(&mut self, line: &str) {
        self.members.retain(|member| {
            member
                .upgrade()
                .is_some_and(|member| member.try_tell(MemberMessage::Line { line: line.to_owned() }).is_ok())
        });
    }
}

struct Member {
    takes: Duration,
    screen: Arc<Mutex<Vec<String>>>,
}

#[actor]
impl Member {
    async fn line(&mut self, line: String) {
        sleep(self.takes).await;
        self.screen.lock().unwrap().push(line);
    }
}

/// Somebody in front of a screen, and how many lines were dropped before they were read.
struct Person {
    member: Address<Member>,
    screen: Arc<Mutex<Vec<String>>>,
    missed: Arc<AtomicU32>,
}

impl Person {
    fn new(group: &TaskGroup, name: &str, takes: Duration) -> Self {
        let (screen, missed) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicU32>::default());
        let (seen, count) = (Arc::clone(&screen), Arc::clone(&missed));
        let member = ActorSpec::new(name, move || Member { takes, screen: Arc::clone(&seen) })
            .mailbox(Mailbox::bounded(2).overflow(Overflow::DropOldest))
            .undelivered(move |_, _| _ = count.fetch_add(1, Ordering::Relaxed))
            .spawn(group);
        Self { member, screen, missed }
    }
}

async fn chat(out: &mut impl Write) -> Result<(), Failure> {
    let (room, child) = ActorSpec::new("lobby", Room::default).build();
    let supervisor = Supervisor::builder("chat").child(child).build()?;
    let handle = supervisor.handle();
    let names = Registry::new();
    names.register("lobby", &room)?;
    let chat = try_task_group(async |group| {
        group.spawn(supervisor.run());
        let ann = Person::new(&group, "ann", Duration::from_millis(1));
        let bob = Person::new(&group, "bob", Duration::from_millis(250));
        let eve = Person::new(&group, "eve", Duration::from_millis(1));
        for Person { member, .. } in [&ann, &bob, &eve] {
            names.register(member.name(), member)?;
            names.lookup::<Room>("lobby")?.join(member.clone()).await?;
        }
        drop(eve.member); // Nobody else holds it, so eve is gone.
        writeln!(out, "{}", names.lookup::<Member>("eve").unwrap_err())?;
        for number in 1..=6 {
            sleep(Duration::from_millis(100)).await;
            room.say("ann".to_owned(), format!("{number}, and counting")).await?;
        }
        sleep(Duration::from_secs(1)).await;
        for person in [&ann, &bob] {
            let screen = person.screen.lock().unwrap().join("\n  ");
            let missed = person.missed.load(Ordering::Relaxed);
            writeln!(out, "{} missed {missed} and saw\n  {screen}", person.member.name())?;
        }
        handle.request_stop();
        Ok::<_, Failure>(())
    });
    chat.await.map_err(Failure::from)
}

fn main() -> Result<(), Failure> {
    arbour::testing::block_on(chat(&mut io::stdout()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_slowly_misses_the_oldest_lines_and_holds_up_nobody() {
        let mut printed = Vec::new();
        arbour::testing::block_on(chat(&mut printed)).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), include_str!("output.txt"));
    }
}
