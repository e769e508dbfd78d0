//! Pure: how both directions of a TLS stream end, and what is to be done next about it.
//!
//! **States.** *Sending*: open → the goodbye is queued → it is sent → the wrapped stream is ended, too.
//! *Receiving*: open → the peer said goodbye, or was cut off without one.
//!
//! **Invariants.**
//!
//! 1. No state is left for an earlier one.
//! 2. The goodbye is queued once.
//! 3. The wrapped stream is ended only after the goodbye was sent, and never by an unwrap.

/// How both directions stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    sending: Sending,
    receiving: Receiving,
    /// Whether the end of what is wrapped counts as the peer's goodbye.
    lenient: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sending {
    Open,
    Queued,
    Said,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Receiving {
    Open,
    Goodbye,
    Cut,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The goodbye was handed to TLS.
    Queued,
    /// All that TLS had to send was sent.
    Flushed,
    /// The sending side of the wrapped stream was ended.
    RawEnded,
    /// The peer said goodbye.
    PeerGoodbye,
    /// The bytes of the wrapped stream ended, and the peer had not said goodbye.
    PeerCut,
}

/// How far somebody wants to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// Nothing more is sent, by TLS or below it.
    EndSending,
    /// Both said goodbye; what is wrapped stays open, for plain bytes.
    Unwrap,
    /// Nothing more is sent, and the peer said goodbye, if it must.
    Close,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    QueueGoodbye,
    Flush,
    EndRaw,
    /// Read on, until the peer's bytes end in some way.
    AwaitPeer,
    Done,
    /// The peer was cut off.
    Truncated,
}

impl Ends {
    pub(super) fn new(lenient: bool) -> Self {
        Self { sending: Sending::Open, receiving: Receiving::Open, lenient }
    }

    pub(super) fn is_lenient(self) -> bool {
        self.lenient
    }

    /// Whether users may send.
    pub(super) fn may_send(self) -> bool {
        self.sending == Sending::Open
    }

    pub(super) fn peer_said_goodbye(self) -> bool {
        self.receiving == Receiving::Goodbye
    }

    pub(super) fn happened(&mut self, event: Event) {
        let Self { sending, receiving, .. } = self;
        match event {
            Event::Queued => *sending = (*sending).max(Sending::Queued),
            Event::Flushed if *sending == Sending::Queued => *sending = Sending::Said,
            Event::Flushed => {}
            Event::RawEnded => *sending = Sending::Ended,
            Event::PeerGoodbye if *receiving == Receiving::Open => *receiving = Receiving::Goodbye,
            Event::PeerCut if *receiving == Receiving::Open => *receiving = Receiving::Cut,
            Event::PeerGoodbye | Event::PeerCut => {}
        }
    }

    /// The next step towards an aim.
    pub(super) fn next(self, aim: Aim) -> Step {
        match (self.sending, aim) {
            (Sending::Open, _) => Step::QueueGoodbye,
            (Sending::Queued, _) => Step::Flush,
            (Sending::Said, Aim::EndSending | Aim::Close) => Step::EndRaw,
            (Sending::Ended, Aim::EndSending) => Step::Done,
            (_, aim) => self.towards_the_peers_end(aim),
        }
    }

    fn towards_the_peers_end(self, aim: Aim) -> Step {
        match self.receiving {
            Receiving::Goodbye => Step::Done,
            Receiving::Cut if self.lenient => Step::Done,
            Receiving::Cut => Step::Truncated,
            Receiving::Open if self.lenient && aim == Aim::Close => Step::Done,
            Receiving::Open => Step::AwaitPeer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes on until there is nothing to do but wait, with the peer's end coming when it is waited for.
    fn steps(mut ends: Ends, aim: Aim, peer: Option<Event>) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            let step = ends.next(aim);
            steps.push(step);
            ends.happened(match (step, peer) {
                (Step::QueueGoodbye, _) => Event::Queued,
                (Step::Flush, _) => Event::Flushed,
                (Step::EndRaw, _) => Event::RawEnded,
                (Step::AwaitPeer, Some(peer)) => peer,
                _ => return steps,
            });
        }
    }

    use Step::{AwaitPeer, Done, EndRaw, Flush, QueueGoodbye, Truncated};

    #[test]
    fn ending_the_sending_side_waits_for_nobody() {
        let strict = Ends::new(false);
        assert_eq!(steps(strict, Aim::EndSending, None), [QueueGoodbye, Flush, EndRaw, Done]);
    }

    #[test]
    fn an_unwrap_leaves_what_is_wrapped_open_and_waits_for_the_peer_even_if_lenient() {
        for lenient in [false, true] {
            let ends = Ends::new(lenient);
            let goodbye = Some(Event::PeerGoodbye);
            assert_eq!(steps(ends, Aim::Unwrap, goodbye), [QueueGoodbye, Flush, AwaitPeer, Done]);
        }
    }

    #[test]
    fn a_peer_that_is_cut_off_is_an_error_unless_lenient() {
        let cut = Some(Event::PeerCut);
        let strict = steps(Ends::new(false), Aim::Close, cut);
        assert_eq!(strict, [QueueGoodbye, Flush, EndRaw, AwaitPeer, Truncated]);
        assert_eq!(steps(Ends::new(true), Aim::Close, cut), [QueueGoodbye, Flush, EndRaw, Done]);
        assert_eq!(steps(Ends::new(true), Aim::Unwrap, cut), [QueueGoodbye, Flush, AwaitPeer, Done]);
    }

    #[test]
    fn a_peer_that_said_goodbye_first_is_not_waited_for() {
        let mut ends = Ends::new(false);
        ends.happened(Event::PeerGoodbye);
        ends.happened(Event::PeerCut);
        assert_eq!(steps(ends, Aim::Close, None), [QueueGoodbye, Flush, EndRaw, Done]);
    }

    #[test]
    fn a_goodbye_is_queued_once_and_a_flush_before_it_says_nothing() {
        let mut ends = Ends::new(false);
        ends.happened(Event::Flushed);
        assert!(ends.may_send());
        ends.happened(Event::Queued);
        assert!(!ends.may_send());
        assert_eq!(steps(ends, Aim::EndSending, None), [Flush, EndRaw, Done]);
        ends.happened(Event::Flushed);
        ends.happened(Event::RawEnded);
        ends.happened(Event::Queued);
        assert_eq!(ends.next(Aim::EndSending), Done);
    }
}
