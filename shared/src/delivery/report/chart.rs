//! Lines over minutes, as SVG (<https://www.w3.org/TR/SVG2/>): small, without script, the same bytes for the same values.

use maud::{Markup, html};

/// Left edge of the plots; labels of the scale stand before it.
pub(super) const LEFT: f64 = 78.0;
/// Right edge; labels of the lines stand behind it.
pub(super) const RIGHT: f64 = 700.0;
/// Width of the picture.
pub(super) const WIDTH: f64 = 840.0;
/// Height of a plot.
pub(super) const PLOT: f64 = 118.0;
/// Height of a plot with its heading and its minutes.
pub(super) const PANEL: f64 = 176.0;
/// Height of a label.
const LABEL: f64 = 14.0;

/// A line; none where nothing was measured.
pub(super) struct Line {
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) points: Vec<Option<f64>>,
}

/// A named level.
pub(super) struct Level {
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) value: f64,
}

/// One plot.
pub(super) struct Panel {
    pub(super) heading: String,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<(f64, String)>,
    pub(super) lines: Vec<Line>,
    pub(super) levels: Vec<Level>,
    /// Whether a value holds until the next one.
    pub(super) is_stepped: bool,
}

/// What all plots share.
pub(super) struct Frame {
    /// How many minutes are shown.
    pub(super) minutes: usize,
    /// Number of the first one: 0 is green's first traffic.
    pub(super) first: i64,
    /// Minutes before green's traffic, and those of the warm-up.
    pub(super) before: usize,
    pub(super) warm_up: usize,
    /// Where the verdict fell, its class and its word.
    pub(super) verdict: Option<(usize, &'static str, &'static str)>,
}

/// One decimal: a tenth of a pixel is seen by nobody.
pub(super) fn n(value: f64) -> String {
    format!("{value:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "minutes of a shift")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

impl Frame {
    fn width(&self) -> f64 {
        (RIGHT - LEFT) / number(self.minutes.max(1))
    }

    /// The middle of a minute.
    fn x(&self, index: usize) -> f64 {
        LEFT + (number(index) + 0.5) * self.width()
    }

    fn edge(&self, index: usize) -> f64 {
        LEFT + number(index.min(self.minutes)) * self.width()
    }
}

impl Panel {
    /// Values off the scale stand at its edge.
    fn y(&self, top: f64, value: f64) -> f64 {
        let span = self.high - self.low;
        let part = if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.0 };
        top + PLOT * (1.0 - part)
    }

    /// The plot with its upper edge at `top`; its heading stands above.
    pub(super) fn svg(&self, frame: &Frame, top: f64) -> Markup {
        let bottom = top + PLOT;
        html! {
            text .h x=(n(LEFT)) y=(n(top - 12.0)) { (self.heading) }
            (shade(frame, top))
            @for (value, label) in &self.ticks {
                @let y = n(self.y(top, *value));
                line .grid x1=(n(LEFT)) x2=(n(RIGHT)) y1=(y) y2=(y) {}
                text .s x=(n(LEFT - 8.0)) y=(n(self.y(top, *value) + 4.0)) text-anchor="end" { (label) }
            }
            @for level in &self.levels {
                @let y = self.y(top, level.value);
                line class={ "level " (level.class) } x1=(n(LEFT)) x2=(n(RIGHT)) y1=(n(y)) y2=(n(y)) {}
                text class={ "s t-" (level.class) } x=(n(LEFT + 6.0)) y=(n(y + self.label_offset(level))) { (level.label) }
            }
            @for line in &self.lines { path class=(line.class) d=(self.path(line, frame, top)) {} (self.dots(line, frame, top)) }
            (self.labels(top))
            (verdict(frame, top))
            (minutes(frame, bottom))
        }
    }

    /// The highest level is named above its line, the others below theirs.
    fn label_offset(&self, level: &Level) -> f64 {
        let is_highest = self.levels.iter().all(|other| other.value <= level.value);
        if is_highest { -4.0 } else { 12.0 }
    }

    fn path(&self, line: &Line, frame: &Frame, top: f64) -> String {
        let mut text = String::new();
        let mut is_down = false;
        for (index, point) in line.points.iter().enumerate() {
            let Some(value) = point else {
                is_down = false;
                continue;
            };
            let y = n(self.y(top, *value));
            let pen = if is_down { "L" } else { "M" };
            if self.is_stepped {
                let (from, to) = (n(frame.edge(index)), n(frame.edge(index + 1)));
                text.push_str(&format!("{pen}{from} {y}H{to}"));
            } else {
                text.push_str(&format!("{pen}{} {y}", n(frame.x(index))));
            }
            is_down = true;
        }
        text
    }

    /// A minute between two that were not measured is no line: it is a dot.
    fn dots(&self, line: &Line, frame: &Frame, top: f64) -> Markup {
        let is_there = |index: Option<usize>| {
            index.and_then(|index| line.points.get(index)).is_some_and(Option::is_some)
        };
        let alone = line.points.iter().enumerate().filter_map(|(index, point)| {
            let is_alone = !is_there(index.checked_sub(1)) && !is_there(Some(index + 1));
            point.filter(|_| is_alone && !self.is_stepped).map(|value| (index, value))
        });
        html! { @for (index, value) in alone { circle class={ "dot " (line.class) } cx=(n(frame.x(index))) cy=(n(self.y(top, value))) r="2" {} } }
    }

    /// Names of the lines behind their ends, pushed apart where they would cover each other.
    fn labels(&self, top: f64) -> Markup {
        let mut places: Vec<(f64, &Line)> = self
            .lines
            .iter()
            .filter_map(|line| Some((self.y(top, line.points.iter().rev().flatten().next().copied()?), line)))
            .collect();
        places.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut least = f64::NEG_INFINITY;
        let placed = places.into_iter().map(|(y, line)| {
            let y = y.max(least);
            least = y + LABEL;
            (y, line)
        });
        let placed: Vec<(f64, &Line)> = placed.collect();
        html! { @for (y, line) in placed { text class={ "s t-" (line.class) } x=(n(RIGHT + 8.0)) y=(n(y + 4.0)) { (line.label) } } }
    }
}

/// The minutes that are not judged.
fn shade(frame: &Frame, top: f64) -> Markup {
    let (from, to) = (frame.edge(frame.before), frame.edge(frame.before + frame.warm_up));
    html! {
        @if frame.before > 0 { rect .before x=(n(LEFT)) y=(n(top)) width=(n(from - LEFT)) height=(n(PLOT)) {} }
        @if to > from {
            rect .warm x=(n(from)) y=(n(top)) width=(n(to - from)) height=(n(PLOT)) {}
            text .s x=(n(from + 3.0)) y=(n(top + PLOT - 5.0)) { "warm-up" }
        }
    }
}

fn verdict(frame: &Frame, top: f64) -> Markup {
    html! {
        @if let Some((index, class, word)) = frame.verdict {
            @let x = frame.edge(index + 1);
            line class={ "verdict " (class) } x1=(n(x)) x2=(n(x)) y1=(n(top - 4.0)) y2=(n(top + PLOT)) {}
            text class={ "s t-" (class) } x=(n(x)) y=(n(top - 8.0)) text-anchor="end" { (word) }
        }
    }
}

/// Numbers of the minutes, about twelve of them.
fn minutes(frame: &Frame, bottom: f64) -> Markup {
    let every =
        [1, 2, 5, 10, 20, 30, 60, 120].into_iter().find(|every| frame.minutes / every <= 12).unwrap_or(240);
    let numbered = (0..frame.minutes).filter_map(|index| {
        let minute = frame.first + i64::try_from(index).unwrap_or(0);
        (minute.rem_euclid(i64::try_from(every).unwrap_or(1)) == 0).then_some((index, minute))
    });
    html! {
        line .axis x1=(n(LEFT)) x2=(n(RIGHT)) y1=(n(bottom)) y2=(n(bottom)) {}
        @for (index, minute) in numbered {
            text .s x=(n(frame.x(index))) y=(n(bottom + 15.0)) text-anchor="middle" { (minute) }
        }
    }
}
