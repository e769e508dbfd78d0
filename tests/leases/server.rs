//! A real `redis-server` of one test, in a folder and on a port of its own.
//!
//! A shell starts it and holds a pipe to this process: when that closes, in whichever way this process ends, the
//! shell kills the server.

use crate::scratch::Scratch;
use arbour::leases::RedisStore;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What takes longer hangs.
const HANGS: Duration = Duration::from_secs(30);

const KEEPER: &str = r#"redis-server "$@" & echo $!; read -r _; kill -9 $! 2>/dev/null; wait"#;

/// A server that keeps what was written to it, in its file at each write. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    scratch: Scratch,
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    process: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let version = Command::new("redis-server").arg("--version").output();
        assert!(
            version.is_ok(),
            "there is no redis-server; `apt-get install --yes redis-server` installs it"
        );
        // Somebody else may take the port before the server does: then another one.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut server = Self { scratch: Scratch::without_disk(), port, running: None };
            if server.run() {
                return server;
            }
        }
        panic!("redis-server does not start on any port")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// A store that asks this server without anything in between.
    pub(crate) fn store(&self, ttl: Duration) -> RedisStore {
        RedisStore::new(&self.url(), ttl).unwrap()
    }

    /// Whether it runs and answers.
    fn run(&mut self) -> bool {
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh", "--port", &self.port.to_string()]);
        keeper.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
        keeper.args(["--logfile", "log"]).current_dir(self.scratch.path());
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut process = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut process).unwrap();
        self.running = Some(Running { keeper, process: process.trim().to_owned() });
        self.answers()
    }

    fn answers(&self) -> bool {
        let begin = Instant::now();
        while self.running.as_ref().is_some_and(Running::is_there) {
            if ping(self.port).is_ok_and(|reply| reply.starts_with("+PONG")) {
                return true;
            }
            assert!(begin.elapsed() < HANGS, "redis-server does not answer within {HANGS:?}");
            sleep(Duration::from_millis(10));
        }
        false
    }

    /// Ends it as a loss of power does.
    pub(crate) fn kill(&mut self) {
        drop(self.running.take());
    }

    /// Starts it again, with what it had in its file.
    pub(crate) fn start_again(&mut self) {
        assert!(self.run(), "redis-server does not start again");
    }

    /// Starts it again, with nothing.
    pub(crate) fn start_empty(&mut self) {
        std::fs::remove_dir_all(self.scratch.path().join("appendonlydir")).unwrap();
        self.start_again();
    }

    /// Lets it stand still: its connections are there, and nothing comes back.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let running = self.running.as_ref().unwrap();
        assert!(Command::new("kill").args([signal, &running.process]).status().unwrap().success());
    }

    /// What `redis-cli` prints when it is called so.
    pub(crate) fn cli(&self, words: &[&str]) -> String {
        let cli =
            Command::new("redis-cli").args(["-p", &self.port.to_string()]).args(words).output().unwrap();
        assert!(cli.status.success(), "redis-cli {words:?}: {}", String::from_utf8_lossy(&cli.stderr));
        String::from_utf8(cli.stdout).unwrap().trim_end().to_owned()
    }

    /// How many scripts it has run; what it did not know, and was asked for again, counts once.
    pub(crate) fn scripts(&self) -> u64 {
        let stats = self.cli(&["INFO", "commandstats"]);
        let asked = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap_or_default();
        let count = |what: &str| -> u64 {
            let count = asked.split([':', ',']).find_map(|fact| fact.strip_prefix(what)?.strip_prefix('='));
            count.map_or(0, |count| count.parse().unwrap())
        };
        count("calls") - count("failed_calls")
    }

    /// Waits until it has run so many scripts.
    pub(crate) async fn until_it_ran(&self, scripts: u64) {
        let begin = Instant::now();
        while self.scripts() < scripts {
            assert!(begin.elapsed() < HANGS, "{} of {scripts} scripts within {HANGS:?}", self.scripts());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Running {
    fn is_there(&self) -> bool {
        let mut kill = Command::new("kill");
        kill.args(["-0", &self.process]).stderr(Stdio::null()).status().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn ping(port: u16) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    connection.write_all(b"PING\r\n")?;
    let mut reply = [0; 5];
    connection.read_exact(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}
