//! `--dashboard`: a running crawl in a browser, with buttons that hold it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Crawl;
use crate::config::Config;
use crate::error::Result;
use crate::serve::{Control, Dashboard, Serving, TOKEN};

/// Listens, before anything is crawled: an address that is taken is told at once.
pub(super) fn open(at: &str, config: &Config) -> Result<Dashboard> {
    let rules = config.extract_rules()?;
    let names: Vec<String> = rules.names().map(str::to_owned).collect();
    let dashboard = Dashboard::open(at, std::env::var(TOKEN).ok(), &names)?;
    tracing::info!("dashboard: {}", dashboard.place());
    Ok(dashboard)
}

/// Shows a crawl, and lets whoever has the token hold it. `by_button` says that one of them has stopped it.
pub(super) fn serve(dashboard: Dashboard, crawl: &Crawl, by_button: &Arc<AtomicBool>) -> Result<Serving> {
    let (stopper, by_button) = (crawl.stopper(), Arc::clone(by_button));
    dashboard.serve(crawl.stats(), move |control| match control {
        Control::Stop => {
            by_button.store(true, Ordering::Relaxed);
            stopper.drain();
        }
        Control::Pause => stopper.pause(),
        Control::Resume => stopper.resume(),
    })
}
