//! The kind of an element: what it means for the text around and inside of it (HTML Standard, section 15.3).

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

/// What an element is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It stands in a line.
    Inline,
    /// It has lines of its own.
    Block,
    /// It has lines of its own, and space around it.
    Paragraph,
    /// A heading of this rank.
    Heading(u8),
    Quote,
    /// Text whose white space counts.
    Pre,
    /// A list; numbered or not.
    List(Numbered),
    Item,
    /// A list of terms and what they mean.
    Terms,
    Term,
    Description,
    Table,
    Caption,
    RowGroup,
    Row,
    Cell(Role),
    /// An end of a line.
    Break,
    /// A place where a line may end.
    MayBreak,
    Rule,
    Quotation,
    Link,
    Image,
    Code,
    Strong,
    Emphasis,
    Struck,
}

/// Whether a list is numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbered {
    Yes,
    No,
}

/// What a cell of a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Header,
    Data,
}

impl Kind {
    pub(super) fn of(element: ElementRef<'_>) -> Self {
        let name = &element.value().name;
        if name.ns == ns!(html) { Self::of_name(&name.local) } else { Self::Inline }
    }

    fn of_name(name: &LocalName) -> Self {
        match *name {
            local_name!("p") | local_name!("figure") | local_name!("fieldset") => Self::Paragraph,
            local_name!("h1") => Self::Heading(1),
            local_name!("h2") => Self::Heading(2),
            local_name!("h3") => Self::Heading(3),
            local_name!("h4") => Self::Heading(4),
            local_name!("h5") => Self::Heading(5),
            local_name!("h6") => Self::Heading(6),
            local_name!("blockquote") => Self::Quote,
            local_name!("pre")
            | local_name!("listing")
            | local_name!("xmp")
            | local_name!("plaintext")
            | local_name!("textarea") => Self::Pre,
            local_name!("ol") => Self::List(Numbered::Yes),
            local_name!("ul") | local_name!("menu") | local_name!("dir") => Self::List(Numbered::No),
            local_name!("li") => Self::Item,
            local_name!("dl") => Self::Terms,
            local_name!("dt") => Self::Term,
            local_name!("dd") => Self::Description,
            local_name!("table") => Self::Table,
            local_name!("caption") => Self::Caption,
            local_name!("thead") | local_name!("tbody") | local_name!("tfoot") => Self::RowGroup,
            local_name!("tr") => Self::Row,
            local_name!("th") => Self::Cell(Role::Header),
            local_name!("td") => Self::Cell(Role::Data),
            local_name!("br") => Self::Break,
            local_name!("wbr") => Self::MayBreak,
            local_name!("hr") => Self::Rule,
            local_name!("q") => Self::Quotation,
            local_name!("a") => Self::Link,
            local_name!("img") => Self::Image,
            local_name!("code") | local_name!("kbd") | local_name!("samp") | local_name!("tt") => Self::Code,
            local_name!("b") | local_name!("strong") => Self::Strong,
            local_name!("em") | local_name!("i") => Self::Emphasis,
            local_name!("del") | local_name!("s") | local_name!("strike") => Self::Struck,
            ref name if is_block(name) => Self::Block,
            _ => Self::Inline,
        }
    }
}

/// The other elements that begin and end a line.
fn is_block(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("address")
            | local_name!("article")
            | local_name!("aside")
            | local_name!("body")
            | local_name!("center")
            | local_name!("details")
            | local_name!("dialog")
            | local_name!("div")
            | local_name!("figcaption")
            | local_name!("footer")
            | local_name!("form")
            | local_name!("header")
            | local_name!("hgroup")
            | local_name!("html")
            | local_name!("legend")
            | local_name!("main")
            | local_name!("nav")
            | local_name!("optgroup")
            | local_name!("option")
            | local_name!("section")
            | local_name!("select")
            | local_name!("summary")
    ) || **name == *"search"
}
