//! Two members, one by TCP and one by the Unix socket, as a program would see them.

use super::*;
use arbour::stream::{ObjectReceive, ObjectSend};
use arbour::transports::tcp::TcpStream;
use arbour::transports::unix::UnixStream;
use arbour::transports::{Framed, Lines, byte_pipe, lines};
use arbour::{fail_after, task_group};
use std::time::Duration;

struct Client(Framed<Box<dyn ByteStream>, Lines>);

impl Client {
    async fn enter(stream: impl ByteStream + 'static, name: &'static str) -> Self {
        let mut client = Self(lines(boxed(stream)));
        client.says(name).await;
        client
    }

    async fn says(&mut self, line: &'static str) {
        self.0.send(line.into()).await.unwrap();
    }

    async fn hears(&mut self, line: &str) {
        let heard = fail_after(Duration::from_secs(30), self.0.recv()).await.unwrap();
        assert_eq!(heard.unwrap().unwrap(), line);
    }
}

#[arbour::test(start_paused = false)]
async fn members_of_both_sockets_hear_each_other_and_the_end() {
    let path = std::env::temp_dir().join(format!("arbour-chat-{}.sock", std::process::id()));
    let outcome = task_group(async |group| {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_address();
        let unix = UnixListener::bind(path.as_path()).unwrap();
        let chatting = group.spawn(chat(tcp, unix));

        let mut ann = Client::enter(TcpStream::connect(address).await.unwrap(), "ann").await;
        ann.says("is anybody here?").await;
        ann.hears("ann: is anybody here?").await;
        let mut bob = Client::enter(UnixStream::connect(path.as_path()).await.unwrap(), "bob").await;
        ann.hears("bob is here").await;
        bob.says("I am").await;
        ann.hears("bob: I am").await;
        bob.hears("bob: I am").await;

        let mut thief = Client::enter(TcpStream::connect(address).await.unwrap(), "ann").await;
        thief.hears("somebody of this name is here already").await;
        drop(bob);
        ann.hears("bob has left").await;
        chatting.scope().unwrap().drain();
        ann.hears("the room closes").await;
        chatting.await.unwrap();
    });
    outcome.await.unwrap();
    assert!(!path.exists(), "the socket's file is removed");
}

#[arbour::test]
async fn who_says_no_name_is_let_go() {
    let outcome = task_group(async |group| {
        let room = spawn_actor(&group, "room", Room::default(), 256);
        let (_silent, server) = byte_pipe(64);
        let refused = attend(boxed(server), room).await.unwrap_err();
        assert!(refused.to_string().starts_with("timed out"), "{refused}");
        group.cancel("enough");
    });
    outcome.await.unwrap();
}

#[arbour::test(start_paused = false)]
async fn who_says_no_name_keeps_no_drain_waiting() {
    let path = std::env::temp_dir().join(format!("arbour-chat-silent-{}.sock", std::process::id()));
    let outcome = task_group(async |group| {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_address();
        let unix = UnixListener::bind(path.as_path()).unwrap();
        let chatting = group.spawn(chat(tcp, unix));
        let silent = TcpStream::connect(address).await.unwrap();
        // Whoever is heard came after the silent one, so that this is being served by now.
        let mut ann = Client::enter(TcpStream::connect(address).await.unwrap(), "ann").await;
        ann.says("hush").await;
        ann.hears("ann: hush").await;
        chatting.scope().unwrap().drain();
        fail_after(Duration::from_secs(10), chatting).await.unwrap().unwrap();
        drop(silent);
    });
    outcome.await.unwrap();
}
