//! TLS: certificates that are refused, peers that do not speak it or stop in the middle, and who waits for them.

mod certificates_of_clients;
mod certificates_of_servers;
mod configurations;
mod cuts;
mod negotiation;
mod slow;
mod strangers;

use arbour::transports::tls::{CertificateProblem, ClientConfig, Refusal, ServerConfig, TlsError, TlsStream};
use arbour::transports::{BytePipe, ByteReceiveExt, HandshakeError, byte_pipe};
use std::error::Error;
use std::fmt::Debug;

const HOST: &str = "server.example";

type Outcome = Result<TlsStream<BytePipe>, HandshakeError>;

/// What client and server get of a handshake with each other.
async fn shaken(on_client: &ClientConfig, on_server: &ServerConfig) -> (Outcome, Outcome) {
    let (client, server) = byte_pipe(64 * 1024);
    let (client, server) = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
    (client, server)
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
