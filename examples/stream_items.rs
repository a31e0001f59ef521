//! Takes items out of pages while the crawl runs, by rules made in code, as values of a type of one's own.
//!
//! `cargo run --example stream_items [URL|DIR]`; without an argument it takes a shop of the repository, offline.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::future::poll_fn;
use std::pin::pin;

use crawler::Crawl;
use crawler::extract::{Field, Items, Kind};
use futures_core::Stream as _;

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Product {
    pub(crate) title: String,
    pub(crate) price: Option<f64>,
}

/// All products of a shop.
pub(crate) async fn products(seed: &str) -> Result<Vec<Product>, Box<dyn std::error::Error>> {
    let price = Field::css("+ .price-row .price").kind(Kind::Number);
    let rules = Items::new("products", "li.product").field("title", "h2").field("price", price);
    let mut items = pin!(Crawl::builder().seed(seed).items(rules).build()?.items());
    let mut products = Vec::new();
    // With the crate `futures` this is `items.next().await`.
    while let Some(item) = poll_fn(|cx| items.as_mut().poll_next(cx)).await {
        products.push(item?.read()?);
    }
    Ok(products)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "fixtures/sites/shop".to_owned());
    for Product { title, price } in products(&seed).await? {
        println!("{:>8}  {title}", price.map_or("-".to_owned(), |price| format!("{price:.2}")));
    }
    Ok(())
}
