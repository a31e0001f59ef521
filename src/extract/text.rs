//! The text of an element, as a browser shows it: white space folded, and a space where a block begins or ends.

use html5ever::{LocalName, local_name, ns};
use scraper::{ElementRef, Node};

use super::element::Work;
use crate::tree::NodeRef;

/// The text of an element and all that is in it; empty when nothing is left.
pub(super) fn of(element: ElementRef<'_>, work: &Work) -> String {
    let mut text = Folded::new();
    // The text of a script is what it consists of, but none of what a browser shows of the elements around it.
    let is_unseen = |node: ElementRef<'_>| node != element && is_unseen(&node.value().name.local);
    let mut at = element.first_child();
    while let Some(node) = at.filter(|_| work.spend(1)) {
        let mut into = None;
        match node.value() {
            Node::Text(piece) if work.spend(piece.len() / 64) => text.push(piece),
            Node::Element(value) => {
                text.space_if(is_block(&value.name.local) && value.name.ns == ns!(html));
                into = ElementRef::wrap(node).filter(|inner| !is_unseen(*inner)).and_then(|inner| inner.first_child());
            }
            _ => {}
        }
        at = into.or_else(|| after(node, element, &mut text));
    }
    text.0
}

/// The text that stands in an element itself, without that of the elements in it.
pub(super) fn own(element: ElementRef<'_>, work: &Work) -> String {
    let mut text = Folded::new();
    for node in element.children().take_while(|_| work.spend(1)) {
        match node.value() {
            Node::Text(piece) if work.spend(piece.len() / 64) => text.push(piece),
            Node::Element(_) => text.space_if(true),
            _ => {}
        }
    }
    text.0
}

/// The node after this one and all that is in it, still inside of `root`.
fn after<'a>(node: NodeRef<'a>, root: ElementRef<'a>, text: &mut Folded) -> Option<NodeRef<'a>> {
    let mut at = node;
    loop {
        if at.value().as_element().is_some_and(|value| is_block(&value.name.local)) {
            text.space_if(true);
        }
        if let Some(sibling) = at.next_sibling() {
            return Some(sibling);
        }
        at = at.parent().filter(|parent| parent.id() != root.id())?;
    }
}

#[derive(Debug)]
struct Folded(String, bool);

impl Folded {
    fn new() -> Self {
        // Most texts are shorter: one allocation each, while they grow.
        Self(String::with_capacity(256), false)
    }

    fn push(&mut self, piece: &str) {
        self.space_if(piece.starts_with(|c: char| c.is_ascii_whitespace()));
        let mut rest = false;
        for word in piece.split_ascii_whitespace() {
            if (self.1 || rest) && !self.0.is_empty() {
                self.0.push(' ');
            }
            self.1 = false;
            rest = true;
            self.0.push_str(word);
        }
        self.space_if(piece.ends_with(|c: char| c.is_ascii_whitespace()));
    }

    /// A space before whatever comes next.
    fn space_if(&mut self, space: bool) {
        self.1 |= space;
    }
}

/// Elements whose text no browser shows.
fn is_unseen(name: &LocalName) -> bool {
    matches!(*name, local_name!("script") | local_name!("style") | local_name!("template"))
}

/// Elements that begin and end a line, a cell or an entry of their own (HTML Standard, section 15.3), and `<br>`.
fn is_block(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("address")
            | local_name!("article")
            | local_name!("aside")
            | local_name!("blockquote")
            | local_name!("body")
            | local_name!("br")
            | local_name!("caption")
            | local_name!("center")
            | local_name!("dd")
            | local_name!("details")
            | local_name!("dialog")
            | local_name!("dir")
            | local_name!("div")
            | local_name!("dl")
            | local_name!("dt")
            | local_name!("fieldset")
            | local_name!("figcaption")
            | local_name!("figure")
            | local_name!("footer")
            | local_name!("form")
            | local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
            | local_name!("header")
            | local_name!("hgroup")
            | local_name!("hr")
            | local_name!("html")
            | local_name!("legend")
            | local_name!("li")
            | local_name!("listing")
            | local_name!("main")
            | local_name!("menu")
            | local_name!("nav")
            | local_name!("ol")
            | local_name!("optgroup")
            | local_name!("option")
            | local_name!("p")
            | local_name!("plaintext")
            | local_name!("pre")
            | local_name!("section")
            | local_name!("summary")
            | local_name!("table")
            | local_name!("tbody")
            | local_name!("td")
            | local_name!("tfoot")
            | local_name!("th")
            | local_name!("thead")
            | local_name!("tr")
            | local_name!("ul")
            | local_name!("xmp")
    ) || **name == *"search"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{Bounds, Document};

    fn check(body: &str, expected: &str) {
        let document = Document::parse(&format!("<body><main>{body}</main>"), Bounds::default());
        let main = scraper::Selector::parse("main").unwrap();
        let element = document.html.select(&main).next().unwrap();
        assert_eq!(of(element, &Work::for_size(1000)), expected, "{body}");
    }

    #[test]
    fn white_space_is_folded_as_a_browser_shows_it() {
        check("  a \n b\t", "a b");
        check("<b>a</b>b", "ab");
        check("<b>a </b> b", "a b");
        check("<p>a</p><p>b</p>", "a b");
        check("<p>a</p>b", "a b");
        check("a<br>b", "a b");
        check("<ul><li>a<li>b</ul>", "a b");
        check("<table><tr><td>a<td>b</table>", "a b");
        check("a<span></span>b", "ab");
        check("a\u{a0}b", "a\u{a0}b");
        check("", "");
        check("a<img alt=x>b", "ab");
    }

    #[test]
    fn what_is_not_shown_is_not_taken() {
        check("a<script>x</script><style>y</style><template>z</template><!--c-->b", "ab");
        check("a<noscript><i>b</i></noscript>", "ab");
    }

    #[test]
    fn own_text_leaves_out_what_is_nested() {
        let document = Document::parse("<p>a <b>x</b> b<i>y</i>c", Bounds::default());
        let p = scraper::Selector::parse("p").unwrap();
        assert_eq!(own(document.html.select(&p).next().unwrap(), &Work::for_size(10)), "a b c");
    }
}
