//! The scripts: a shell takes part with them, and what is wrong in one of them is found.

use crate::proxy::Proxy;
use crate::server::Server;
use arbour::leases::{
    Acquired, Extended, Fence, LeaseName, LeaseStore, RedisStore, Released, Token, Written,
};
use arbour::testing::check_lease_store;
use arbour::{join, join_all};
use std::process::Command;
use std::time::{Duration, Instant};

const TTL: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(300);

const LEASE: &str = "{arbour}:lease:oak";
const FENCE: &str = "{arbour}:fence:oak";
const ENTRIES: &str = "{arbour}:entries:oak";
const LEASES: &str = "{arbour}:leases";
const FREED: &str = "{arbour}:freed";

fn script(name: &str) -> String {
    format!("{}/engines/src/redis/{name}.lua", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script as a shell does: keys and arguments with a comma in between.
fn run(server: &Server, name: &str, words: &[&str]) -> Vec<String> {
    let script = script(name);
    let reply = server.cli(&[&["--eval", &script], words].concat());
    reply.lines().map(str::to_owned).collect()
}

#[arbour::test(start_paused = false)]
async fn a_shell_takes_a_lease_writes_under_it_and_hands_it_over() {
    let server = Server::start();
    let (store, oak) = (server.store(TTL), LeaseName::new("oak").unwrap());

    let acquire = [LEASE, FENCE, LEASES, ",", "shell-1", "a shell script", "300000", "oak"];
    let [granted, fence] = &run(&server, "acquire", &acquire)[..] else { panic!("not granted") };
    assert_eq!(granted, "granted");
    let Acquired::Held(holding) = store.acquire(&oak, Token::new(), "a worker", LONG).await.unwrap() else {
        panic!("granted twice")
    };
    assert_eq!(
        (holding.owner.as_str(), holding.fence),
        ("a shell script", Fence::new(fence.parse().unwrap()))
    );
    assert_eq!(store.list("o").await.unwrap().len(), 1);
    assert_eq!(
        run(&server, "extend", &[LEASE, LEASES, ",", "shell-1", "300000", "oak"]),
        ["confirmed", fence]
    );

    let written = run(&server, "write", &[FENCE, ENTRIES, ",", fence, "cursor", "41"]);
    assert_eq!(written, ["accepted"]);
    let read = store.read(&oak, "cursor").await.unwrap().unwrap();
    assert_eq!((read.value.as_slice(), read.fence), (&b"41"[..], holding.fence));

    let (begin, before) = (Instant::now(), server.scripts());
    let waits = async { store.until_free(&oak, LONG).await.unwrap() };
    let releases = async {
        server.until_it_ran(before + 1).await;
        assert_eq!(run(&server, "release", &[LEASE, LEASES, ",", "shell-1", "oak", FREED]), ["released"]);
    };
    join!(waits, releases);
    assert!(begin.elapsed() < LONG / 2, "the release was not heard of");

    let token = Token::new();
    let Acquired::Granted(newer) = store.acquire(&oak, token, "a worker", LONG).await.unwrap() else {
        panic!("not free")
    };
    let refused = run(&server, "write", &[FENCE, ENTRIES, ",", fence, "cursor", "7"]);
    assert_eq!(refused, ["refused".to_owned(), newer.to_string()]);
    let [held, owner, by, _age, _left] = &run(&server, "look", &[LEASE])[..] else { panic!("not held") };
    assert_eq!([held, owner, by], ["held", "a worker", &newer.to_string()]);
    assert_eq!(server.cli(&["HGET", LEASE, "token"]), token.to_string());
}

const BOOK: &str = include_str!("../../book/src/redis.md");

/// What stands in the book between a fence of this kind and the next.
fn in_book(fence: &str) -> &'static str {
    let (_, begun) = BOOK.split_once(&format!("```{fence}\n")).unwrap();
    begun.split("```").next().unwrap()
}

/// Runs the script of the book where the scripts are.
fn run_script_of_the_book(server: &Server, name: &str) -> std::process::Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", in_book("sh"), "sh", name]).env("REDIS_URL", server.url());
    shell.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/engines/src/redis")).output().unwrap()
}

#[arbour::test(start_paused = false)]
async fn the_shell_script_of_the_book_takes_part() {
    let server = Server::start();
    let (store, oak, token) = (server.store(TTL), LeaseName::new("oak").unwrap(), Token::new());
    let output = run_script_of_the_book(&server, "oak");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "accepted\nreleased\n");
    let read = store.read(&oak, "cursor").await.unwrap().unwrap();
    assert_eq!(read.value, b"41");
    let Acquired::Granted(fence) = store.acquire(&oak, token, "worker", LONG).await.unwrap() else {
        panic!("it was not released")
    };
    assert!(fence > read.fence);
    let output = run_script_of_the_book(&server, "oak");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "oak is held by worker\n");
}

#[arbour::test(start_paused = false)]
async fn the_permissions_of_the_book_are_all_that_a_store_needs() {
    let server = Server::start();
    let user = in_book("text");
    assert_eq!(server.cli(&user.split_whitespace().collect::<Vec<_>>()), "OK");
    let url = server.url().replace("redis://", "redis://worker:password@");
    check_lease_store(&RedisStore::new(&url, TTL).unwrap(), Duration::from_millis(100)).await.unwrap();
    let outside = Command::new("redis-cli").args(["-u", &url, "SET", "mine", "1"]).output().unwrap();
    assert!(String::from_utf8_lossy(&outside.stdout).starts_with("NOPERM"), "{outside:?}");
}

#[arbour::test(start_paused = false)]
async fn a_lease_is_listed_again_when_it_is_extended_after_the_list_was_lost() {
    let server = Server::start();
    let (store, oak, token) = (server.store(TTL), LeaseName::new("oak").unwrap(), Token::new());
    for again in [true, false] {
        store.acquire(&oak, token, "a", LONG).await.unwrap();
        server.cli(&["DEL", LEASES]);
        assert_eq!(store.list("").await.unwrap(), []);
        match again {
            true => drop(store.acquire(&oak, token, "a", LONG).await.unwrap()),
            false => drop(store.extend(&oak, token, LONG).await.unwrap()),
        }
        assert_eq!(store.list("").await.unwrap().len(), 1);
    }
}

#[arbour::test(start_paused = false)]
async fn leases_that_have_ended_are_struck_from_the_list_of_names() {
    let server = Server::start();
    let store = server.store(TTL);
    for name in ["a/1", "a/2", "b"] {
        let name = LeaseName::new(name).unwrap();
        store.acquire(&name, Token::new(), "a", Duration::from_millis(1)).await.unwrap();
        store.until_free(&name, LONG).await.unwrap();
    }
    assert_eq!(store.list("a/").await.unwrap(), []);
    assert_eq!(server.cli(&["ZRANGE", LEASES, "0", "-1"]), "b");
}

/// The clauses that break with a store whose server runs another script instead of this one.
async fn broken_by(server: &Server, name: &str, right: &str, wrong: &str) -> Vec<&'static str> {
    let text = std::fs::read_to_string(script(name)).unwrap();
    assert_eq!(text.matches(right).count(), 1, "`{right}` in {name}");
    let [right, wrong] =
        [text.clone(), text.replace(right, wrong)].map(|text| server.cli(&["SCRIPT", "LOAD", &text]));
    let proxy = Proxy::to(server.port()).await;
    proxy.write_instead(&right, &wrong);
    let store = RedisStore::new(&proxy.url(), TTL).unwrap();
    let broken = check_lease_store(&store, Duration::from_millis(100)).await.unwrap_err();
    broken.clauses().iter().map(|broken| broken.clause).collect()
}

const TAKEN: &str = "if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then";

#[arbour::test(start_paused = false)]
async fn what_is_wrong_in_a_script_is_found_by_the_clauses() {
    let server = Server::start();
    let makes_anew = "redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', '', 'fence', 1, 'since', 0)
        return {'confirmed', '1'}";
    let faults = [
        ("extend", "return {'free'}", makes_anew, "extending_a_lease_that_has_ended_makes_none"),
        ("extend", "holder[1] == ARGV[1]", "true", "extending_what_another_holds_changes_nothing"),
        (
            "extend",
            "'confirmed', holder[3]",
            "'confirmed', '1'",
            "an_extended_lease_lasts_from_its_extension",
        ),
        ("write", "newest ~= ARGV[1]", "false", "an_older_fence_writes_nothing"),
        ("release", TAKEN, "if false then", "a_stranger_releases_nothing"),
        ("release", "redis.call('PUBLISH', ARGV[3], ARGV[2])", "", "a_release_is_told_to_all_who_wait"),
        ("acquire", "math.max(newest + 1, now)", "1", "fences_rise_after_a_release"),
        ("acquire", "elseif holder[1] then", "elseif false then", "of_many_at_once_one_is_granted"),
    ];
    let checks = faults.map(async |(name, right, wrong, clause)| {
        let broken = broken_by(&server, name, right, wrong).await;
        assert!(broken.contains(&clause), "`{wrong}` in {name} breaks {broken:?}");
    });
    join_all(checks).await;
}

#[arbour::test(start_paused = false)]
async fn a_fence_rises_although_the_clock_of_the_server_stood_ahead() {
    let server = Server::start();
    let (store, oak, ahead) = (server.store(TTL), LeaseName::new("oak").unwrap(), (1_u64 << 53) - 10);
    server.cli(&["SET", FENCE, &ahead.to_string()]);
    for n in 1..5 {
        let token = Token::new();
        let granted = store.acquire(&oak, token, "a", LONG).await.unwrap();
        assert_eq!(granted, Acquired::Granted(Fence::new(ahead + n)));
        assert_eq!(store.write(&oak, Fence::new(ahead + n), &[("n", b"")]).await.unwrap(), Written::Accepted);
        assert_eq!(
            store.extend(&oak, token, LONG).await.unwrap(),
            Extended::Confirmed(Fence::new(ahead + n))
        );
        assert_eq!(store.release(&oak, token).await.unwrap(), Released::Now);
    }
}
