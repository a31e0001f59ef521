//! Blocks of code between fences (`CommonMark`, section 4.5), and what language they are in.

use scraper::ElementRef;

use super::escape::longest_run;

/// A block of code. The last line end is that of the fence.
pub(super) fn fenced(code: &str, language: Option<&str>) -> String {
    let code = code.strip_suffix('\n').unwrap_or(code);
    let fence = "`".repeat((longest_run(code) + 1).max(3));
    format!("{fence}{}\n{code}\n{fence}", language.unwrap_or_default())
}

/// The language of a block of code: as classes or attributes of it say, of the code in it, or of one of the two elements
/// around it.
pub(super) fn language(pre: ElementRef<'_>) -> Option<&str> {
    let inner = pre.child_elements().next();
    let around = pre.ancestors().take(2).filter_map(ElementRef::wrap);
    std::iter::once(pre).chain(inner).chain(around).find_map(said)
}

fn said(element: ElementRef<'_>) -> Option<&str> {
    let value = element.value();
    let class = value.attr("class").unwrap_or_default();
    let by_data = || ["data-lang", "data-language"].into_iter().find_map(|name| value.attr(name));
    by_class(class).or_else(by_data).filter(|name| is_language(name))
}

/// `language-x`, `lang-x`, `highlight-x` (Sphinx), `highlight-source-x` (GitHub), `brush: x`, `sourceCode x` (pandoc).
fn by_class(class: &str) -> Option<&str> {
    let classes = || class.split(|c: char| c.is_ascii_whitespace() || c == ';').filter(|class| !class.is_empty());
    let by_prefix =
        ["language-", "lang-", "highlight-source-", "highlight-", "brush:"].into_iter().find_map(|prefix| {
            let after = classes().filter_map(|class| class.strip_prefix(prefix));
            after.into_iter().find(|name| is_language(name))
        });
    let follows = |name: &str| classes().skip_while(move |class| *class != name).nth(1);
    by_prefix.or_else(|| follows("brush:")).or_else(|| follows("sourceCode"))
}

/// Whether a name is one of a language: it stands behind a fence, and some say by one that there is none.
fn is_language(name: &str) -> bool {
    let is_written_so = |c: char| c.is_alphanumeric() || matches!(c, '+' | '#' | '-' | '.' | '_');
    let is_none = ["none", "default", "text", "plaintext", "plain", "txt", "nohighlight", "null", "undefined"]
        .iter()
        .any(|none| name.eq_ignore_ascii_case(none));
    !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(is_written_so) && !is_none
}

const MAX_NAME: usize = 32;
