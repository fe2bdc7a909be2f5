//! Paths of lines, areas and signs. Long lines are thinned to what a screen can show.

use std::fmt::Write;

/// A point on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
    /// Downwards, where an area begins.
    pub base: f64,
}

/// The path of a line through all places, with gaps where there is none, and that of the places between two gaps, which
/// are dots.
pub fn line(places: &[Option<Place>]) -> (String, String) {
    let (mut path, mut dots) = (String::new(), String::new());
    for stretch in stretches(places) {
        let thinned = thin(stretch);
        if let [only] = thinned[..] {
            let _ = write!(dots, "M{:.1} {:.1}h0", only.x, only.y);
            continue;
        }
        for (number, place) in thinned.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if number == 0 { 'M' } else { 'L' }, place.x, place.y);
        }
    }
    (path, dots)
}

/// The path around the area between all places and their bases. A place between two gaps is a bar.
pub fn area(places: &[Option<Place>]) -> String {
    let mut path = String::new();
    for stretch in stretches(places) {
        let mut thinned = thin(stretch);
        if let [only] = thinned[..] {
            thinned = vec![Place { x: only.x - 1.0, ..only }, Place { x: only.x + 1.0, ..only }];
        }
        for (number, place) in thinned.iter().enumerate() {
            let _ = write!(path, "{}{:.1} {:.1}", if number == 0 { 'M' } else { 'L' }, place.x, place.y);
        }
        for place in thinned.iter().rev() {
            let _ = write!(path, "L{:.1} {:.1}", place.x, place.base);
        }
        path.push('Z');
    }
    path
}

/// The parts without gaps.
fn stretches(places: &[Option<Place>]) -> impl Iterator<Item = Vec<Place>> {
    let parts = places.split(Option::is_none).filter(|part| !part.is_empty());
    parts.map(|part| part.iter().flatten().copied().collect())
}

/// Of all places in the same column of pixels the first, the highest, the lowest and the last: what is drawn looks the
/// same.
fn thin(places: Vec<Place>) -> Vec<Place> {
    let mut thinned = Vec::new();
    for column in places.chunk_by(|one, other| one.x.floor() == other.x.floor()) {
        if column.len() <= 4 {
            thinned.extend_from_slice(column);
            continue;
        }
        let extreme = |better: fn(f64, f64) -> bool| {
            (1..column.len()).fold(0, |best, place| if better(column[place].y, column[best].y) { place } else { best })
        };
        let mut kept = [0, extreme(|a, b| a < b), extreme(|a, b| a > b), column.len() - 1];
        kept.sort_unstable();
        for (number, place) in kept.iter().enumerate() {
            if number == 0 || kept[number - 1] != *place {
                thinned.push(column[*place]);
            }
        }
    }
    thinned
}

/// A small sign around a point: with each colour goes another, so that colour is not needed.
pub fn sign(number: usize, x: f64, y: f64) -> String {
    match number % 4 {
        0 => format!("M{:.1} {y:.1}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0Z", x - 3.6),
        1 => format!("M{:.1} {:.1}h6.4v6.4h-6.4Z", x - 3.2, y - 3.2),
        2 => format!("M{x:.1} {:.1}l4.2 7.2h-8.4Z", y - 4.6),
        _ => format!("M{x:.1} {:.1}l4.4 4.4l-4.4 4.4l-4.4 -4.4Z", y - 4.4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Option<Place> {
        Some(Place { x, y, base: 100.0 })
    }

    #[test]
    fn a_gap_ends_a_line_and_a_lone_point_is_a_dot() {
        let places = [at(0.0, 1.0), at(10.0, 2.0), None, at(20.0, 3.0), None, None, at(30.0, 4.0), at(40.0, 5.0)];
        let (path, dots) = line(&places);
        assert_eq!((path.as_str(), dots.as_str()), ("M0.0 1.0L10.0 2.0M30.0 4.0L40.0 5.0", "M20.0 3.0h0"));
        assert_eq!(line(&[None, None]), (String::new(), String::new()));
        assert_eq!(area(&places[..2]), "M0.0 1.0L10.0 2.0L10.0 100.0L0.0 100.0Z");
        assert_eq!(area(&[at(5.0, 1.0)]), "M4.0 1.0L6.0 1.0L6.0 100.0L4.0 100.0Z");
    }

    #[test]
    fn many_points_keep_their_extremes_in_order() {
        let wave = |n: usize| if n == 7_000 { 0.0 } else { 50.0 + (n % 7) as f64 };
        let places: Vec<_> = (0..14_400).map(|n| Place { x: n as f64 / 28.8, y: wave(n), base: 0.0 }).collect();
        let thinned = thin(places.clone());
        assert!((1_000..=2_000).contains(&thinned.len()), "{}", thinned.len());
        assert!(thinned.windows(2).all(|pair| pair[0].x < pair[1].x));
        assert!(thinned.iter().any(|place| place.y == 0.0), "the one low point is still there");
        assert_eq!((thinned.first(), thinned.last()), (places.first(), places.last()));
    }
}
