//! The room: who is there, and that everybody hears what is said.

use arbour::actor;
use arbour::stream::SendStream;
use bytes::Bytes;

#[derive(Default)]
pub(crate) struct Room {
    members: Vec<Member>,
}

struct Member {
    name: String,
    news: SendStream<Bytes>,
}

#[actor]
impl Room {
    /// Whether there was nobody of this name: what is said goes into `news`, for as long as it takes it.
    #[actor(ask)]
    pub(crate) async fn join(&mut self, name: String, news: SendStream<Bytes>) -> bool {
        if self.members.iter().any(|member| member.name == name) {
            return false;
        }
        self.tell_all(&format!("{name} is here"));
        self.members.push(Member { name, news });
        true
    }

    pub(crate) async fn left(&mut self, name: String) {
        self.members.retain(|member| member.name != name);
        self.tell_all(&format!("{name} has left"));
    }

    pub(crate) async fn say(&mut self, name: String, words: String) {
        self.tell_all(&format!("{name}: {words}"));
    }

    /// Waits for nobody: who has no room for another line is let go, and whose connection ended is gone.
    #[actor(skip)]
    fn tell_all(&mut self, line: &str) {
        let line = Bytes::copy_from_slice(line.as_bytes());
        self.members.retain(|member| member.news.try_send(line.clone()).is_ok());
    }
}
