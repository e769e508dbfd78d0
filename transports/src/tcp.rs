//! TCP: streams, and listeners for them.

mod connect;
mod eyeballs;
mod from_tokio;
mod keep_alive;
mod listen;
mod listener;
mod race;
mod stream;

pub use connect::{Dial, TcpConnect, TcpDial};
pub use keep_alive::KeepAlive;
pub use listen::{TcpBindError, TcpListen};
pub use listener::TcpListener;
pub use stream::{TcpReceive, TcpSend, TcpStream};
