//! Limits and the time in which nobody waits.

use super::*;
use crate::{BytePipe, ByteReceiveExt, ByteSendExt, byte_pipe};
use arbour::testing::block_on;
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn assert_too_slow<T: fmt::Debug>(refused: &Result<T, StreamError>, wanted: TooSlow) {
    assert!(matches!(refused, Err(StreamError::TooSlow(found)) if *found == wanted), "{refused:?}");
}

/// What a handler does between its receives.
async fn works_for(time: Duration) {
    sleep(time).await;
}

#[test]
fn a_peer_has_its_whole_idle_time_after_work_in_which_nobody_waited() {
    block_on(async {
        let (mut client, server): (BytePipe, BytePipe) = byte_pipe(1);
        let mut server = Timeouts::new(server).idle_within(SECOND * 60);
        client.send(b"?").await.unwrap();
        server.receive(1).await.unwrap();
        works_for(SECOND * 90).await;

        let begin = Instant::now();
        assert_too_slow(&server.receive(1).await, TooSlow::Idle(SECOND * 60));
        assert_eq!(begin.elapsed(), SECOND * 60);

        server.send(b"!").await.unwrap();
        works_for(SECOND * 90).await;
        let begin = Instant::now();
        assert_too_slow(&server.send(b"!").await, TooSlow::Idle(SECOND * 60));
        assert_eq!(begin.elapsed(), SECOND * 60);
    });
}

#[test]
fn what_goes_in_one_direction_gives_the_other_its_time_again() {
    block_on(async {
        let (_client, server) = byte_pipe(1);
        let (reader, mut writer) = tokio::io::split(Timeouts::new(server).idle_within(SECOND * 60));
        let begin = Instant::now();
        let send = async {
            works_for(SECOND * 40).await;
            tokio::io::AsyncWriteExt::write_all(&mut writer, b"!").await.unwrap();
        };
        let mut reader = reader;
        let mut byte = [0];
        let receive = tokio::io::AsyncReadExt::read(&mut reader, &mut byte);
        let (refused, ()) = futures::future::join(receive, send).await;
        assert_too_slow(&refused.map_err(StreamError::from), TooSlow::Idle(SECOND * 60));
        assert_eq!(begin.elapsed(), SECOND * 100);
    });
}

#[test]
fn a_rate_counts_no_time_in_which_nobody_waited() {
    block_on(async {
        let (mut client, server) = byte_pipe(100);
        let mut server = Timeouts::new(server).at_least(100, SECOND * 10);
        let request = async {
            sleep(SECOND * 4).await;
            client.send(&[0; 20]).await.unwrap();
        };
        let (received, ()) = futures::future::join(server.receive(100), request).await;
        assert_eq!(received.unwrap().unwrap().len(), 20);
        works_for(SECOND * 15).await;

        let begin = Instant::now();
        let rate = TooSlow::Rate { received: 20, least: 100, within: SECOND * 10 };
        assert_too_slow(&server.receive(100).await, rate);
        assert_eq!(begin.elapsed(), SECOND * 6, "it has been waited for 4 s before");
    });
}

#[test]
fn limits_can_be_changed_and_lifted() {
    block_on(async {
        let (_client, server) = byte_pipe(1);
        let mut server = Timeouts::new(server).idle_within(SECOND * 5).at_least(1, SECOND);
        server.set_at_least(None);
        assert_too_slow(&server.receive(1).await, TooSlow::Idle(SECOND * 5));
        server.set_idle_within(Some(SECOND * 300));
        assert_too_slow(&server.receive(1).await, TooSlow::Idle(SECOND * 300));
        server.set_idle_within(None);
        server.set_at_least(Some((1, SECOND * 7)));
        let rate = TooSlow::Rate { received: 0, least: 1, within: SECOND * 7 };
        assert_too_slow(&server.receive(1).await, rate);
        server.set_send_within(Some(SECOND));
        assert_too_slow(&server.send(b"??").await, TooSlow::Send(SECOND));
        server.stream().reset();
        assert!(matches!(server.receive(1).await, Err(StreamError::Broken(_))));
    });
}

#[test]
fn a_peer_has_its_whole_time_for_whatever_is_received_next() {
    block_on(async {
        let (mut client, server) = byte_pipe(1);
        let mut server = Timeouts::new(server).receive_within(SECOND * 10);
        let request = async {
            for _ in 0..3 {
                sleep(SECOND * 6).await;
                client.send(b"?").await.unwrap();
            }
        };
        let receive = async {
            for _ in 0..3 {
                assert_eq!(server.receive(1).await.unwrap().unwrap(), "?");
            }
        };
        futures::future::join(request, receive).await;
        for _ in 0..2 {
            let begin = Instant::now();
            works_for(SECOND).await;
            assert_too_slow(&server.receive(1).await, TooSlow::Receive(SECOND * 10));
            assert_eq!(begin.elapsed(), SECOND * 11, "also after it was too slow once");
        }
    });
}

#[test]
fn of_two_limits_the_shorter_is_told_when_it_is_over() {
    block_on(async {
        let (_client, server) = byte_pipe(1);
        let mut server = Timeouts::new(server).receive_within(SECOND * 10).idle_within(SECOND * 60);
        let begin = Instant::now();
        assert_too_slow(&server.receive(1).await, TooSlow::Receive(SECOND * 10));
        assert_eq!(begin.elapsed(), SECOND * 10);
    });
}

#[test]
fn a_flush_that_moves_nothing_is_no_reason_to_wait_longer() {
    block_on(async {
        let (_client, server) = byte_pipe(1);
        let (mut reader, mut writer) = tokio::io::split(Timeouts::new(server).idle_within(SECOND * 60));
        let begin = Instant::now();
        let flush = async {
            works_for(SECOND * 40).await;
            tokio::io::AsyncWriteExt::flush(&mut writer).await.unwrap();
        };
        let mut byte = [0];
        let receive = tokio::io::AsyncReadExt::read(&mut reader, &mut byte);
        let (refused, ()) = futures::future::join(receive, flush).await;
        assert_too_slow(&refused.map_err(StreamError::from), TooSlow::Idle(SECOND * 60));
        assert_eq!(begin.elapsed(), SECOND * 60);
    });
}

#[test]
fn a_peer_that_takes_nothing_holds_up_neither_a_flush_nor_the_end() {
    block_on(async {
        let (stuck, _client): (BytePipe, BytePipe) = byte_pipe(1);
        let mut server = Timeouts::new(tokio::io::BufWriter::new(stuck)).send_within(SECOND);
        tokio::io::AsyncWriteExt::write_all(&mut server, b"bye").await.unwrap();
        let flushed = timeout(SECOND * 2, tokio::io::AsyncWriteExt::flush(&mut server)).await.unwrap();
        assert_too_slow(&flushed.map_err(StreamError::from), TooSlow::Send(SECOND));
        let ended = timeout(SECOND * 2, tokio::io::AsyncWriteExt::shutdown(&mut server)).await.unwrap();
        assert_too_slow(&ended.map_err(StreamError::from), TooSlow::Send(SECOND));
    });
}

#[test]
fn of_two_who_wait_in_both_directions_only_one_is_told_that_nothing_moved() {
    block_on(async {
        let (_client, server) = byte_pipe(1);
        let (mut reader, mut writer) = tokio::io::split(Timeouts::new(server).idle_within(SECOND * 60));
        let begin = Instant::now();
        let mut byte = [0];
        let receive = async {
            tokio::io::AsyncReadExt::read(&mut reader, &mut byte).await.unwrap_err();
            begin.elapsed()
        };
        let send = async {
            tokio::io::AsyncWriteExt::write_all(&mut writer, b"??").await.unwrap_err();
            begin.elapsed()
        };
        let mut told = <[Duration; 2]>::from(futures::future::join(receive, send).await);
        told.sort();
        assert_eq!(told, [SECOND * 60, SECOND * 120], "the other has its whole time from then on");
    });
}
