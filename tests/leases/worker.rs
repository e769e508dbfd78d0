//! Processes that work on one lease in turns: this binary runs itself again, and hears what its copies say.
//!
//! Each turn takes the lease, reads how many turns there were, writes one more under its fence, and releases it.

use arbour::leases::{
    Acquired, AnyLeaseStore, Clock, Fence, Holding, LeaseName, LeaseStore, Moment, RedisStore, SqliteStore,
    StoreError, StoreErrorKind, Token, Written,
};
use cpu_time::ProcessTime;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;
use tokio::time::sleep;

const ENGINE: &str = "ARBOUR_LEASES_ENGINE";
const DOES: &str = "ARBOUR_LEASES_DOES";

/// Long beside a turn, short for who waits until a killed worker's lease has ended.
pub(crate) const TTL: Duration = Duration::from_secs(4);

/// A worker that runs. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Worker {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    killed: bool,
}

/// A turn as the worker tells of it, by the clock since boot.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    count: u64,
    fence: Fence,
    granted: Duration,
    released: Duration,
}

impl Worker {
    /// Takes turns until there were this many, by all workers together.
    pub(crate) fn start(engine: &str, turns: u64) -> Self {
        Self::run(engine, &format!("turns {turns}"))
    }

    /// Waits this long for a lease that is held, and says how much of the processor it took.
    pub(crate) fn wait(engine: &str, duration: Duration) -> Self {
        Self::run(engine, &format!("wait {}", duration.as_millis()))
    }

    fn run(engine: &str, does: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["worker::this_binary_as_a_worker", "--exact", "--nocapture", "--test-threads=1"])
            .env(ENGINE, engine)
            .env(DOES, does)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, killed: false }
    }

    /// The numbers on the next line that has any, or `None` at the end of the program.
    fn numbers(&mut self) -> Option<Vec<u64>> {
        let mut told = self.lines.by_ref().map_while(Result::ok);
        told.find_map(|line| line.strip_prefix("told: ")?.split(' ').map(|word| word.parse().ok()).collect())
    }

    pub(crate) fn turn(&mut self) -> Option<Turn> {
        let [count, fence, granted, released] = self.numbers()?[..] else { panic!("no turn") };
        let [granted, released] = [granted, released].map(Duration::from_nanos);
        Some(Turn { count, fence: Fence::new(fence), granted, released })
    }

    /// How much of the processor a wait took.
    pub(crate) fn waited(mut self) -> Duration {
        Duration::from_nanos(self.numbers().unwrap()[0])
    }

    /// One that has ended before was not ended by this, and did so well: what it says of a failure is not overheard.
    pub(crate) fn kill(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none_or(|status| status.success()), "it had failed before it was killed: {ended:?}");
        self.child.kill().unwrap();
        self.killed = true;
    }

    /// All turns it tells of until it ends, which it does well unless it was killed.
    pub(crate) fn turns(mut self) -> Vec<Turn> {
        let turns = std::iter::from_fn(|| self.turn()).collect();
        assert!(self.killed || self.child.wait().unwrap().success());
        turns
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Four processes take 200 turns, none of them twice, and none has to wait for the end of a time to live.
pub(crate) fn take_turns_together(engine: &str) {
    let workers: Vec<Worker> = (0..4).map(|_| Worker::start(engine, 200)).collect();
    let mut gaps = check(turns(workers), 0, 200);
    gaps.sort();
    let median = gaps[gaps.len() / 2];
    assert!(median < TTL / 10, "the median of {gaps:?} is {median:?}, so nobody heard of a release");
}

/// Two of four processes are killed, and the others take the rest of 100 turns.
pub(crate) fn take_turns_although_some_are_killed(engine: &str) {
    let mut workers: Vec<Worker> = (0..4).map(|_| Worker::start(engine, 100)).collect();
    let mut taken = Vec::new();
    for mut worker in workers.drain(2..) {
        taken.extend(worker.turn());
        worker.kill();
        taken.extend(worker.turns());
    }
    taken.extend(turns(workers));
    check(taken, 2, 100);
}

/// What each of them tells, heard side by side so that none has to wait until it is heard.
fn turns(workers: Vec<Worker>) -> Vec<Turn> {
    let hearing: Vec<_> = workers.into_iter().map(|worker| thread::spawn(|| worker.turns())).collect();
    hearing.into_iter().flat_map(|heard| heard.join().unwrap()).collect()
}

/// Turns that stand in any order must count without a gap but for those whose worker was killed before it told of
/// them, and the fences must rise with them. No turn begins before the last has ended.
fn check(mut turns: Vec<Turn>, kills: usize, total: u64) -> Vec<Duration> {
    turns.sort_by_key(|turn| turn.count);
    assert!(turns.is_sorted_by(|one, next| one.count < next.count), "a turn was taken twice: {turns:?}");
    assert!(turns.is_sorted_by(|one, next| one.fence < next.fence), "fences do not rise: {turns:?}");
    assert!(turns.is_sorted_by(|one, next| one.released <= next.granted), "turns overlap: {turns:?}");
    assert_eq!(turns.last().map(|turn| turn.count), Some(total));
    assert!(turns.len() + kills >= total as usize, "{} of {total} turns were told of", turns.len());
    turns.windows(2).map(|pair| pair[1].granted - pair[0].released).collect()
}

/// Does nothing in the test run itself.
#[test]
fn this_binary_as_a_worker() {
    if std::env::var(DOES).is_ok() {
        work();
    }
}

#[arbour::main]
async fn work() {
    let [engine, does] = [ENGINE, DOES].map(|name| std::env::var(name).unwrap());
    let (does, number) = does.split_once(' ').unwrap();
    let (store, number) = (open(&engine).await, number.parse().unwrap());
    match does {
        "turns" => take_turns(&store, number).await.unwrap(),
        "wait" => wait_for(&store, Duration::from_millis(number)).await.unwrap(),
        unknown => panic!("no worker does `{unknown}`"),
    }
}

async fn open(engine: &str) -> AnyLeaseStore {
    match engine.split_once(':').unwrap() {
        ("redis", _) => AnyLeaseStore::new(RedisStore::new(engine, TTL).unwrap()),
        ("sqlite", path) => AnyLeaseStore::new(SqliteStore::open(path).await.unwrap()),
        (unknown, _) => panic!("there is no engine `{unknown}`"),
    }
}

pub(crate) fn lease() -> LeaseName {
    LeaseName::new("turns").unwrap()
}

async fn take_turns(store: &AnyLeaseStore, total: u64) -> Result<(), StoreError> {
    let clock = Clock::boot_time();
    while let Some((count, fence, granted)) = take_turn(store, &clock, total).await? {
        // The end is told as it was before the release: nobody else may have begun then.
        let released = since_boot(clock.now());
        insist(async || store.release(&lease(), token()).await).await?;
        say(&[count, fence.number(), granted, released]);
    }
    Ok(())
}

/// This process has one token, as it has one turn at a time.
fn token() -> Token {
    Token::from_number(std::process::id().into())
}

async fn take_turn(
    store: &AnyLeaseStore,
    clock: &Clock,
    total: u64,
) -> Result<Option<(u64, Fence, u64)>, StoreError> {
    let name = lease();
    loop {
        match insist(async || store.acquire(&name, token(), "a worker", TTL).await).await? {
            Acquired::Held(Holding { remaining, .. }) => {
                insist(async || store.until_free(&name, remaining).await).await?;
            }
            Acquired::Granted(fence) => {
                let granted = since_boot(clock.now());
                let read = insist(async || store.read(&name, "count").await)
                    .await?
                    .map_or(0, |read| number(&read.value));
                if read >= total {
                    insist(async || store.release(&name, token()).await).await?;
                    return Ok(None);
                }
                let entry = ("count", &(read + 1).to_be_bytes()[..]);
                let written = insist(async || store.write(&name, fence, &[entry]).await).await?;
                assert_eq!(written, Written::Accepted);
                return Ok(Some((read + 1, fence, granted)));
            }
        }
    }
}

/// Asks again what got no answer because the machine is slow: others were served meanwhile. Asked twice, it changes as
/// much as once: of one process there is one token, and one content under one fence.
async fn insist<T>(ask: impl AsyncFn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    loop {
        match ask().await {
            Err(error) if error.kind() != StoreErrorKind::Refused => {}
            answered => return answered,
        }
    }
}

async fn wait_for(store: &AnyLeaseStore, duration: Duration) -> Result<(), StoreError> {
    store.acquire(&lease(), token(), "nobody", duration * 2).await?;
    // What begins with a process is over by then.
    sleep(Duration::from_millis(50)).await;
    let begin = ProcessTime::now();
    store.until_free(&lease(), duration).await?;
    say(&[begin.elapsed().as_nanos() as u64]);
    Ok(())
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().unwrap())
}

fn since_boot(now: Moment) -> u64 {
    now.since(Moment::after_begin(Duration::ZERO)).as_nanos() as u64
}

fn say(numbers: &[u64]) {
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let mut output = std::io::stdout();
    // The harness has printed the beginning of a line by then.
    writeln!(output, "\ntold: {}", words.join(" ")).unwrap();
    output.flush().unwrap();
}
