//! What may go wrong with TLS, in words for the person who has to set it right.

use crate::HandshakeError;
use std::error::Error;
use std::fmt;
use std::io;
use std::time::SystemTime;
use thiserror::Error;
use tokio_rustls::rustls;

/// Which end of a TLS connection somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsSide {
    /// Who began the connection.
    Client,
    /// Who answered.
    Server,
}

impl TlsSide {
    /// The other end.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

impl fmt::Display for TlsSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// Why TLS was not begun, or ended.
///
/// A handshake that fails carries it in [`HandshakeError::Failed`]; a stream that breaks, in
/// [`StreamError::Broken`](crate::StreamError::Broken). [`TlsError::of`] takes it out of either.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// We do not accept the certificate of the peer.
    #[error("the certificate of the {of} is not accepted: {problem}")]
    Certificate {
        /// Whose certificate it is.
        of: TlsSide,
        /// What is wrong with it.
        #[source]
        problem: CertificateProblem,
    },
    /// The peer has to present a certificate and presented none.
    #[error("the {0} presented no certificate, and must")]
    NoCertificate(TlsSide),
    /// The peer does not accept our certificate, or misses it.
    ///
    /// Since TLS 1.3 a client hears this after its handshake, from its first receive or send.
    #[error("the peer refused our certificate: {0}")]
    Refused(Refusal),
    /// Both sides offer application protocols, and none in common.
    #[error("no application protocol (ALPN) is known to both sides; ours: {}", listed(.ours))]
    NoCommonProtocol {
        /// What this side offers.
        ours: Vec<String>,
    },
    /// The peer agreed on no application protocol, and [`require_alpn`](super::ClientConfigBuilder::require_alpn)
    /// asks for one.
    #[error("the peer takes no part in the choice of an application protocol (ALPN); one of these is required: {}", listed(.ours))]
    NoProtocol {
        /// What this side offers.
        ours: Vec<String>,
    },
    /// No version of TLS is allowed on both sides.
    #[error("no version of TLS is allowed on both sides{}", if *.only_tls13 { ": this side allows TLS 1.3 only" } else { "" })]
    NoCommonVersion {
        /// Whether this side allows TLS 1.3 only, or 1.2 as well.
        only_tls13: bool,
    },
    /// The server has no certificate for the name that the client asked for.
    #[error("the server does not know the name that it was asked for")]
    UnknownName,
    /// The peer speaks HTTP without TLS.
    #[error("the peer speaks plain HTTP, and this port speaks TLS")]
    PlainHttp,
    /// The peer speaks something else than TLS.
    #[error("the peer does not speak TLS: its bytes begin with {}", hex(.begin))]
    NotTls {
        /// The first bytes of the peer, at most 5.
        begin: Vec<u8>,
    },
    /// The peer's bytes ended inside the handshake.
    #[error("the peer hung up during the handshake")]
    HungUp,
    /// The host name cannot be one of a certificate.
    #[error("`{name}` is not a name or an address that a certificate could be for")]
    BadHostName {
        /// The name.
        name: String,
    },
    /// Nobody said by which name the server is to prove itself.
    #[error("no host name is known by which the server is to prove itself: give one to the connector")]
    NoHostName,
    /// The peer ended the connection, for this reason.
    #[error("the peer ended the connection: {0}")]
    Alert(String),
    /// The peer breaks the rules of TLS, or something in it failed.
    #[error("{0}")]
    Protocol(#[source] rustls::Error),
    /// The wrapped stream broke.
    #[error("the stream broke during the handshake: {0}")]
    Broken(#[source] io::Error),
}

impl TlsError {
    /// The error of TLS inside another one: a [`HandshakeError`], [`StreamError`](crate::StreamError),
    /// [`ConnectError`](crate::ConnectError) or [`io::Error`].
    #[must_use]
    pub fn of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            // What an `io::Error` carries is passed over by its `source`.
            let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = carried.map_or_else(|| error.source(), |carried: &'a _| Some(carried));
        }
        None
    }

    /// What is wrong with the peer's certificate, if that is it.
    #[must_use]
    pub fn certificate_problem(&self) -> Option<&CertificateProblem> {
        match self {
            Self::Certificate { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

impl From<TlsError> for HandshakeError {
    fn from(error: TlsError) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Its time is over.
    #[error("it expired on {}, and now it is {}", time(.not_after), time(.now))]
    Expired {
        /// Until when it was valid.
        not_after: SystemTime,
        /// When it was looked at, by the clock of this machine.
        now: SystemTime,
    },
    /// Its time has not come.
    #[error("it is valid from {} on, and now it is {}", time(.not_before), time(.now))]
    NotYetValid {
        /// From when on it is valid.
        not_before: SystemTime,
        /// When it was looked at, by the clock of this machine.
        now: SystemTime,
    },
    /// It is for others.
    #[error("it is for {}, and not for {expected}", if .presented.is_empty() { "no name at all".to_owned() } else { listed(.presented) })]
    WrongHost {
        /// Who was to be reached.
        expected: String,
        /// Whom it is for.
        presented: Vec<String>,
    },
    /// None of the roots leads to it.
    #[error("it was issued by nobody whom this side trusts")]
    UnknownIssuer,
    /// It was issued by its own owner, and is none of the roots.
    #[error("it is self-signed, and not among the roots that this side trusts")]
    SelfSigned,
    /// It is that of an authority, which issues certificates and is not to be presented as one.
    #[error(
        "it is the certificate of an authority, and cannot be a peer's own: have the authority issue one"
    )]
    Authority,
    /// The signature on it, or with it, is wrong.
    #[error("a signature is wrong: it, or the handshake, was not signed by who it says")]
    BadSignature,
    /// It was revoked.
    #[error("it was revoked")]
    Revoked,
    /// It may have been revoked: revocation lists are in use, and none that is valid covers it.
    #[error(
        "whether it was revoked cannot be told: no revocation list of its issuer is there, or it is out of date"
    )]
    RevocationUnknown,
    /// It is for another purpose: of a server where a client's is needed, or the other way round.
    #[error("it is not meant for this side of a connection")]
    WrongPurpose,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// What is wrong with a configuration; told when it is built, not by the first connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A text that should be PEM is none.
    #[error("the PEM of a {what} cannot be read: {source}")]
    BadPem {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        source: rustls::pki_types::pem::Error,
    },
    /// A text that should have something in it has not.
    #[error("there is no {what} in what was given as one")]
    Nothing {
        /// What it should have.
        what: &'static str,
    },
    /// The bytes of a certificate or revocation list are none.
    #[error("a {what} cannot be used: {source}")]
    BadCertificate {
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        source: rustls::Error,
    },
    /// The bytes of the private key are of no known kind.
    #[error("the private key is neither PKCS #8 nor SEC 1 nor PKCS #1")]
    UnknownKey,
    /// The private key cannot be used.
    #[error("the private key cannot be used: {0}")]
    BadKey(#[source] rustls::Error),
    /// The private key is not that of the certificate.
    #[error("the private key does not belong to the certificate: they are of two pairs")]
    KeyMismatch,
    /// A server has no certificate.
    #[error("a server needs an identity: a certificate and its key")]
    NoIdentity,
    /// Certificates of clients are asked for, and nobody could have issued them.
    #[error("certificates of clients are asked for, and no root is given by which to judge them")]
    NoClientRoots,
    /// Something is given to judge certificates of clients by, and none is asked for.
    #[error(
        "roots or revocation lists are given by which to judge certificates of clients, and no client is asked for one: require certificates, or ask for them"
    )]
    NobodyAsked,
    /// The platform trusts nobody, as far as can be found.
    #[error("no root certificate was found on this machine{}{why}", if .why.is_empty() { "" } else { ": " })]
    NoPlatformRoots {
        /// What went wrong while they were looked for.
        why: String,
    },
    /// The server's certificates are in the hands of a configuration that rustls's own builder made.
    #[error("the certificates of a configuration made by rustls's own builder cannot be reloaded here")]
    ForeignCertificates,
    /// A name is not one that a certificate could be for.
    #[error("`{name}` is not a name that a client could ask for")]
    BadName {
        /// The name.
        name: String,
    },
    /// An application protocol is empty, or longer than 255 bytes.
    #[error("`{protocol}` is no application protocol: one has 1 to 255 bytes")]
    BadProtocol {
        /// The protocol.
        protocol: String,
    },
    /// An application protocol is required, and none is offered.
    #[error("an application protocol is required, and none is offered")]
    NoProtocols,
    /// The cryptography and the versions of TLS do not fit.
    #[error("the configuration does not fit together: {0}")]
    Unfit(#[source] rustls::Error),
}

impl ConfigError {
    pub(super) fn bad_key_pem(error: rustls::pki_types::pem::Error) -> Self {
        match error {
            rustls::pki_types::pem::Error::NoItemsFound => Self::Nothing { what: "private key" },
            source => Self::BadPem { what: "private key", source },
        }
    }

    pub(super) fn bad_verifier(error: rustls::server::VerifierBuilderError) -> Self {
        match error {
            rustls::server::VerifierBuilderError::NoRootAnchors => Self::NoClientRoots,
            rustls::server::VerifierBuilderError::InvalidCrl(error) => Self::BadCertificate {
                what: "revocation list",
                source: rustls::Error::InvalidCertRevocationList(error),
            },
            other => Self::Unfit(rustls::Error::General(other.to_string())),
        }
    }

    pub(super) fn bad_identity(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InconsistentKeys(_) => Self::KeyMismatch,
            source @ rustls::Error::InvalidCertificate(_) => {
                Self::BadCertificate { what: "certificate", source }
            }
            source => Self::BadKey(source),
        }
    }
}

/// Why the peer does not accept our certificate, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// We presented none.
    #[error("it must have one, and this side presented none")]
    Missing,
    /// Its time is over, or has not come.
    #[error("it says that it expired")]
    Expired,
    /// It was revoked.
    #[error("it says that it was revoked")]
    Revoked,
    /// The peer does not trust its issuer.
    #[error("it does not trust its issuer")]
    UnknownIssuer,
    /// A signature is wrong.
    #[error("it says that a signature is wrong")]
    BadSignature,
    /// It is of a kind that the peer does not take.
    #[error("it does not take certificates of this kind")]
    Unsupported,
    /// It is valid and not allowed in.
    #[error("it denies access to its owner")]
    Denied,
    /// It is wrong in some other way: for another name, for instance.
    #[error("it says no more than that it is bad")]
    Bad,
}

fn listed(names: &[String]) -> String {
    names.join(", ")
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if bytes.is_empty() { "nothing".to_owned() } else { bytes.join(" ") }
}

/// A time as `2027-01-31 23:59:59 UTC`. Certificates have no fractions of seconds.
fn time(at: &SystemTime) -> String {
    let seconds = match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years begin in March
/// here, so that a leap day is the last of its year.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day.saturating_add(719_468);
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConnectError, StreamError};
    use std::time::Duration;

    #[test]
    fn times_are_written_as_people_read_them() {
        let at = |seconds| time(&(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)));
        assert_eq!(at(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(at(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!(at(4_107_542_400), "2100-03-01 00:00:00 UTC");
        assert_eq!(at(253_402_300_799), "9999-12-31 23:59:59 UTC");
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(time(&before), "1969-12-31 23:59:59 UTC");
    }

    #[test]
    fn the_error_of_tls_is_found_inside_all_that_may_carry_it() {
        let carried: Vec<Box<dyn Error>> = vec![
            Box::new(TlsError::HungUp),
            Box::new(HandshakeError::from(TlsError::HungUp)),
            Box::new(ConnectError::new("somewhere", HandshakeError::from(TlsError::HungUp))),
            Box::new(StreamError::Broken(io::Error::other(TlsError::HungUp))),
            Box::new(io::Error::other(StreamError::Broken(io::Error::other(TlsError::HungUp)))),
        ];
        for error in &carried {
            assert!(matches!(TlsError::of(&**error), Some(TlsError::HungUp)), "{error:?}");
        }
        assert!(TlsError::of(&io::Error::other("no")).is_none());
    }
}
