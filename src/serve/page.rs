//! The page that shows the status: one file, which loads nothing and takes what pages say as text.

/// The page, whose script and style are the ones with this nonce.
pub(super) fn page(nonce: &str) -> String {
    PAGE.replace("NONCE", nonce)
}

/// What the page may do: run its own script, and ask its own server.
pub(super) fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}

/// A number that nobody has met before.
pub(super) fn nonce() -> String {
    use std::hash::{BuildHasher as _, RandomState};

    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}

const PAGE: &str = include_str!("page.html");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_takes_nothing_as_markup_and_loads_nothing() {
        let page = page("abc");
        for part in ["innerHTML", "outerHTML", "document.write", "insertAdjacentHTML", "eval(", "src=", "://", "NONCE"]
        {
            assert!(!page.contains(part), "{part}");
        }
        assert_eq!(page.matches("nonce=\"abc\"").count(), 2);
        assert_ne!(nonce(), nonce());
    }
}
