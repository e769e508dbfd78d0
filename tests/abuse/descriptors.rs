//! A server with 1,024 descriptors that is offered 10,000 connections by four other processes.
//!
//! The processes are this test again, in other roles.

use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::transports::{
    AcceptError, Accepted, Attributes, ByteReceiveExt, ByteSendExt, Demand, Listener, Timeouts,
};
use arbour::{Failure, serve, task_group};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ROLE: &str = "ARBOUR_ABUSE_ROLE";
const CLIENTS: usize = 4;
const EACH: usize = 2_500;
const DESCRIPTORS: u64 = 1_024;

#[test]
fn with_few_descriptors_a_server_outlives_ten_thousand_connections_and_leaks_none() {
    match std::env::var(ROLE).as_deref() {
        Err(_) => attack(),
        Ok("server") => be_a_server(),
        Ok(client) => be_a_client(client.strip_prefix("client of ").unwrap()),
    }
}

fn attack() {
    let mut server = Other::start("server");
    let address = server.line();
    assert!(is_answered(&address), "it serves");
    let before = server.ask_when_nobody_is_left();
    assert_eq!(before.failed, 0);

    let begin = Instant::now();
    let mut clients: Vec<Other> =
        (0..CLIENTS).map(|_| Other::start(&format!("client of {address}"))).collect();
    for client in &mut clients {
        assert_eq!(client.line(), "offered");
    }
    let full = loop {
        let told = server.ask();
        if told.failed >= 20 {
            break told;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "it never ran out of descriptors: {told:?}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let per_second = full.failed as f64 / begin.elapsed().as_secs_f64();
    assert!(per_second < 100.0, "{per_second} failed accepts a second");
    assert!(full.descriptors + 8 > DESCRIPTORS && full.open + 40 > DESCRIPTORS, "{full:?}");

    clients.iter_mut().for_each(Other::end);
    let room = Instant::now();
    assert!(is_answered(&address));
    assert!(room.elapsed() < Duration::from_secs(1), "it accepted again only after {:?}", room.elapsed());

    let after = server.ask_when_nobody_is_left();
    assert_eq!(after.descriptors, before.descriptors, "as many descriptors as before");
    server.end();
}

/// Whether somebody answers there, in the end: connections of the dead may be before this one.
fn is_answered(address: &str) -> bool {
    let address = address.parse().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        if let Ok(mut stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let mut answer = String::new();
            let asked = stream.write_all(b"hello\n");
            if asked.is_ok() && BufReader::new(stream).read_line(&mut answer).is_ok() && answer == "hello\n" {
                return true;
            }
        }
    }
    false
}

/// What the server says of itself.
#[derive(Debug)]
struct Told {
    failed: u64,
    open: u64,
    descriptors: u64,
}

/// This test in another process.
struct Other {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    hears: Option<ChildStdin>,
}

impl Other {
    fn start(role: &str) -> Self {
        let name = std::thread::current().name().unwrap().to_owned();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &name, "--nocapture", "--test-threads=1"]).env(ROLE, role);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let says = BufReader::new(process.stdout.take().unwrap()).lines();
        let hears = process.stdin.take();
        Self { process, says, hears }
    }

    /// The next line that it says to us, beside what the harness says.
    fn line(&mut self) -> String {
        loop {
            let line = self.says.next().expect("the other process has ended").unwrap();
            if let Some((_, line)) = line.split_once("> ") {
                return line.to_owned();
            }
        }
    }

    fn ask(&mut self) -> Told {
        self.hears.as_mut().unwrap().write_all(b"?\n").unwrap();
        let line = self.line();
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Told { failed: next(), open: next(), descriptors: next() }
    }

    fn ask_when_nobody_is_left(&mut self) -> Told {
        let begin = Instant::now();
        loop {
            let told = self.ask();
            if told.open == 0 {
                return told;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "connections are left: {told:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn end(&mut self) {
        drop(self.hears.take());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn tell(line: impl std::fmt::Display) {
    let mut out = std::io::stdout();
    writeln!(out, "> {line}").unwrap();
    out.flush().unwrap();
}

fn limit_descriptors(most: u64) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }).unwrap();
}

/// Offers connections, whether they are accepted or not, and keeps them until it is told to end.
fn be_a_client(address: &str) {
    limit_descriptors(EACH as u64 + 100);
    let address: std::net::SocketAddr = address.parse().unwrap();
    arbour::testing::block_on(async {
        let offers = (0..EACH).map(|_| {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            Box::pin(socket.connect(address))
        });
        let mut offers: Vec<_> = offers.collect();
        let mut streams = Vec::new();
        std::future::poll_fn(|cx| {
            offers.retain_mut(|offer| match offer.as_mut().poll(cx) {
                std::task::Poll::Ready(stream) => {
                    streams.extend(stream.ok());
                    false
                }
                std::task::Poll::Pending => true,
            });
            std::task::Poll::Ready(())
        })
        .await;
        tell("offered");
        let _ = std::io::stdin().lines().next();
    });
}

/// Counts how often its listener has no room.
struct Counting {
    listener: TcpListener,
    failed: Arc<AtomicU64>,
}

impl Attributes for Counting {
    fn provide(&self, demand: &mut Demand<'_>) {
        self.listener.provide(demand);
    }
}

impl Listener for Counting {
    type Stream = TcpStream;

    async fn accept(&mut self) -> Result<Accepted<TcpStream>, AcceptError> {
        let accepted = Listener::accept(&mut self.listener).await;
        if let Err(AcceptError::Exhausted(_)) = &accepted {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        accepted
    }
}

/// With a limit on idle time: the system drops the goodbyes of some peers while its queue is full, and repeats them
/// only minutes later.
async fn echo(stream: TcpStream) -> Result<(), Failure> {
    let mut stream = Timeouts::new(stream).idle_within(Duration::from_secs(10));
    while let Some(bytes) = stream.receive(64).await? {
        stream.send(&bytes).await?;
    }
    Ok(())
}

/// Serves, and answers questions about itself, until nobody asks any more.
fn be_a_server() {
    limit_descriptors(DESCRIPTORS);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let failed = Arc::new(AtomicU64::new(0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tell(listener.local_address());
        let listener = Counting { listener, failed: Arc::clone(&failed) };
        let server = serve(listener, echo).max_connections(100_000);
        let handle = server.handle();
        let outcome = task_group(async |group| {
            let serving = group.spawn(server.run());
            let questions = tokio::task::spawn_blocking(move || {
                for _ in std::io::stdin().lines() {
                    let open = handle.statistics().open;
                    tell(format_args!("{} {open} {}", failed.load(Ordering::Relaxed), descriptors()));
                }
            });
            questions.await.unwrap();
            serving.scope().unwrap().drain();
            serving.await.unwrap();
        });
        outcome.await.unwrap();
    });
}

/// How many descriptors this process has; looked up one by one, because listing them takes one more.
fn descriptors() -> u64 {
    let is_open = |number: &u64| std::fs::read_link(format!("/proc/self/fd/{number}")).is_ok();
    (0..DESCRIPTORS).filter(is_open).count() as u64
}
