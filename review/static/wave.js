// A clip in its surroundings, drawn from the levels that the server has measured.

const FLOOR = -70;

export class Wave {
  // about: from, to (seconds), hop, levels (dBFS), start, end
  constructor(canvas, about) {
    this.canvas = canvas;
    this.about = about;
    this.start = about.start;
    this.end = about.end;
    this.cursor = null; // a second where it would be split
    this.head = null; // what is heard
    this.edge = "start";
    this.editing = false;
    this.draw();
  }

  at(second) { return ((second - this.about.from) / (this.about.to - this.about.from)) * this.canvas.width; }

  second(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.about.from + ((event.clientX - box.left) / box.width) * (this.about.to - this.about.from);
  }

  draw() {
    const { canvas, about } = this;
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const ratio = devicePixelRatio || 1;
    const width = Math.max(Math.round(canvas.clientWidth * ratio), 1), height = Math.max(Math.round(canvas.clientHeight * ratio), 1);
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const bars = Math.min(about.levels.length, width);
    const loudest = Math.max(...about.levels, FLOOR + 1);
    for (let bar = 0; bar < bars; bar += 1) {
      const first = Math.floor((bar * about.levels.length) / bars), last = Math.max(Math.floor(((bar + 1) * about.levels.length) / bars), first + 1);
      const level = Math.max(...about.levels.slice(first, last));
      const second = about.from + first * about.hop;
      const share = Math.max((level - FLOOR) / (loudest - FLOOR), 0.02);
      const inside = second >= this.start && second < this.end;
      pen.fillStyle = colour(!inside ? "outside" : share > 0.85 ? "high" : share > 0.6 ? "middle" : "low");
      const tall = share * (height - 6);
      pen.fillRect((bar * width) / bars, (height - tall) / 2, Math.max(width / bars - 0.5, 1), tall);
    }
    const line = (second, name, wide) => { pen.fillStyle = colour(name); pen.fillRect(this.at(second) - wide / 2, 0, wide, height); };
    line(this.start, this.editing && this.edge === "start" ? "bad" : "accent", 2 * ratio * (this.editing && this.edge === "start" ? 2 : 1));
    line(this.end, this.editing && this.edge === "end" ? "bad" : "accent", 2 * ratio * (this.editing && this.edge === "end" ? 2 : 1));
    if (this.cursor !== null) line(this.cursor, "bad", 3 * ratio);
    if (this.head !== null) line(this.head, "ink", 1.5 * ratio);
  }

  // The quietest moment within `reach` seconds of a second, smoothed over 30 ms.
  pause(second, reach = 0.3) {
    const { levels, from, hop } = this.about;
    const middle = Math.round((second - from) / hop), far = Math.round(reach / hop);
    let best = Math.min(Math.max(middle, 1), levels.length - 2), least = Infinity;
    for (let i = Math.max(middle - far, 1); i <= Math.min(middle + far, levels.length - 2); i += 1) {
      const level = levels[i - 1] + levels[i] + levels[i + 1] + Math.abs(i - middle) * 0.01;
      if (level < least) { least = level; best = i; }
    }
    return Math.round((from + best * hop) * 100) / 100;
  }
}
