//! What several scenes share: weather, land, trees, houses, heaps, wheels and smoke.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::canvas::{Canvas, Colour, Corner, mix, shade};

pub(super) const WIDTH: f32 = super::WIDTH_PX as f32;
pub(super) const HEIGHT: f32 = super::HEIGHT_PX as f32;
pub(super) const NET_GREEN: Colour = [58, 128, 84];

/// The hour and weather of a scene.
pub(super) struct Weather {
    /// Colour of the air far away.
    pub(super) haze: Colour,
}

/// Sky down to the horizon, with a sun and clouds where the weather has them.
pub(super) fn sky(canvas: &mut Canvas, rng: &mut ChaCha8Rng, horizon: f32) -> Weather {
    const SKIES: [(Colour, Colour); 5] = [
        ([86, 146, 208], [206, 226, 238]),
        ([118, 158, 196], [222, 224, 216]),
        ([150, 160, 168], [206, 204, 196]),
        ([98, 126, 176], [244, 206, 164]),
        ([70, 132, 200], [190, 218, 240]),
    ];
    let (upper, haze) = SKIES[rng.random_range(0..SKIES.len())];
    canvas.gradient(0.0, horizon, upper, haze, 5);
    let sun = (rng.random_range(100.0..WIDTH - 100.0), rng.random_range(60.0..horizon * 0.5));
    canvas.puff(sun, 130.0, [255, 248, 220], 230);
    for _ in 0..rng.random_range(1..5) {
        let (x, y) = (rng.random_range(0.0..WIDTH), rng.random_range(40.0..horizon * 0.55));
        let size = rng.random_range(40.0..80.0);
        for part in 0..5 {
            let at = (x + part as f32 * size * 0.7, y + rng.random_range(-0.2..0.2) * size);
            canvas.puff(at, size * rng.random_range(0.7..1.2), [246, 247, 248], 190);
        }
    }
    Weather { haze }
}

/// Land from the horizon to the foot, lighter far away, with clods and tufts.
pub(super) fn ground(
    canvas: &mut Canvas,
    rng: &mut ChaCha8Rng,
    horizon: f32,
    near: Colour,
    weather: &Weather,
) {
    canvas.gradient(horizon, HEIGHT, mix(near, weather.haze, 0.45), near, 15);
    let tones = [0.78, 0.9, 1.1].map(|by| canvas.paint(shade(near, by), 14));
    for _ in 0..260 {
        let depth: f32 = rng.random_range(0.03..1.0);
        let at = (rng.random_range(0.0..WIDTH), horizon + (HEIGHT - horizon) * depth);
        let size = depth * rng.random_range(6.0..26.0);
        canvas.ellipse(at, (size * 1.6, size * 0.35), &tones[rng.random_range(0..tones.len())]);
    }
}

/// A town far away: a row of pale houses on the horizon.
pub(super) fn skyline(canvas: &mut Canvas, rng: &mut ChaCha8Rng, horizon: f32, weather: &Weather) {
    let mut x = rng.random_range(-80.0..0.0);
    while x < WIDTH {
        let (wide, high) = (rng.random_range(50.0..130.0), rng.random_range(30.0..150.0));
        let wall = mix([120, 128, 140], weather.haze, rng.random_range(0.35..0.7));
        let (wall_paint, pane) = (canvas.paint(wall, 5), canvas.paint(shade(wall, 0.88), 4));
        canvas.rect((x, horizon - high), (x + wide, horizon), &wall_paint);
        let mut y = horizon - high + 10.0;
        while y < horizon - 8.0 {
            canvas.rect((x + 8.0, y), (x + wide - 8.0, y + 5.0), &pane);
            y += 14.0;
        }
        x += wide + rng.random_range(-10.0..60.0);
    }
}

/// A line of trees along the horizon.
pub(super) fn tree_line(canvas: &mut Canvas, rng: &mut ChaCha8Rng, horizon: f32, weather: &Weather) {
    let tones = [0.35, 0.45, 0.55].map(|share| canvas.paint(mix([44, 82, 48], weather.haze, share), 16));
    let mut x = -20.0;
    while x < WIDTH + 40.0 {
        let size = rng.random_range(18.0..48.0);
        canvas.ellipse((x, horizon - size * 0.6), (size, size), &tones[rng.random_range(0..tones.len())]);
        x += size * rng.random_range(0.6..1.3);
    }
}

/// A tree on its foot, `size` pixels high.
pub(super) fn tree(canvas: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Corner, size: f32) {
    let trunk = canvas.paint([92, 70, 52], 12);
    canvas.rect((x - size * 0.035, y - size * 0.55), (x + size * 0.035, y), &trunk);
    let leaf = [rng.random_range(48..92), rng.random_range(104..136), rng.random_range(46..66)];
    for (tone, count) in [(0.7, 9), (0.9, 8), (1.12, 6)] {
        let paint = canvas.paint(shade(leaf, tone), 22);
        for _ in 0..count {
            let at = (x + rng.random_range(-0.2..0.2) * size, y - size * rng.random_range(0.5..0.88));
            let at = (at.0 - (tone - 0.9) * size * 0.12, at.1 - (tone - 0.9) * size * 0.2);
            canvas.ellipse(
                at,
                (size * rng.random_range(0.08..0.15), size * rng.random_range(0.07..0.12)),
                &paint,
            );
        }
    }
}

/// A heap on its foot: a lit and a shaded flank, stones, and a green net over a share of it from the left.
pub(super) fn heap(
    canvas: &mut Canvas,
    rng: &mut ChaCha8Rng,
    (x, y): Corner,
    (half, high): Corner,
    colour: Colour,
    net_share: f32,
) {
    const STEPS: usize = 48;
    let peak = rng.random_range(-0.15..0.15);
    let ridge: Vec<Corner> = (0..=STEPS)
        .map(|step| {
            let across = step as f32 / STEPS as f32 * 2.0 - 1.0;
            let slope = 1.0 - (across - peak * (1.0 - across * across)).abs().powf(1.35);
            (x + across * half, y - high * slope.max(0.0) - rng.random_range(0.0..0.015) * high)
        })
        .collect();
    let lit = canvas.paint(colour, 24);
    canvas.polygon(&ridge, &lit);
    let top = ridge.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).expect("a ridge has corners");
    let mut shaded: Vec<Corner> = ridge.iter().copied().filter(|corner| corner.0 >= top.0).collect();
    shaded.push((x + half * 0.35, y));
    shaded.push((top.0 + half * 0.14, y - high * 0.45));
    let dark = canvas.paint(shade(colour, 0.74), 22);
    canvas.polygon(&shaded, &dark);
    let stones = [0.6, 1.15].map(|by| canvas.paint(shade(colour, by), 16));
    for _ in 0..90 {
        let down: f32 = rng.random_range(0.25..0.98);
        let at = (x + rng.random_range(-0.9..0.9) * half * down, y - high * (1.0 - down));
        let size = rng.random_range(2.0..9.0);
        canvas.ellipse(at, (size, size * 0.6), &stones[rng.random_range(0..stones.len())]);
    }
    if net_share > 0.0 {
        let edge = x - half + 2.0 * half * net_share;
        let mut net: Vec<Corner> =
            ridge.iter().filter(|corner| corner.0 <= edge).map(|corner| (corner.0, corner.1 - 4.0)).collect();
        let hem = |back: f32| {
            let down = 1.0 - back;
            (edge - 2.0 * half * net_share * back, y - down * high * (0.1 + 0.05 * (back * 12.0).sin()))
        };
        net.extend((0..=12).map(|step| hem(step as f32 / 12.0)));
        let green = canvas.paint(NET_GREEN, 20);
        canvas.polygon(&net, &green);
        let fold = canvas.paint(shade(NET_GREEN, 0.8), 14);
        for corner in net.iter().step_by(5).filter(|corner| corner.1 < y - high * 0.3) {
            canvas.line(
                *corner,
                (corner.0 - half * 0.06, (corner.1 + high * 0.5).min(y - high * 0.12)),
                4.0,
                &fold,
            );
        }
    }
}

/// A wheel by its middle.
pub(super) fn wheel(canvas: &mut Canvas, at: Corner, radius: f32) {
    let parts = [
        ([34, 34, 36], 1.0),
        ([58, 58, 60], 0.82),
        ([30, 30, 32], 0.62),
        ([168, 168, 164], 0.48),
        ([84, 84, 84], 0.2),
    ];
    for (colour, share) in parts {
        let paint = canvas.paint(colour, 8);
        canvas.ellipse(at, (radius * share, radius * share), &paint);
    }
}

/// Smoke or dust that rises from a spot and drifts: puffs that grow, thin out and turn towards the sky's colour.
pub(super) struct Plume {
    /// Where it rises.
    pub(super) from: Corner,
    /// Where it has drifted to.
    pub(super) to: Corner,
    /// Radius at its start and end in pixels.
    pub(super) radius: (f32, f32),
    /// Colour at its start and end.
    pub(super) colour: (Colour, Colour),
    /// Thickness at its start, of 256.
    pub(super) density: i32,
    /// Number of puffs.
    pub(super) puffs: usize,
}

impl Plume {
    pub(super) fn draw(&self, canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
        for puff in (0..self.puffs).rev() {
            let share = puff as f32 / self.puffs as f32;
            let radius = self.radius.0 + (self.radius.1 - self.radius.0) * share;
            let bend = share * share * 0.6 + share * 0.4;
            let at = (
                self.from.0 + (self.to.0 - self.from.0) * bend + rng.random_range(-0.45..0.45) * radius,
                self.from.1 + (self.to.1 - self.from.1) * share + rng.random_range(-0.25..0.25) * radius,
            );
            let tone =
                shade(mix(self.colour.0, self.colour.1, share), rng.random_range(0.88..1.08_f32).min(1.0));
            canvas.puff(at, radius, tone, (self.density as f32 * (1.0 - share * 0.65)) as i32);
        }
    }
}
