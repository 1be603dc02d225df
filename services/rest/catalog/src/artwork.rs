//! Covers, drawn: the same id always gives the same picture, at whatever width.

use std::fmt::Write;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use rest::{Path, Problem, Query, is_id};
use serde::Deserialize;
use utoipa::IntoParams;

/// How large.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ArtworkQuery {
    /// Width and height in pixels, 16 to 2048; 300 when not said.
    #[param(minimum = 16, maximum = 2048)]
    w: Option<u32>,
}

/// Artwork of anything that has an id
#[utoipa::path(get, path = "/artwork/{id}", params(("id" = String, Path), ArtworkQuery),
    responses((status = 200, content_type = "image/svg+xml", body = String)))]
pub async fn draw(Path(id): Path<String>, Query(asked): Query<ArtworkQuery>) -> Result<Response, Problem> {
    let width = asked.w.unwrap_or(300);
    if !(16..=2048).contains(&width) {
        return Err(Problem::parameter("w", "must be a whole number between 16 and 2048"));
    }
    if !is_id(&id) {
        return Err(Problem::not_found(format!("`{id}` cannot be an id")));
    }
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg(&id, width)).into_response())
}

/// Two hues, a gradient and a few circles, all taken from the id. Drawn on a square of 100 units.
fn svg(id: &str, width: u32) -> String {
    let mut dice = Dice::seeded(id);
    let hue = dice.below(360);
    let other = (hue + 60 + dice.below(120)) % 360;
    let angle = dice.below(360);
    let mut svg = String::with_capacity(1024);
    // Writing to a String cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{width}\" viewBox=\"0 0 100 100\">\
         <defs><linearGradient id=\"g\" gradientTransform=\"rotate({angle} .5 .5)\">\
         <stop offset=\"0\" stop-color=\"hsl({hue} 65% 38%)\"/>\
         <stop offset=\"1\" stop-color=\"hsl({other} 70% 58%)\"/></linearGradient></defs>\
         <rect width=\"100\" height=\"100\" fill=\"url(#g)\"/>"
    );
    for _ in 0..3 + dice.below(4) {
        let (x, y, r) = (dice.below(100), dice.below(100), 6 + dice.below(32));
        let (light, alpha) = (if dice.below(2) == 0 { 92 } else { 12 }, 10 + dice.below(35));
        let _ = write!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"hsl({hue} 40% {light}% / {alpha}%)\"/>"
        );
    }
    svg.push_str("</svg>");
    svg
}

/// SplitMix64 over an FNV-1a seed: small, and the same on every platform and in every version.
struct Dice(u64);

impl Dice {
    fn seeded(id: &str) -> Self {
        let seed = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
