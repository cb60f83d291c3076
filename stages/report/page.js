"use strict";
// A threshold to try out under every curve.
for (const figure of document.querySelectorAll("[data-curve]")) {
  const curve = JSON.parse(figure.dataset.curve);
  const input = figure.querySelector("input"), output = figure.querySelector("output");
  const last = curve.thresholds.length - 1;
  const time = (hours) => (curve.total < 1 ? `${(60 * hours).toFixed(1)} min` : `${hours.toFixed(1)} h`);
  const tell = () => {
    const at = Number(input.value);
    const said = ["min", "max"].filter((side) => side in curve).map((side) => {
      const share = curve.total ? (100 * curve[side][at]) / curve.total : 0;
      return `${side} ${curve.thresholds[at]} keeps ${time(curve[side][at])} (${share.toFixed(0)} %)`;
    });
    output.textContent = said.join(", ");
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.max = last;
  input.value = Math.round(last / 2);
  input.addEventListener("input", tell);
  input.closest("label").hidden = output.hidden = false;
  tell();
}
// One voice at a time.
document.addEventListener("play", (event) => {
  for (const player of document.querySelectorAll("audio")) if (player !== event.target) player.pause();
}, true);
