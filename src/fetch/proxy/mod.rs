//! Proxies: the way to hosts through others, so that what the address guard promises holds there too.

mod client;
mod connector;
mod fault;
mod setting;
mod socks5;
mod stream;
mod tunnel;

pub(super) use client::{Bounds, Client, Error};
pub(super) use connector::{Connector, Route};
pub(super) use fault::none_of;
pub(super) use setting::Proxy;
pub use setting::{ProxyDns, ProxyUrl};
pub(super) use stream::AddressBehind;
