//! The datapackage of a WACZ: what is in it, with the digest of each.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::zip_num::hex;

/// What a WACZ says of itself.
#[derive(Debug, Default)]
pub(super) struct Datapackage {
    resources: Vec<Value>,
}

impl Datapackage {
    /// Adds a file.
    pub(super) fn add(&mut self, path: &str, bytes: u64, hash: &str) {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        self.resources.push(json!({ "name": name, "path": path, "hash": hash, "bytes": bytes }));
    }

    /// The file `datapackage.json`, and the one that has its digest.
    pub(super) fn write(self, title: &str, main_page: Option<&str>, created: jiff::Timestamp) -> (String, String) {
        let mut package = json!({
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": title,
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "software": concat!("crawler/", env!("CARGO_PKG_VERSION")),
            "resources": self.resources,
        });
        if let (Some(main_page), Some(package)) = (main_page, package.as_object_mut()) {
            package.insert("mainPageURL".to_owned(), main_page.into());
        }
        let package = format!("{package:#}\n");
        let digest = json!({ "path": NAME, "hash": hex(&Sha256::digest(package.as_bytes())) });
        (package, format!("{digest:#}\n"))
    }
}

/// What it is called in a WACZ.
pub(super) const NAME: &str = "datapackage.json";
/// The version of the format: specs.webrecorder.net/wacz/1.1.1.
const VERSION: &str = "1.1.1";
