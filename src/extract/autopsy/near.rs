//! How near two names are: what a class may be called after a redesign.

/// How unlike two names of classes, ids, tags or keys are: 0 the same, up to [`FAR`] for nothing in common.
pub(super) fn distance(wanted: &str, found: &str) -> f64 {
    let (wanted, found) = (wanted.to_lowercase(), found.to_lowercase());
    if wanted == found {
        return 0.3;
    }
    let bare = |name: &str| name.replace(['-', '_', ':'], "");
    if bare(&wanted) == bare(&found) {
        return 0.4;
    }
    let (ours, theirs) = (words(&wanted), words(&found));
    let shared = ours.iter().filter(|word| theirs.contains(word)).count();
    let most = ours.len().max(theirs.len()).max(1);
    if shared > 0 {
        return 0.6 + 0.8 * ratio(most - shared, most);
    }
    let length = wanted.chars().count().max(found.chars().count());
    let slips = strsim::damerau_levenshtein(&wanted, &found);
    if length >= 3 && slips * 3 <= length {
        return 0.6 + ratio(slips, length);
    }
    if ours.iter().any(|word| theirs.iter().any(|other| mean_the_same(word, other))) {
        return 1.2;
    }
    let is_part = |a: &str, b: &str| b.len() >= 3 && a.contains(b);
    if is_part(&wanted, &found) || is_part(&found, &wanted) {
        return 1.3;
    }
    FAR
}

/// The words of a name: `product-priceBox` has three.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut last_is_lower = false;
    for c in name.chars() {
        let starts = c.is_uppercase() && last_is_lower;
        if !c.is_alphanumeric() || starts {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        last_is_lower = c.is_lowercase();
    }
    words.retain(|word| word.len() > 1);
    words
}

/// Whether two words name the same thing in most pages.
pub(super) fn mean_the_same(one: &str, other: &str) -> bool {
    SAME.iter().any(|group| group.contains(&one) && group.contains(&other))
}

#[expect(clippy::cast_precision_loss, reason = "lengths of names")]
fn ratio(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

pub(super) const FAR: f64 = 2.5;

/// Words that stand for each other in the names of classes, and the fields that they are taken for.
const SAME: &[&[&str]] = &[
    &["price", "cost", "amount", "preis", "prix", "precio", "prezzo", "pricing", "total"],
    &["title", "name", "heading", "headline", "header", "caption", "label", "titel", "nom"],
    &["item", "product", "card", "entry", "article", "tile", "row", "result", "box", "post", "cell", "listing"],
    &["image", "img", "photo", "picture", "thumb", "thumbnail", "cover", "media", "pic"],
    &["link", "url", "href", "anchor"],
    &["date", "time", "published", "datetime", "day", "datum", "when", "posted", "timestamp"],
    &["author", "by", "byline", "writer", "user", "autor"],
    &["description", "desc", "summary", "text", "body", "content", "details", "excerpt", "abstract", "info"],
    &["rating", "stars", "score", "review", "reviews", "grade", "votes"],
    &["tag", "tags", "category", "categories", "label", "keyword", "keywords", "topic", "badge"],
    &["next", "more", "forward", "following", "pager", "pagination"],
    &["stock", "availability", "available", "inventory"],
    &["sku", "id", "number", "code", "ref", "isbn", "ean"],
    &["main", "content", "container", "wrapper", "page", "list", "grid", "products", "items", "results"],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_names_are_less_unlike() {
        let order = ["Price", "prcie", "product-price", "cost", "sidebar"].map(|found| distance("price", found));
        assert!(order.is_sorted(), "{order:?}");
        assert!(distance("price", "pricing-old") < FAR);
        assert_eq!(words("product-priceBox_a"), ["product", "price", "box"]);
    }
}
