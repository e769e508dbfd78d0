//! Pure: what TLS and the system report, in our words.

use super::error::{CertificateProblem, Refusal, TlsError, TlsSide};
use super::verify::Mistake;
use super::wire::Overdue;
use crate::HandshakeError;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use std::io;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls;

/// What is known of a connection on this side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) side: TlsSide,
    pub(super) alpn: &'a [Vec<u8>],
    pub(super) only_tls13: bool,
    /// The first bytes of the peer.
    pub(super) begin: &'a [u8],
}

/// Why a handshake failed.
pub(super) fn handshake(error: io::Error, known: Known<'_>) -> HandshakeError {
    let error = match error.downcast::<rustls::Error>() {
        Ok(error) => return tls(error, known).into(),
        Err(error) => error,
    };
    if let Some(Overdue(within)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return HandshakeError::TimedOut(*within);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TlsError::HungUp.into(),
        _ => TlsError::Broken(error).into(),
    }
}

/// An error of a stream after its handshake; what is not of TLS passes unchanged.
pub(super) fn stream(error: io::Error, known: Known<'_>) -> io::Error {
    let kind = error.kind();
    match error.downcast::<rustls::Error>() {
        Ok(error) => io::Error::new(kind, tls(error, known)),
        Err(error) => error,
    }
}

fn tls(error: rustls::Error, known: Known<'_>) -> TlsError {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => {
            TlsError::Certificate { of: known.side.peer(), problem: problem(error) }
        }
        E::NoCertificatesPresented => TlsError::NoCertificate(known.side.peer()),
        E::NoApplicationProtocol => TlsError::NoCommonProtocol { ours: protocols(known.alpn) },
        E::AlertReceived(alert) => received(alert, known),
        E::PeerIncompatible(why) if concerns_version(&why) => {
            TlsError::NoCommonVersion { only_tls13: known.only_tls13 }
        }
        E::InvalidMessage(what) if concerns_head(&what) && !begins_as_tls(known.begin) => {
            stranger(known.begin)
        }
        error => TlsError::Protocol(error),
    }
}

fn problem(error: CertificateError) -> CertificateProblem {
    use CertificateError as E;
    match error {
        E::ExpiredContext { time, not_after } => {
            CertificateProblem::Expired { not_after: at(not_after), now: at(time) }
        }
        E::NotValidYetContext { time, not_before } => {
            CertificateProblem::NotYetValid { not_before: at(not_before), now: at(time) }
        }
        E::NotValidForNameContext { expected, presented } => CertificateProblem::WrongHost {
            expected: expected.to_str().into_owned(),
            presented: presented.iter().map(|name| name_only(name)).collect(),
        },
        E::UnknownIssuer => CertificateProblem::UnknownIssuer,
        E::BadSignature => CertificateProblem::BadSignature,
        E::Revoked => CertificateProblem::Revoked,
        E::UnknownRevocationStatus | E::ExpiredRevocationList | E::ExpiredRevocationListContext { .. } => {
            CertificateProblem::RevocationUnknown
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => CertificateProblem::WrongPurpose,
        E::Other(other) => match other.0.downcast_ref() {
            Some(Mistake::SelfSigned) => CertificateProblem::SelfSigned,
            Some(Mistake::Authority) => CertificateProblem::Authority,
            None => CertificateProblem::Other(E::Other(other).to_string()),
        },
        other => CertificateProblem::Other(other.to_string()),
    }
}

fn at(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

/// `DnsName("a.example")` as `a.example`.
fn name_only(presented: &str) -> String {
    let inside = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}

fn received(alert: AlertDescription, known: Known<'_>) -> TlsError {
    use AlertDescription as A;
    TlsError::Refused(match alert {
        A::CertificateRequired | A::NoCertificate => Refusal::Missing,
        A::CertificateExpired => Refusal::Expired,
        A::CertificateRevoked => Refusal::Revoked,
        A::UnknownCA => Refusal::UnknownIssuer,
        A::DecryptError => Refusal::BadSignature,
        A::UnsupportedCertificate => Refusal::Unsupported,
        A::AccessDenied => Refusal::Denied,
        A::BadCertificate | A::CertificateUnknown => Refusal::Bad,
        A::ProtocolVersion => return TlsError::NoCommonVersion { only_tls13: known.only_tls13 },
        A::NoApplicationProtocol => return TlsError::NoCommonProtocol { ours: protocols(known.alpn) },
        A::UnrecognisedName => return TlsError::UnknownName,
        other => return TlsError::Alert(spelled(&format!("{other:?}"))),
    })
}

/// `HandshakeFailure` as `handshake failure`.
fn spelled(name: &str) -> String {
    let mut spelled = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !spelled.is_empty() {
            spelled.push(' ');
        }
        spelled.extend(char.to_lowercase());
    }
    spelled
}

fn concerns_version(why: &PeerIncompatible) -> bool {
    use PeerIncompatible as P;
    matches!(
        why,
        P::ServerDoesNotSupportTls12Or13
            | P::ServerTlsVersionIsDisabledByOurConfig
            | P::SupportedVersionsExtensionRequired
            | P::Tls12NotOffered
            | P::Tls12NotOfferedOrEnabled
    )
}

fn concerns_head(what: &InvalidMessage) -> bool {
    use InvalidMessage as M;
    matches!(
        what,
        M::InvalidContentType
            | M::UnknownProtocolVersion
            | M::MessageTooLarge
            | M::MessageTooShort
            | M::InvalidEmptyPayload
    )
}

/// Whether these bytes may be the head of a record: its kind, then the version 3.x.
fn begins_as_tls(begin: &[u8]) -> bool {
    let is_kind = |kind: &u8| (20..=23).contains(kind);
    begin.first().is_some_and(is_kind) && begin.get(1).is_none_or(|major| *major == 3)
}

fn stranger(begin: &[u8]) -> TlsError {
    const HTTP: [&[u8]; 10] =
        [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELE", b"OPTI", b"PATC", b"CONN", b"PRI *", b"HTTP/"];
    if HTTP.iter().any(|word| begin.starts_with(word)) {
        return TlsError::PlainHttp;
    }
    TlsError::NotTls { begin: begin.to_vec() }
}

/// Application protocols as text.
pub(super) fn protocols(alpn: &[Vec<u8>]) -> Vec<String> {
    alpn.iter().map(|protocol| String::from_utf8_lossy(protocol).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(begin: &[u8]) -> Known<'_> {
        Known { side: TlsSide::Server, alpn: &[], only_tls13: true, begin }
    }

    fn told(error: rustls::Error, begin: &[u8]) -> String {
        tls(error, known(begin)).to_string()
    }

    #[test]
    fn what_begins_as_http_is_called_http_and_all_else_is_shown() {
        let bad = || rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(told(bad(), b"POST "), "the peer speaks plain HTTP, and this port speaks TLS");
        assert_eq!(told(bad(), b"SSH-2"), "the peer does not speak TLS: its bytes begin with 53 53 48 2d 32");
        assert!(matches!(tls(bad(), known(&[22, 3, 1, 0, 9])), TlsError::Protocol(_)));
    }

    #[test]
    fn an_alert_about_a_certificate_is_about_ours() {
        let told = |alert| told(rustls::Error::AlertReceived(alert), &[22]);
        assert_eq!(
            told(AlertDescription::CertificateRequired),
            "the peer refused our certificate: it must have one, and this side presented none"
        );
        assert_eq!(
            told(AlertDescription::HandshakeFailure),
            "the peer ended the connection: handshake failure"
        );
        assert_eq!(
            told(AlertDescription::ProtocolVersion),
            "no version of TLS is allowed on both sides: this side allows TLS 1.3 only"
        );
    }

    #[test]
    fn the_names_of_a_certificate_are_told_without_their_wrapping() {
        assert_eq!(name_only("DnsName(\"a.example\")"), "a.example");
        assert_eq!(name_only("IpAddress(192.0.2.1)"), "192.0.2.1");
        assert_eq!(name_only("plain"), "plain");
    }
}
