//! A restart limit that is too small: the program gives up with one line, and never hangs.

use super::expected::Object;
use super::program::{Ended, Running, run};
use super::records::{File, Layout, plain};

fn assert_given_up(ended: &Ended) {
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert_eq!(ended.stderr.len(), 1, "{ended:?}");
    for word in ["stream_worker: ", "partition-", "restart"] {
        assert!(ended.stderr[0].contains(word), "{ended:?}");
    }
}

fn records(count: u32) -> File {
    let keys = ["UA", "AA", "B6", "DL"];
    let rows: Vec<_> =
        (0..count).map(|number| plain(keys[number as usize % keys.len()], f64::from(number))).collect();
    File::new(b"", Layout::DEFAULT, &rows)
}

#[tokio::test]
async fn it_gives_up_although_more_input_may_come() {
    for (mailbox, partitions) in [("0", "1"), ("0", "4"), ("1", "2"), ("64", "1"), ("100000", "3")] {
        for limit in ["0", "3"] {
            let knobs = ["--mailbox", mailbox, "--partitions", partitions, "--restart-limit", limit];
            let mut running =
                Running::start(&[&["--input=-", "--format=json", "--crash-every=1"], &knobs[..]].concat());
            running.feed(&records(400).bytes).await;
            assert_given_up(&running.end_with_open_input().await);
        }
    }
}

#[tokio::test]
async fn it_gives_up_while_the_reader_waits_for_the_worker() {
    let file = records(20_000);
    for mailbox in ["0", "1", "64"] {
        let arguments = ["--input=-", "--crash-every=100", "--restart-limit=5", "--mailbox", mailbox];
        assert_given_up(&run(&arguments, &file.bytes).await);
    }
}

#[tokio::test]
async fn the_limit_itself_is_not_one_too_many() {
    let file = records(10);
    let arguments = ["--input=-", "--format=json", "--partitions=1", "--crash-every=2", "--restart-limit"];
    let enough = run(&[&arguments[..], &["5"]].concat(), &file.bytes).await;
    assert_eq!(enough.stdout, Object::of(file.records.iter().map(|record| &record.2), 1, 2).json());
    assert_given_up(&run(&[&arguments[..], &["4"]].concat(), &file.bytes).await);
}
