//! Pictures in the size a screen needs, in few sizes, so that phones share cached copies.

use bff::RequestContext;

/// Widths that are drawn, in pixels.
const WIDTHS: [u32; 7] = [64, 128, 256, 384, 640, 1024, 2048];

/// The URL of a square picture that is at least `width` points wide on a screen of `dpr` pixels a point.
pub fn url(id: &str, width: i32, dpr: f64, request: &RequestContext) -> String {
    // Nothing on a phone is wider than the largest picture, whatever is asked.
    let pixels = (f64::from(width) * dpr).ceil();
    let wide_enough = WIDTHS.into_iter().find(|drawn| f64::from(*drawn) >= pixels);
    let drawn = wide_enough.unwrap_or(WIDTHS[WIDTHS.len() - 1]);
    request.links.to("artwork", &format!("/{id}?w={drawn}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_next_larger_picture_is_taken() {
        let request = RequestContext::anonymous(Duration::from_secs(1));
        let path = |width, dpr| url("al-1", width, dpr, &request);
        assert_eq!(path(64, 1.0), "/al-1?w=64");
        assert_eq!(path(100, 3.0), "/al-1?w=384");
        assert_eq!(path(-5, 2.0), "/al-1?w=64");
        assert_eq!(path(5_000, 4.0), "/al-1?w=2048");
        assert_eq!(path(100, f64::INFINITY), "/al-1?w=2048");
        assert_eq!(path(0, f64::INFINITY), "/al-1?w=2048");
    }
}
