// Clips: a queue of what the machine was unsure of, then of the lowest scores, then a blind sample.

import { ask, button, choose, clock, h, once, say, span, stored } from "./page.js";
import { play, stop, playing } from "./player.js";
import * as edit from "./edit.js";
import { Wave } from "./wave.js";

const QUEUES = { uncertain: "uncertain voices", beside: "speech cut off beside", lowest: "kept, lowest scores first", sample: "blind sample", dropped: "left out by a score" };
const AGAIN = 1500; // milliseconds until a clip is asked for again
const REASONS = ["noisy", "music", "echo", "cut off", "two voices", "wrong text"];
let place, desk, queue = "uncertain", rows = [], left = {}, at = 0, about = null, wave = null, auto = stored.get("auto") !== "no", speakers = [], turn = 0;

const row = () => rows[at];
const address = (which) => `sound/${about.id}/${which}`;

// Until the next clip is there, nothing can be said of the one before.
function pause() {
  about = null;
  place.querySelectorAll(".card button").forEach((part) => { part.disabled = true; });
}

async function load() {
  pause();
  const answer = await ask(`api/clips?queue=${queue}`);
  rows = answer.clips;
  left = answer.left;
  at = 0;
  const begun = edit.unfinished()[0];
  const first = begun && (rows.find((clip) => clip.id === begun) || (await ask(`api/clip/${begun}`).catch(() => null)));
  if (first) rows = [first, ...rows.filter((clip) => clip.id !== begun)];
  await open();
}

// Show the current clip. Nothing can be decided until it is there.
async function open(heard = false) {
  edit.leave();
  pause();
  const mine = (turn += 1);
  if (!row()) return empty();
  let answer;
  try {
    answer = await ask(`api/clip/${row().id}`);
  } catch (error) {
    if (error.status && error.status !== 408) return say(error.message, true);
    setTimeout(() => { if (mine === turn) open(heard); }, AGAIN);
    return;
  }
  if (mine !== turn || !place.isConnected) return;
  about = answer;
  draw();
  edit.resume(tools);
  if (queue === "beside" && !edit.open()) edit.ends(tools, about.wider);
  if (heard && auto) hear("clip");
}

function head() {
  const picker = h("select", { "aria-label": "Queue", id: "queue", onchange: (event) => { queue = event.target.value; event.target.blur(); load(); } },
    Object.entries(QUEUES).map(([name, words]) => h("option", { value: name, selected: name === queue }, `${words} (${(left[name] ?? 0).toLocaleString("en")})`)));
  return h("div", { class: "row" }, picker, h("button", { type: "button", id: "auto", "aria-pressed": String(auto), onclick: toggle }, h("kbd", {}, "a"), " Play the next by itself"));
}

function empty() {
  stop();
  place.replaceChildren(head(), h("p", {}, "Nothing is left in this queue."));
}

function draw() {
  const clip = about;
  const canvas = h("canvas", { class: "wave", role: "img", "aria-label": `Levels of ${clip.id} and three seconds on either side`, onclick: (event) => touch(event) });
  const blind = queue === "sample";
  const facts = [clip.source, `${clock(clip.start)} to ${clock(clip.end)}`, span(clip.end - clip.start), clip.speaker && `${queue === "uncertain" ? "perhaps " : ""}${clip.speaker}`,
    !blind && `similarity ${clip.similarity?.toFixed(2)}`, !blind && clip.score !== null && `DNSMOS ${clip.score.toFixed(2)}`, clip.reason && `left out: ${clip.reason}`, queue === "beside" && `${span(clip.gain)} cut off beside it`, !blind && `voice ${clip.voice}`, clip.tone && `tone ${clip.tone}`];
  place.replaceChildren(
    head(),
    h("section", { class: "card", "aria-current": "true", "data-clip": clip.id, "aria-label": clip.id },
      h("h2", {}, clip.id),
      h("ul", { class: "facts quiet figure" }, facts.filter(Boolean).map((fact) => h("li", {}, fact))),
      canvas,
      h("div", { class: "row" }, button("Space", "▶ Clip", () => hear("clip")), button("o", "▶ Source", () => hear("source")), button("v", "▶ Vocals", () => hear("vocals")),
        button("b", "▶ 3 s before", () => hear("before")), button("f", "▶ 3 s after", () => hear("after"))),
      h("div", { class: "row" }, button("k", blind ? "Right" : "Keep", once(keep), "first"), button("d", blind ? "Wrong …" : "Drop …", drop, "drop"), button("w", "Whose …", whose), button("n", "Next", next), button("p", "Previous", previous)),
      h("div", { class: "row" }, button("e", "Text …", () => edit.text(tools)), button("r", "Ends …", () => edit.ends(tools)), button("x", "Split …", () => edit.split(tools)), button("i", "Join with the next", once(join)), button("t", "Tone …", tone)),
      h("div", { id: "edit" }),
      h("div", { class: "pictures" }, ["source", "vocals"].map((which) => h("figure", {}, h("figcaption", { class: "quiet" }, which === "source" ? "before: the recording" : "after: the voice alone"),
        h("img", { src: `picture/${clip.id}/${which}`, alt: `Spectrogram of the ${which}, three seconds more on either side`, loading: "lazy" }))))));
  wave = new Wave(canvas, clip);
}

function touch(event) {
  if (edit.touch(wave.second(event))) return;
  hear("vocals", wave.second(event));
}

const follow = (offset) => (second, on) => { if (wave) { wave.head = on ? offset + second : null; wave.draw(); } };

function hear(what, from = null) {
  const { start, end, from: first, to } = about;
  if (what === "clip") return play(address("clip"), { tell: follow(start) });
  const which = what === "source" ? "source" : "vocals";
  const spans = { before: [first, start], after: [end, to], source: [start, end], vocals: [from ?? wave.start, from === null ? wave.end : to] };
  const [begin, stopAt] = spans[what];
  return play(address(which), { from: begin - first, to: stopAt - first, tell: follow(first) });
}

function decided(kind, words, rest = {}) {
  const clip = about;
  desk.decide({ about: "clip", of: clip.id, kind, ...rest }).catch(() => {});
  say(`${clip.id}: ${words}`);
}

async function next() {
  at += 1;
  if (at < rows.length) return open(true);
  pause();
  const seen = new Set(rows.map((clip) => clip.id));
  const answer = await ask(`api/clips?queue=${queue}`);
  const fresh = answer.clips.filter((clip) => !seen.has(clip.id));
  left = answer.left;
  if (!fresh.length && answer.clips.length) { rows = (await ask(`api/clips?queue=${queue}&skip=${answer.clips.length}`)).clips; if (!rows.length) rows = answer.clips; } else rows = fresh;
  at = 0;
  return open(true);
}

function another() {
  const names = Object.keys(QUEUES);
  queue = names[(names.indexOf(queue) + 1) % names.length];
  return load();
}

function previous() { if (at > 0) { at -= 1; open(); } }

function keep() { decided("keep", queue === "sample" ? "right" : "kept", { value: queue === "sample" ? "sample" : "" }); return next(); }

async function drop() {
  const reason = await choose("Why is it left out?", REASONS.map((words, i) => [String(i + 1), words, words]), { entry: "", known: REASONS });
  if (!reason) return;
  decided("drop", `dropped: ${reason}`, { value: queue === "sample" ? `sample: ${reason}` : reason });
  await next();
}

async function whose() {
  if (!speakers.length) speakers = (await ask("api/voices")).speakers;
  const nobody = "nobody who is wanted";
  const name = await choose("Whose voice is it?", [], { entry: about.speaker || "", known: [...speakers, nobody] });
  if (!name) return;
  decided("speaker", name, { value: name === nobody ? "" : name });
  await next();
}

async function tone() {
  const name = await choose("How is it spoken?", about.tones.map((words, i) => [String(i + 1), words, words]), { entry: about.tone, known: about.tones });
  if (name) decided("tone", `tone ${name}`, { value: (about.tone = name.toLowerCase().replace(/[\s/\\]+/g, "-")) });
}

function join() {
  const after = about.neighbours.find((clip) => clip.start > about.start);
  if (!after) return say("It is the last clip of its recording.", true);
  decided("join", `joined with ${after.id} at the next run`);
}

function toggle() {
  auto = !auto;
  stored.set("auto", auto ? "yes" : "no");
  document.getElementById("auto").setAttribute("aria-pressed", String(auto));
}

const tools = {
  get clip() { return about; }, get wave() { return wave; },
  decided, hear,
  saved() { if (queue === "beside") next(); },
};

export const clips = {
  async show(screen, given) {
    place = screen;
    desk = given;
    await load();
    const filled = Object.keys(QUEUES).find((name) => left[name]);
    if (!row() && filled) { queue = filled; await load(); }
  },
  leave() { edit.leave(); turn += 1; wave = null; },
  async undone({ clip }) {
    if (!clip) return load();
    rows = [clip, ...rows.slice(at).filter((other) => other.id !== clip.id)];
    at = 0;
    await open();
  },
  keys: () => ({ Space: "play or stop the clip", o: "the recording it was cut from", v: "its vocals", "b f": "three seconds before, after", k: "keep (in the sample: right)", d: "drop, with a reason", w: "whose it is",
    "n p": "next, previous", e: "its text", r: "other ends: ← → move, Tab changes the end, s snaps to a pause, Enter saves", x: "split: ← → move, s snaps, Enter saves", i: "join with the next", t: "its tone", a: "play the next by itself", q: "the next queue" }),
  key(event) {
    if (event.key === "q") { another(); return true; }
    if (!row() || !about) return false;
    if (edit.key(event)) return true;
    const keys = { " ": () => (playing() ? stop() : hear("clip")), o: () => hear("source"), v: () => hear("vocals"), b: () => hear("before"), f: () => hear("after"), k: keep, d: drop, w: whose, n: next, p: previous,
      e: () => edit.text(tools), r: () => edit.ends(tools), x: () => edit.split(tools), i: join, t: tone, a: toggle };
    keys[event.key]?.();
    return event.key in keys;
  },
};
