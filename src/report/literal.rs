//! A drawing whose classes are turned into attributes, for programs that know no style sheet with variables: each shape
//! and each text says its own colours and widths, and nothing is nested but groups.

use super::page::PICTURE_STYLE;
use std::fmt::Write;

/// The light value of a colour that the page's style names.
pub fn colour(name: &str) -> &'static str {
    let start = PICTURE_STYLE.find(&format!("--{name}:")).map_or(0, |at| at + name.len() + 3);
    PICTURE_STYLE[start..].split(';').next().unwrap_or("").trim()
}

/// The markup of shapes with classes, as [`super::draw`] writes it, with attributes in their place. Pictures within
/// become groups.
pub fn literal(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len() * 2);
    let mut rest = markup;
    // The number of the series that an open element belongs to, one for each.
    let mut open: Vec<Option<usize>> = Vec::new();
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find('>').map_or(rest.len(), |length| at + length + 1);
        let tag = &rest[at..end];
        rest = &rest[end..];
        if tag.starts_with("</") {
            open.pop();
            out.push_str(if tag == "</svg>" { "</g>" } else { tag });
            continue;
        }
        let within = open.last().copied().flatten();
        let number = written(&mut out, tag, within);
        if !tag.ends_with("/>") {
            open.push(number);
        }
    }
    out.push_str(rest);
    out
}

/// Writes a tag with its attributes, and gives the number of its series.
fn written(out: &mut String, tag: &str, within: Option<usize>) -> Option<usize> {
    let close = if tag.ends_with("/>") { "/>" } else { ">" };
    let inner = tag[1..].trim_end_matches('>').trim_end_matches('/').trim_end();
    let (name, attributes) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let classes: Vec<&str> = value_of(attributes, "class").map_or(Vec::new(), |it| it.split_whitespace().collect());
    let own = |class: &&str| class.strip_prefix('s').and_then(|number| number.parse().ok());
    let number = classes.iter().find_map(own).or(within);
    let (name, attributes) = match name {
        "svg" => ("g", without(attributes, &["xmlns", "viewBox", "width", "height"])),
        _ => (name, attributes.to_owned()),
    };
    let blank = if attributes.is_empty() { "" } else { " " };
    let _ = write!(out, "<{name}{blank}{attributes}{}{close}", look(name, &classes, number));
    number
}

/// The value of an attribute.
fn value_of<'t>(attributes: &'t str, name: &str) -> Option<&'t str> {
    let start = attributes.find(&format!("{name}=\""))? + name.len() + 2;
    attributes[start..].split('"').next()
}

fn without(attributes: &str, names: &[&str]) -> String {
    let mut kept = attributes.to_owned();
    for name in names {
        if let Some(value) = value_of(&kept, name) {
            kept = kept.replacen(&format!("{name}=\"{value}\""), "", 1);
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The attributes of an element with these classes: what the page's style says of it in light.
fn look(name: &str, classes: &[&str], number: Option<usize>) -> String {
    let has = |class: &str| classes.contains(&class);
    let of_series = colour(&format!("c{}", number.unwrap_or(0)));
    let (ink, soft, paper) = (colour("ink"), colour("soft"), colour("paper"));
    if name == "text" {
        let fill = if ["title", "name-of-series", "happening"].iter().any(|class| has(class)) { ink } else { soft };
        let size = if has("title") { "15\" font-weight=\"600" } else { "12" };
        let anchor = match (has("end"), has("mid")) {
            (true, _) => " text-anchor=\"end\"",
            (_, true) => " text-anchor=\"middle\"",
            _ => "",
        };
        return format!(" fill=\"{fill}\" font-size=\"{size}\"{anchor}");
    }
    let stroked = |colour: &str, more: &str| format!(" fill=\"none\" stroke=\"{colour}\"{more}");
    let round = "stroke-linejoin=\"round\" stroke-linecap=\"round\"";
    match () {
        () if has("grid") => stroked(colour("grid"), ""),
        () if has("axis") => stroked(soft, ""),
        () if has("moment") => stroked(ink, " stroke-dasharray=\"3 3\" opacity=\"0.65\""),
        () if has("dots") => stroked(of_series, &format!(" stroke-width=\"4.5\" {round}")),
        () if has("line") => stroked(of_series, &format!(" stroke-width=\"1.8\" {round}")),
        () if has("whisker") => stroked(of_series, " stroke-width=\"1.3\" opacity=\"0.8\""),
        () if has("sign") && number.unwrap_or(0) < 4 => format!(" fill=\"{of_series}\" stroke=\"{paper}\""),
        () if has("sign") => format!(" fill=\"{paper}\" stroke=\"{of_series}\" stroke-width=\"1.6\""),
        () if has("area") => format!(" fill=\"{of_series}\" fill-opacity=\"0.45\""),
        () if has("bar") => format!(" fill=\"{of_series}\""),
        () if has("paper") => format!(" fill=\"{paper}\""),
        // What only shows where a pointer is.
        () if name == "rect" || name == "path" => " fill=\"none\" pointer-events=\"all\"".to_owned(),
        () => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_page_in_light() {
        assert_eq!((colour("paper"), colour("c0"), colour("c7")), ("#ffffff", "#0072b2", "#8a5a2b"));
    }

    #[test]
    fn classes_become_attributes_and_pictures_groups() {
        let markup = "<svg class=\"plot\" id=\"p\" viewBox=\"0 0 1 1\"><g class=\"series s5\"><path class=\"mark \
                      sign\" d=\"M1 1\"/></g><text class=\"tick end\" x=\"1\">a &lt; b</text></svg>";
        assert_eq!(
            literal(markup),
            "<g class=\"plot\" id=\"p\"><g class=\"series s5\"><path class=\"mark sign\" d=\"M1 1\" fill=\"#ffffff\" \
             stroke=\"#3a9ad0\" stroke-width=\"1.6\"/></g><text class=\"tick end\" x=\"1\" fill=\"#5a6470\" \
             font-size=\"12\" text-anchor=\"end\">a &lt; b</text></g>"
        );
    }
}
