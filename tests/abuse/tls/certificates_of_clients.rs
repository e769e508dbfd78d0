//! Clients whose certificate a server must not accept: the server says why, and the client hears that it was
//! its certificate; in TLS 1.3 from its first receive or send, because its handshake is over by then.

use super::{HOST, Outcome, first_receive, problem, refusal, revoking, shaken, tls, whole};
use crate::certificates::{Authority, Pair, server};
use arbour::transports::tls::attributes::PeerNames;
use arbour::transports::tls::rustls::pki_types::pem::PemObject;
use arbour::transports::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use arbour::transports::tls::rustls::{self, RootCertStore};
use arbour::transports::tls::{
    CertificateProblem, ClientConfig, ClientConfigBuilder, Refusal, ServerConfig, ServerConfigBuilder,
    TlsError, TlsSide,
};
use arbour::transports::{AttributesExt, ByteReceiveExt, ByteSendExt};
use rcgen::SerialNumber;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn asking(authority: &Authority) -> ServerConfigBuilder {
    server(&authority.issue(&[HOST])).client_root_pem(&authority.pem)
}

fn required(authority: &Authority) -> ServerConfig {
    asking(authority).require_client_certificates().build().unwrap()
}

/// A client that speaks TLS 1.2 only, as old ones do.
fn old(authority: &Authority, pair: Option<&Pair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let builder =
        rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_root_certificates(roots);
    let config = match pair {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    Arc::new(config).into()
}

async fn with(authority: &Authority, client: ClientConfigBuilder) -> (Outcome, Outcome) {
    shaken(&client.build().unwrap(), &required(authority)).await
}

#[arbour::test]
async fn without_one_where_it_is_required() {
    let authority = Authority::new("authority");
    let (client, server) = with(&authority, authority.client()).await;
    assert!(matches!(tls(&server.unwrap_err()), TlsError::NoCertificate(TlsSide::Client)));
    let heard = first_receive(client).await;
    assert_eq!(refusal(&heard), Refusal::Missing);
    assert!(heard.to_string().contains("the peer refused our certificate: it must have one"), "{heard}");
}

#[arbour::test]
async fn a_client_that_only_sends_hears_of_it_too() {
    let authority = Authority::new("authority");
    let (client, _) = with(&authority, authority.client()).await;
    let heard = client.unwrap().send(b"hello").await.unwrap_err();
    assert_eq!(refusal(&heard), Refusal::Missing);
}

#[arbour::test]
async fn without_one_in_tls_1_2_the_handshake_itself_fails() {
    let authority = Authority::new("authority");
    let (client, server) = shaken(&old(&authority, None), &required(&authority)).await;
    assert!(matches!(tls(&server.unwrap_err()), TlsError::NoCertificate(TlsSide::Client)));
    let heard = client.unwrap_err();
    assert!(matches!(tls(&heard), TlsError::Refused(_) | TlsError::Alert(_)), "{heard}");
}

#[arbour::test]
async fn of_an_unknown_authority() {
    let authority = Authority::new("authority");
    let stranger = Authority::new("stranger").issue(&["mallory"]);
    let (client, server) = with(&authority, authority.client().identity(stranger.identity())).await;
    assert_eq!(problem(&server), &CertificateProblem::UnknownIssuer);
    assert!(server.unwrap_err().to_string().contains("the certificate of the client is not accepted"));
    assert_eq!(refusal(&first_receive(client).await), Refusal::UnknownIssuer);

    let (client, server) = shaken(&old(&authority, Some(&stranger)), &required(&authority)).await;
    assert_eq!(problem(&server), &CertificateProblem::UnknownIssuer);
    assert_eq!(refusal(&client.unwrap_err()), Refusal::UnknownIssuer);
}

#[arbour::test]
async fn expired() {
    let authority = Authority::new("authority");
    let past = |days: u64| SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    let pair = authority.issue_with(&["ada"], |params| {
        (params.not_before, params.not_after) = (past(9).into(), past(2).into());
    });
    let (client, server) = with(&authority, authority.client().identity(pair.identity())).await;
    assert!(matches!(problem(&server), CertificateProblem::Expired { .. }));
    assert_eq!(refusal(&first_receive(client).await), Refusal::Expired);
}

#[arbour::test]
async fn where_they_are_optional_none_is_accepted_and_a_wrong_one_is_not() {
    let authority = Authority::new("authority");
    let on_server = asking(&authority).ask_for_client_certificates().build().unwrap();
    let (client, server) = shaken(&authority.client().build().unwrap(), &on_server).await;
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    assert_eq!(server.attribute::<PeerNames>(), None);
    client.send(b"hello").await.unwrap();
    assert_eq!(server.receive(16).await.unwrap().unwrap(), "hello");

    let good = authority.client().identity(authority.issue(&["ada"]).identity()).build().unwrap();
    let (client, server) = shaken(&good, &on_server).await;
    client.unwrap();
    assert_eq!(server.unwrap().attribute::<PeerNames>().unwrap().common_name.as_deref(), Some("ada"));

    let stranger = Authority::new("stranger").issue(&["mallory"]);
    let wrong = authority.client().identity(stranger.identity()).build().unwrap();
    let (_client, server) = shaken(&wrong, &on_server).await;
    assert_eq!(problem(&server), &CertificateProblem::UnknownIssuer);
}

fn numbered(authority: &Authority, number: u64) -> Pair {
    authority.issue_with(&["ada"], |params| params.serial_number = Some(SerialNumber::from(number)))
}

async fn judged(server: &ServerConfig, authority: &Authority, pair: &Pair) -> Outcome {
    let client = authority.client().identity(pair.identity()).build().unwrap();
    shaken(&client, server).await.1
}

#[arbour::test]
async fn a_running_server_takes_newer_revocation_lists() {
    let authority = Authority::new("authority");
    let (seven, eight) = (numbered(&authority, 7), numbered(&authority, 8));
    let outdated = asking(&authority).revocation_list_pem(revoking(&authority, &[7], whole(-1)));
    let server = outdated.require_client_certificates().build().unwrap();
    let unknown = judged(&server, &authority, &eight).await;
    assert_eq!(problem(&unknown), &CertificateProblem::RevocationUnknown);

    server.reload_revocation_lists_pem(revoking(&authority, &[7], whole(1))).unwrap();
    judged(&server, &authority, &eight).await.unwrap();
    assert_eq!(problem(&judged(&server, &authority, &seven).await), &CertificateProblem::Revoked);

    assert!(server.reload_revocation_lists_pem("nothing").is_err());
    assert_eq!(problem(&judged(&server, &authority, &seven).await), &CertificateProblem::Revoked);
    server.clone().reload_revocation_lists_pem(revoking(&authority, &[8], whole(1))).unwrap();
    judged(&server, &authority, &seven).await.unwrap();
    assert_eq!(problem(&judged(&server, &authority, &eight).await), &CertificateProblem::Revoked);
}

#[arbour::test]
async fn a_running_server_takes_other_roots_and_resumes_no_session_of_before() {
    let (authority, next) = (Authority::new("authority"), Authority::new("next"));
    let (old, new) = (authority.issue(&["ada"]), next.issue(&["ada"]));
    let server = required(&authority);
    let client = authority.client().identity(old.identity()).build().unwrap();
    let (on_client, on_server) = shaken(&client, &server).await;
    let (mut on_client, mut on_server) = (on_client.unwrap(), on_server.unwrap());
    on_server.send(b"welcome").await.unwrap();
    assert_eq!(on_client.receive(64).await.unwrap().unwrap(), "welcome", "and its tickets");

    server.reload_client_roots_pem(&next.pem).unwrap();
    let (_, refused) = shaken(&client, &server).await;
    assert_eq!(problem(&refused), &CertificateProblem::UnknownIssuer);
    judged(&server, &authority, &new).await.unwrap();
    on_server.send(b"still here").await.unwrap();
    assert_eq!(on_client.receive(64).await.unwrap().unwrap(), "still here");
}
