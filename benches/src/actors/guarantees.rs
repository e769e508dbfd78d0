//! What peers give up, one situation a test: ours keeps it, theirs does not, or does as well.
//!
//! Should a peer begin to keep it, or cease to, its half fails.

mod actix;
mod arbour;
mod journal;
mod kameo;
mod ractor;
mod xtra;

use ::actix::{Actor as _, Supervisor};
use ::arbour::{AskError, TellError};
use ::kameo::actor::Spawn;
use ::kameo::error::SendError;
use ::ractor::MessagingErr;
use ::ractor::rpc::CallResult;
use ::xtra::Error;
use arbour::Order;
use futures::FutureExt;
use journal::{CLEANED_UP, Journal, run, settled};

#[test]
fn a_mailbox_holds_no_more_than_its_bound() {
    run(arbour::supervised(async |clerk, _, _| {
        (0..64).for_each(|number| clerk.try_tell(Order::Note(number)).unwrap());
        let refused = clerk.try_tell(Order::Note(64));
        assert!(matches!(refused, Err(TellError::Full(Order::Note(64)))));
    }));
}

#[test]
fn at_kameo_and_xtra_too() {
    run(async {
        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&Journal::default()));
        (0..64).for_each(|number| clerk.tell(kameo::Note(number)).try_send().unwrap());
        let refused = clerk.tell(kameo::Note(64)).try_send();
        assert!(matches!(refused, Err(SendError::MailboxFull(kameo::Note(64)))));

        let clerk = xtra::clerk(&Journal::default());
        xtra::tell_all(&clerk, 0..64);
        assert!(clerk.send(xtra::Note(64)).detach().now_or_never().is_none());
    });
}

#[test]
fn actix_overlooks_it_and_ractor_has_none() {
    run(async {
        let clerk = actix::Clerk::new(&Journal::default()).start();
        (0..10_000).for_each(|number| clerk.do_send(actix::Note(number)));
        assert_eq!(clerk.send(actix::Noted).await, Ok(10_000));

        let journal = Journal::default();
        let (_, clerk) = ractor::supervised(&journal).await;
        (0..10_000).for_each(|number| clerk.cast(ractor::Order::Note(number)).unwrap());
        assert!(journal.noted().is_empty(), "all of them are queued");
    });
}

#[test]
fn messages_of_one_sender_are_handled_in_their_order() {
    run(arbour::supervised(async |clerk, journal, _| {
        for number in 0..200 {
            clerk.tell(Order::Note(number)).await.unwrap();
        }
        settled().await;
        assert_eq!(journal.noted(), Vec::from_iter(0..200));
    }));
}

#[test]
fn at_actix_ractor_and_kameo_too() {
    run(async {
        let journal = Journal::default();
        let clerk = actix::Clerk::new(&journal).start();
        (0..50).for_each(|number| clerk.do_send(actix::Note(number)));
        settled().await;

        let (_parent, clerk) = ractor::supervised(&journal).await;
        (50..100).for_each(|number| clerk.cast(ractor::Order::Note(number)).unwrap());
        settled().await;

        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&journal));
        (100..150).for_each(|number| clerk.tell(kameo::Note(number)).try_send().unwrap());
        settled().await;
        assert_eq!(journal.noted(), Vec::from_iter(0..150));
    });
}

#[test]
fn xtra_shuffles_them() {
    run(async {
        let journal = Journal::default();
        xtra::tell_all(&xtra::clerk(&journal), 0..50);
        settled().await;
        assert!(!journal.noted().is_sorted());
    });
}

#[test]
fn a_panic_takes_neither_the_address_nor_what_is_queued() {
    run(arbour::supervised(async |clerk, journal, _| {
        let orders = [Order::Note(1), Order::Panic, Order::Note(2), Order::Note(3)];
        orders.into_iter().for_each(|order| clerk.try_tell(order).map_err(drop).unwrap());
        settled().await;
        assert_eq!(journal.noted(), [1, CLEANED_UP, 2, 3]);
        assert_eq!(clerk.ask(Order::Noted).await, Ok(2));
    }));
}

#[test]
fn at_kameo_too_but_the_next_handles_messages_before_the_last_has_cleaned_up() {
    run(async {
        let journal = Journal::default();
        let (_parent, clerk) = kameo::supervised(&journal).await;
        clerk.tell(kameo::Note(1)).try_send().unwrap();
        clerk.tell(kameo::Panic).try_send().unwrap();
        (2..4).for_each(|number| clerk.tell(kameo::Note(number)).try_send().unwrap());
        settled().await;
        assert_eq!(journal.noted(), [1, 2, 3, CLEANED_UP]);
        assert_eq!(clerk.ask(kameo::Noted).await.unwrap(), 2);
    });
}

#[test]
fn at_actix_ractor_and_xtra_both_are_lost() {
    run(async {
        let journal = Journal::default();
        let own = journal.clone();
        let clerk = Supervisor::start(move |_| actix::Clerk::new(&own));
        clerk.do_send(actix::Panic);
        clerk.do_send(actix::Note(1));
        settled().await;
        assert!(journal.noted().is_empty() && !clerk.connected());

        let (_parent, clerk) = ractor::supervised(&journal).await;
        clerk.cast(ractor::Order::Panic).unwrap();
        clerk.cast(ractor::Order::Note(1)).unwrap();
        settled().await;
        assert!(journal.noted().is_empty() && clerk.cast(ractor::Order::Note(2)).is_err());

        let clerk = xtra::clerk(&journal);
        drop(clerk.send(xtra::Panic).detach().await.unwrap());
        settled().await;
        assert!(!clerk.is_connected());
    });
}

#[test]
fn state_is_made_anew_after_a_panic() {
    run(arbour::supervised(async |clerk, _, _| {
        clerk.tell(Order::Note(1)).await.unwrap();
        assert_eq!(clerk.ask(Order::Noted).await, Ok(1));
        clerk.tell(Order::Panic).await.unwrap();
        assert_eq!(clerk.ask(Order::Noted).await, Ok(0));
    }));
}

#[test]
fn actix_brings_back_only_what_has_stopped_and_keeps_its_state() {
    run(async {
        let clerk = Supervisor::start(|_| actix::Clerk::new(&Journal::default()));
        clerk.do_send(actix::Note(1));
        clerk.send(actix::End).await.unwrap();
        assert_eq!(clerk.send(actix::Noted).await, Ok(1));
    });
}

#[test]
fn why_there_is_no_reply_is_told() {
    run(arbour::supervised(async |clerk, _, office| {
        assert_eq!(clerk.ask(Order::PanicAsked).await, Err(AskError::Crashed));
        assert_eq!(clerk.ask(Order::Forget).await, Err(AskError::NoReply));
        office.request_stop();
        settled().await;
        assert_eq!(clerk.ask(Order::Noted).await, Err(AskError::Stopped));
    }));
}

/// A crash is no other answer than an end (actix, kameo) or than a reply that was dropped (ractor).
#[test]
fn at_actix_ractor_and_kameo_a_crash_is_not_told_from_another_end() {
    run(async {
        let clerk = actix::Clerk::new(&Journal::default()).start();
        let crashed = clerk.send(actix::Panic).await.unwrap_err();
        let stopped = clerk.send(actix::Panic).await.unwrap_err();
        assert_eq!(crashed, stopped);

        let (_parent, clerk) = ractor::supervised(&Journal::default()).await;
        let forgotten = clerk.call(ractor::Order::Forget, None).await.unwrap();
        let crashed = clerk.call(ractor::Order::PanicAsked, None).await.unwrap();
        assert!(matches!((forgotten, crashed), (CallResult::SenderError, CallResult::SenderError)));

        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&Journal::default()));
        clerk.tell(kameo::End).try_send().unwrap();
        let stopped = clerk.ask(kameo::Noted).await.unwrap_err();
        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&Journal::default()));
        let crashed = clerk.ask(kameo::Panic).await.unwrap_err();
        assert!(matches!((stopped, crashed), (SendError::ActorStopped, SendError::ActorStopped)));
    });
}

#[test]
fn at_xtra_a_crash_is_told_from_an_end_and_not_from_a_queue_that_is_lost() {
    run(async {
        let clerk = xtra::clerk(&Journal::default());
        let (crashed, lost) = tokio::join!(clerk.send(xtra::Panic), clerk.send(xtra::Note(1)));
        assert_eq!((crashed, lost), (Err(Error::Interrupted), Err(Error::Interrupted)));
        assert_eq!(clerk.send(xtra::Note(1)).await, Err(Error::Disconnected));
    });
}

#[test]
fn an_ask_that_was_given_up_is_skipped() {
    run(arbour::supervised(async |clerk, journal, _| {
        assert!(clerk.ask(|reply| Order::Asked(1, reply)).now_or_never().is_none(), "it is queued");
        settled().await;
        assert!(journal.noted().is_empty());
    }));
}

#[test]
fn at_actix_it_is_skipped_too() {
    run(async {
        let journal = Journal::default();
        let clerk = actix::Clerk::new(&journal).start();
        assert!(clerk.send(actix::Note(1)).now_or_never().is_none(), "it is queued");
        settled().await;
        assert!(journal.noted().is_empty());
    });
}

#[test]
fn at_ractor_kameo_and_xtra_it_is_handled() {
    run(async {
        let journal = Journal::default();
        let (_parent, clerk) = ractor::supervised(&journal).await;
        let ask = clerk.call(|reply| ractor::Order::Asked(1, reply), None);
        assert!(ask.now_or_never().is_none(), "it is queued");
        settled().await;
        assert_eq!(journal.noted(), [1]);

        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&journal));
        assert!(clerk.ask(kameo::Note(2)).send().now_or_never().is_none(), "it is queued");
        settled().await;
        assert_eq!(journal.noted(), [1, 2]);

        let clerk = xtra::clerk(&journal);
        assert!(clerk.send(xtra::Note(3)).now_or_never().is_none(), "it is queued");
        settled().await;
        assert_eq!(journal.noted(), [1, 2, 3]);
    });
}

#[test]
fn a_message_that_is_refused_is_handed_back() {
    run(arbour::supervised(async |clerk, _, office| {
        office.request_stop();
        settled().await;
        let refused = clerk.try_tell(Order::Note(7));
        assert!(matches!(refused, Err(TellError::Stopped(Order::Note(7)))));
    }));
}

#[test]
fn at_ractor_and_kameo_it_is_handed_back_too() {
    run(async {
        let (_parent, clerk) = ractor::supervised(&Journal::default()).await;
        clerk.stop_and_wait(None, None).await.unwrap();
        let refused = clerk.cast(ractor::Order::Note(7));
        assert!(matches!(refused, Err(MessagingErr::SendErr(ractor::Order::Note(7)))));

        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&Journal::default()));
        clerk.stop_gracefully().await.unwrap();
        clerk.wait_for_shutdown().await;
        let refused = clerk.tell(kameo::Note(7)).try_send();
        assert!(matches!(refused, Err(SendError::ActorNotRunning(kameo::Note(7)))));
    });
}

/// What is told to a stopped actor of actix by `do_send` is gone without a word: it returns nothing. Its `try_send`,
/// which does not wait for room, hands it back.
#[test]
fn at_actix_and_xtra_it_may_be_gone() {
    run(async {
        let journal = Journal::default();
        let clerk = actix::Clerk::new(&journal).start();
        clerk.send(actix::End).await.unwrap();
        settled().await;
        let () = clerk.do_send(actix::Note(7));
        let refused = clerk.try_send(actix::Note(7));
        assert!(matches!(refused, Err(::actix::dev::SendError::Closed(actix::Note(7)))));

        let clerk = xtra::clerk(&journal);
        clerk.send(xtra::End).await.unwrap();
        settled().await;
        assert_eq!(clerk.send(xtra::Note(7)).await, Err(Error::Disconnected));
        assert_eq!(journal.noted(), [CLEANED_UP]);
    });
}

#[test]
fn whoever_stopped_an_actor_finds_its_clean_up_done() {
    run(arbour::supervised(async |clerk, journal, office| {
        office.stop_child(clerk.name()).await.unwrap();
        assert_eq!(journal.noted(), [CLEANED_UP]);
    }));
}

#[test]
fn at_ractor_and_xtra_too() {
    run(async {
        let journal = Journal::default();
        let (_parent, clerk) = ractor::supervised(&journal).await;
        clerk.stop_and_wait(None, None).await.unwrap();
        assert_eq!(journal.noted(), [CLEANED_UP]);

        let journal = Journal::default();
        let clerk = xtra::clerk(&journal);
        clerk.send(xtra::End).await.unwrap();
        clerk.join().await;
        assert_eq!(journal.noted(), [CLEANED_UP]);
    });
}

#[test]
fn at_kameo_one_of_two_ways_to_wait_finds_it_done() {
    run(async {
        let journal = Journal::default();
        let clerk = kameo::Clerk::spawn(kameo::Clerk::new(&journal));
        clerk.stop_gracefully().await.unwrap();
        clerk.wait_for_shutdown().await;
        assert!(journal.noted().is_empty());
        clerk.wait_for_shutdown_result().await.unwrap();
        assert_eq!(journal.noted(), [CLEANED_UP]);
    });
}

#[test]
fn a_parent_ends_after_its_children() {
    let noted = run(arbour::supervised(async |_, _, _| settled().await));
    assert_eq!(noted, [CLEANED_UP]);
}

#[test]
fn at_ractor_and_kameo_it_may_end_before_them() {
    run(async {
        let journal = Journal::default();
        let (parent, _clerk) = ractor::supervised(&journal).await;
        parent.stop_and_wait(None, None).await.unwrap();
        assert!(journal.noted().is_empty());

        let journal = Journal::default();
        let (parent, _clerk) = kameo::supervised(&journal).await;
        parent.stop_gracefully().await.unwrap();
        parent.wait_for_shutdown_result().await.unwrap();
        assert!(journal.noted().is_empty());
    });
}
