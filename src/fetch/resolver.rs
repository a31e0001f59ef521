//! The resolver: the addresses of a name, as far as the address guard lets them through.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::AddressGuard;
use crate::exchange::LookedUp;

/// Looks names up for the HTTP client. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    guard: AddressGuard,
    lookup: Arc<dyn Lookup>,
    /// What was found for the HTTP client, when somebody wants to know.
    noted: Option<Arc<Mutex<Vec<LookedUp>>>>,
}

/// A look-up under way.
pub(super) type Looking<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Something that knows the addresses of names.
pub(super) trait Lookup: fmt::Debug + Send + Sync {
    /// The addresses of a name, with a port that stands for nothing. Cancel safe.
    fn addresses<'a>(&'a self, name: &'a str) -> Looking<'a>;
}

/// The resolver of the system, with its own time limits.
#[derive(Debug)]
struct System;

impl Lookup for System {
    fn addresses<'a>(&'a self, name: &'a str) -> Looking<'a> {
        // Port 0: the connector puts the URL's port in its place.
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

impl Resolver {
    pub(super) fn new(guard: AddressGuard) -> Self {
        Self { guard, lookup: Arc::new(System), noted: None }
    }

    /// The same resolver, which notes what it finds for the HTTP client.
    pub(super) fn noting(self) -> Self {
        Self { noted: Some(Arc::default()), ..self }
    }

    /// What was noted since this was asked last.
    pub(super) fn take_noted(&self) -> Vec<LookedUp> {
        let Some(noted) = &self.noted else { return Vec::new() };
        std::mem::take(&mut noted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The addresses of a name that the HTTP client may connect to, or have somebody connect to. What is found is noted.
    pub(super) async fn find(&self, name: &str) -> Result<Vec<IpAddr>, Box<dyn Error + Send + Sync>> {
        Ok(self.judged(name).await?.into_iter().map(|address| address.ip()).collect())
    }

    async fn judged(&self, name: &str) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let found = self.lookup.addresses(name).await?;
        if let Some(noted) = &self.noted {
            let addresses = found.iter().map(SocketAddr::ip).collect();
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            // They are taken many times a second.
            if noted.len() < MOST_NOTED {
                noted.push(LookedUp::new(name.into(), addresses, jiff::Timestamp::now()));
            }
        }
        Ok(self.guard.filter(name, found)?)
    }

    /// The addresses of a name that may be connected to; none when it has none.
    pub(super) async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let found = self.lookup.addresses(name).await.unwrap_or_default();
        let left = self.guard.filter(name, found).unwrap_or_default();
        left.into_iter().map(|address| address.ip()).collect()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let left = resolver.judged(name.as_str()).await?;
            Ok(Box::new(left.into_iter()) as Addrs)
        })
    }
}

/// How many look-ups may wait to be taken.
const MOST_NOTED: usize = 4096;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use super::*;
    use crate::fetch::loopback::url;
    use crate::fetch::{AllowedHost, SavedSeedName};

    /// Answers each look-up with the next of these, whatever the name is; an empty one is a name that does not exist.
    #[derive(Debug)]
    struct Scripted(Mutex<VecDeque<Vec<&'static str>>>);

    impl Lookup for Scripted {
        fn addresses<'a>(&'a self, _: &'a str) -> Looking<'a> {
            let next = self.0.lock().unwrap().pop_front().unwrap();
            let found = next.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect::<Vec<_>>();
            let found = if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) };
            Box::pin(std::future::ready(found))
        }
    }

    /// The way to a seed, as one run has it.
    struct Run {
        resolver: Resolver,
        guard: AddressGuard,
    }

    impl Run {
        fn of(allow: &[&str], known: &[SavedSeedName], answers: &[&[&'static str]]) -> Self {
            let allow: Vec<AllowedHost> = allow.iter().map(|text| text.parse().unwrap()).collect();
            let guard = AddressGuard::new(&allow, &[url("http://Seed.example.:81/")]);
            for saved in known {
                guard.restore_seed_name(saved);
            }
            let lookup = Scripted(Mutex::new(answers.iter().map(|answer| answer.to_vec()).collect()));
            Self { resolver: Resolver { guard: guard.clone(), lookup: Arc::new(lookup), noted: None }, guard }
        }

        /// The addresses that may be connected to now, or why none may.
        async fn next(&self) -> String {
            match self.resolver.resolve("seed.example".parse().unwrap()).await {
                Ok(found) => found.map(|address| address.ip().to_string()).collect::<Vec<_>>().join(" "),
                Err(error) => error.to_string(),
            }
        }
    }

    #[tokio::test]
    async fn a_seed_that_was_public_stays_public() {
        let run = Run::of(&[], &[], &[&["8.8.8.8"], &["10.0.0.5"], &["127.0.0.1", "8.8.4.4"]]);
        assert_eq!(run.next().await, "8.8.8.8");
        assert_eq!(
            run.next().await,
            "seed.example resolves to 10.0.0.5, a private address; it was public at first: list it in `allow_hosts` to \
             let it through"
        );
        assert_eq!(run.next().await, "8.8.4.4");
        let next = Run::of(&[], &run.guard.take_seed_names(), &[&["127.0.0.1"], &["8.8.8.8"]]);
        assert!(next.next().await.contains("a loopback address"));
        assert_eq!(next.next().await, "8.8.8.8");
    }

    #[tokio::test]
    async fn a_seed_that_was_on_an_inner_network_may_be_anywhere() {
        let run = Run::of(&[], &[], &[&["10.0.0.5", "127.0.0.1"], &["8.8.8.8"], &["192.168.0.1"]]);
        for expected in ["10.0.0.5 127.0.0.1", "8.8.8.8", "192.168.0.1"] {
            assert_eq!(run.next().await, expected);
        }
        let next = Run::of(&[], &run.guard.take_seed_names(), &[&["8.8.8.8"], &["10.0.0.5"]]);
        assert_eq!((next.next().await, next.next().await), ("8.8.8.8".to_owned(), "10.0.0.5".to_owned()));
    }

    #[tokio::test]
    async fn a_seed_that_is_both_at_first_is_public() {
        let run = Run::of(&[], &[], &[&["10.0.0.5", "8.8.8.8"], &["10.0.0.5"]]);
        assert_eq!(run.next().await, "8.8.8.8");
        assert!(run.next().await.contains("it was public at first"));
    }

    #[tokio::test]
    async fn a_look_up_that_fails_decides_nothing() {
        let run = Run::of(&[], &[], &[&[], &["10.0.0.5"], &["10.0.0.6"]]);
        run.next().await;
        assert!(run.guard.take_seed_names().is_empty());
        assert_eq!((run.next().await, run.next().await), ("10.0.0.5".to_owned(), "10.0.0.6".to_owned()));
    }

    #[tokio::test]
    async fn what_is_allowed_may_move() {
        for allow in ["seed.example", "10.0.0.0/8"] {
            let run = Run::of(&[allow], &[], &[&["8.8.8.8"], &["10.0.0.5"]]);
            assert_eq!((run.next().await, run.next().await), ("8.8.8.8".to_owned(), "10.0.0.5".to_owned()), "{allow}");
        }
    }
}
