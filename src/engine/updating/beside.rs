//! An update beside the crawl that it is of.

use std::path::Path;
use std::sync::Arc;

use super::beginning::Beginning;
use crate::change::Changes;
use crate::committed::{look, settings as settings_of};
use crate::config::Schedule;
use crate::crawl_dir::CrawlDir;
use crate::engine::asked_again::AskedAgain;
use crate::engine::fail_point::fail_point;
use crate::engine::outputs;
use crate::engine::plan::Plan;
use crate::engine::same_crawl::{expect_same, is_mixed, other_reading, settings};
use crate::error::{Error, Result};
use crate::observe::{State, Summary, counted};
use crate::store::{Notes, Session, file};
use crate::update::{Choice, Earlier, pages_of, unasked_of, write_changes};
use crate::url::UrlRules;

/// An update: the crawl that it is to take the place of, which nobody else may touch meanwhile.
#[derive(Debug)]
pub(in crate::engine) struct Updating {
    dir: CrawlDir,
    earlier: Arc<Earlier>,
    urls: UrlRules,
    keep: usize,
    /// Whether pages are asked for with what is known of them.
    asks: bool,
    /// What the earlier crawl is called as a version.
    version: String,
}

impl Updating {
    /// How the update of what is in a directory begins, or goes on.
    ///
    /// # Errors
    /// [`Error::Usage`] when the crawl in the directory has not come to its end, or is one of other seeds. Nothing is changed
    /// then.
    pub(in crate::engine) fn begin(dir: CrawlDir, plan: &Plan) -> Result<Beginning<Self>> {
        if !file::is_there(dir.path())? {
            return Ok(Beginning::First(dir));
        }
        let (session, notes) = look(dir.path(), |store| {
            let started_at = store.times()?.0;
            let notes = Notes { seeds: store.seeds()?, settings: store.settings()?, started_at, ..Notes::default() };
            Ok((store.last_session()?, notes))
        })?;
        expect_same(plan, &notes, &dir)?;
        if let Some(summary) = dir.untold() {
            return Ok(Beginning::Over(dir, Box::new(summary)));
        }
        expect_ended(&dir, session.as_ref())?;
        let next = next_of(&dir, plan)?;
        let earlier = Earlier::new(pages_of(dir.path(), &plan.rules)?, choice(plan))?;
        let anew = asked_anew(plan, session.as_ref(), &notes)?;
        tell(&dir, &earlier, anew.as_deref());
        let keep = usize::try_from(plan.config.update.keep).unwrap_or(usize::MAX);
        let version = dir.free_version(&version(notes.started_at));
        let (earlier, urls) = (Arc::new(earlier), plan.rules.clone());
        let updating = Self { dir, earlier, urls, keep, asks: anew.is_none(), version };
        Ok(Beginning::Beside(next, updating))
    }

    /// The directory that it is to take the place in.
    pub(in crate::engine) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What its worker asks by.
    pub(in crate::engine) fn asked_again(&self) -> Option<AskedAgain> {
        self.asks.then(|| AskedAgain::new(Arc::clone(&self.earlier)))
    }

    /// Ends the update, whose crawl is in `next`: when that is whole, it takes its place, unless no page came of it. Not cut
    /// off by dropping the future.
    ///
    /// # Errors
    /// A file cannot be read, written or renamed. The same command goes on with it.
    pub(in crate::engine) async fn close(self, next: CrawlDir, summary: &mut Summary) -> Result<()> {
        let output = self.dir.records();
        if summary.state == State::Stopped {
            tracing::info!(
                "the crawl before stays in {} until the update is whole; the same command goes on with it",
                self.dir.path().display()
            );
            return outputs::close(&next, &next.records(), summary);
        }
        let mut whole = summary.clone();
        let closing = tokio::task::spawn_blocking(move || {
            if !whole.failed_seeds.is_empty() {
                self.give_up(next)?;
                return Ok(whole);
            }
            whole.update = Some(self.changes(&next)?);
            outputs::close_as(&next, (&output, self.dir.path()), &mut whole)?;
            fail_point("update-whole");
            self.dir.replace_by(next, &self.version, self.keep, &mut fail_point)?;
            Ok(whole)
        });
        let lost = |_| Error::Internal("the update could not be put in its place".to_owned());
        *summary = closing.await.map_err(lost)??;
        Ok(())
    }

    /// Leaves the crawl before as it was, and nothing of an update of which no page came: of a site that is not there for an
    /// hour nothing is learnt. What was begun goes, since to go on with it would be to ask for nothing more.
    fn give_up(self, next: CrawlDir) -> Result<()> {
        drop(next);
        self.dir.clear_next()?;
        let dir = self.dir.path().display();
        tracing::warn!("no page came of any seed: the crawl before stays in {dir}, and the next update begins anew");
        Ok(())
    }

    /// Writes what has become of each page.
    fn changes(&self, next: &CrawlDir) -> Result<Changes> {
        let now = pages_of(next.path(), &self.urls)?;
        let unasked = unasked_of(next.path(), &self.earlier)?;
        let mut changes = write_changes(&self.earlier, &now, &unasked, &next.changes())?;
        fail_point("changes-written");
        changes.path = self.dir.changes().display().to_string();
        let before = (self.keep > 0).then(|| self.dir.version(&self.version));
        changes.before = before.map(|before| before.display().to_string());
        Ok(changes)
    }
}

/// The directory in which the update is made: as an earlier run has left it, or empty when that has read pages by other settings.
/// Records of both in one crawl would be of neither.
fn next_of(dir: &CrawlDir, plan: &Plan) -> Result<CrawlDir> {
    let next = dir.take_next()?;
    let Some(other) = begun_otherwise(&next, plan)? else { return Ok(next) };
    let shown = next.path().display().to_string();
    drop(next);
    dir.clear_next()?;
    tracing::warn!("the update in {shown} was begun with other settings ({other}): it is begun anew");
    dir.take_next()
}

/// What of the settings of an update that goes on is not what it was when it began, of those that decide what is in it.
fn begun_otherwise(next: &CrawlDir, plan: &Plan) -> Result<Option<String>> {
    if !file::is_there(next.path())? {
        return Ok(None);
    }
    let seen = look(next.path(), |store| {
        let notes = Notes { seeds: store.seeds()?, settings: store.settings()?, ..Notes::default() };
        Ok((notes, settings_of(store)?))
    });
    let (notes, before) = match seen {
        // A process was killed while it made the store.
        Err(Error::Usage(_)) => return Ok(None),
        seen => seen?,
    };
    let Some(kept) = &notes.settings else { return Ok(None) };
    if let Some(table) = other_reading(&kept.toml, &settings(plan, None)?.toml) {
        return Ok(Some(format!("[{table}]")));
    }
    let now = &plan.config;
    let others = [
        ("[archive]", before.archive.warc != now.archive.warc),
        ("[check]", before.check.surveys() != now.check.surveys()),
        ("seeds", expect_same(plan, &notes, next).is_err()),
    ];
    Ok(others.into_iter().find(|(_, is_other)| *is_other).map(|(what, _)| what.to_owned()))
}

/// Refuses what is not whole: nobody could say what of it is gone.
fn expect_ended(dir: &CrawlDir, session: Option<&Session>) -> Result<()> {
    if session.is_some_and(|session| matches!(session.ended, Some(State::Complete | State::Limit))) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the crawl in {} has not come to its end, so there is nothing to update yet\n = help: the same command without --update \
         goes on with it",
        dir.path().display()
    )))
}

/// Why all pages are asked for anew, if they are: what the earlier crawl says of them is not what this one would say.
fn asked_anew(plan: &Plan, session: Option<&Session>, notes: &Notes) -> Result<Option<String>> {
    let (Some(session), Some(before)) = (session, &notes.settings) else {
        return Ok(Some("nothing is known of it".into()));
    };
    if session.version != env!("CARGO_PKG_VERSION") {
        return Ok(Some(format!("version {} of this program has made it", session.version)));
    }
    if is_mixed(&before.toml) {
        return Ok(Some("its runs have read pages by different settings".to_owned()));
    }
    if let Some(table) = other_reading(&before.toml, &settings(plan, None)?.toml) {
        return Ok(Some(format!("[{table}] is not what it was")));
    }
    if plan.config.check.surveys() {
        return Ok(Some("what is kept of pages for checks is not in their records (check.survey)".to_owned()));
    }
    if plan.config.archive.warc && !had_archive(&before.toml) {
        return Ok(Some("it has no archive, and what is not sent again would be in none".to_owned()));
    }
    let lists_links = plan.config.output.links;
    Ok((!lists_links).then(|| "its records do not list links (output.links = false)".to_owned()))
}

/// Whether a crawl of these settings has an archive.
fn had_archive(toml: &str) -> bool {
    let settings = toml.parse::<toml::Table>().unwrap_or_default();
    settings.get("archive").and_then(|archive| archive.get("warc")?.as_bool()) == Some(true)
}

/// Which pages are asked for, by the settings.
fn choice(plan: &Plan) -> Choice {
    let update = &plan.config.update;
    let longest = (update.schedule == Schedule::Due).then_some(update.longest);
    Choice { now: jiff::Timestamp::now(), trusts_cache: update.trust_cache, longest }
}

/// Says what is updated, and what that costs.
fn tell(dir: &CrawlDir, earlier: &Earlier, anew: Option<&str>) {
    let (census, dir) = (earlier.census(), dir.path().display());
    let pages = counted(census.pages, "page", "pages");
    if let Some(why) = anew {
        return tracing::warn!("updating the crawl in {dir}, {pages}: all are asked for anew, since {why}");
    }
    let mut costs = Vec::new();
    if census.without_validators > 0 {
        costs.push(format!("{} anew, since their hosts name no ETag and no Last-Modified", census.without_validators));
    }
    if census.unsaid > 0 {
        costs.push(format!("{} anew, since their records do not say all that they lead to", census.unsaid));
    }
    let costs = if costs.is_empty() { String::new() } else { format!(", {}", costs.join(", ")) };
    tracing::info!("updating the crawl in {dir}, {pages}{costs}");
}

/// What a crawl is called as a version that began then, in milliseconds since 1970: as RFC 3339 writes it, without what file
/// systems do not have in names.
fn version(started_at: Option<i64>) -> String {
    let time = jiff::Timestamp::from_millisecond(started_at.unwrap_or_default()).unwrap_or_default();
    format!("{time:.3}").replace([':', '.'], "-")
}
