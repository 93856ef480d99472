//! One drawing for each kind of scene.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::SceneKind;
use super::canvas::{Canvas, Colour, Corner, mix, shade};
use super::parts::{
    HEIGHT, NET_GREEN, Plume, WIDTH, Weather, ground, heap, sky, skyline, tree, tree_line, wheel,
};

const STEEL_YELLOW: Colour = [232, 176, 38];

/// Draws the scene of a kind.
pub(super) fn draw(kind: SceneKind, canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    match kind {
        SceneKind::ConstructionSite => construction_site(canvas, rng),
        SceneKind::Stockpile => stockpile(canvas, rng),
        SceneKind::StrawFire => straw_fire(canvas, rng),
        SceneKind::FumeDevice => fume_device(canvas, rng),
        SceneKind::Truck => truck(canvas, rng),
        SceneKind::Street => street(canvas, rng),
    }
}

fn construction_site(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let horizon = rng.random_range(620.0..720.0);
    let weather = sky(canvas, rng, horizon);
    skyline(canvas, rng, horizon, &weather);
    let soil = [rng.random_range(158..182), rng.random_range(128..146), rng.random_range(92..108)];
    ground(canvas, rng, horizon, soil, &weather);

    let left = rng.random_range(360.0..620.0);
    let (bays, floors) = (rng.random_range(4..7), rng.random_range(5..9));
    let (bay, floor) = (rng.random_range(88.0..112.0), rng.random_range(66.0..80.0));
    let foot = horizon + 150.0;
    let (right, roof) = (left + bay * bays as f32, foot - floor * floors as f32);
    crane(canvas, (rng.random_range(120.0..left - 90.0), foot - 10.0), rng.random_range(60.0..140.0), right);

    let (slab, inside) = (canvas.paint([172, 170, 164], 12), canvas.paint([88, 88, 90], 12));
    canvas.rect((left, roof), (right, foot), &inside);
    let column = canvas.paint([150, 148, 142], 12);
    for level in 0..=floors {
        let y = roof + floor * level as f32;
        canvas.rect((left - 12.0, y - 7.0), (right + 12.0, y + 7.0), &slab);
    }
    for post in 0..=bays {
        let x = left + bay * post as f32;
        canvas.rect((x - 8.0, roof - 34.0), (x + 8.0, foot), &column);
    }
    let (net, pole) = (canvas.paint(NET_GREEN, 20), canvas.paint([96, 104, 98], 8));
    let netted = bay * rng.random_range(1..bays) as f32;
    canvas.rect(
        (right - netted, roof - 20.0),
        (right + 26.0, foot - floor * rng.random_range(0..3) as f32),
        &net,
    );
    let mut x = right - netted;
    while x <= right + 27.0 {
        canvas.rect((x - 2.5, roof - 44.0), (x + 2.5, foot), &pole);
        x += bay / 2.0;
    }

    let heap_colour = shade(soil, 0.92);
    let net_share = rng.random_range(0..3) as f32 * 0.3;
    let at = (rng.random_range(1180.0..1380.0), 960.0);
    heap(canvas, rng, at, (290.0, 210.0), heap_colour, net_share);
    hoarding(canvas, rng);
    for _ in 0..rng.random_range(2..5) {
        let from = (rng.random_range(200.0..1400.0), rng.random_range(860.0..980.0));
        let dust = Plume {
            from,
            to: (from.0 + rng.random_range(-200.0..200.0), from.1 - 190.0),
            radius: (60.0, 150.0),
            colour: (mix(soil, [230, 220, 200], 0.5), weather.haze),
            density: 130,
            puffs: 7,
        };
        dust.draw(canvas, rng);
    }
}

/// A tower crane: mast, jib to the right, counter-jib with its weight, cable with a load.
fn crane(canvas: &mut Canvas, (x, foot): Corner, top: f32, reach: f32) {
    let (steel, dark) = (canvas.paint(STEEL_YELLOW, 10), canvas.paint([110, 104, 96], 10));
    for side in [-16.0, 16.0] {
        canvas.rect((x + side - 3.0, top), (x + side + 3.0, foot), &steel);
    }
    let mut y = top;
    while y + 34.0 < foot {
        canvas.line((x - 16.0, y), (x + 16.0, y + 34.0), 4.0, &steel);
        canvas.line((x + 16.0, y + 34.0), (x - 16.0, y + 34.0), 3.0, &steel);
        y += 34.0;
    }
    let (jib, back) = (reach + 60.0, x - 150.0);
    canvas.rect((back, top), (jib, top + 5.0), &steel);
    canvas.rect((x, top - 26.0), (jib - 40.0, top - 21.0), &steel);
    let mut step = x;
    while step + 26.0 < jib - 30.0 {
        canvas.line((step, top), (step + 13.0, top - 24.0), 3.0, &steel);
        canvas.line((step + 13.0, top - 24.0), (step + 26.0, top), 3.0, &steel);
        step += 26.0;
    }
    canvas.line((x, top - 80.0), (jib - 80.0, top - 22.0), 3.0, &dark);
    canvas.line((x, top - 80.0), (back, top), 3.0, &dark);
    canvas.polygon(&[(x - 14.0, top), (x, top - 84.0), (x + 14.0, top)], &steel);
    canvas.rect((back, top + 4.0), (back + 56.0, top + 46.0), &dark);
    canvas.rect((x + 14.0, top + 6.0), (x + 48.0, top + 44.0), &dark);
    let hook = x + (jib - x) * 0.62;
    canvas.rect((hook - 1.5, top), (hook + 1.5, top + 120.0), &dark);
    canvas.rect((hook - 36.0, top + 120.0), (hook + 36.0, top + 134.0), &dark);
}

/// The blue sheet-metal fence along the foot of the picture, with a gap for the gate.
fn hoarding(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let blue = [rng.random_range(34..70), rng.random_range(96..130), rng.random_range(160..196)];
    let (sheet, rib, cap) =
        (canvas.paint(blue, 11), canvas.paint(shade(blue, 0.8), 9), canvas.paint([226, 228, 226], 8));
    let gate = rng.random_range(300.0..1100.0);
    for (from, to) in [(0.0, gate), (gate + 230.0, WIDTH)] {
        canvas.rect((from, 1010.0), (to, 1150.0), &sheet);
        let mut x = from;
        while x < to {
            canvas.rect((x, 1010.0), (x + 5.0, 1150.0), &rib);
            x += 38.0;
        }
        canvas.rect((from, 1002.0), (to, 1014.0), &cap);
        canvas.rect((from, 1144.0), (to, 1158.0), &cap);
    }
}

fn stockpile(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    const MATERIALS: [Colour; 5] =
        [[202, 174, 126], [142, 138, 132], [84, 82, 84], [176, 122, 84], [188, 184, 172]];
    let horizon = rng.random_range(520.0..640.0);
    let weather = sky(canvas, rng, horizon);
    skyline(canvas, rng, horizon, &weather);
    tree_line(canvas, rng, horizon + 8.0, &weather);
    ground(canvas, rng, horizon, [156, 142, 120], &weather);
    let wall = canvas.paint([186, 182, 174], 12);
    canvas.rect((0.0, horizon + 16.0), (WIDTH, horizon + 84.0), &wall);
    let coping = canvas.paint([150, 146, 140], 10);
    canvas.rect((0.0, horizon + 10.0), (WIDTH, horizon + 22.0), &coping);

    let behind = MATERIALS[rng.random_range(0..MATERIALS.len())];
    let far = (rng.random_range(1000.0..1350.0), horizon + 210.0);
    heap(canvas, rng, far, (420.0, 300.0), mix(behind, weather.haze, 0.2), 0.0);
    let front = MATERIALS[rng.random_range(0..MATERIALS.len())];
    let net_share = rng.random_range(0.2..0.62);
    let at = (rng.random_range(480.0..720.0), rng.random_range(960.0..1020.0));
    let size = (rng.random_range(460.0..580.0), rng.random_range(380.0..500.0));
    heap(canvas, rng, at, size, front, net_share);
    loader(canvas, (rng.random_range(1150.0..1280.0), rng.random_range(1010.0..1070.0)));
    let dust = Plume {
        from: (at.0 + 120.0, at.1 - 380.0),
        to: (at.0 + 560.0, at.1 - 560.0),
        radius: (40.0, 130.0),
        colour: (mix(front, [230, 224, 210], 0.5), weather.haze),
        density: 110,
        puffs: 8,
    };
    dust.draw(canvas, rng);
}

/// A wheel loader, standing on `foot`, its bucket to the left.
fn loader(canvas: &mut Canvas, (x, foot): Corner) {
    let (body, dark, glass) =
        (canvas.paint(STEEL_YELLOW, 10), canvas.paint([66, 64, 62], 9), canvas.paint([150, 184, 200], 9));
    canvas.polygon(
        &[(x, foot - 130.0), (x + 250.0, foot - 130.0), (x + 250.0, foot - 50.0), (x - 20.0, foot - 50.0)],
        &body,
    );
    canvas.rect((x + 60.0, foot - 230.0), (x + 160.0, foot - 128.0), &body);
    canvas.rect((x + 72.0, foot - 218.0), (x + 148.0, foot - 146.0), &glass);
    canvas.line((x + 40.0, foot - 120.0), (x - 110.0, foot - 56.0), 22.0, &body);
    canvas.polygon(&[(x - 90.0, foot - 100.0), (x - 190.0, foot - 8.0), (x - 84.0, foot - 8.0)], &dark);
    wheel(canvas, (x + 40.0, foot - 42.0), 52.0);
    wheel(canvas, (x + 200.0, foot - 42.0), 52.0);
}

fn straw_fire(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let horizon = rng.random_range(480.0..580.0);
    let weather = sky(canvas, rng, horizon);
    tree_line(canvas, rng, horizon + 4.0, &weather);
    let straw = [rng.random_range(196..216), rng.random_range(168..184), rng.random_range(96..118)];
    ground(canvas, rng, horizon, straw, &weather);
    let vanish = (rng.random_range(500.0..1100.0), horizon - 60.0);
    let furrow = [0.78, 1.1].map(|by| canvas.paint(shade(straw, by), 18));
    for row in -26..=26 {
        let foot = (vanish.0 + row as f32 * 120.0, HEIGHT);
        let share = (horizon + 6.0 - vanish.1) / (HEIGHT - vanish.1);
        let far = vanish.0 + (foot.0 - vanish.0) * share;
        let wide = rng.random_range(16.0..30.0);
        let paint = &furrow[usize::from(row % 2 == 0)];
        canvas.polygon(&[(far, horizon + 6.0), (foot.0 - wide, foot.1), (foot.0 + wide, foot.1)], paint);
    }

    let (x, y) = (rng.random_range(520.0..1080.0), rng.random_range(820.0..920.0));
    let half = rng.random_range(260.0..380.0);
    let drift = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let smoke = Plume {
        from: (x, y - 40.0),
        to: (x + drift * rng.random_range(300.0..620.0), rng.random_range(60.0..160.0)),
        radius: (90.0, 230.0),
        colour: ([92, 88, 84], [206, 204, 202]),
        density: 225,
        puffs: 18,
    };
    let (burnt, ember) = (canvas.paint([44, 38, 34], 20), canvas.paint([96, 58, 36], 22));
    canvas.ellipse((x, y + 34.0), (half * 1.25, 92.0), &burnt);
    canvas.ellipse((x, y + 12.0), (half * 1.05, 44.0), &ember);
    smoke.draw(canvas, rng);
    canvas.puff((x, y - 20.0), half * 0.9, [255, 150, 40], 150);
    for (colour, size) in [([222, 74, 22], 1.0), ([246, 142, 30], 0.7), ([255, 222, 110], 0.4)] {
        let paint = canvas.paint(colour, 14);
        let mut at = x - half;
        while at < x + half {
            let near: f32 = 1.0 - ((at - x) / half).abs();
            let (high, wide) =
                (size * (70.0 + 150.0 * near) * rng.random_range(0.6..1.25), size * 34.0 + 8.0);
            let lean = drift * high * 0.25;
            let foot = y + 26.0 + rng.random_range(-8.0..8.0);
            let tongue = [
                (at - wide, foot - 8.0),
                (at - wide * 0.7, foot - high * 0.42),
                (at + lean, foot - high),
                (at + wide * 0.75, foot - high * 0.36),
                (at + wide, foot - 8.0),
                (at, foot + 8.0),
            ];
            canvas.polygon(&tongue, &paint);
            at += rng.random_range(26.0..54.0);
        }
    }
    let tuft = canvas.paint(shade(straw, 1.12), 22);
    for _ in 0..220 {
        let foot = (rng.random_range(0.0..WIDTH), rng.random_range(1000.0..HEIGHT));
        let lean = rng.random_range(-14.0..14.0);
        canvas.line(foot, (foot.0 + lean, foot.1 - rng.random_range(22.0..58.0)), 4.0, &tuft);
    }
}

fn fume_device(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    const WALLS: [Colour; 4] = [[176, 112, 88], [196, 186, 168], [154, 96, 80], [182, 178, 172]];
    let wall = WALLS[rng.random_range(0..WALLS.len())];
    let mortar = canvas.paint(mix(wall, [214, 208, 200], 0.55), 8);
    canvas.rect((0.0, 0.0), (WIDTH, HEIGHT), &mortar);
    let tones = [0.9, 0.97, 1.0, 1.06].map(|by| canvas.paint(shade(wall, by), 9));
    for course in 0..=28 {
        let y = course as f32 * 43.0;
        let mut x = if course % 2 == 0 { 0.0 } else { -48.0 };
        while x < WIDTH {
            canvas.rect((x, y), (x + 90.0, y + 37.0), &tones[rng.random_range(0..tones.len())]);
            x += 96.0;
        }
    }
    let (left, top) = (rng.random_range(380.0..560.0), rng.random_range(380.0..480.0));
    let (right, bottom) = (left + rng.random_range(560.0..700.0), top + rng.random_range(330.0..400.0));
    let middle = (top + bottom) / 2.0;
    let shadow = canvas.paint(shade(wall, 0.55), 10);
    canvas.rect((left + 26.0, top + 30.0), (right + 26.0, bottom + 30.0), &shadow);
    duct(canvas, (-10.0, middle), (left - 60.0, middle), 92.0);
    duct(canvas, (right + 150.0, -10.0), (right + 150.0, middle + 90.0), 92.0);
    duct(canvas, (right + 60.0, middle), (right + 240.0, middle), 90.0);
    let (steel, edge, bright) = (
        canvas.paint([186, 190, 194], 9),
        canvas.paint([126, 130, 136], 9),
        canvas.paint([214, 218, 220], 7),
    );
    for (from, to) in [(left - 70.0, left), (right + 70.0, right)] {
        canvas.polygon(
            &[(from, middle - 92.0), (to, top + 10.0), (to, bottom - 10.0), (from, middle + 92.0)],
            &edge,
        );
    }
    canvas.rect((left, top), (right, bottom), &edge);
    canvas.rect((left + 8.0, top + 8.0), (right - 8.0, bottom - 8.0), &steel);
    canvas.rect((left + 8.0, top + 8.0), (right - 8.0, top + 38.0), &bright);
    let doors = rng.random_range(2..4);
    let door = (right - left - 60.0) * 0.66 / doors as f32;
    for number in 0..doors {
        let x = left + 30.0 + door * number as f32;
        canvas.rect((x, top + 64.0), (x + door - 16.0, bottom - 40.0), &edge);
        canvas.rect((x + 5.0, top + 69.0), (x + door - 21.0, bottom - 45.0), &steel);
        canvas.rect((x + door - 50.0, middle - 30.0), (x + door - 36.0, middle + 40.0), &shadow);
    }
    control_panel(canvas, rng, (right - 190.0, top + 70.0));
    for bracket in [left + 70.0, right - 90.0] {
        canvas
            .polygon(&[(bracket, bottom), (bracket + 26.0, bottom), (bracket + 13.0, bottom + 110.0)], &edge);
    }
    let grease = mix(wall, [52, 40, 30], 0.72);
    for _ in 0..rng.random_range(3..8) {
        let drip = canvas.paint(grease, 9);
        let x = rng.random_range(left..right);
        canvas.rect(
            (x, bottom),
            (x + rng.random_range(5.0..12.0), bottom + rng.random_range(40.0..220.0)),
            &drip,
        );
    }
    let fume = Plume {
        from: (right + 150.0, middle + 140.0),
        to: (right + 80.0, middle + 420.0),
        radius: (40.0, 120.0),
        colour: ([150, 146, 140], [206, 202, 196]),
        density: rng.random_range(60..170),
        puffs: 7,
    };
    fume.draw(canvas, rng);
}

/// A round duct between two points, level or upright, with its seams.
fn duct(canvas: &mut Canvas, from: Corner, to: Corner, wide: f32) {
    const TONES: [u8; 7] = [120, 158, 196, 222, 202, 164, 116];
    let level = from.1 == to.1;
    for (tone, strip) in TONES.into_iter().zip(0..) {
        let share = wide / TONES.len() as f32;
        let offset = strip as f32 * share - wide / 2.0;
        let paint = canvas.paint([tone, tone + 4, tone + 8], 7);
        let end = offset + share + 1.0;
        match level {
            true => canvas.rect((from.0, from.1 + offset), (to.0, to.1 + end), &paint),
            false => canvas.rect((from.0 + offset, from.1), (to.0 + end, to.1), &paint),
        }
    }
    let seam = canvas.paint([104, 108, 112], 6);
    let mut along = 60.0;
    let half = wide / 2.0 + 5.0;
    while along < (to.0 - from.0).max(to.1 - from.1) {
        match level {
            true => {
                canvas.rect((from.0 + along, from.1 - half), (from.0 + along + 9.0, from.1 + half), &seam)
            }
            false => {
                canvas.rect((from.0 - half, from.1 + along), (from.0 + half, from.1 + along + 9.0), &seam)
            }
        }
        along += 150.0;
    }
}

/// The control box: a dark display, a red and a green lamp of which one is lit, a name plate.
fn control_panel(canvas: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Corner) {
    let running = rng.random_bool(0.5);
    let lamps: [(Colour, f32); 2] = if running {
        [([96, 34, 30], 38.0), ([70, 226, 96], 104.0)]
    } else {
        [([236, 54, 40], 38.0), ([36, 78, 44], 104.0)]
    };
    let (case, display, plate, ink) = (
        canvas.paint([226, 224, 214], 7),
        canvas.paint([38, 46, 50], 6),
        canvas.paint([238, 206, 74], 7),
        canvas.paint([70, 62, 40], 6),
    );
    canvas.rect((x, y), (x + 146.0, y + 150.0), &case);
    canvas.rect((x + 14.0, y + 14.0), (x + 132.0, y + 66.0), &display);
    for (colour, across) in lamps {
        let lamp = canvas.paint(colour, 8);
        canvas.ellipse((x + across, y + 106.0), (22.0, 22.0), &display);
        canvas.ellipse((x + across, y + 106.0), (17.0, 17.0), &lamp);
    }
    canvas.rect((x, y + 168.0), (x + 146.0, y + 214.0), &plate);
    for line in 0..3 {
        let wide = rng.random_range(60.0..126.0);
        let down = y + 176.0 + line as f32 * 12.0;
        canvas.rect((x + 10.0, down), (x + 10.0 + wide, down + 5.0), &ink);
    }
}

fn truck(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let horizon = rng.random_range(540.0..620.0);
    let weather = sky(canvas, rng, horizon);
    skyline(canvas, rng, horizon, &weather);
    tree_line(canvas, rng, horizon + 14.0, &weather);
    ground(canvas, rng, horizon, [138, 146, 96], &weather);
    road_across(canvas, horizon + 170.0);

    const PAINTS: [Colour; 5] =
        [[42, 122, 84], [206, 62, 48], [226, 148, 40], [48, 96, 168], [222, 222, 218]];
    let colour = PAINTS[rng.random_range(0..PAINTS.len())];
    let (body, dark, glass, chassis) = (
        canvas.paint(colour, 10),
        canvas.paint(shade(colour, 0.72), 10),
        canvas.paint([142, 178, 198], 9),
        canvas.paint([52, 52, 54], 9),
    );
    let (x, foot) = (rng.random_range(260.0..460.0), rng.random_range(940.0..1010.0));
    let soil = [148, 112, 76];
    let behind = Plume {
        from: (x + 900.0, foot - 40.0),
        to: (x + 1250.0, foot - 220.0),
        radius: (70.0, 200.0),
        colour: ([206, 190, 160], weather.haze),
        density: 170,
        puffs: 10,
    };
    behind.draw(canvas, rng);
    let shadow = canvas.paint([62, 62, 62], 10);
    canvas.ellipse((x + 440.0, foot + 8.0), (490.0, 24.0), &shadow);

    let load = rng.random_range(90.0..170.0);
    heap(canvas, rng, (x + 570.0, foot - 330.0), (300.0, load), soil, 0.0);
    canvas.rect((x + 20.0, foot - 130.0), (x + 880.0, foot - 84.0), &chassis);
    canvas.polygon(
        &[
            (x + 260.0, foot - 350.0),
            (x + 900.0, foot - 350.0),
            (x + 870.0, foot - 128.0),
            (x + 270.0, foot - 128.0),
        ],
        &body,
    );
    for rib in 0..7 {
        let at = x + 300.0 + rib as f32 * 88.0;
        canvas.rect((at, foot - 344.0), (at + 18.0, foot - 130.0), &dark);
    }
    canvas.rect((x + 250.0, foot - 364.0), (x + 906.0, foot - 344.0), &dark);
    canvas.polygon(
        &[
            (x + 30.0, foot - 400.0),
            (x + 230.0, foot - 400.0),
            (x + 230.0, foot - 100.0),
            (x, foot - 100.0),
            (x, foot - 250.0),
        ],
        &body,
    );
    canvas.polygon(
        &[
            (x + 48.0, foot - 372.0),
            (x + 140.0, foot - 372.0),
            (x + 140.0, foot - 262.0),
            (x + 22.0, foot - 262.0),
        ],
        &glass,
    );
    canvas.rect((x + 160.0, foot - 372.0), (x + 214.0, foot - 262.0), &glass);
    canvas.rect((x + 150.0, foot - 220.0), (x + 186.0, foot - 210.0), &chassis);
    let lamp = canvas.paint([250, 240, 190], 8);
    canvas.rect((x - 4.0, foot - 178.0), (x + 26.0, foot - 146.0), &lamp);
    canvas.rect((x - 14.0, foot - 118.0), (x + 60.0, foot - 70.0), &chassis);
    for axle in [120.0, 600.0, 750.0] {
        wheel(canvas, (x + axle, foot - 62.0), 66.0);
    }
    let clod = canvas.paint(shade(soil, 0.8), 14);
    for _ in 0..rng.random_range(12..50) {
        let at = (rng.random_range(x + 500.0..WIDTH + 100.0), rng.random_range(foot..foot + 120.0));
        canvas.ellipse(at, (rng.random_range(4.0..16.0), rng.random_range(3.0..7.0)), &clod);
    }
}

/// A road from left to right, from `top` to the foot of the picture.
fn road_across(canvas: &mut Canvas, top: f32) {
    let kerb = canvas.paint([196, 194, 186], 11);
    canvas.rect((0.0, top - 26.0), (WIDTH, top), &kerb);
    canvas.gradient(top, HEIGHT, [122, 122, 122], [88, 88, 90], 14);
    let stripe = canvas.paint([226, 222, 206], 12);
    let mut x = -60.0;
    while x < WIDTH {
        canvas.polygon(&[(x + 14.0, 1096.0), (x + 164.0, 1096.0), (x + 150.0, 1116.0), (x, 1116.0)], &stripe);
        x += 290.0;
    }
}

fn street(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let horizon = rng.random_range(560.0..640.0);
    let weather = sky(canvas, rng, horizon);
    skyline(canvas, rng, horizon, &weather);
    let vanish = (rng.random_range(700.0..900.0), horizon);
    canvas.gradient(horizon, HEIGHT, mix([168, 160, 148], weather.haze, 0.4), [176, 168, 152], 13);
    for side in [-1.0, 1.0] {
        houses(canvas, rng, vanish, side, &weather);
    }
    let along = |foot: f32, depth: f32| {
        (vanish.0 + (foot - vanish.0) * depth, vanish.1 + (HEIGHT - vanish.1) * depth)
    };
    let (asphalt, kerb, stripe) = (
        canvas.paint([104, 104, 106], 14),
        canvas.paint([206, 202, 192], 9),
        canvas.paint([232, 228, 214], 10),
    );
    canvas.polygon(&[along(60.0, 0.02), along(1540.0, 0.02), along(1540.0, 1.0), along(60.0, 1.0)], &kerb);
    canvas
        .polygon(&[along(110.0, 0.02), along(1490.0, 0.02), along(1490.0, 1.0), along(110.0, 1.0)], &asphalt);
    for dash in 0..7 {
        let (near, far) = (0.8_f32.powi(dash * 2), 0.8_f32.powi(dash * 2 + 1));
        canvas.polygon(
            &[along(786.0, far), along(814.0, far), along(814.0, near), along(786.0, near)],
            &stripe,
        );
    }
    let dirt = canvas.paint([168, 144, 108], 18);
    for _ in 0..rng.random_range(6..26) {
        let depth: f32 = rng.random_range(0.25..1.0);
        let at = along(rng.random_range(140.0..1460.0), depth);
        canvas.ellipse(
            at,
            (rng.random_range(40.0..130.0) * depth, rng.random_range(5.0..18.0) * depth),
            &dirt,
        );
    }
    for depth in [0.12, 0.18, 0.27, 0.4, 0.62] {
        for foot in [-110.0, 1710.0] {
            if rng.random_bool(0.85) {
                let at = along(foot, depth);
                tree(canvas, rng, at, 640.0 * depth + 30.0);
            }
        }
    }
    let depth = rng.random_range(0.3..0.6);
    let at = along(rng.random_range(330.0..620.0), depth);
    car(canvas, rng, at, 260.0 * depth);
    let dust = Plume {
        from: at,
        to: (at.0 + rng.random_range(-200.0..200.0), at.1 - 160.0),
        radius: (30.0, 120.0),
        colour: ([206, 194, 170], weather.haze),
        density: rng.random_range(40..120),
        puffs: 6,
    };
    dust.draw(canvas, rng);
}

/// A row of houses along one side of the street (−1 left, 1 right), the far ones first.
fn houses(canvas: &mut Canvas, rng: &mut ChaCha8Rng, vanish: Corner, side: f32, weather: &Weather) {
    let depths: [f32; 7] = [0.06, 0.11, 0.18, 0.29, 0.46, 0.74, 1.2];
    for pair in depths.windows(2) {
        let (far, near) = (pair[0], pair[1]);
        let wall: Colour =
            [rng.random_range(170..222), rng.random_range(150..200), rng.random_range(128..186)];
        let wall = mix(weather.haze, wall, 0.45 + near.min(1.0) * 0.55);
        let high = rng.random_range(600.0..1150.0);
        let edge = |depth: f32, up: f32| {
            (vanish.0 + side * 1000.0 * depth, vanish.1 + (HEIGHT - vanish.1) * depth * 0.92 - up * depth)
        };
        let face = canvas.paint(wall, 14);
        canvas.polygon(&[edge(far, high), edge(near, high), edge(near, 0.0), edge(far, 0.0)], &face);
        let (roof, pane, shop) = (
            canvas.paint(shade(wall, 0.7), 10),
            canvas.paint(mix([72, 92, 112], weather.haze, 0.25), 12),
            canvas.paint(
                [rng.random_range(130..216), rng.random_range(50..110), rng.random_range(40..100)],
                12,
            ),
        );
        canvas.polygon(
            &[edge(far, high + 26.0), edge(near, high + 26.0), edge(near, high), edge(far, high)],
            &roof,
        );
        canvas.polygon(&[edge(far, 230.0), edge(near, 230.0), edge(near, 175.0), edge(far, 175.0)], &shop);
        canvas.polygon(&[edge(far, 165.0), edge(near, 165.0), edge(near, 20.0), edge(far, 20.0)], &pane);
        let mut up = 300.0;
        while up + 120.0 < high {
            for window in 0..4 {
                let across = |share: f32| far + (near - far) * (window as f32 + share) / 4.0;
                let (a, b) = (across(0.22), across(0.78));
                canvas.polygon(&[edge(a, up + 95.0), edge(b, up + 95.0), edge(b, up), edge(a, up)], &pane);
            }
            up += 165.0;
        }
    }
}

/// A car seen from behind, standing on its foot, `size` pixels wide.
fn car(canvas: &mut Canvas, rng: &mut ChaCha8Rng, (x, y): Corner, size: f32) {
    let colour = [rng.random_range(60..230), rng.random_range(60..220), rng.random_range(60..220)];
    let (body, glass, dark, lamp) = (
        canvas.paint(colour, 9),
        canvas.paint([96, 118, 132], 9),
        canvas.paint([40, 40, 42], 7),
        canvas.paint([206, 40, 36], 7),
    );
    let part = |across: f32, up: f32| (x + across * size, y - up * size);
    for wheel in [-0.42, 0.24] {
        canvas.rect(part(wheel, 0.16), part(wheel + 0.18, 0.0), &dark);
    }
    canvas.polygon(&[part(-0.36, 0.8), part(0.36, 0.8), part(0.46, 0.48), part(-0.46, 0.48)], &body);
    canvas.polygon(&[part(-0.31, 0.75), part(0.31, 0.75), part(0.39, 0.5), part(-0.39, 0.5)], &glass);
    canvas.rect(part(-0.48, 0.48), part(0.48, 0.1), &body);
    canvas.rect(part(-0.46, 0.42), part(-0.32, 0.32), &lamp);
    canvas.rect(part(0.32, 0.42), part(0.46, 0.32), &lamp);
    canvas.rect(part(-0.14, 0.3), part(0.14, 0.2), &dark);
}
