//! TCP: streams, and listeners for them.

mod listener;
mod stream;

pub use listener::TcpListener;
pub use stream::{TcpReceive, TcpSend, TcpStream};
