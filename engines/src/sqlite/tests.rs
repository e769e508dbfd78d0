//! The store of one machine: what only it promises beyond the clauses of all stores.

use super::open::{Fault, prepare};
use super::*;
use crate::StoreErrorKind;
use arbour::join;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Instant;

const TTL: Duration = Duration::from_secs(15);

/// A folder for one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("arbour-sqlite-{}", Token::new()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("leases.db")
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.file()).await.unwrap()
    }

    /// The file as any other program sees it.
    fn raw(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn oak() -> LeaseName {
    LeaseName::new("oak").unwrap()
}

async fn grant(store: &SqliteStore, token: Token) -> Fence {
    match store.acquire(&oak(), token, "a", TTL).await.unwrap() {
        Acquired::Granted(fence) => fence,
        Acquired::Held(holding) => panic!("held: {holding:?}"),
    }
}

/// Returns when the thread has looked for all who had begun to wait, which it does between these two requests.
async fn has_looked_for_all(store: &SqliteStore) {
    for _ in 0..2 {
        store.look(&oak()).await.unwrap();
    }
}

/// Polls it once.
async fn begin_and_drop(request: impl Future) {
    let mut request = pin!(request);
    let pending = poll_fn(|cx| Poll::Ready(request.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
}

#[arbour::test(start_paused = false)]
async fn it_keeps_every_clause() {
    let folder = Folder::new();
    crate::check_lease_store(&folder.store().await, Duration::from_millis(200)).await.unwrap();
}

#[arbour::test(start_paused = false)]
async fn what_was_granted_is_there_when_the_file_is_opened_again() {
    let folder = Folder::new();
    let fence = grant(&folder.store().await, Token::new()).await;
    let holding = folder.store().await.look(&oak()).await.unwrap().unwrap();
    assert_eq!((holding.owner.as_str(), holding.fence), ("a", fence));
}

#[arbour::test(start_paused = false)]
async fn a_lease_of_an_earlier_boot_has_ended_and_its_token_extends_nothing() {
    let (folder, token) = (Folder::new(), Token::new());
    let store = folder.store().await;
    let fence = grant(&store, token).await;
    folder.raw().execute("UPDATE arbour_lease SET boot = 'an earlier one'", []).unwrap();
    assert_eq!(store.look(&oak()).await.unwrap(), None);
    assert_eq!(store.extend(&oak(), token, TTL).await.unwrap(), Extended::Gone(None));
    assert_eq!(store.release(&oak(), token).await.unwrap(), Released::NotHeld);
    assert!(grant(&store, Token::new()).await > fence);
}

#[arbour::test(start_paused = false)]
async fn fences_rise_although_the_rows_are_deleted_and_the_wall_clock_was_ahead() {
    let folder = Folder::new();
    let store = folder.store().await;
    let ahead = 1_i64 << 51;
    folder.raw().execute("UPDATE arbour_store SET fence = ?1", [ahead]).unwrap();
    let first = grant(&store, Token::new()).await;
    assert_eq!(first, Fence::new((1 << 51) + 1));
    folder.raw().execute("DELETE FROM arbour_lease", []).unwrap();
    let refused = store.write(&oak(), first, &[("cursor", b"7")]).await.unwrap();
    assert_eq!(refused, Written::Refused { newest: None });
    assert!(grant(&store, Token::new()).await > first);
}

#[arbour::test(start_paused = false)]
async fn fences_rise_although_the_file_is_deleted() {
    let folder = Folder::new();
    let first = grant(&folder.store().await, Token::new()).await;
    fs::remove_file(folder.file()).unwrap();
    assert!(grant(&folder.store().await, Token::new()).await > first);
}

#[arbour::test(start_paused = false)]
async fn a_file_that_is_removed_while_it_is_in_use_is_refused() {
    let (folder, token) = (Folder::new(), Token::new());
    let store = folder.store().await;
    grant(&store, token).await;
    fs::rename(folder.file(), folder.0.join("elsewhere.db")).unwrap();
    let error = store.extend(&oak(), token, TTL).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
    assert!(error.to_string().contains("leases.db: the file was removed or replaced"), "{error}");
}

#[arbour::test(start_paused = false)]
async fn a_request_that_finds_others_writing_for_too_long_was_not_sent() {
    let folder = Folder::new();
    let store = folder.store().await;
    let mut other = folder.raw();
    let transaction = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let error = store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotSent, "{error}");
    assert_eq!(store.look(&oak()).await.unwrap(), None, "who only looks does not wait");
    transaction.rollback().unwrap();
    grant(&store, Token::new()).await;
}

#[arbour::test(start_paused = false)]
async fn a_broken_table_is_refused_and_nothing_is_granted() {
    let folder = Folder::new();
    let store = folder.store().await;
    folder.raw().execute("DROP TABLE arbour_lease", []).unwrap();
    let error = store.acquire(&oak(), Token::new(), "a", TTL).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused, "{error}");
    let newest: i64 = folder.raw().query_row("SELECT fence FROM arbour_store", [], |row| row.get(0)).unwrap();
    assert_eq!(newest, 0, "the transaction was undone as a whole");
}

#[arbour::test(start_paused = false)]
async fn a_release_in_another_process_is_heard_of_and_one_of_another_lease_wakes_nobody() {
    let (folder, token, ash) = (Folder::new(), Token::new(), LeaseName::new("ash").unwrap());
    let (here, there) = (folder.store().await, folder.store().await);
    grant(&here, token).await;
    here.acquire(&ash, token, "a", TTL).await.unwrap();
    let begin = Instant::now();
    let waited = async {
        there.until_free(&oak(), TTL).await.unwrap();
        begin.elapsed()
    };
    let released = async {
        here.release(&ash, token).await.unwrap();
        has_looked_for_all(&there).await;
        let before = begin.elapsed();
        here.release(&oak(), token).await.unwrap();
        before
    };
    let (waited, before) = join!(waited, released);
    assert!(before <= waited && waited < TTL / 2, "released after {before:?}, heard after {waited:?}");
}

/// How many statements were begun by the one connection that is traced.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

fn count(_: TraceEvent<'_>) {
    STATEMENTS.fetch_add(1, Ordering::Relaxed);
}

#[arbour::test(start_paused = false)]
async fn however_many_wait_the_file_is_asked_fifty_times_a_second_and_never_where_nobody_waits() {
    let (folder, token) = (Folder::new(), Token::new());
    let (here, there) = (folder.store().await, folder.store().await);
    grant(&here, token).await;
    let trace = |database: &mut Database| {
        database.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(count))?;
        Ok(())
    };
    there.ask(Operation::Look, "", trace).await.unwrap();
    let asked_in = async |time| {
        let before = STATEMENTS.load(Ordering::Relaxed);
        tokio::time::sleep(time).await;
        STATEMENTS.load(Ordering::Relaxed) - before
    };
    let waits = arbour::join_all((0..20).map(async |_| there.until_free(&oak(), TTL).await.unwrap()));
    let watch = async {
        has_looked_for_all(&there).await;
        let begin = Instant::now();
        let asked = asked_in(Duration::from_secs(1)).await;
        let looks = begin.elapsed().as_millis() as usize / 20;
        assert!(
            (1..=looks + 1).contains(&asked),
            "{asked} statements, where there is time for {looks} looks"
        );
        here.release(&oak(), token).await.unwrap();
    };
    join!(waits, watch);
    assert_eq!(asked_in(Duration::from_millis(200)).await, 0, "nobody waits any more");
}

#[arbour::test(start_paused = false)]
async fn a_lease_that_is_extended_is_waited_for_longer() {
    let (folder, token, short) = (Folder::new(), Token::new(), Duration::from_millis(100));
    let (here, there) = (folder.store().await, folder.store().await);
    here.acquire(&oak(), token, "a", short).await.unwrap();
    let begin = Instant::now();
    let waited = async {
        there.until_free(&oak(), TTL).await.unwrap();
        begin.elapsed()
    };
    let extended = async {
        here.extend(&oak(), token, short * 5).await.unwrap();
        begin.elapsed()
    };
    let (waited, extended) = join!(waited, extended);
    assert!(extended > short || waited >= short * 5, "extended after {extended:?}, waited {waited:?}");
}

#[arbour::test(start_paused = false)]
async fn what_is_asked_after_a_dropped_request_comes_after_it() {
    let (folder, token) = (Folder::new(), Token::new());
    let store = folder.store().await;
    for _ in 0..100 {
        begin_and_drop(store.acquire(&oak(), token, "a", TTL)).await;
        store.release(&oak(), token).await.unwrap();
        assert_eq!(store.look(&oak()).await.unwrap(), None);
    }
}

#[arbour::test(start_paused = false)]
async fn nothing_is_asked_in_a_cancelled_scope() {
    let folder = Folder::new();
    let store = folder.store().await;
    let scope = arbour::CancelScope::new();
    scope.handle().cancel("before it began");
    assert!(scope.run(store.acquire(&oak(), Token::new(), "a", TTL)).await.is_err());
    assert_eq!(store.look(&oak()).await.unwrap(), None);
}

#[arbour::test(start_paused = false)]
async fn a_file_of_another_kind_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let text = "no database at all\n".repeat(100);
    fs::write(folder.file(), &text).unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(&error, SqliteOpenError::NotADatabase { path } if *path == folder.file()), "{error}");
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
}

#[arbour::test(start_paused = false)]
async fn tables_of_another_version_are_refused() {
    let folder = Folder::new();
    drop(folder.store().await);
    folder.raw().execute("UPDATE arbour_store SET version = 7", []).unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::Version { found: 7, .. }), "{error}");
    folder.raw().execute("DELETE FROM arbour_store", []).unwrap();
    let error = SqliteStore::open(folder.file()).await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::Version { found: 0, .. }), "{error}");
}

#[arbour::test(start_paused = false)]
async fn a_database_in_memory_is_refused_as_nobody_else_can_see_it() {
    let error = SqliteStore::open(":memory:").await.unwrap_err();
    assert!(matches!(&error, SqliteOpenError::NotShared { mode, .. } if mode == "memory"), "{error}");
}

#[arbour::test(start_paused = false)]
async fn a_folder_that_is_not_there_is_named() {
    let error = SqliteStore::open("/no/such/folder/leases.db").await.unwrap_err();
    assert!(matches!(error, SqliteOpenError::Sqlite { .. }), "{error}");
    assert!(error.to_string().starts_with("/no/such/folder/leases.db cannot be opened"), "{error}");
}

#[arbour::test(start_paused = false)]
async fn a_file_that_may_only_be_read_is_refused() {
    let folder = Folder::new();
    drop(folder.store().await);
    let reader = Connection::open_with_flags(folder.file(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert!(matches!(prepare(reader), Err(Fault::ReadOnly)));
}

#[arbour::test(start_paused = false)]
async fn a_database_of_ones_own_keeps_its_tables() {
    let folder = Folder::new();
    folder.raw().execute_batch("CREATE TABLE mine (n INTEGER); INSERT INTO mine VALUES (7)").unwrap();
    grant(&folder.store().await, Token::new()).await;
    let mine: i64 = folder.raw().query_row("SELECT n FROM mine", [], |row| row.get(0)).unwrap();
    assert_eq!(mine, 7);
}

#[arbour::test(start_paused = false)]
async fn of_many_who_make_the_file_at_once_all_have_it() {
    let folder = Folder::new();
    let stores = arbour::join_all((0..8).map(|_| SqliteStore::open(folder.file()))).await;
    for store in stores {
        assert_eq!(store.unwrap().list("").await.unwrap(), []);
    }
}

#[test]
fn the_documentation_has_the_tables_that_are_made() {
    let documented = include_str!("../sqlite.rs").lines().filter_map(|line| line.strip_prefix("/// "));
    let documented = documented.map(|line| line.split("--").next().unwrap_or_default());
    let (mut documented, mut made) = (documented.collect::<String>(), schema::TABLES.to_owned());
    documented.retain(|char| !char.is_whitespace());
    made.retain(|char| !char.is_whitespace());
    assert!(documented.contains(&made), "{made}");
}

#[test]
fn a_lease_that_is_extended_while_somebody_looks_is_seen() {
    let folder = Folder::new();
    arbour::testing::block_on(async {
        grant(&folder.store().await, Token::new()).await;
    });
    let (clock, other) = (Clock::boot_time(), std::sync::Mutex::new(folder.raw()));
    // Between the look at the clock and the read, its holder extends it.
    let meddling = Clock::from_fn(move || {
        let now = clock.now().since(crate::Moment::after_begin(Duration::ZERO));
        let later = i64::try_from((now + Duration::from_millis(1)).as_nanos()).unwrap();
        other.lock().unwrap().execute("UPDATE arbour_lease SET until = ?1 + ttl", [later]).unwrap();
        now
    });
    let mut database = Database::new(prepare(folder.raw()).unwrap(), meddling, super::system::boot_id());
    assert!(database.look(&oak()).unwrap().is_some());
    assert_eq!(database.list("").unwrap().len(), 1);
}
