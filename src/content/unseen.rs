//! What no reader sees: scripts, styles, hidden parts, and what a browser shows only in place of something else.

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;
use scraper::node::Element;

/// Whether an element is not shown, with all that is in it.
pub(super) fn is_unseen(element: ElementRef<'_>) -> bool {
    let value = element.value();
    let name = &value.name;
    if name.ns == ns!(mathml) {
        return matches!(&*name.local, "annotation" | "annotation-xml");
    }
    if name.ns == ns!(svg) || is_never_shown(&name.local) {
        return true;
    }
    match name.local {
        local_name!("template") => value.attr("shadowrootmode").is_none(),
        local_name!("dialog") => value.attr("open").is_none(),
        // A control, but that which opens a part of the page bears its heading.
        local_name!("button") => !is_in_heading(element),
        local_name!("a") if is_anchor(element) => true,
        _ => !value.attrs.is_empty() && is_hidden(value),
    }
}

fn is_never_shown(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("audio")
            | local_name!("canvas")
            | local_name!("datalist")
            | local_name!("head")
            | local_name!("iframe")
            | local_name!("input")
            | local_name!("meter")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("noscript")
            | local_name!("progress")
            | local_name!("script")
            | local_name!("style")
            | local_name!("title")
            | local_name!("video")
    )
}

/// Whether attributes hide an element: `hidden`, `aria-hidden`, a style, or a class that is commonly used for what is read
/// aloud only.
fn is_hidden(element: &Element) -> bool {
    element.attrs().any(|(name, value)| match name {
        "hidden" => !value.eq_ignore_ascii_case("until-found"),
        "aria-hidden" => value.eq_ignore_ascii_case("true"),
        "style" => is_hidden_by(value),
        "class" => value.split_ascii_whitespace().any(|class| READ_ALOUD.contains(&class)),
        _ => false,
    })
}

fn is_hidden_by(style: &str) -> bool {
    style.split(';').filter_map(|declaration| declaration.split_once(':')).any(|(property, value)| {
        let value = value.split('!').next().unwrap_or_default().trim();
        let is =
            |name: &str, hidden: &str| property.trim().eq_ignore_ascii_case(name) && value.eq_ignore_ascii_case(hidden);
        is("display", "none") || is("visibility", "hidden")
    })
}

/// Whether a link is the sign beside a heading that leads to itself: `¶`.
fn is_anchor(element: ElementRef<'_>) -> bool {
    if !element.value().attr("href").is_some_and(|href| href.starts_with('#')) {
        return false;
    }
    let mut texts = element.children().filter_map(|child| child.value().as_text());
    let sign = texts.next().map(|text| text.trim());
    sign.is_some_and(|text| SIGNS.contains(&text)) && texts.next().is_none() && element.children().nth(1).is_none()
}

fn is_in_heading(element: ElementRef<'_>) -> bool {
    let near = element.ancestors().take(LOOK_UP).filter_map(ElementRef::wrap);
    near.into_iter().any(|above| {
        matches!(
            above.value().name.local,
            local_name!("h1")
                | local_name!("h2")
                | local_name!("h3")
                | local_name!("h4")
                | local_name!("h5")
                | local_name!("h6")
                | local_name!("summary")
                | local_name!("dt")
        )
    })
}

/// Classes of what only a screen reader tells, in the frameworks that have one for it.
const READ_ALOUD: [&str; 5] =
    ["sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text", "screen-reader-only"];
const SIGNS: [&str; 5] = ["\u{b6}", "#", "\u{a7}", "\u{1f517}", "\u{f0c1}"];
/// How far above a button its heading may be.
const LOOK_UP: usize = 3;
