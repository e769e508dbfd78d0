//! Leases in a Redis that fails, and over a line that does: what is told is so, and fences rise.

use crate::proxy::{Flow, Proxy, To};
use crate::server::Server;
use arbour::leases::{
    Acquired, BadRedis, Extended, Fence, LeaseName, LeaseStore, LeaseTimes, Leases, RedisStore, Released,
    StoreError, StoreErrorKind, Token, Written,
};
use arbour::{join, join_all, move_on_after};
use std::future::pending;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// What the times of the connection follow from. Leases of this length are only taken where their end is waited for.
const TTL: Duration = Duration::from_millis(1200);
const LONG: Duration = Duration::from_secs(300);

fn oak() -> LeaseName {
    LeaseName::new("oak").unwrap()
}

fn through(proxy: &Proxy) -> RedisStore {
    RedisStore::new(&proxy.url(), TTL).unwrap()
}

/// Asks until there is an answer. What is refused will not be answered, and is no fault of a line.
async fn insist<T>(failures: &mut Vec<StoreErrorKind>, ask: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) if error.kind() == StoreErrorKind::Refused => panic!("{error}"),
            Err(error) => failures.push(error.kind()),
        }
    }
}

async fn granted(store: &RedisStore, token: Token, ttl: Duration) -> Fence {
    match insist(&mut Vec::new(), async || store.acquire(&oak(), token, "a", ttl).await).await {
        Acquired::Granted(fence) => fence,
        Acquired::Held(holding) => panic!("held: {holding:?}"),
    }
}

/// The fence under which it is held.
async fn held(store: &RedisStore) -> Option<Fence> {
    insist(&mut Vec::new(), async || store.look(&oak()).await).await.map(|holding| holding.fence)
}

/// The life of a lease over a line that is cut once. Each request is asked again until it is answered.
async fn life_over_a_cut_line(store: &RedisStore, direct: &RedisStore) -> Fence {
    let token = Token::new();
    let first = store.acquire(&oak(), token, "a", LONG).await;
    let before = held(direct).await;
    match &first {
        Ok(Acquired::Granted(fence)) => assert_eq!(before, Some(*fence)),
        Ok(Acquired::Held(holding)) => panic!("held: {holding:?}"),
        Err(error) if error.kind() == StoreErrorKind::NotSent => assert_eq!(before, None, "{error}"),
        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unknown, "{error}"),
    }
    let fence = granted(store, token, LONG).await;
    assert!(before.is_none_or(|before| before == fence), "granted twice: {before:?} and {fence}");

    let mut failures = Vec::new();
    let extended = insist(&mut failures, async || store.extend(&oak(), token, LONG).await).await;
    assert_eq!(extended, Extended::Confirmed(fence));
    let written =
        insist(&mut failures, async || store.write(&oak(), fence, &[("cursor", b"41")]).await).await;
    assert_eq!(written, Written::Accepted);
    let read = insist(&mut failures, async || store.read(&oak(), "cursor").await).await.unwrap();
    assert_eq!((read.value.as_slice(), read.fence), (&b"41"[..], fence));

    let mut failures = Vec::new();
    let released = insist(&mut failures, async || store.release(&oak(), token).await).await;
    let asked_twice = failures.contains(&StoreErrorKind::Unknown);
    assert!(released == Released::Now || asked_twice, "{released:?} after {failures:?}");
    assert_eq!(held(direct).await, None);
    fence
}

/// Cuts the line in this direction after every so many bytes of a conversation, until none is left to be cut.
async fn cut_everywhere(to: To, step: usize) {
    let server = Server::start();
    // The next connection comes after a sixtieth of this.
    let ttl = TTL / 2;
    let (direct, mut last, mut at) = (server.store(ttl), Fence::new(0), 0);
    loop {
        let proxy = Proxy::to(server.port()).await;
        proxy.set(to, Flow::Cut(at));
        let store = RedisStore::new(&proxy.url(), ttl).unwrap();
        let fence = life_over_a_cut_line(&store, &direct).await;
        assert!(fence > last, "cut after {at} bytes: fence {fence} after {last}");
        if proxy.counts().connections == 1 {
            assert!(at > 100, "the conversation had only {at} bytes");
            return;
        }
        (last, at) = (fence, at + step);
    }
}

#[arbour::test(start_paused = false)]
async fn a_conversation_may_be_cut_in_every_reply() {
    cut_everywhere(To::Client, 2).await;
}

#[arbour::test(start_paused = false)]
async fn a_conversation_may_be_cut_in_every_request() {
    cut_everywhere(To::Server, 7).await;
}

#[arbour::test(start_paused = false)]
async fn a_reply_that_is_lost_leaves_it_open_and_the_next_request_takes_another_line() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let (store, direct, token) = (through(&proxy), server.store(TTL), Token::new());
    let ash = LeaseName::new("ash").unwrap();
    // The server knows the script then, and is asked once.
    insist(&mut Vec::new(), async || store.acquire(&ash, token, "a", LONG).await).await;
    proxy.set(To::Client, Flow::Drop);
    let begin = Instant::now();
    let error = store.acquire(&oak(), token, "a", LONG).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unknown, "{error}");
    assert!(begin.elapsed() < TTL, "it took {:?}", begin.elapsed());
    let fence = held(&direct).await.unwrap();
    proxy.heal();
    assert_eq!(granted(&store, token, LONG).await, fence);
    assert!(proxy.counts().connections >= 2);
}

#[arbour::test(start_paused = false)]
async fn a_line_that_is_silent_is_given_up_although_those_who_asked_have_gone() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let store = through(&proxy);
    assert_eq!(held(&store).await, None);
    proxy.set(To::Server, Flow::Drop);
    let within = TTL / 6;
    assert!(timeout(within, store.look(&oak())).await.is_err());
    proxy.heal();
    assert_eq!(held(&store).await, None);
    assert!(proxy.counts().connections >= 2);
}

#[arbour::test(start_paused = false)]
async fn a_line_that_is_silent_is_given_up_although_nobody_waits_for_long() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let store = through(&proxy);
    assert_eq!(held(&store).await, None);
    proxy.set(To::Server, Flow::Drop);
    // Each waits for less than the silence after which a line is given up.
    for _ in 0..4 {
        assert!(timeout(TTL / 20, store.look(&oak())).await.is_err());
    }
    proxy.heal();
    assert_eq!(held(&store).await, None);
    assert!(proxy.counts().connections >= 2);
}

#[arbour::test(start_paused = false)]
async fn times_that_are_shorter_than_those_of_the_connection_are_refused() {
    let server = Server::start();
    let error = Leases::new(server.store(LONG), LeaseTimes::new(TTL)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a lease of 1.2s is shorter than its store was made for: that counts on 300s, and would find a lost \
         connection too late",
    );
}

#[arbour::test(start_paused = false)]
async fn who_gives_up_soon_does_not_cost_the_others_their_line() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let store = RedisStore::new(&proxy.url(), LONG).unwrap();
    assert_eq!(held(&store).await, None);
    proxy.set(To::Client, Flow::Delay(Duration::from_millis(20)));
    for _ in 0..20 {
        let _ = timeout(Duration::from_millis(1), store.look(&oak())).await;
    }
    assert_eq!(held(&store).await, None);
    assert_eq!(proxy.counts().connections, 1);
}

#[arbour::test(start_paused = false)]
async fn a_reply_that_is_held_back_beyond_the_lease_changes_nothing_any_more() {
    let server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let (store, direct, late) = (through(&proxy), server.store(TTL), Token::new());
    assert_eq!(held(&store).await, None);
    proxy.set(To::Client, Flow::Hold);
    let error = store.acquire(&oak(), late, "late", TTL / 4).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unknown, "{error}");
    let older =
        insist(&mut Vec::new(), async || direct.look(&oak()).await).await.map(|holding| holding.fence);
    sleep(TTL / 2).await;
    let newer = granted(&direct, Token::new(), LONG).await;
    assert!(older.is_none_or(|older| older < newer), "{older:?} and {newer}");
    proxy.heal();
    let gone = insist(&mut Vec::new(), async || store.extend(&oak(), late, LONG).await).await;
    assert!(matches!(gone, Extended::Gone(Some(holding)) if holding.fence == newer));
    if let Some(older) = older {
        let written =
            insist(&mut Vec::new(), async || store.write(&oak(), older, &[("cursor", b"7")]).await).await;
        assert_eq!(written, Written::Refused { newest: Some(newer) });
    }
}

#[arbour::test(start_paused = false)]
async fn a_server_that_stands_still_is_told_of_in_time_and_goes_on() {
    let server = Server::start();
    let (store, token) = (server.store(TTL), Token::new());
    let fence = granted(&store, token, LONG).await;
    server.pause();
    for _ in 0..3 {
        let begin = Instant::now();
        let error = store.extend(&oak(), token, LONG).await.unwrap_err();
        assert_ne!(error.kind(), StoreErrorKind::Refused, "{error}");
        assert!(begin.elapsed() < TTL, "it took {:?}", begin.elapsed());
    }
    server.go_on();
    assert_eq!(
        insist(&mut Vec::new(), async || store.extend(&oak(), token, LONG).await).await,
        Extended::Confirmed(fence)
    );
    assert_eq!(held(&store).await, Some(fence));
}

#[arbour::test(start_paused = false)]
async fn a_server_that_is_started_again_with_its_data_has_every_lease() {
    let mut server = Server::start();
    let (store, token) = (server.store(TTL), Token::new());
    let fence = granted(&store, token, LONG).await;
    server.kill();
    let error = store.extend(&oak(), token, LONG).await.unwrap_err();
    assert_ne!(error.kind(), StoreErrorKind::Refused, "{error}");
    server.start_again();
    assert_eq!(granted(&store, token, LONG).await, fence);
    insist(&mut Vec::new(), async || store.release(&oak(), token).await).await;
    assert!(granted(&store, Token::new(), LONG).await > fence);
}

#[arbour::test(start_paused = false)]
async fn a_server_that_has_lost_its_data_grants_greater_fences_all_the_same() {
    let mut server = Server::start();
    let (store, token) = (server.store(TTL), Token::new());
    let fence = granted(&store, token, LONG).await;
    server.kill();
    server.start_empty();
    let extended = insist(&mut Vec::new(), async || store.extend(&oak(), token, LONG).await).await;
    assert_eq!(extended, Extended::Gone(None));
    let refused =
        insist(&mut Vec::new(), async || store.write(&oak(), fence, &[("cursor", b"7")]).await).await;
    assert_eq!(refused, Written::Refused { newest: None });
    let newer = granted(&store, Token::new(), LONG).await;
    assert!(newer > fence, "{newer} after {fence}");
    let refused =
        insist(&mut Vec::new(), async || store.write(&oak(), fence, &[("cursor", b"7")]).await).await;
    assert_eq!(refused, Written::Refused { newest: Some(newer) });
}

#[arbour::test(start_paused = false)]
async fn who_waits_looks_again_when_the_connection_is_lost() {
    let mut server = Server::start();
    let (store, token) = (server.store(TTL), Token::new());
    granted(&store, token, LONG).await;
    let begin = Instant::now();
    join!(async { insist(&mut Vec::new(), async || store.until_free(&oak(), LONG).await).await }, async {
        sleep(TTL / 10).await;
        server.kill();
    });
    assert!(begin.elapsed() < LONG / 2, "the wait took {:?}", begin.elapsed());
}

#[arbour::test(start_paused = false)]
async fn a_server_that_is_away_is_not_knocked_at_without_end() {
    let mut server = Server::start();
    let proxy = Proxy::to(server.port()).await;
    let store = through(&proxy);
    let leases = Leases::new(store.clone(), LeaseTimes::new(TTL)).unwrap();
    assert_eq!(held(&store).await, None);
    server.kill();
    let before = proxy.counts().connections;
    let holds = join_all((0..10).map(async |n| leases.hold(&format!("n/{n}"), async |_| ()).await));
    let insists = async {
        loop {
            store.look(&oak()).await.unwrap_err();
        }
    };
    assert!(move_on_after(TTL, async { join!(holds, insists) }).await.is_err());
    // At least a sixtieth of the time to live is between two attempts, and there is always one to come.
    let knocks = proxy.counts().connections - before;
    assert!((2..=61).contains(&knocks), "{knocks} connections in {TTL:?}");
    server.start_again();
    let begin = Instant::now();
    assert_eq!(held(&store).await, None);
    assert!(begin.elapsed() < TTL, "it took {:?} to find the server again", begin.elapsed());
}

#[arbour::test(start_paused = false)]
async fn who_waits_asks_once() {
    let server = Server::start();
    // Its connection is not given up because this machine is slow.
    let (store, token) = (server.store(LONG), Token::new());
    granted(&store, token, LONG).await;
    let waits = join_all((0..20).map(async |_| store.until_free(&oak(), LONG).await));
    let watch = async {
        server.until_it_ran(21).await;
        let before = server.scripts();
        sleep(Duration::from_secs(1)).await;
        assert_eq!(server.scripts(), before, "requests in a second of 20 who wait");
        store.release(&oak(), token).await.unwrap();
    };
    let (waits, ()) = join!(waits, watch);
    assert!(waits.iter().all(Result::is_ok));
}

#[arbour::test(start_paused = false)]
async fn a_thousand_cancelled_holds_leave_nothing_behind() {
    let server = Server::start();
    let leases = Leases::new(server.store(LONG), LeaseTimes::new(LONG)).unwrap();
    for batch in 0..20_u64 {
        let holds = (0..50).map(async |n| {
            let (name, after) = (format!("n/{n}"), Duration::from_micros((batch * 50 + n) * 7919 % 20_000));
            move_on_after(after, leases.hold(&name, async |_| pending::<()>().await)).await
        });
        assert!(join_all(holds).await.iter().all(Result::is_err));
    }
    assert_eq!(server.store(LONG).list("").await.unwrap(), []);
}

#[arbour::test(start_paused = false)]
async fn a_server_that_says_no_is_believed_and_asked_again_when_the_cause_is_gone() {
    let server = Server::start();
    let store = server.store(TTL);
    for (cause, remedy, says) in [
        (&["CONFIG", "SET", "maxmemory", "1"][..], &["CONFIG", "SET", "maxmemory", "0"][..], "OOM"),
        (&["SET", "{arbour}:lease:oak", "mine"], &["DEL", "{arbour}:lease:oak"], "WRONGTYPE"),
        (
            &["ACL", "SETUSER", "default", "-hset"],
            &["ACL", "SETUSER", "default", "+hset"],
            "can't run this command",
        ),
    ] {
        server.cli(cause);
        let error = store.acquire(&oak(), Token::new(), "a", LONG).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
        assert!(error.to_string().contains(says), "{says}: {error}");
        server.cli(remedy);
        assert_eq!(held(&store).await, None);
    }
    let token = Token::new();
    let fence = granted(&store, token, LONG).await;
    server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(store.extend(&oak(), token, LONG).await.unwrap(), Extended::Confirmed(fence));
}

#[arbour::test(start_paused = false)]
async fn a_server_that_is_a_replica_for_a_while_is_waited_for() {
    let server = Server::start();
    let store = server.store(TTL);
    let leases = Leases::new(store.clone(), LeaseTimes::new(TTL)).unwrap();
    server.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = store.acquire(&oak(), Token::new(), "a", LONG).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotSent, "{error}");
    assert!(error.to_string().contains("read only replica"), "{error}");
    let fails_over = async {
        sleep(TTL).await;
        server.cli(&["REPLICAOF", "NO", "ONE"]);
    };
    let (held, ()) = join!(leases.hold("oak", async |_| "held"), fails_over);
    assert_eq!(held.unwrap(), "held");
}

#[arbour::test(start_paused = false)]
async fn a_password_that_is_wrong_is_refused_and_shown_nowhere() {
    let server = Server::start();
    server.cli(&["CONFIG", "SET", "requirepass", "right"]);
    let url = server.url().replace("redis://", "redis://:a-secret@");
    let store = RedisStore::new(&url, TTL).unwrap();
    let error = store.look(&oak()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
    assert!(!format!("{error:?} {error} {store:?}").contains("a-secret"), "{error:?}");
}

#[test]
fn an_address_that_leads_to_no_redis_is_refused_and_not_shown() {
    for url in ["", "not an address", "http://a-secret@localhost", "rediss://a-secret@localhost/"] {
        let error = RedisStore::new(url, TTL).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("a-secret"), "{error:?}");
    }
}

#[test]
fn a_time_to_live_in_which_nothing_can_be_answered_is_refused() {
    let ttl = Duration::from_millis(29);
    let error = RedisStore::new("redis://localhost/", ttl).unwrap_err();
    assert!(matches!(error, BadRedis::TtlTooShort { ttl: bad, .. } if bad == ttl), "{error}");
}
