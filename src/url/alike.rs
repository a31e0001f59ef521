//! Alike: in what two URLs of one page may differ, when a site says that this is so.

use super::PathParam;
use super::param_pattern::name_of;

/// In what else two URLs of one page may differ. Default: in nothing.
#[derive(Debug, Clone, Default)]
pub struct Alike {
    /// In the order of their query parameters; those of one name keep theirs.
    pub order_of_params: bool,
    /// In how many slashes follow each other in the path.
    pub count_of_slashes: bool,
    /// In these parameters of path segments.
    pub path_params: Vec<PathParam>,
}

impl Alike {
    /// Whether the path of a URL may have something that does not count.
    pub(super) fn concerns_path_of(&self, text: &str) -> bool {
        (self.count_of_slashes && path_of(text).contains("//")) || (!self.path_params.is_empty() && text.contains(';'))
    }

    /// A URL without query, and without that.
    pub(super) fn path(&self, text: &str) -> String {
        let path = path_of(text);
        let (origin, mut last) = (text.get(..text.len() - path.len()).unwrap_or_default(), None);
        let mut kept = String::from(origin);
        for segment in path.split('/') {
            let mut params = segment.split(';');
            let name = params.next().unwrap_or_default();
            if self.count_of_slashes && last == Some("") && segment.is_empty() {
                continue;
            }
            if last.is_some() && !(self.count_of_slashes && kept.ends_with('/')) {
                kept.push('/');
            }
            kept.push_str(name);
            for param in params.filter(|param| !self.leaves_out(name_of(param))) {
                kept.push(';');
                kept.push_str(param);
            }
            last = Some(segment);
        }
        kept
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.path_params.iter().any(|own| own.matches(name))
    }
}

/// From the first slash behind the host.
fn path_of(text: &str) -> &str {
    let host = text.find("://").map_or(0, |scheme| scheme + "://".len());
    let path = text.get(host..).and_then(|rest| rest.find('/'));
    path.and_then(|path| text.get(host + path..)).unwrap_or_default()
}
