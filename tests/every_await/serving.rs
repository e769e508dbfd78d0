//! Serving: wherever a server is stopped, its listener, its connections and its tasks are gone.

use crate::support::{Held, hold, sweep};
use arbour::transports::tcp::{TcpListener, TcpStream};
use arbour::{Failure, serve, task_group};

async fn echo(stream: TcpStream, held: Held) -> Result<(), Failure> {
    let _hold = held.take();
    while let Some(bytes) = stream.receive(4).await? {
        stream.send(&bytes).await?;
    }
    hold(held, 1).await;
    Ok(())
}

#[test]
fn a_server_and_its_connections() {
    let held = Held::default();
    let scenario = || async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_address();
        let held = held.clone();
        let server = serve(listener, move |stream| echo(stream, held.clone())).max_connections(2);
        let statistics = server.handle();
        let outcome = task_group(async |group| {
            group.spawn(server.run());
            for _ in 0..3 {
                let client = TcpStream::connect(address).await.unwrap();
                client.send(b"hello").await.unwrap();
                client.send_eof().await.unwrap();
                while client.receive(4).await.unwrap().is_some() {}
            }
            group.scope().drain();
        });
        outcome.await.unwrap();
        statistics.statistics()
    };
    sweep(scenario, |run| {
        held.is_nothing();
        let whole = |told: arbour::ServeStatistics| (told.open, told.accepted, told.served) == (0, 3, 3);
        assert!(run.output.is_none_or(whole), "{:?}", run.output);
    });
}
