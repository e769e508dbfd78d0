//! TLS with the cryptography of aws-lc, on one side or both. Needs the feature `tls-aws-lc`.
#![forbid(unsafe_code)]

#[path = "conformance/certificates.rs"]
mod certificates;

use arbour::testing::check_byte_stream;
use arbour::transports::tls::attributes::{PeerNames, TlsVersion, Version};
use arbour::transports::tls::{CertificateProblem, ClientConfig, Crypto, ServerConfig, TlsError};
use arbour::transports::{AttributesExt, byte_pipe};
use certificates::{Authority, server};

const HOST: &str = "server.example";

/// Both sides with certificates: there is something to sign and to verify on each.
fn both(authority: &Authority, on_client: Crypto, on_server: Crypto) -> (ClientConfig, ServerConfig) {
    let server = server(&authority.issue(&[HOST])).client_root_pem(&authority.pem).crypto(on_server);
    let client = authority.client().identity(authority.issue(&["ada"]).identity()).crypto(on_client);
    (client.build().unwrap(), server.require_client_certificates().build().unwrap())
}

#[arbour::test]
async fn it_agrees_with_itself_and_with_ring_and_keeps_what_byte_streams_promise() {
    let authority = Authority::new("authority");
    for crypto in
        [(Crypto::AwsLc, Crypto::AwsLc), (Crypto::AwsLc, Crypto::Ring), (Crypto::Ring, Crypto::AwsLc)]
    {
        let (on_client, on_server) = both(&authority, crypto.0, crypto.1);
        let pairs = check_byte_stream(async || {
            let (client, server) = byte_pipe(64 * 1024);
            let (client, server) = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
            let (client, server) = (client.unwrap(), server.unwrap());
            assert_eq!(client.attribute::<Version>(), Some(TlsVersion::Tls13), "{crypto:?}");
            assert_eq!(server.attribute::<PeerNames>().unwrap().common_name.as_deref(), Some("ada"));
            (client, server)
        });
        pairs.clogged_by(1 << 20).run().await.unwrap();
    }
}

#[arbour::test]
async fn it_refuses_whom_nobody_vouches_for() {
    let authority = Authority::new("authority");
    let (on_client, _) = both(&Authority::new("another"), Crypto::AwsLc, Crypto::AwsLc);
    let (_, on_server) = both(&authority, Crypto::AwsLc, Crypto::AwsLc);
    let (client, server) = byte_pipe(64 * 1024);
    let (client, server) = tokio::join!(on_client.connect(client, HOST), on_server.accept(server));
    let refused = client.unwrap_err();
    let problem = TlsError::of(&refused).unwrap().certificate_problem();
    assert_eq!(problem, Some(&CertificateProblem::UnknownIssuer), "{refused}");
    assert!(matches!(TlsError::of(&server.unwrap_err()), Some(TlsError::Refused(_))));
}
