//! Tasks: the requests in flight, each with what it was started for.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use tokio::task::{Id, JoinError, JoinSet};

use super::job::{Done, Job};
use crate::engine::worker::{RobotsReply, SitemapReply, TdmReply, Worker};
use crate::error::{Error, Result};
use crate::fetch::{Budget, Held};
use crate::for_update::Carried;
use crate::frontier::Lease;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::politeness::RobotsAnswer;
use crate::request::Extent;

/// The requests in flight.
///
/// - Each task has one job, and each job ends in one [`Done`], also when its task panics.
/// - Dropping this ends every task.
#[derive(Debug)]
pub(super) struct Tasks {
    worker: Arc<Worker>,
    /// What the outcomes of pages hold until they are written.
    budget: Budget,
    running: JoinSet<Answer>,
    jobs: HashMap<Id, Job>,
}

/// What a task hands back.
#[derive(Debug)]
enum Answer {
    Page(Outcome, Held),
    Carried(Option<Outcome>, Option<Held>),
    Robots(RobotsReply, Outcome),
    TdmFile(TdmReply, Outcome),
    Sitemap(SitemapReply, Outcome),
    Addresses(Vec<IpAddr>),
}

impl Tasks {
    pub(super) fn new(worker: Arc<Worker>, budget: Budget) -> Self {
        Self { worker, budget, running: JoinSet::new(), jobs: HashMap::new() }
    }

    /// Reads what is known of a page, in place of a request for it.
    pub(super) fn carry(&mut self, lease: Lease, why: Carried) {
        let (worker, url, budget) = (Arc::clone(&self.worker), lease.url.clone(), self.budget.clone());
        let task = self.running.spawn(async move {
            let outcome = worker.carry(&url, why).await;
            let held = outcome.as_ref().map(|outcome| budget.hold(outcome.weight()));
            Answer::Carried(outcome, held)
        });
        self.jobs.insert(task.id(), Job::Page(lease));
    }

    /// How many requests are in flight.
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    /// What they are made for.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Makes the request of a job.
    pub(super) fn start(&mut self, job: Job) {
        self.start_for(job, Extent::Whole);
    }

    /// Makes the request of a job, of whose response so much is wanted.
    pub(super) fn start_for(&mut self, job: Job, extent: Extent) {
        let (worker, url) = (Arc::clone(&self.worker), job.url().clone());
        let task = match &job {
            Job::Page(_) | Job::Witness(_) => {
                let budget = self.budget.clone();
                self.running.spawn(async move {
                    let outcome = worker.visit(url, extent).await;
                    let held = budget.hold(outcome.weight());
                    Answer::Page(outcome, held)
                })
            }
            Job::Robots(_) => self.running.spawn(async move {
                let (reply, outcome) = worker.ask_robots(url).await;
                Answer::Robots(reply, outcome)
            }),
            Job::TdmFile(_) => self.running.spawn(async move {
                let (reply, outcome) = worker.ask_tdm_file(url).await;
                Answer::TdmFile(reply, outcome)
            }),
            Job::Sitemap(_) => self.running.spawn(async move {
                let (reply, outcome) = worker.ask_sitemap(url).await;
                Answer::Sitemap(reply, outcome)
            }),
            Job::Addresses(_) => {
                self.running.spawn(async move { Answer::Addresses(worker.network().addresses(&url).await) })
            }
        };
        self.jobs.insert(task.id(), job);
    }

    /// The next job that is done; `None` when nothing is in flight. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Result<Done>> {
        let ended = self.running.join_next_with_id().await?;
        Some(self.done(ended))
    }

    /// A job that is done already.
    pub(super) fn try_next(&mut self) -> Option<Result<Done>> {
        let ended = self.running.try_join_next_with_id()?;
        Some(self.done(ended))
    }

    /// Drops all requests; their jobs are as if they had never been started.
    pub(super) async fn stop(&mut self) -> Vec<Job> {
        self.running.shutdown().await;
        self.jobs.drain().map(|(_, job)| job).collect()
    }

    fn done(&mut self, ended: Result<(Id, Answer), JoinError>) -> Result<Done> {
        let (id, answer) = match ended {
            Ok((id, answer)) => (id, Some(answer)),
            // It panicked.
            Err(error) => (error.id(), None),
        };
        let job = self.jobs.remove(&id).ok_or_else(|| Error::Internal("a task ended that was never started".into()))?;
        Ok(match (job, answer) {
            (Job::Page(lease), Some(Answer::Page(outcome, held))) => Done::Page(lease, outcome, Some(held)),
            (Job::Robots(hop), Some(Answer::Robots(reply, outcome))) => Done::Robots(hop, reply, outcome),
            (Job::TdmFile(hop), Some(Answer::TdmFile(reply, outcome))) => Done::TdmFile(hop, reply, outcome),
            (Job::Sitemap(ask), Some(Answer::Sitemap(reply, outcome))) => Done::Sitemap(ask, reply, outcome),
            (Job::Addresses(url), Some(Answer::Addresses(found))) => Done::Addresses(url, found),
            (Job::Page(lease), Some(Answer::Carried(outcome, held))) => Done::Carried(lease, outcome, held),
            (Job::Page(lease), _) => Done::Page(lease, panicked(), None),
            (Job::Witness(url), Some(Answer::Page(outcome, _))) => Done::Witness(url, outcome),
            (Job::Witness(url), _) => Done::Witness(url, panicked()),
            (Job::Robots(hop), _) => Done::Robots(hop, RobotsReply::Answer(RobotsAnswer::Unreachable), panicked()),
            (Job::TdmFile(hop), _) => Done::TdmFile(hop, TdmReply::File(None), panicked()),
            (Job::Sitemap(ask), _) => Done::Sitemap(ask, SitemapReply::Nothing, panicked()),
            (Job::Addresses(url), _) => Done::Addresses(url, Vec::new()),
        })
    }
}

fn panicked() -> Outcome {
    let failure = Failure::new(FailureKind::Panic, "the request made its task panic: please report it");
    Outcome::failed(failure, jiff::Timestamp::now(), Duration::ZERO)
}
