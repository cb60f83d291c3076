// Try a file: a recording goes through the same stages and comes back as labels, clips, and sound before and after.

import { ask, button, clock, h, newId, say, send, span, stored } from "./page.js";
import { play } from "./player.js";

const COLOURS = { male: "middle", female: "high", speech: "middle", music: "mark", noise: "low", noEnergy: "outside" };
const SOUNDS = { source: "before", vocals: "after" };
let place, job = null, recorder = null, timer = 0;

function draw(words = "") {
  const picker = h("input", { type: "file", accept: "audio/*,video/*", "aria-label": "A recording", onchange: () => picker.files[0] && upload(picker.files[0], picker.files[0].name) });
  const zone = h("div", { class: "drop-here", ondragover: (event) => { event.preventDefault(); zone.classList.add("over"); }, ondragleave: () => zone.classList.remove("over"),
    ondrop: (event) => { event.preventDefault(); zone.classList.remove("over"); const [file] = event.dataTransfer.files; if (file) upload(file, file.name); } },
  h("p", {}, "Drop a recording here, or choose one. It stays on this machine and is thrown away when the page's program ends."), picker,
  h("div", { class: "row" }, button("r", recorder ? "Stop recording" : "Record from the microphone", record)));
  place.replaceChildren(h("h2", {}, "Try a file"), zone, h("div", { id: "outcome" }, h("p", { role: "status" }, words)));
}

async function upload(blob, name) {
  draw("Sending …");
  try {
    job = await ask(`api/try?name=${encodeURIComponent(name)}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: blob });
    follow();
  } catch (error) { draw(error.message); say(error.message, true); }
}

async function record() {
  if (recorder) { recorder.stop(); return; }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => { stream.getTracks().forEach((track) => track.stop()); const kind = recorder.mimeType; recorder = null; upload(new Blob(parts, { type: kind }), kind.includes("ogg") ? "recorded.ogg" : "recorded.webm"); };
    recorder.start();
    draw("Recording …");
  } catch { say("The microphone cannot be had: the browser allows it on this machine's own address only.", true); }
}

async function follow() {
  clearTimeout(timer);
  try { job = await ask(`api/try/${job.name}`); } catch (error) { job = null; return draw(error.message); }
  if (job.state === "waiting" || job.state === "running") {
    draw(job.state === "waiting" ? "It waits for another file." : "It goes through the stages …");
    timer = setTimeout(follow, 1500);
  } else show();
}

function show() {
  draw();
  const outcome = document.getElementById("outcome");
  if (job.state === "failed" || !job.seconds) return outcome.replaceChildren(h("p", { role: "status" }, `Nothing came of it. ${job.message}`), button("", "Throw it away", forget));
  const share = (seconds) => `${((100 * seconds) / job.seconds).toFixed(3)}%`;
  const band = h("div", { class: "band", role: "img", "aria-label": "What was heard when" }, job.labels.map(([label, start, end]) => {
    const part = h("span", { title: `${label}, ${clock(start)} to ${clock(end)}` });
    part.style.width = share(end - start);
    part.style.background = `var(--${COLOURS[label] || "outside"})`;
    return part;
  }));
  const box = h("input", { type: "checkbox", id: "consent" });
  outcome.replaceChildren(
    h("p", { role: "status" }, `${span(job.seconds)}, ${job.clips.length} clips. ${job.message}`), band,
    h("ul", { class: "facts quiet" }, Object.entries(totals()).map(([label, seconds]) => h("li", {}, `${label} ${span(seconds)}`))),
    h("div", { class: "pictures" }, Object.entries(SOUNDS).map(([which, words]) => h("figure", {}, h("figcaption", {}, words),
      h("img", { src: `tried/${job.name}/${which}.png`, alt: `Spectrogram ${words}` }), button(which === "source" ? "b" : "a", `▶ ${words}`, () => hear(which))))),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Clips" }, h("table", {}, h("thead", {}, h("tr", {}, ["clip", "voice", "gender", "whose", ""].map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, job.clips.slice(0, 200).map((clip) => h("tr", {}, h("td", { class: "figure" }, `${clock(clip.start)} to ${clock(clip.end)}`), h("td", {}, clip.voice), h("td", {}, clip.gender), h("td", {}, clip.answer === "rejected" ? "nobody's" : `${clip.answer}: ${clip.speaker}`),
        h("td", {}, button("", "▶", () => hear("vocals", clip.start, clip.end)))))))),
    h("h3", {}, "Was it separated well?"),
    h("p", {}, h("label", {}, box, " The recording may be used to improve, and is kept with the answer. Otherwise nothing is kept.")),
    h("div", { class: "row" }, button("y", "Yes", () => answer("yes")), button("n", "No", () => answer("no")), button("", "Throw it away", forget)));
}

function totals() {
  const sums = {};
  for (const [label, start, end] of job.labels) sums[label === "noEnergy" ? "silence" : label] = (sums[label === "noEnergy" ? "silence" : label] || 0) + end - start;
  return sums;
}

const hear = (which, from = 0, to = Infinity) => play(`tried/${job.name}/${which}.wav`, { from, to });

async function answer(words) {
  const consent = document.getElementById("consent")?.checked === true;
  const { kept } = await send(`api/try/${job.name}/answer`, { answer: words, consent, who: stored.get("who"), name: newId() });
  say(kept ? "Kept with your answer. Thank you." : "Nothing was kept: the box was not ticked.");
}

async function forget() {
  await ask(`api/try/${job.name}`, { method: "DELETE" }).catch(() => {});
  job = null;
  draw("Thrown away.");
}

export const tried = {
  async show(screen) { place = screen; draw(); if (job) await follow(); },
  leave() { clearTimeout(timer); },
  keys: () => ({ r: "record from the microphone, and stop", "b a": "hear it before, after", "y n": "was it separated well?" }),
  key(event) {
    const keys = { r: record };
    if (job?.state === "done" && job.seconds) Object.assign(keys, { b: () => hear("source"), a: () => hear("vocals"), y: () => answer("yes"), n: () => answer("no") });
    keys[event.key]?.();
    return event.key in keys;
  },
};
