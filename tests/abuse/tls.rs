//! TLS: certificates that are refused, peers that do not speak it or stop in the middle, and who waits for them.

mod certificates_of_clients;
mod certificates_of_servers;
mod configurations;
mod cuts;
mod negotiation;
mod slow;
mod strangers;

use crate::certificates::Authority;
use arbour::transports::tls::{CertificateProblem, ClientConfig, Refusal, ServerConfig, TlsError, TlsStream};
use arbour::transports::{BytePipe, ByteReceiveExt, HandshakeError, byte_pipe};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use std::error::Error;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

const HOST: &str = "server.example";

type Outcome = Result<TlsStream<BytePipe>, HandshakeError>;

/// What client and server get of a handshake with each other.
async fn shaken(on_client: &ClientConfig, on_server: &ServerConfig) -> (Outcome, Outcome) {
    let (client, server) = byte_pipe(64 * 1024);
    let (client, server) = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
    (client, server)
}

/// A time so many days from now, without a fraction of a second, like those in certificates.
fn whole(days: i64) -> SystemTime {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let at = i64::try_from(now).unwrap() + days * 24 * 3600;
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at).unwrap())
}

/// A list of this authority that revokes the certificates of these numbers, and is good until then.
fn revoking(authority: &Authority, numbers: &[u64], until: SystemTime) -> String {
    let revoked = numbers.iter().map(|number| RevokedCertParams {
        serial_number: SerialNumber::from(*number),
        revocation_time: whole(-1).into(),
        reason_code: None,
        invalidity_date: None,
    });
    let list = CertificateRevocationListParams {
        this_update: whole(-2).into(),
        next_update: until.into(),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(&authority.issuer).unwrap().pem().unwrap()
}

#[track_caller]
fn tls(error: &(impl Error + 'static)) -> &TlsError {
    TlsError::of(error).unwrap_or_else(|| panic!("not of TLS: {error:?}"))
}

#[track_caller]
fn problem<T: Debug>(outcome: &Result<T, HandshakeError>) -> &CertificateProblem {
    let error = outcome.as_ref().unwrap_err();
    tls(error).certificate_problem().unwrap_or_else(|| panic!("not of a certificate: {error}"))
}

#[track_caller]
fn refusal(error: &(impl Error + 'static)) -> Refusal {
    match tls(error) {
        TlsError::Refused(refusal) => *refusal,
        other => panic!("not refused: {other}"),
    }
}

/// What the first receive says to a client whose handshake went well, as it does in TLS 1.3 before the server has
/// judged the client's certificate.
async fn first_receive(client: Outcome) -> arbour::transports::StreamError {
    client.unwrap().receive(1).await.unwrap_err()
}
