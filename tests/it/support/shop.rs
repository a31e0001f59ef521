//! The shop of `fixtures/sites/shop`: its pages, and what rules have to find in them, both from one list of products. The
//! folder is written by `UPDATE_GENERATED=1 cargo test --test it shop`.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One product, as the shop keeps it.
struct Product {
    number: usize,
    name: String,
    cents: u64,
    tags: Vec<&'static str>,
}

/// Every file of the site, by its path.
pub(crate) fn pages() -> Vec<(String, String)> {
    let products = products();
    let lists: Vec<_> = products.chunks(ON_A_LIST).collect();
    let mut pages = vec![("index.html".to_owned(), index())];
    for topic in ["about", "contact", "delivery", "terms"] {
        pages.push((
            format!("{topic}.html"),
            page(topic, &format!("<h1>{topic}</h1><p>What the shop says of {topic}.")),
        ));
    }
    for (nth, listed) in lists.iter().enumerate() {
        pages.push((format!("list/{}.html", nth + 1), list(nth + 1, lists.len(), listed)));
    }
    pages.extend(products.iter().map(|product| (format!("product/{}.html", product.number), detail(product))));
    pages
}

/// The lines that `items/products.jsonl` has to have, when the site is at `origin`.
pub(crate) fn items(origin: &str) -> Vec<Value> {
    let item = |product: Product| {
        let list = (product.number - 1) / ON_A_LIST + 1;
        json!({
            "page_url": format!("{origin}list/{list}.html"),
            "title": product.name,
            "link": format!("{origin}product/{}.html", product.number),
            "price": price_on_list(&product),
        })
    };
    products().into_iter().map(item).collect()
}

/// What the `fields` of the record of a product have to be.
pub(crate) fn fields(origin: &str) -> Vec<(String, Value)> {
    let fields = |product: Product| {
        let fields = json!({
            "name": product.name,
            "price": (product.number != WITHOUT_PRICE).then(|| euros(&product)),
            "image": format!("{origin}images/{}.jpg", product.number),
            "tags": product.tags,
            "sku": format!("SH-{:04}", product.number),
            "offer": (product.number != WITH_BROKEN_DATA).then(|| euros(&product)),
        });
        (format!("{origin}product/{}.html", product.number), fields)
    };
    products().into_iter().map(fields).collect()
}

/// How many pages the site has.
pub(crate) const PAGES: usize = 5 + LISTS + PRODUCTS;
/// The product whose page has no price.
pub(crate) const WITHOUT_PRICE: usize = 42;

fn products() -> Vec<Product> {
    let name = |n: usize| {
        format!("{} {}", KINDS[n % KINDS.len()], ["& Co", "“Élan”", "No. 5", "<b>"][n % 4].replace("<b>", "b"))
    };
    let product = |n: usize| Product {
        number: n,
        name: format!("{} {n}", name(n)),
        cents: (n as u64 * 7919) % 250_000 + 50,
        tags: TAGS.iter().copied().enumerate().filter(|(at, _)| n.is_multiple_of(at + 2)).map(|(_, tag)| tag).collect(),
    };
    (1..=PRODUCTS).map(product).collect()
}

/// A price in euros; one without cents is a whole number.
fn euros(product: &Product) -> Value {
    let cents = u32::try_from(product.cents).unwrap();
    if cents.is_multiple_of(100) { json!(cents / 100) } else { json!(f64::from(cents) / 100.0) }
}

/// The row behind a product that is sold out has no price.
fn price_on_list(product: &Product) -> Option<Value> {
    (!product.number.is_multiple_of(SOLD_OUT)).then(|| euros(product))
}

/// A price as one of three countries writes it.
fn written(product: &Product) -> String {
    let (whole, cents) = (product.cents / 100, product.cents % 100);
    let grouped = |mark: &str| {
        if whole >= 1000 { format!("{}{mark}{:03}", whole / 1000, whole % 1000) } else { whole.to_string() }
    };
    match product.number % 3 {
        0 => format!("{},{cents:02} €", grouped(".")),
        1 => format!("${}.{cents:02}", grouped(",")),
        _ => format!("{},{cents:02}&nbsp;€", grouped("&#8239;")),
    }
}

fn index() -> String {
    let links = ["about", "contact", "delivery", "terms"].map(|topic| format!("<a href={topic}.html>{topic}</a>"));
    page(
        "Shop",
        &format!("<h1>Shop</h1>\n<p><a href=list/1.html>All products</a>\n<footer>{}</footer>", links.join(" ")),
    )
}

fn list(number: usize, of: usize, products: &[Product]) -> String {
    let mut rows = String::new();
    for product in products {
        let (number, name) = (product.number, escaped(&product.name));
        let price = if price_on_list(product).is_some() {
            format!("<span class=price>{}</span>", written(product))
        } else {
            "<em>sold out</em>".to_owned()
        };
        let _ = write!(
            rows,
            "<li class=product>\n  <h2><a href=\"../product/{number}.html\">{name}</a></h2>\n\
             <li class=price-row><b>Price</b> {price}\n"
        );
    }
    let next = if number < of { format!("<a class=next href={}.html>Next</a>", number + 1) } else { String::new() };
    let template = "<template><li class=product><h2>{{name}}</h2></li></template>";
    page(&format!("Products, page {number}"), &format!("<ul>\n{rows}</ul>\n{template}\n<nav>{next}</nav>"))
}

fn detail(product: &Product) -> String {
    let Product { number, name, tags, .. } = product;
    let price = match *number {
        WITHOUT_PRICE => "Ask us for a price".to_owned(),
        _ => format!("<span class=price>{}</span>", written(product)),
    };
    let tags: String = tags.iter().flat_map(|tag| ["<li class=tag>", tag, "\n"]).collect();
    let data = json!({ "@type": "Product", "name": name, "offers": { "price": format!("{}.{:02}", product.cents / 100, product.cents % 100) } });
    let broken = if *number == WITH_BROKEN_DATA { "," } else { "" };
    let image = format!("<img class=main src=\"../images/{number}.jpg\" alt=\"\">");
    // Every tenth page loads its picture by script, and has it for those who have none.
    let image = if number.is_multiple_of(10) { format!("<noscript>{image}</noscript>") } else { image };
    let body = format!(
        "<script type=\"application/LD+json; charset=utf-8\">{data}{broken}</script>\n<h1>\n  {}\n</h1>\n{image}\n\
         <p>{price}\n<ul>\n{tags}</ul>\n<p id=details>Weight: 1 kg, SKU: SH-{number:04}\n",
        escaped(name)
    );
    page(name, &body)
}

fn page(title: &str, body: &str) -> String {
    format!("<!DOCTYPE html>\n<html lang=en>\n<meta charset=utf-8>\n<title>{}</title>\n{body}\n", escaped(title))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

const PRODUCTS: usize = 180;
const ON_A_LIST: usize = 12;
const LISTS: usize = PRODUCTS / ON_A_LIST;
/// Every so many-th product is sold out.
const SOLD_OUT: usize = 25;
/// The product whose JSON-LD is broken.
const WITH_BROKEN_DATA: usize = 43;
const KINDS: [&str; 5] = ["Chair", "Lamp", "Table", "Shelf", "Carpet"];
const TAGS: [&str; 4] = ["wood", "new", "sale", "gift"];
